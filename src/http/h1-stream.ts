// A client's side of one exchange over HTTP/1.1: how an answer is written, framed, and whether another request may follow.
// Small pieces are gathered into one write, large ones go by themselves. Every piece is lent, so what is not written at once is copied.

import { latin1 } from '../base/bytes.ts';
import type { Connection } from '../traffic/connection.ts';
import { type Headers, linesOf } from '../traffic/headers.ts';
import type { BodyPace, ClientStream, OwnAnswer } from '../traffic/sides.ts';
import type { AnswerHead, RequestHead } from '../traffic/wire.ts';
import { ownAnswerText } from './answers.ts';
import type { ClientSide } from './h1.ts';

/** Pieces up to this size are gathered into one write; larger ones are written by themselves. */
const maxGatheredBytes = 16_384;

/** The exchanges of one HTTP/1.1 client connection, one after the other. */
export class Http1Stream implements ClientStream {
  readonly connection: Connection;
  readonly isConnection = true;
  isAnswerBegun = false;
  readonly #side: ClientSide;
  #out = '';
  #isChunked = false;
  #isOld = false;
  /** May another request follow the answer in hand? */
  #keepAlive = false;

  constructor(side: ClientSide) {
    this.#side = side;
    this.connection = side.connection;
  }

  get isTunnel(): boolean {
    return this.#side.isTunnel;
  }

  get hasEnded(): boolean {
    return this.#side.hasEnded;
  }

  beginExchange(head: RequestHead): void {
    this.isAnswerBegun = false;
    this.#out = '';
    this.#isChunked = false;
    this.#isOld = head.version === '1.0';
  }

  sendContinue(): void {
    this.#side.sendContinue();
  }

  paceBody(pace: BodyPace): void {
    this.#side.paceBody(pace);
  }

  pauseBody(): void {
    this.#side.pauseBody();
  }

  resumeBody(): void {
    this.#side.resumeBody();
  }

  sendInterim(head: AnswerHead): void {
    // A 1.0 client knows no interim answers (RFC 9110 15.2).
    if (!this.#isOld) this.#side.write(`${headText(head)}\r\n`);
  }

  beginAnswer(head: AnswerHead, own: string): void {
    let text = headText(head);
    // A request whose body is still coming cannot be followed by another.
    let keepAlive = this.#side.mayKeepAlive && !this.#side.isReadingBody;
    if (head.framing === 'length' || (head.framing === 'none' && head.contentLength >= 0 && head.status !== 204))
      text += `Content-Length: ${head.contentLength}\r\n`;
    else if (head.framing === 'chunked' || head.framing === 'until-close') {
      this.#isChunked = !this.#isOld;
      this.#side.isAnswerUntilClose = this.#isOld;
      if (this.#isOld) keepAlive = false;
      else text += 'Transfer-Encoding: chunked\r\n';
    }
    const connection = keepAlive ? (this.#isOld ? 'Connection: keep-alive\r\n' : '') : 'Connection: close\r\n';
    this.#keepAlive = keepAlive;
    this.isAnswerBegun = true;
    this.#out = `${text}${own}${connection}\r\n`;
  }

  writeAnswer(bytes: Buffer, from: number, to: number): boolean {
    const length = to - from;
    if (this.#side.isTunnel) return this.#side.writeLent(bytes, from, to);
    if (length > maxGatheredBytes) return this.#writeLarge(bytes, from, to);
    const text = latin1(bytes, from, to);
    this.#out += this.#isChunked ? `${length.toString(16)}\r\n${text}\r\n` : text;
    if (this.#out.length > maxGatheredBytes) this.flushAnswer();
    return !this.#side.isBlocked;
  }

  flushAnswer(): void {
    const text = this.#out;
    if (text === '') return;
    this.#out = '';
    this.#side.write(text);
  }

  endAnswer(trailers: Headers | null): void {
    if (this.#isChunked) this.#out += `0\r\n${linesOf(trailers)}\r\n`;
    this.flushAnswer();
  }

  answerOwn(own: OwnAnswer): void {
    // A body that is still coming is not read to its end for the sake of the connection, and HTTP/1.0 would have to be told that it
    // lives on (RFC 9112 9.3).
    this.#keepAlive = this.#side.mayKeepAlive && !this.#side.isReadingBody && !this.#isOld;
    this.#side.write(ownAnswerText(own, this.#keepAlive));
  }

  finish(): void {
    this.#side.finish(this.#keepAlive);
  }

  abort(why: string): void {
    this.#side.destroy(why);
  }

  openTunnel(head: AnswerHead, own: string): Buffer | null {
    this.isAnswerBegun = true;
    this.#side.write(`${headText(head)}Connection: Upgrade\r\nUpgrade: websocket\r\n${own}\r\n`);
    return this.#side.becomeTunnel();
  }

  endTunnel(): void {
    this.#side.closeGently('');
  }

  #writeLarge(bytes: Buffer, from: number, to: number): boolean {
    if (!this.#isChunked && this.#out === '') return this.#side.writeLent(bytes, from, to) && !this.#side.isBlocked;
    if (this.#isChunked) this.#out += `${(to - from).toString(16)}\r\n`;
    this.#side.cork();
    this.flushAnswer();
    const flows = this.#side.writeLent(bytes, from, to);
    if (this.#isChunked) this.#out = '\r\n';
    this.flushAnswer();
    this.#side.uncork();
    return flows && !this.#side.isBlocked;
  }
}

/** An answer head without framing and without its blank line. */
function headText(head: AnswerHead): string {
  return `HTTP/1.1 ${head.status} ${head.reason}\r\n${head.forwarded}`;
}

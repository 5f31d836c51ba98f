// A client's side of one exchange over HTTP/2: one stream, its body, its answer, and the time that both may take.

import { latin1 } from '../base/bytes.ts';
import type { Connection } from '../traffic/connection.ts';
import type { Expiring, Timekeeper } from '../traffic/deadline.ts';
import { Fault } from '../traffic/fault.ts';
import { type Headers, linesOf } from '../traffic/headers.ts';
import type { BodyPace, ClientStream, OwnAnswer } from '../traffic/sides.ts';
import type { AnswerHead, RequestHead } from '../traffic/wire.ts';
import type { ClientLimits, StreamHandler } from './client-handler.ts';
import type { Http2Connection } from './h2-connection.ts';
import type { HeaderDecoder } from './h2-decoder.ts';
import { CANCEL, INTERNAL_ERROR, PROTOCOL_ERROR } from './h2-frames.ts';
import { malformed, readHttp2Request, readHttp2Trailers } from './h2-request.ts';
import type { Stream, StreamListener } from './h2-stream.ts';

/** Pieces up to this size are gathered into one frame. */
const maxGatheredBytes = 16_384;

/** What a stream needs of its connection. */
export interface StreamOwner {
  readonly connection: Connection;
  readonly core: Http2Connection;
  readonly limits: ClientLimits;
  readonly timekeeper: Timekeeper;
  /** Milliseconds, monotonic. */
  now(): number;
}

/** One request and its answer. */
export class ServerStream implements ClientStream, StreamListener, Expiring {
  due = 0;
  readonly connection: Connection;
  readonly isConnection = false;
  isTunnel = false;
  hasEnded = false;
  isAnswerBegun = false;
  readonly #owner: StreamOwner;
  readonly #stream: Stream;
  #handler!: StreamHandler;
  #out = '';
  #flows = true;
  /** Was the handler told the end, whichever it was? */
  #isOver = false;
  #isWebSocket = false;
  #isGrpc = false;
  /** -1 where the client announced no length. */
  #announced = -1;
  #received = 0;
  #pace: BodyPace;
  /** Bytes of a tunnel that came before it was open; no more than the stream's window. */
  #early: Buffer[] | null = null;
  /** Bytes both ways when time was last looked at, and when that was. */
  #seenReceived = 0;
  #seenSent = 0;
  #seenMs = 0;

  constructor(owner: StreamOwner, stream: Stream) {
    this.#owner = owner;
    this.#stream = stream;
    this.#pace = owner.limits;
    this.connection = owner.connection;
    stream.listener = this;
  }

  /** Reads the head that opened the stream; `handler` hears of the request, or why it is none. */
  begin(handler: StreamHandler, block: HeaderDecoder, wireBytes: number, isEnd: boolean): void {
    this.#handler = handler;
    this.hasEnded = isEnd;
    const head = readHttp2Request(block, isEnd, wireBytes, this.#owner.limits);
    if (head instanceof Fault) {
      this.#fault(head);
      return;
    }
    this.#isWebSocket = head.isWebSocket;
    this.#isGrpc = head.isGrpc;
    this.#announced = head.isDeclaredEmpty ? 0 : head.contentLength;
    if (!isEnd) this.#watch();
    try {
      handler.onRequest(head);
    } catch (error) {
      handler.fail(error);
    }
  }

  // ---- what the client sends

  onBlock(block: HeaderDecoder, isEnd: boolean): void {
    if (!isEnd) {
      this.#fault(malformed('a header block within the body that does not end it', '8.1'));
      return;
    }
    this.hasEnded = true;
    const trailers = readHttp2Trailers(block, this.#owner.limits);
    if (trailers instanceof Fault) this.#fault(trailers);
    else this.#end(trailers);
  }

  onData(bytes: Buffer, from: number, to: number): void {
    this.#received += to - from;
    if (this.#announced >= 0 && this.#received > this.#announced) {
      this.#fault(malformed('a body longer than its Content-Length', '8.1.1'));
      return;
    }
    if (this.#isWebSocket && !this.isTunnel) {
      this.#early ??= [];
      this.#early.push(Buffer.from(bytes.subarray(from, to)));
      this.pauseBody();
      return;
    }
    try {
      this.#handler.onBody(bytes, from, to);
    } catch (error) {
      this.#handler.fail(error);
    }
  }

  onEnd(): void {
    this.hasEnded = true;
    this.#end(null);
  }

  #end(trailers: Headers | null): void {
    if (this.#announced >= 0 && this.#received !== this.#announced) {
      this.#fault(malformed('a body shorter than its Content-Length', '8.1.1'));
      return;
    }
    if (this.#flows) this.#owner.timekeeper.clear(this);
    // A WebSocket that ends before it is open says so to whoever opens it, by `hasEnded`.
    if (this.#isWebSocket && !this.isTunnel) return;
    try {
      this.#handler.onBodyEnd(trailers);
    } catch (error) {
      this.#handler.fail(error);
    }
  }

  onReset(why: string): void {
    this.#close(why === '' ? 'http/client-gone' : why);
  }

  onDrain(): void {
    this.#flows = true;
    if (this.hasEnded) this.#owner.timekeeper.clear(this);
    else this.#watch();
    try {
      this.#handler.onDrain();
    } catch (error) {
      this.#handler.fail(error);
    }
  }

  /** What came is no request. It is answered where it still can be; too many such streams end the connection. */
  #fault(fault: Fault): void {
    const { core } = this.#owner;
    // What has begun can still be told in trailers where it is gRPC.
    if (!this.#isOver && (!this.isAnswerBegun || this.#isGrpc)) this.#handler.onFault(fault);
    this.#close(fault.why);
    core.reset(this.#stream, PROTOCOL_ERROR);
    if (core.abuse.isResetFlood()) core.failForResets();
  }

  #close(why: string): void {
    this.#owner.timekeeper.clear(this);
    if (this.#isOver) return;
    this.#isOver = true;
    this.#handler.onClose(why);
  }

  // ---- what the spine asks

  beginExchange(_head: RequestHead): void {}

  sendContinue(): void {
    const { core } = this.#owner;
    core.sender.sendBlock(this.#stream, core.encoder.status(100), false);
  }

  paceBody(pace: BodyPace): void {
    const before = this.#patience;
    this.#pace = pace;
    if (this.#patience !== before && !this.hasEnded) this.#watch();
  }

  pauseBody(): void {
    this.#owner.core.pause(this.#stream);
    if (this.#flows) this.#owner.timekeeper.clear(this);
  }

  resumeBody(): void {
    if (!this.#stream.isPaused) return;
    this.#owner.core.resume(this.#stream);
    if (!this.hasEnded) this.#watch();
  }

  sendInterim(head: AnswerHead): void {
    // Switching protocols is not done so in HTTP/2 (RFC 9113 8.6).
    if (this.#stream.isLocalClosed || head.status === 101) return;
    const { core } = this.#owner;
    core.sender.sendBlock(this.#stream, core.encoder.status(head.status) + core.encoder.lines(head.forwarded), false);
  }

  beginAnswer(head: AnswerHead, own: string): void {
    this.isAnswerBegun = true;
    if (this.#stream.isLocalClosed) return;
    const { encoder } = this.#owner.core;
    let block = encoder.status(head.status) + encoder.lines(head.forwarded) + encoder.lines(own);
    if (head.contentLength >= 0 && head.status !== 204) {
      const length = String(head.contentLength);
      block += encoder.field('content-length', length, '');
    }
    this.#owner.core.sender.sendBlock(this.#stream, block, head.framing === 'none');
  }

  writeAnswer(bytes: Buffer, from: number, to: number): boolean {
    if (this.isTunnel || to - from > maxGatheredBytes) {
      this.flushAnswer();
      this.#sent(this.#owner.core.sender.sendData(this.#stream, bytes.subarray(from, to), null));
    } else {
      this.#out += latin1(bytes, from, to);
      if (this.#out.length > maxGatheredBytes) this.flushAnswer();
    }
    return this.#flows;
  }

  flushAnswer(): void {
    const text = this.#out;
    if (text === '') return;
    this.#out = '';
    this.#sent(this.#owner.core.sender.sendData(this.#stream, text, null));
  }

  endAnswer(trailers: Headers | null): void {
    const text = this.#out;
    this.#out = '';
    this.#sent(this.#owner.core.sender.sendData(this.#stream, text, linesOf(trailers)));
  }

  answerOwn(own: OwnAnswer): void {
    this.isAnswerBegun = true;
    if (this.#stream.isLocalClosed) return;
    const { core } = this.#owner;
    const block = core.encoder.status(own.status) + core.encoder.lines(own.fields);
    core.sender.sendBlock(this.#stream, block, own.body === '');
    if (own.body !== '') this.#sent(core.sender.sendData(this.#stream, own.body, ''));
  }

  /** The exchange is told; what is queued has as long as any slow reader has. */
  finish(): void {
    this.#isOver = true;
    if (this.#stream.queuedBytes === 0) this.#owner.timekeeper.clear(this);
  }

  abort(why: string): void {
    this.#owner.core.reset(this.#stream, INTERNAL_ERROR);
    this.#close(why);
  }

  openTunnel(head: AnswerHead, own: string): Buffer | null {
    this.isTunnel = true;
    this.isAnswerBegun = true;
    this.#owner.timekeeper.clear(this);
    const { core } = this.#owner;
    core.sender.sendBlock(
      this.#stream,
      core.encoder.status(200) + core.encoder.lines(withoutAccept(head.forwarded)) + core.encoder.lines(own),
      false,
    );
    const early = this.#early;
    this.#early = null;
    core.resume(this.#stream);
    return early === null ? null : Buffer.concat(early);
  }

  endTunnel(): void {
    this.#sent(this.#owner.core.sender.sendData(this.#stream, '', ''));
    this.#close('');
  }

  // ---- time

  #sent(flows: boolean): void {
    this.#flows = flows;
    if (flows || this.isTunnel) return;
    this.#seenSent = this.#stream.sentBytes;
    this.#owner.timekeeper.set(this, this.#owner.limits.idleTimeoutMs);
  }

  /** Milliseconds until it is looked at the body again. */
  get #patience(): number {
    return this.#isGrpc ? this.#pace.maxGrpcSilenceMs : this.#pace.minBodyGraceMs;
  }

  /** A body has begun or goes on: it is judged over each grace period. */
  #watch(): void {
    if (this.isTunnel) return;
    const { timekeeper } = this.#owner;
    this.#seenReceived = this.#received;
    this.#seenSent = this.#stream.sentBytes;
    this.#seenMs = this.#owner.now();
    timekeeper.set(this, this.#patience);
  }

  expire(): void {
    const { limits, timekeeper, core } = this.#owner;
    const hasSent = this.#stream.sentBytes > this.#seenSent;
    if (!this.#flows || this.#stream.queuedBytes > 0) {
      if (!hasSent) {
        core.reset(this.#stream, CANCEL);
        this.#close('http/slow-reader');
        return;
      }
      this.#seenSent = this.#stream.sentBytes;
      timekeeper.set(this, limits.idleTimeoutMs);
      return;
    }
    if (this.hasEnded || this.#stream.isPaused || this.isTunnel) return;
    const received = this.#received - this.#seenReceived;
    // A gRPC stream may be silent for long, but not both ways.
    const isLate = this.#isGrpc
      ? received === 0 && !hasSent
      : received * 1000 < this.#pace.minBodyBytesPerSecond * (this.#owner.now() - this.#seenMs);
    if (!isLate) this.#watch();
    else {
      const least = `slower than ${this.#pace.minBodyBytesPerSecond} bytes a second`;
      const says = this.#isGrpc
        ? `nothing came and went for ${this.#pace.maxGrpcSilenceMs} ms`
        : `the body came ${least}`;
      this.#fault(new Fault(408, 'http/body-too-slow', says));
    }
  }
}

/** The proof that belongs to HTTP/1.1's handshake has no meaning here (RFC 8441 5). */
function withoutAccept(lines: string): string {
  let kept = '';
  let at = 0;
  while (at < lines.length) {
    const end = lines.indexOf('\r\n', at) + 2;
    const line = lines.slice(at, end);
    if (!line.toLowerCase().startsWith('sec-websocket-accept:')) kept += line;
    at = end;
  }
  return kept;
}

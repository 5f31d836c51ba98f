// The asking end of HTTP/2: requests go out over one connection to an upstream, and each answer is read as strictly as in HTTP/1.1.

import { Fault } from '../traffic/fault.ts';
import { type Headers, linesOf } from '../traffic/headers.ts';
import type { AnswerSink, Asking, Multiplexed, MultiplexedOwner } from '../traffic/multiplexed.ts';
import type { OutgoingRequest } from '../traffic/outgoing.ts';
import type { HeadLimits } from '../traffic/wire.ts';
import { readHttp2Answer } from './h2-answer.ts';
import { type ConnectionOwner, Http2Connection } from './h2-connection.ts';
import type { HeaderDecoder } from './h2-decoder.ts';
import { CANCEL, NO_ERROR, PROTOCOL_ERROR } from './h2-frames.ts';
import { readHttp2Trailers } from './h2-request.ts';
import type { Http2Tools, Stream, StreamListener } from './h2-stream.ts';
import { keyIn, WebSocketSink, withoutKey } from './h2-web-socket.ts';

/** How much of one answer may be on its way to a client that does not take it. The connection's own window is given back as bytes come,
 * because one client that reads slowly must not hold up the others that share it. */
const streamWindowBytes = 131_072;
const connectionWindowBytes = 16_777_216;
/** An upstream is not a stranger, but no more than this is spent on what it sends without data. */
const maxControlFramesPerSecond = 10_000;
/** Our own bound on requests at once where the upstream sets none or a higher one. */
const maxAsked = 100;
/** More interim answers than a real server sends before the final one. */
const maxInterims = 8;

/** One connection to an upstream. */
export class Http2Client implements Multiplexed, ConnectionOwner {
  readonly core: Http2Connection;
  readonly limits: HeadLimits;
  readonly #owner: MultiplexedOwner;
  #isLeaving = false;
  #isReady = false;

  constructor(owner: MultiplexedOwner, limits: HeadLimits, tools: Http2Tools) {
    this.#owner = owner;
    this.limits = limits;
    const bounds = {
      maxHeaderBytes: limits.maxHeaderBytes,
      maxConcurrentStreams: 0,
      maxStreamResetsPerSecond: maxControlFramesPerSecond,
      maxControlFramesPerSecond,
      streamWindowBytes,
      connectionWindowBytes,
    };
    this.core = new Http2Connection('client', this, bounds, tools);
    this.core.start();
  }

  get asked(): number {
    return this.core.streams.size;
  }

  get hasRoom(): boolean {
    return !this.#isLeaving && !this.core.isGone && this.asked < Math.min(maxAsked, this.core.peerMaxStreams);
  }

  get takesWebSockets(): boolean | null {
    return this.#isReady ? this.core.peerTakesConnect : null;
  }

  read(bytes: Buffer, count: number): void {
    this.core.read(bytes, count);
  }

  drained(): void {
    this.core.sender.drained();
  }

  flush(): void {
    this.core.sender.flush();
  }

  ask(request: OutgoingRequest, secure: boolean, sink: AnswerSink): Asking | null {
    const { core } = this;
    const stream = core.open();
    if (stream === null) return null;
    const { encoder } = core;
    if (request.isWebSocket) {
      const lines = request.forwarded + request.added;
      const block = encoder.webSocket(secure ? 'https' : 'http', request.host, request.target);
      core.sender.sendBlock(stream, block + encoder.lines(withoutKey(lines)), false);
      return new AskedStream(this, stream, 'CONNECT', new WebSocketSink(sink, keyIn(lines)));
    }
    const asking = new AskedStream(this, stream, request.method, sink);
    let block = encoder.request(request.method, secure ? 'https' : 'http', request.host, request.target);
    block += encoder.lines(request.forwarded) + encoder.lines(request.added);
    if (request.contentLength >= 0) block += encoder.field('content-length', String(request.contentLength), '');
    if (request.takesTrailers) block += encoder.field('te', 'trailers', 'te: trailers');
    const ends = request.isWhole && request.trailers === null && (request.body?.length ?? 0) === 0;
    core.sender.sendBlock(stream, block, ends);
    if (ends) return asking;
    const ending = request.isWhole ? linesOf(request.trailers) : null;
    if (request.body !== null || ending !== null) core.sender.sendData(stream, request.body ?? '', ending);
    return asking;
  }

  leave(): void {
    this.#isLeaving = true;
    if (!this.core.isGone) this.core.goaway(true, '');
    this.core.sender.flush();
  }

  lose(says: string): void {
    this.core.lose(says);
  }

  // ---- ConnectionOwner

  write(piece: string | Buffer): boolean {
    return this.#owner.write(piece);
  }

  onStream(): void {}

  onReady(): void {
    this.#isReady = true;
    this.#owner.onReady();
  }

  onPong(): void {}

  onEmpty(): void {
    this.#owner.onIdle();
  }

  onGoaway(): void {
    this.#isLeaving = true;
    this.#owner.onGoaway();
  }

  onFault(why: string, says: string): void {
    this.#owner.onFault(`${says} (${why})`);
  }
}

/** One request and its answer. */
class AskedStream implements Asking, StreamListener {
  readonly #client: Http2Client;
  readonly #stream: Stream;
  readonly #method: string;
  readonly #sink: AnswerSink;
  #interims = 0;
  #sawHead = false;
  #isOver = false;
  /** Must the answer have no body, whatever it announces? */
  #hasNoBody = false;
  /** -1 where the answer announced no length. */
  #announced = -1;
  #received = 0;

  constructor(client: Http2Client, stream: Stream, method: string, sink: AnswerSink) {
    this.#client = client;
    this.#stream = stream;
    this.#method = method;
    this.#sink = sink;
    stream.listener = this;
  }

  // ---- what is asked

  write(piece: Buffer): boolean {
    return this.#client.core.sender.sendData(this.#stream, piece, null);
  }

  end(trailers: Headers | null): void {
    this.#client.core.sender.sendData(this.#stream, '', linesOf(trailers));
  }

  pause(): void {
    this.#client.core.pause(this.#stream);
  }

  resume(): void {
    this.#client.core.resume(this.#stream);
  }

  cancel(): void {
    this.#isOver = true;
    this.#client.core.reset(this.#stream, CANCEL);
  }

  // ---- what is answered

  onBlock(block: HeaderDecoder, isEnd: boolean): void {
    if (this.#isOver) return;
    if (this.#sawHead) {
      this.#onTrailers(block, isEnd);
      return;
    }
    const head = readHttp2Answer(block, isEnd, this.#method, this.#client.limits);
    if (head instanceof Fault) this.#break(head.says);
    else if (head.status < 200) {
      if (++this.#interims > maxInterims) this.#break(`it sent more than ${maxInterims} interim answers`);
      else this.#sink.onInterim(head);
    } else {
      this.#sawHead = true;
      this.#hasNoBody = head.framing === 'none';
      this.#announced = head.framing === 'length' ? head.contentLength : -1;
      this.#sink.onAnswerHead(head);
      if (isEnd) this.#finish(null);
    }
  }

  #onTrailers(block: HeaderDecoder, isEnd: boolean): void {
    if (!isEnd) {
      this.#break('a header block within the body that does not end it (RFC 9113 8.1)');
      return;
    }
    const trailers = readHttp2Trailers(block, this.#client.limits);
    if (trailers instanceof Fault) this.#break(trailers.says);
    else this.#finish(trailers);
  }

  onData(bytes: Buffer, from: number, to: number): void {
    if (this.#isOver) return;
    this.#received += to - from;
    if (!this.#sawHead) this.#break('it sent a body before its head (RFC 9113 8.1)');
    else if (this.#hasNoBody || (this.#announced >= 0 && this.#received > this.#announced))
      this.#break('its body is longer than it says (RFC 9113 8.1.1)');
    else if (!this.#sink.onAnswerBody(bytes, from, to) && !this.#isOver) this.pause();
  }

  onEnd(): void {
    this.#finish(null);
  }

  #finish(trailers: Headers | null): void {
    if (this.#isOver) return;
    if (!this.#sawHead || (this.#announced >= 0 && this.#received !== this.#announced)) {
      this.#break('its body is shorter than it says (RFC 9113 8.1.1)');
      return;
    }
    this.#isOver = true;
    // Whatever is left of the request has nobody who waits for it.
    if (!this.#stream.isLocalClosed) this.#client.core.reset(this.#stream, NO_ERROR);
    this.#sink.onAnswerEnd(trailers);
  }

  onReset(why: string, isUnprocessed: boolean): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#sink.onLost(why === '' ? 'it reset the request' : why, isUnprocessed);
  }

  onDrain(): void {
    if (!this.#isOver) this.#sink.onDrain();
  }

  #break(says: string): void {
    this.#isOver = true;
    this.#client.core.reset(this.#stream, PROTOCOL_ERROR);
    this.#sink.onBroken(says);
  }
}

// One request over a connection that it shares with others, and its answer: what an HTTP/1.1 connection is to its exchange.

import type { Expiring, Timekeeper } from '../traffic/deadline.ts';
import type { Headers } from '../traffic/headers.ts';
import type { AnswerSink, Asking, Multiplexed } from '../traffic/multiplexed.ts';
import type { OutgoingRequest } from '../traffic/outgoing.ts';
import type { UpstreamSide } from '../traffic/sides.ts';
import type { AnswerHead } from '../traffic/wire.ts';
import { Failure } from './failure.ts';
import type { AnswerReceiver } from './upstream.ts';

/** The connection that carries it. */
export interface ExchangeOwner {
  readonly from: string;
  readonly to: string;
  readonly endpoint: string;
  readonly timekeeper: Timekeeper;
  /** What one read brought touched this exchange: it is told once the whole of it was looked at. */
  touched(exchange: Http2Exchange): void;
  /** It is over, or gave up waiting for the connection. */
  ended(exchange: Http2Exchange): void;
  failed(): void;
}

/** One exchange. It is asked once, before or after its connection stands. */
export class Http2Exchange implements UpstreamSide, AnswerSink, Expiring {
  due = 0;
  readonly isReused: boolean;
  hasAnswered = false;
  isTouched = false;
  readonly #owner: ExchangeOwner;
  readonly #receiver: AnswerReceiver;
  readonly #answerTimeoutMs: number;
  /** The request as far as it can be sent again; null once more of it went than is kept. */
  #request: OutgoingRequest | null;
  #queued: Buffer[] = [];
  #asking: Asking | null = null;
  #isSent: boolean;
  #flows = true;
  #isAnswering = false;
  #isPaused = false;
  #isOver = false;
  #isTunnel = false;
  /** Whom the request was handed to, where its upstream takes it over HTTP/1.1 only; null for nobody. */
  #successor: UpstreamSide | null = null;

  constructor(owner: ExchangeOwner, request: OutgoingRequest, receiver: AnswerReceiver, isReused: boolean) {
    this.#owner = owner;
    this.#request = request;
    this.#receiver = receiver;
    this.#answerTimeoutMs = request.patience.answerTimeoutMs;
    this.#isSent = request.isWhole;
    this.isReused = isReused;
  }

  get from(): string {
    return this.#owner.from;
  }

  get to(): string {
    return this.#owner.to;
  }

  /** Does it ask for a WebSocket, and was not asked yet? */
  get isWebSocket(): boolean {
    return this.#request?.isWebSocket === true && this.#asking === null;
  }

  /** The upstream takes it over another connection: `carry` gives it to one. */
  handOver(carry: (request: OutgoingRequest, receiver: AnswerReceiver) => UpstreamSide): void {
    if (this.#isOver) return;
    const request = this.takeUnsent();
    this.#end();
    this.#successor = carry(request, this.#receiver);
  }

  /** The connection stands: the request goes, as far as it came. */
  begin(connection: Multiplexed, secure: boolean): void {
    if (this.#isOver) return;
    const request = this.#request!;
    const hadQueued = this.#queued.length > 0;
    request.append(this.#queued);
    this.#queued = [];
    this.#watch();
    this.#receiver.onConnected(this);
    this.#asking = connection.ask(request, secure, this);
    if (this.#asking === null) {
      // Whoever asked must know of this exchange before it hears that it failed.
      queueMicrotask(() => this.onLost('', true));
      return;
    }
    if (!request.isWhole || hadQueued) this.#receiver.onUpstreamDrain();
  }

  write(piece: Buffer): boolean {
    if (this.#successor !== null) return this.#successor.write(piece);
    if (this.#isOver) return true;
    if (this.#asking === null) {
      this.#queued.push(Buffer.from(piece));
      return false;
    }
    this.#request = null;
    // An upstream that is still being sent to is not late with its answer.
    if (!this.#isAnswering) this.#watch();
    this.#flows = this.#asking.write(piece);
    return this.#flows;
  }

  endRequest(trailers: Headers | null): void {
    this.#isSent = true;
    if (this.#asking === null) {
      if (this.#request === null) return;
      this.#request.isWhole = true;
      this.#request.trailers = trailers;
      return;
    }
    if (this.#isOver) return;
    this.#request = null;
    this.#asking.end(trailers);
    if (!this.#isAnswering) this.#watch();
  }

  takeUnsent(): OutgoingRequest {
    const request = this.#request!;
    request.append(this.#queued);
    this.#queued = [];
    return request;
  }

  pause(): void {
    if (this.#isOver) return;
    this.#isPaused = true;
    this.#asking?.pause();
    this.#owner.timekeeper.clear(this);
  }

  resume(): void {
    if (!this.#isPaused || this.#isOver) return;
    this.#isPaused = false;
    this.#watch();
    this.#asking?.resume();
  }

  abort(): void {
    this.#successor?.abort();
    if (this.#isOver) return;
    this.#end();
    this.#asking?.cancel();
  }

  reject(says: string): void {
    this.#asking?.cancel();
    this.#fail(502, 'proxy/bad-answer', says);
  }

  becomeTunnel(): void {
    this.#isTunnel = true;
    this.#owner.timekeeper.clear(this);
  }

  endTunnel(): void {
    if (!this.#isOver) this.#asking?.end(null);
  }

  // ---- the answer

  onInterim(head: AnswerHead): void {
    this.#touch();
    this.#receiver.onInterim(head);
  }

  onAnswerHead(head: AnswerHead): void {
    this.#touch();
    this.#isAnswering = true;
    this.#request = null;
    this.#watch();
    this.#receiver.onAnswerHead(head, this);
  }

  onAnswerBody(bytes: Buffer, from: number, to: number): boolean {
    this.#touch();
    this.#watch();
    if (this.#receiver.onAnswerBody(bytes, from, to)) return !this.#isPaused;
    this.pause();
    return false;
  }

  onAnswerEnd(trailers: Headers | null): void {
    if (this.#isOver) return;
    this.#end();
    this.#receiver.onAnswerEnd(trailers);
  }

  onDrain(): void {
    this.#flows = true;
    this.#receiver.onUpstreamDrain();
  }

  onBroken(says: string): void {
    this.#fail(502, 'proxy/bad-answer', says);
  }

  onLost(says: string, isUnprocessed: boolean): void {
    if (isUnprocessed && this.#request !== null)
      this.#failWith(new Failure(503, 'proxy/refused-stream', `${this.#owner.endpoint} took no further request`, true));
    else if (isUnprocessed)
      this.#fail(503, 'proxy/refused-stream', 'it took no further request, and part of the body was sent');
    else this.#fail(502, this.#isAnswering ? 'proxy/cut-short' : 'proxy/reset', says);
  }

  /** The connection could not be made. */
  refuse(failure: Failure): void {
    this.#failWith(failure);
  }

  expire(): void {
    // It was sent all that came, and the rest is late: that is the client's affair, whose pace is watched where it is read.
    if (!this.#isAnswering && !this.#isSent && this.#flows) {
      this.#watch();
      return;
    }
    this.#asking?.cancel();
    const ms = this.#answerTimeoutMs;
    if (this.#isAnswering) this.#fail(504, 'proxy/cut-short', `it paused its answer for ${ms} ms`);
    else this.#fail(504, 'proxy/answer-timeout', `it did not answer within ${ms} ms`);
  }

  /** What one read brought has been handed over. */
  readEnded(): void {
    this.isTouched = false;
    if (!this.#isOver) this.#receiver.onReadEnd();
  }

  #touch(): void {
    this.hasAnswered = true;
    if (this.isTouched) return;
    this.isTouched = true;
    this.#owner.touched(this);
  }

  #watch(): void {
    if (!this.#isOver && !this.#isPaused && !this.#isTunnel) this.#owner.timekeeper.set(this, this.#answerTimeoutMs);
  }

  #fail(status: 502 | 503 | 504, why: string, says: string): void {
    this.#failWith(new Failure(status, why, `${this.#owner.endpoint}: ${says}`, false));
  }

  #failWith(failure: Failure): void {
    if (this.#isOver) return;
    this.#end();
    this.#owner.failed();
    this.#receiver.onFailure(failure, this);
  }

  #end(): void {
    this.#isOver = true;
    this.#owner.timekeeper.clear(this);
    this.#owner.ended(this);
  }
}

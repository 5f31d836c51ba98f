// A WebSocket for an upstream of HTTP/2 that does not take it there: whoever asked hears of HTTP/1.1 only where that fails, too.

import type { Headers } from '../traffic/headers.ts';
import type { UpstreamSide } from '../traffic/sides.ts';
import type { AnswerHead } from '../traffic/wire.ts';
import { Failure } from './failure.ts';
import type { AnswerReceiver } from './upstream.ts';

/** Failures that mean that HTTP/1.1 is not spoken there. */
const notSpoken: ReadonlySet<string> = new Set(['proxy/tls-failed', 'proxy/bad-answer', 'proxy/reset']);

/** Passes everything on. */
export class WebSocketByHttp1 implements AnswerReceiver {
  readonly #receiver: AnswerReceiver;
  #hasAnswered = false;

  constructor(receiver: AnswerReceiver) {
    this.#receiver = receiver;
  }

  onFailure(failure: Failure, upstream: UpstreamSide): void {
    const isNotSpoken = !this.#hasAnswered && notSpoken.has(failure.why);
    const says = `it takes WebSockets neither over HTTP/2 (its settings do not allow extended CONNECT) nor over HTTP/1.1: ${failure.says}`;
    this.#receiver.onFailure(isNotSpoken ? new Failure(502, 'proxy/no-websocket', says, false) : failure, upstream);
  }

  onAnswerHead(head: AnswerHead, upstream: UpstreamSide): void {
    this.#hasAnswered = true;
    this.#receiver.onAnswerHead(head, upstream);
  }

  onConnected(upstream: UpstreamSide): void {
    this.#receiver.onConnected(upstream);
  }
  onInterim(head: AnswerHead): void {
    this.#receiver.onInterim(head);
  }
  onAnswerBody(bytes: Buffer, from: number, to: number): boolean {
    return this.#receiver.onAnswerBody(bytes, from, to);
  }
  onAnswerEnd(trailers: Headers | null): void {
    this.#receiver.onAnswerEnd(trailers);
  }
  onReadEnd(): void {
    this.#receiver.onReadEnd();
  }
  onUpstreamDrain(): void {
    this.#receiver.onUpstreamDrain();
  }
}

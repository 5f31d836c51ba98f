// A request for which every endpoint has enough in hand: it waits, and behaves as an upstream that takes nothing yet.

import type { Expiring } from '../traffic/deadline.ts';
import type { Exchange } from '../traffic/exchange.ts';
import type { Headers } from '../traffic/headers.ts';
import type { OutgoingRequest } from '../traffic/outgoing.ts';
import type { UpstreamSide } from '../traffic/sides.ts';
import type { Carried } from './endpoint.ts';
import { Failure } from './failure.ts';

/** Whoever keeps the queue. */
export interface Queue {
  /** How long one may wait that does not say it itself, in ms. */
  readonly waitMs: number;
  /** This one waits no more. */
  leaveQueue(waiting: Waiting): void;
}

/** One request in a queue. */
export class Waiting implements UpstreamSide, Expiring {
  due = 0;
  readonly from = '';
  readonly to = '';
  readonly isReused = false;
  readonly hasAnswered = false;
  readonly exchange: Exchange;
  readonly carried: Carried;
  readonly #request: OutgoingRequest;
  readonly #queue: Queue;
  #pieces: Buffer[] = [];

  constructor(queue: Queue, exchange: Exchange, request: OutgoingRequest, carried: Carried) {
    this.#queue = queue;
    this.exchange = exchange;
    this.#request = request;
    this.carried = carried;
  }

  /** How long it may wait, in ms. */
  get waitMs(): number {
    return this.#request.patience.queueWaitMs ?? this.#queue.waitMs;
  }

  /** Asks for patience: only what one read brought still comes. */
  write(piece: Buffer): boolean {
    this.#pieces.push(Buffer.from(piece));
    return false;
  }

  endRequest(trailers: Headers | null): void {
    this.#request.isWhole = true;
    this.#request.trailers = trailers;
  }

  takeUnsent(): OutgoingRequest {
    this.#request.append(this.#pieces);
    this.#pieces = [];
    return this.#request;
  }

  abort(): void {
    this.#queue.leaveQueue(this);
  }

  reject(): void {
    this.#queue.leaveQueue(this);
  }

  expire(): void {
    this.#queue.leaveQueue(this);
    const says = `no upstream of the site had room for another request within ${this.waitMs} ms`;
    this.carried.onFailure(new Failure(504, 'proxy/queue-timeout', says, false, 1), this);
  }

  pause(): void {}
  resume(): void {}
  becomeTunnel(): void {}
  endTunnel(): void {}
}

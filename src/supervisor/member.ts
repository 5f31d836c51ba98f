// A worker as the supervisor knows it: orders out, replies and events in, and when it was last heard of.

import type { Ending, Launch, Link } from './link.ts';
import { type FromWorker, type Order, OrderFailure, type Tallies, type WorkerEvent } from './messages.ts';
import { readWaitingMs, Silence } from './silence.ts';

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (failure: Error) => void;
}

/** One worker from its launch to its end. */
export class Member {
  /** Never given twice; `slot` is its number among those that work at a time. */
  readonly id: number;
  readonly slot: number;
  readonly link: Link;
  /** When it was launched, in ms of the monotonic clock. */
  readonly launchedMs: number;
  /** When it last said anything. */
  heardMs: number;
  /** How much of the time since then is its own affair. */
  readonly silence: Silence;
  /** The generation it runs under, 0 before it runs. */
  generation = 0;
  /** Whether it was told how to start: from here on it is to hear what others count. */
  isBriefed = false;
  /** Whether it accepts and answers. */
  isReady = false;
  /** Whether it was told to end. */
  isLeaving = false;
  /** Whether it has as many descriptors open as it should. */
  isFull = false;
  /** Whether others accept in its place meanwhile. */
  isResting = false;
  open = 0;
  nextNumber = 1;
  tallies: Tallies | null = null;
  /** What it last said of an error that nobody caught, or ''. */
  fault = '';
  #waiting = new Map<number, Waiting>();
  #lastId = 0;

  constructor(
    id: number,
    slot: number,
    launch: Launch,
    now: () => number,
    onEvent: (member: Member, event: WorkerEvent) => void,
    onEnd: (member: Member, ending: Ending) => void,
  ) {
    this.id = id;
    this.slot = slot;
    this.launchedMs = now();
    this.heardMs = this.launchedMs;
    this.link = launch(slot, (message) => {
      this.heardMs = now();
      this.#hear(message, onEvent);
    });
    const { pid } = this.link;
    this.silence = new Silence(() => readWaitingMs(pid));
    void this.link.ended.then((ending) => {
      this.isReady = false;
      for (const { reject } of this.#waiting.values()) reject(new OrderFailure(`worker ${slot} ended`));
      this.#waiting.clear();
      onEnd(this, ending);
    });
  }

  /** Gives an order; fulfilled with the reply, rejects with `OrderFailure` where it cannot be done or the worker ends. */
  call(order: Order, handle?: object): Promise<unknown> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.link.send({ id, order }, handle);
    });
  }

  /** Gives an order whose reply nobody needs. */
  tell(order: Order, handle?: object): void {
    this.link.send({ id: 0, order }, handle);
  }

  #hear(message: FromWorker, onEvent: (member: Member, event: WorkerEvent) => void): void {
    if ('event' in message) {
      onEvent(this, message.event);
      return;
    }
    const waiting = this.#waiting.get(message.reply);
    if (waiting === undefined) return;
    this.#waiting.delete(message.reply);
    if (message.ok) waiting.resolve(message.value);
    else waiting.reject(new OrderFailure(message.says, message.problems));
  }
}

// Refusals that take their time: a byte now and then, for as long as is set, and for no more clients than are set. Each costs the gate
// its record and one entry among the deadlines that all connections share.

import { phraseOf } from './http/http.ts';
import type { Expiring, Timekeeper } from './traffic/deadline.ts';
import type { Exchange } from './traffic/exchange.ts';
import { Headers } from './traffic/headers.ts';
import type { ClientStream } from './traffic/sides.ts';
import type { Refusal } from './traffic/verdict.ts';
import { AnswerHead } from './traffic/wire.ts';

/** How slowly, for how long, and how many at once in one worker. */
export interface TarpitSettings {
  readonly holdMs: number;
  readonly everyMs: number;
  readonly maxHeld: number;
}

/** What is dripped. */
const drop = Buffer.from('.');

/** All clients that are held. */
export class Tarpit {
  readonly #timekeeper: Timekeeper;
  readonly #held = new Set<Held>();

  constructor(timekeeper: Timekeeper) {
    this.#timekeeper = timekeeper;
  }

  /** Clients that are held now. */
  get size(): number {
    return this.#held.size;
  }

  /**
   * Begins the answer to a refused exchange, whose record says so; `done` is called when it is whole. Null where there is no room, or
   * nothing to be slow with: then it is to be answered at once.
   */
  hold(
    exchange: Exchange,
    refusal: Refusal,
    side: ClientStream,
    settings: TarpitSettings,
    done: () => void,
  ): Held | null {
    if (exchange.method === 'HEAD') return null;
    const { holdMs, everyMs, maxHeld } = settings;
    const isFull = this.#held.size >= maxHeld;
    const how = isFull
      ? `all ${maxHeld} places of the tarpit are taken, answered at once`
      : `answered with a byte each ${everyMs / 1000} s for ${holdMs / 1000} s`;
    exchange.refusal = { ...refusal, says: `${refusal.says}; ${how}` };
    if (isFull) return null;
    const drops = Math.max(1, Math.ceil(holdMs / everyMs));
    const head = new AnswerHead(new Headers());
    head.status = refusal.status;
    head.reason = phraseOf(refusal.status);
    head.framing = 'length';
    head.contentLength = drops;
    head.forwarded = 'Content-Type: text/plain\r\nCache-Control: no-store\r\n';
    exchange.status = refusal.status;
    side.beginAnswer(head, `X-Request-Id: ${exchange.id}\r\n`);
    side.flushAnswer();
    const held: Held = new Held(exchange, side, drops, everyMs, this.#timekeeper, done, () => this.#held.delete(held));
    this.#held.add(held);
    return held;
  }

  /** Lets all of them go, their answers broken off: the gate is leaving. */
  stop(): void {
    for (const held of [...this.#held]) held.breakOff();
  }
}

/** One client in the pit. */
export class Held implements Expiring {
  due = 0;
  readonly #exchange: Exchange;
  readonly #side: ClientStream;
  #left: number;
  readonly #everyMs: number;
  readonly #timekeeper: Timekeeper;
  readonly #done: () => void;
  readonly #forget: () => void;

  constructor(
    exchange: Exchange,
    side: ClientStream,
    drops: number,
    everyMs: number,
    timekeeper: Timekeeper,
    done: () => void,
    forget: () => void,
  ) {
    this.#exchange = exchange;
    this.#side = side;
    this.#left = drops;
    this.#everyMs = everyMs;
    this.#timekeeper = timekeeper;
    this.#done = done;
    this.#forget = forget;
    timekeeper.set(this, everyMs);
  }

  expire(): void {
    this.#left--;
    this.#exchange.responseBytes++;
    this.#side.writeAnswer(drop, 0, drop.length);
    this.#side.flushAnswer();
    if (this.#left > 0) {
      this.#timekeeper.set(this, this.#everyMs);
      return;
    }
    this.leave();
    this.#done();
  }

  /** It is over, whoever ended it. */
  leave(): void {
    this.#timekeeper.clear(this);
    this.#forget();
  }

  /** Ends it before its time. */
  breakOff(): void {
    this.leave();
    this.#side.abort('http/drained');
  }
}

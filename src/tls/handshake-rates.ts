// How many handshakes a client may begin: each costs a hundred times what a request costs on a connection that stands.

import { prefix64 } from '../base/address.ts';
import { Bounded } from '../base/bounded.ts';
import { full, pour } from '../base/bucket.ts';

/** Clients whose last second is remembered. */
const maxClients = 65_536;

/** Counts by client (an IPv6 client is its /64), in one worker. */
export class HandshakeRates {
  readonly #perSecond: number;
  readonly #now: () => number;
  readonly #emptyAtMs = new Bounded<string, number>(maxClients);

  /** `now` gives ms of the monotonic clock. */
  constructor(perSecond: number, now: () => number) {
    this.#perSecond = perSecond;
    this.#now = now;
  }

  /** Counts one more, or says false and counts nothing. */
  admit(address: string): boolean {
    const key = prefix64(address);
    const next = pour(this.#emptyAtMs.peek(key) ?? 0, this.#now(), 1000 / this.#perSecond, this.#perSecond);
    if (next === full) return false;
    this.#emptyAtMs.set(key, next);
    return true;
  }
}

// How many connections each client holds and how fast it opens new ones; an IPv6 client is its /64.

import { prefix64 } from '../base/address.ts';
import { Bounded } from '../base/bounded.ts';
import { full, pour } from '../base/bucket.ts';

/** One client. `open` connections are held; `emptyAtMs` is the bucket of those it opened lately. */
interface Client {
  open: number;
  emptyAtMs: number;
}

/** Clients without a connection that are remembered for their speed. */
const maxGone = 65_536;

/** Counts clients. Those who hold a connection are as many as connections at most, the rest is bounded. */
export class Clients {
  #present = new Map<string, Client>();
  // Remembered for a second only, but nobody looks for those whose second is over: the oldest goes where room is needed.
  #gone = new Bounded<string, Client>(maxGone);

  /** Clients that hold a connection. */
  get size(): number {
    return this.#present.size;
  }

  /** Counts one more connection, or says which limit is against it and counts nothing. */
  enter(address: string, nowMs: number, maxOpen: number, maxPerSecond: number): 'entered' | 'too-many' | 'too-fast' {
    const key = prefix64(address);
    let client = this.#present.get(key);
    if (client !== undefined && client.open >= maxOpen) return 'too-many';
    client ??= this.#gone.peek(key);
    const emptyAtMs = pour(client?.emptyAtMs ?? 0, nowMs, 1000 / maxPerSecond, maxPerSecond);
    if (emptyAtMs === full) return 'too-fast';
    if (client === undefined) this.#present.set(key, { open: 1, emptyAtMs });
    else {
      if (client.open === 0) {
        this.#gone.delete(key);
        this.#present.set(key, client);
      }
      client.open++;
      client.emptyAtMs = emptyAtMs;
    }
    return 'entered';
  }

  /** Counts one connection less. */
  leave(address: string, nowMs: number): void {
    const key = prefix64(address);
    const client = this.#present.get(key);
    if (client === undefined || --client.open > 0) return;
    this.#present.delete(key);
    if (client.emptyAtMs > nowMs) this.#gone.set(key, client);
  }
}

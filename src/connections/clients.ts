// How many connections each client holds and how fast it opens new ones; an IPv6 client is its /64.

import { prefix64 } from '../base/address.ts';
import { Bounded } from '../base/bounded.ts';
import { full, pour } from '../base/bucket.ts';

/** One client. `open` connections are held; `emptyAtMs` is the bucket of those it opened lately. */
interface Client {
  open: number;
  emptyAtMs: number;
}

/** What a client did in one worker since others were last told: connections it now holds more (or fewer), and those it opened. */
export interface ClientDelta {
  readonly open: number;
  readonly entered: number;
}

/** Clients without a connection that are remembered for their speed. */
const maxGone = 65_536;

/** Counts clients. Those who hold a connection are as many as connections at most, the rest is bounded. */
export class Clients {
  #present = new Map<string, Client>();
  // Remembered for a second only, but nobody looks for those whose second is over: the oldest goes where room is needed.
  #gone = new Bounded<string, Client>(maxGone);
  /** Connections that clients hold in other workers; as many as those hold at most. */
  #elsewhere = new Map<string, number>();
  #openElsewhere = 0;
  /** What others have not been told yet; null where there are none. Emptied several times a second. */
  #deltas: Map<string, { open: number; entered: number }> | null = null;

  /** Clients that hold a connection here. */
  get size(): number {
    return this.#present.size;
  }

  /** Connections that other workers hold. */
  get openElsewhere(): number {
    return this.#openElsewhere;
  }

  /** Whether there are other workers to be told. Those that come later are told of all that is held. */
  set isShared(isShared: boolean) {
    if (!isShared) {
      this.#deltas = null;
      this.#elsewhere.clear();
      this.#openElsewhere = 0;
    } else this.#deltas ??= new Map([...this.#present].map(([key, { open }]) => [key, { open, entered: 0 }] as const));
  }

  /** Counts one more connection, or says which limit is against it and counts nothing. */
  enter(address: string, nowMs: number, maxOpen: number, maxPerSecond: number): 'entered' | 'too-many' | 'too-fast' {
    const key = prefix64(address);
    let client = this.#present.get(key);
    const elsewhere = this.#elsewhere.size === 0 ? 0 : (this.#elsewhere.get(key) ?? 0);
    if ((client?.open ?? 0) + elsewhere >= maxOpen) return 'too-many';
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
    this.#note(key, 1, 1);
    return 'entered';
  }

  /** Counts one connection less. */
  leave(address: string, nowMs: number): void {
    const key = prefix64(address);
    const client = this.#present.get(key);
    if (client === undefined) return;
    this.#note(key, -1, 0);
    if (--client.open > 0) return;
    this.#present.delete(key);
    if (client.emptyAtMs > nowMs) this.#gone.set(key, client);
  }

  /** What happened here since the last call, or null. */
  takeDeltas(): ReadonlyMap<string, ClientDelta> | null {
    const deltas = this.#deltas;
    if (deltas === null || deltas.size === 0) return null;
    this.#deltas = new Map();
    return deltas;
  }

  /** What happened in another worker: its connections count as ours do, for each client and in all. */
  absorb(deltas: ReadonlyMap<string, ClientDelta>, nowMs: number, maxPerSecond: number): void {
    for (const [key, { open, entered }] of deltas) {
      const held = Math.max(0, (this.#elsewhere.get(key) ?? 0) + open);
      this.#openElsewhere = Math.max(0, this.#openElsewhere + open);
      if (held === 0) this.#elsewhere.delete(key);
      else this.#elsewhere.set(key, held);
      if (entered > 0) this.#hurry(key, entered, nowMs, maxPerSecond);
    }
  }

  /** Connections opened elsewhere fill the bucket of a client as those opened here do. */
  #hurry(key: string, entered: number, nowMs: number, maxPerSecond: number): void {
    const dropMs = 1000 / maxPerSecond;
    const client = this.#present.get(key) ?? this.#gone.peek(key);
    const emptyAtMs = Math.min(Math.max(client?.emptyAtMs ?? 0, nowMs) + entered * dropMs, nowMs + 1000);
    if (client !== undefined) client.emptyAtMs = emptyAtMs;
    else this.#gone.set(key, { open: 0, emptyAtMs });
  }

  #note(key: string, open: number, entered: number): void {
    if (this.#deltas === null) return;
    const delta = this.#deltas.get(key);
    if (delta === undefined) this.#deltas.set(key, { open, entered });
    else {
      delta.open += open;
      delta.entered += entered;
    }
  }
}

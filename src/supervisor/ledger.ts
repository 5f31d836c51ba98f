// Who holds how many connections in which worker: the sum that a new worker begins with, and what to take back when one dies.

import type { ClientDelta } from '../connections/connections.ts';

/** The supervisor's part in what workers share about clients. */
export class ClientLedger {
  /** By worker, then by client: as many as connections are open. */
  #held = new Map<number, Map<string, number>>();

  /** Writes down what `worker` told. */
  note(worker: number, deltas: unknown): void {
    if (!(deltas instanceof Map)) return;
    const held = this.#held.get(worker) ?? new Map<string, number>();
    this.#held.set(worker, held);
    for (const [client, { open }] of deltas as ReadonlyMap<string, ClientDelta>) {
      const sum = (held.get(client) ?? 0) + open;
      if (sum === 0) held.delete(client);
      else held.set(client, sum);
    }
  }

  /** What all workers hold together, as if it had just been opened; null for nothing. */
  all(): ReadonlyMap<string, ClientDelta> | null {
    const sums = new Map<string, ClientDelta>();
    for (const held of this.#held.values())
      for (const [client, open] of held) sums.set(client, { open: (sums.get(client)?.open ?? 0) + open, entered: 0 });
    return sums.size === 0 ? null : sums;
  }

  /** A worker is gone and its connections with it: what the others have to be told. */
  forget(worker: number): ReadonlyMap<string, ClientDelta> | null {
    const held = this.#held.get(worker);
    this.#held.delete(worker);
    if (held === undefined || held.size === 0) return null;
    return new Map([...held].map(([client, open]) => [client, { open: -open, entered: 0 }]));
  }
}

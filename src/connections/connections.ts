// The door of the connections: admits a socket to the table of live connections, or says which limit is against it.

import type { Clock } from '../base/clock.ts';
import { type Built, built, failed, type Problem } from '../base/problem.ts';
import { Connection } from '../traffic/connection.ts';
import type { Shared } from '../traffic/deltas.ts';
import { close, type Reason, type Refusal } from '../traffic/verdict.ts';
import { type ClientDelta, Clients } from './clients.ts';
import { type Choice, type Counts, countRows, listRows, type Row, tupleOf } from './table.ts';

export type { ClientDelta } from './clients.ts';
export { Deadlines } from './deadlines.ts';
export type { Choice, Counts, Row } from './table.ts';

export interface ConnectionSettings {
  readonly maxConnections: number;
  readonly maxConnectionsPerClient: number;
  readonly maxNewConnectionsPerClientPerSecond: number;
}

export interface ConnectionTools {
  readonly clock: Clock;
}

/** The four things that tell one TCP connection from every other. Addresses are normalised text. */
export interface FourTuple {
  readonly peer: string;
  readonly peerPort: number;
  readonly local: string;
  readonly localPort: number;
}

/** Every `why` of this station. */
export const reasons: Readonly<Record<string, Reason>> = Object.freeze({
  'connections/too-many': {
    says: 'The gate holds as many connections as it may.',
    allow: 'Raise `limits.max_connections`, and the file descriptors that the process may have (`ulimit -n`) with it.',
  },
  'connections/too-many-of-client': {
    says: 'One client address holds as many connections as one may.',
    allow:
      'Raise `limits.max_connections_per_client`; a proxy in front of the gate brings everybody under one address.',
  },
  'connections/too-fast-of-client': {
    says: 'One client address opens connections faster than one may.',
    allow: 'Raise `limits.max_new_connections_per_client_per_second`, or let the client keep its connections open.',
  },
});

/** The station: one table of all live connections of this process. */
export class Connections implements Shared {
  #settings: ConnectionSettings;
  #clock: Clock;
  #clients = new Clients();
  /** By 4-tuple; a map keeps the order in which they came. Never more than `maxConnections`. */
  #table = new Map<string, Connection>();
  #admitted = 0;
  /** The number of the next connection, and how far it is to the one behind it. */
  #nextNumber = 1;
  #numberStep = 1;

  constructor(settings: ConnectionSettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
  }

  /** The limits in force. */
  get settings(): ConnectionSettings {
    return this.#settings;
  }

  /** Puts other limits in force, those of `another` table; connections that are over them stay. */
  adopt(another: Connections): void {
    this.#settings = another.settings;
  }

  /** Live connections. */
  get size(): number {
    return this.#table.size;
  }

  /** Client addresses (IPv6 by /64) that hold a connection. */
  get clients(): number {
    return this.#clients.size;
  }

  /** Connections admitted since the start. */
  get admitted(): number {
    return this.#admitted;
  }

  /** The number that the next connection gets. */
  get nextNumber(): number {
    return this.#nextNumber;
  }

  /** Numbers connections from `first` in steps of `step`: workers that step past each other give no number twice. */
  numberFrom(first: number, step: number): void {
    this.#nextNumber = first;
    this.#numberStep = step;
  }

  /** Whether there are other workers to be told who holds how many connections. */
  set isShared(isShared: boolean) {
    this.#clients.isShared = isShared;
  }

  /** How many connections each client holds more or fewer since the last call. */
  takeDeltas(): ReadonlyMap<string, ClientDelta> | null {
    return this.#clients.takeDeltas();
  }

  absorb(deltas: unknown): void {
    const { maxNewConnectionsPerClientPerSecond: maxPerSecond } = this.settings;
    if (deltas instanceof Map) this.#clients.absorb(deltas, this.#clock.monotonicMs(), maxPerSecond);
  }

  /** Nothing: who holds what is a sum over all workers, and only their supervisor knows it. */
  snapshot(): null {
    return null;
  }

  /** A row for this socket, or the refusal. Addresses are normalised text; whoever admits it also ends it. `via` is the balancer's
   * endpoint where it announced the peer: two balancers may well bring the same peer from the same port. */
  admit(
    peer: string,
    peerPort: number,
    local: string,
    localPort: number,
    listener: string,
    secure: boolean,
    via = '',
  ): Connection | Refusal {
    const tuple = tupleOf(peer, peerPort, local, localPort, via);
    // The kernel gives a 4-tuple anew only when its connection is gone: the old row merely has not been ended yet.
    const stale = this.#table.get(tuple);
    if (stale !== undefined) this.end(stale);
    const {
      maxConnections,
      maxConnectionsPerClient,
      maxNewConnectionsPerClientPerSecond: maxPerSecond,
    } = this.settings;
    if (this.#table.size + this.#clients.openElsewhere >= maxConnections)
      return close('connections/too-many', `all ${maxConnections} connections are taken`);
    switch (this.#clients.enter(peer, this.#clock.monotonicMs(), maxConnectionsPerClient, maxPerSecond)) {
      case 'too-many':
        return close('connections/too-many-of-client', `${peer} holds ${maxConnectionsPerClient} connections already`);
      case 'too-fast':
        return close('connections/too-fast-of-client', `${peer} opens more than ${maxPerSecond} connections a second`);
    }
    this.#admitted++;
    const number = this.#nextNumber;
    this.#nextNumber += this.#numberStep;
    const connection = new Connection(number, peer, peerPort, local, localPort, listener, secure, this.#clock.now());
    connection.via = via;
    connection.row = tuple;
    this.#table.set(tuple, connection);
    return connection;
  }

  /** Takes the row out; again, or for a connection that was never admitted, it does nothing. */
  end(connection: Connection): void {
    const { row } = connection;
    if (this.#table.get(row) !== connection) return;
    this.#table.delete(row);
    this.#clients.leave(connection.peer, this.#clock.monotonicMs());
  }

  /** The live connection with this 4-tuple, or null. */
  of({ peer, peerPort, local, localPort }: FourTuple): Connection | null {
    return this.#table.get(tupleOf(peer, peerPort, local, localPort)) ?? null;
  }

  /** Rows, the oldest first, 1,000 unless the choice says otherwise. */
  list(choice: Choice = {}): Row[] {
    return listRows(this.#table.values(), choice, this.#clock.now());
  }

  /** Every live connection, the oldest first. */
  all(): IterableIterator<Connection> {
    return this.#table.values();
  }

  /** How many are in each stage and on each listener; looks at every row. */
  counts(): Counts {
    return countRows(this.#table.values());
  }
}

/** Builds an empty table, or says which limits cannot be. */
export function build(settings: ConnectionSettings, tools: ConnectionTools): Built<Connections> {
  const names = ['maxConnections', 'maxConnectionsPerClient', 'maxNewConnectionsPerClientPerSecond'] as const;
  const problems: Problem[] = names
    .filter((name) => !Number.isInteger(settings[name]) || settings[name] < 1)
    .map((name) => ({
      path: ['limits', name],
      code: 'connections/bad-limit',
      says: `a limit of ${settings[name]} connections lets nobody in`,
      instead: 'a whole number of at least 1',
    }));
  return problems.length > 0 ? failed(problems) : built(new Connections(settings, tools.clock));
}

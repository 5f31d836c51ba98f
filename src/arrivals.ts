// Connections of trusted balancers that have not said yet whom they bring: nothing is judged before the PROXY header is read.

import type { Socket } from 'node:net';
import { normalise } from './base/address.ts';
import type { Listener } from './gate.ts';
import { type Announcement, Arrival, type ArrivalHandler } from './ports/ports.ts';
import { endpoint } from './traffic/connection.ts';
import type { Timekeeper } from './traffic/deadline.ts';

/** Who is behind an accepted socket: the peer itself, or whom a trusted balancer announced. Addresses are normalised. */
export interface Caller {
  readonly peer: string;
  readonly peerPort: number;
  /** The balancer's `address:port` and the version of its header; '' and 0 where the peer is on the socket. */
  readonly via: string;
  readonly viaVersion: 0 | 1 | 2;
  /** Bytes of the connection that were read with the header; null for none. */
  readonly rest: Buffer | null;
}

/** Who hears of an arrival, once: whom it brings, or why that could not be read (the socket is destroyed then). */
export interface Reception {
  arrived(socket: Socket, listener: Listener, caller: Caller): void;
  lost(socket: Socket, listener: Listener, caller: Caller, why: string, says: string): void;
}

/** The caller that a socket has by itself. */
export function callerOf(peer: string, socket: Socket): Caller {
  return { peer, peerPort: socket.remotePort ?? 0, via: '', viaVersion: 0, rest: null };
}

/** All that wait for their header, in one process. Whoever adds one has asked whether there is room. */
export class Arrivals {
  readonly #waiting = new Set<Arrival>();
  readonly #reception: Reception;

  constructor(reception: Reception) {
    this.#reception = reception;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Reads the header off a socket that `peer` opened. */
  add(socket: Socket, listener: Listener, peer: string, timekeeper: Timekeeper, timeoutMs: number): void {
    const own = callerOf(peer, socket);
    const handler: ArrivalHandler = {
      onAnnounced: (announcement, rest) => {
        this.#waiting.delete(arrival);
        this.#reception.arrived(socket, listener, announced(own, announcement, rest));
      },
      onNotAnnounced: (why, says) => {
        this.#waiting.delete(arrival);
        this.#reception.lost(socket, listener, own, why, says);
      },
    };
    const arrival = new Arrival(socket, timekeeper, timeoutMs, handler);
    this.#waiting.add(arrival);
  }

  /** Ends all that still wait. */
  abort(): void {
    for (const arrival of this.#waiting) arrival.abort();
    this.#waiting.clear();
  }
}

function announced(own: Caller, announcement: Announcement, rest: Buffer): Caller {
  const behind = rest.length > 0 ? rest : null;
  // A balancer's own connections (health checks) are its own.
  if (announcement.kind === 'local') return { ...own, rest: behind };
  return {
    peer: normalise(announcement.peer),
    peerPort: announcement.peerPort,
    via: endpoint(own.peer, own.peerPort),
    viaVersion: announcement.version,
    rest: behind,
  };
}

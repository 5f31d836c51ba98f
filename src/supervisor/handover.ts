// What a gate and the one that takes its place say to each other, over the channel to a child process. Another version of the program
// may be at the other end: messages only grow, and what one of them does not know it passes over.

import type { Deltas } from './messages.ts';
import type { TlsKeeper } from './tls-keeper.ts';

/** Raised when a successor could no longer understand what it is told. */
export const handoverProtocol = 1;

/** Set in the environment of a program that is to take over; without a channel it says nothing. */
export const handoverVariable = 'PORTCULLIS_HANDOVER';

/** Everything that goes over but sockets, which follow one by one. */
export interface Estate {
  readonly protocol: number;
  /** Both must have the same: it is what tells gates apart. */
  readonly dataDirectory: string;
  readonly generation: number;
  /** What counters of rates are hashed with. */
  readonly seed: number;
  /** Keys of session tickets, and certificates that came at run time. */
  readonly tls: ReturnType<TlsKeeper['brief']>;
  /** A number that no connection has yet. */
  readonly firstNumber: number;
  readonly sockets: number;
  /** What workers count in common. */
  readonly known: Deltas;
}

export type FromPredecessor =
  | ({ readonly kind: 'estate' } & Estate)
  /** A bound socket comes along. */
  | { readonly kind: 'socket'; readonly key: string; readonly address: string; readonly port: number }
  /** What was counted since. */
  | { readonly kind: 'known'; readonly deltas: Deltas }
  /** The files of the data directory and the control socket are the successor's now. */
  | { readonly kind: 'yours' };

export type FromSuccessor =
  /** Its workers accept; nothing is taken away from its predecessor yet. */
  | { readonly kind: 'ready' }
  /** It has everything. */
  | { readonly kind: 'stands' }
  | { readonly kind: 'failed'; readonly says: string };

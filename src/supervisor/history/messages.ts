// What the supervisor and the thread of the history say to each other.

import type { HistoryBatch } from '../../traffic/history.ts';
import type { ControlQuestion } from '../control.ts';

/** What the thread begins with. */
export interface ThreadStart {
  readonly path: string;
  readonly maxBytes: number;
}

export type ThreadOrder =
  | { readonly kind: 'write'; readonly batch: HistoryBatch }
  | { readonly kind: 'ask'; readonly question: ControlQuestion }
  | { readonly kind: 'bound'; readonly maxBytes: number }
  | { readonly kind: 'close' };

export interface ToThread {
  readonly id: number;
  readonly order: ThreadOrder;
}

export type FromThread =
  | { readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly id: number; readonly ok: false; readonly says: string };

// What a crew is handed by its supervisor.

import type { Clock } from '../base/clock.ts';
import type { HistoryBatch } from '../traffic/history.ts';
import type { Launch } from './link.ts';
import type { Deltas, Order, WorkerFigures } from './messages.ts';

/** What a worker is told when it starts, but for what only the crew knows. */
export interface Briefing {
  readonly order: Omit<Extract<Order, { readonly kind: 'start' }>, 'kind' | 'slot' | 'crew' | 'numbers' | 'known'>;
  readonly sockets: readonly Handed[];
  readonly stallMs: number;
}

/** A bound socket with what workers need to know of it. */
export interface Handed {
  readonly facts: Extract<Order, { readonly kind: 'listen' }>['facts'];
  readonly handle: object;
}

export interface CrewTools {
  readonly launch: Launch;
  readonly clock: Clock;
  /** What a worker that starts now is told. */
  brief(): Briefing;
  /** What the supervisor knows, for a worker that starts. */
  known(): Deltas;
  /** What a worker must have everybody know at once. */
  hear(name: string, deltas: unknown): void;
  /** Writes down what a worker told; resolves when there is room for more, and never rejects. */
  keep(batch: HistoryBatch): Promise<void>;
  /** What worker `id` measured; null once it is gone. */
  measured(id: number, figures: WorkerFigures | null): void;
  /** Runs a change while no other runs. */
  inTurn<T>(change: () => Promise<T>): Promise<T>;
  /** Tells the owner what happened to a worker. */
  say(text: string): void;
}

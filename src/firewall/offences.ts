// Counts what callers do wrong, and says when it is enough; each further ban of the same caller is longer.

import { Bounded } from '../base/bounded.ts';
import { full, pour } from '../base/bucket.ts';

/** What counts against a caller. A limit of rates with `repeated` is a kind of its own, named after the limit. */
export type OffenceKind = 'waf' | 'rates' | 'handshake' | 'not-found' | `limit ${string}` | `trap ${string}`;

/** So many offences in so much time. */
export interface Threshold {
  readonly limit: number;
  readonly windowMs: number;
}

/** How long bans are. */
export interface Escalation {
  readonly firstMs: number;
  readonly factor: number;
  readonly longestMs: number;
}

/** Offences of one caller that others are to hear of. `lengthMs` is that of the ban a limit of its own asks for, else 0. */
export interface OffenceNote {
  readonly kind: OffenceKind;
  /** The address that offended last; the caller is the network around it. */
  readonly address: string;
  readonly count: number;
  readonly lengthMs: number;
}

interface Past {
  readonly level: number;
  /** Until when the next ban is a further one, in ms of the monotonic clock. */
  readonly untilMs: number;
}

/** Callers that are counted, and callers whose bans are remembered. */
export const maxOffenders = 65_536;

/** Callers whose offences wait to be told to others; a flood of more loses those that offended longest ago. */
const maxNotes = 8192;

/** The offences of one process. */
export class Offences {
  /** By kind and caller: a leaking bucket, so that whoever offends slower than the threshold is never banned for it. */
  readonly #buckets = new Bounded<string, number>(maxOffenders);
  readonly #past = new Bounded<string, Past>(maxOffenders);
  #notes = new Bounded<string, OffenceNote>(maxNotes);

  /** Counts one offence; true where it is the one that is too many (and the count begins anew). */
  count(kind: OffenceKind, caller: string, { limit, windowMs }: Threshold, nowMs: number): boolean {
    const key = `${kind} ${caller}`;
    const next = limit <= 1 ? full : pour(this.#buckets.peek(key) ?? 0, nowMs, windowMs / limit, limit - 1);
    if (next !== full) {
      this.#buckets.set(key, next);
      return false;
    }
    this.#buckets.delete(key);
    return true;
  }

  /** Writes an offence down for whoever counts those of all processes. */
  note(kind: OffenceKind, caller: string, address: string, lengthMs: number): void {
    const key = `${kind} ${caller}`;
    const count = (this.#notes.peek(key)?.count ?? 0) + 1;
    this.#notes.set(key, { kind, address, count, lengthMs });
  }

  /** What was written down since the last call, or null for nothing. */
  takeNotes(): OffenceNote[] | null {
    if (this.#notes.size === 0) return null;
    const notes = [...this.#notes.values()];
    this.#notes = new Bounded<string, OffenceNote>(maxNotes);
    return notes;
  }

  /** How long the next ban of a caller is, and which one it is; it counts as made. */
  escalate(
    caller: string,
    { firstMs, factor, longestMs }: Escalation,
    nowMs: number,
  ): { lengthMs: number; level: number } {
    const past = this.#past.peek(caller);
    const level = past === undefined || past.untilMs <= nowMs ? 0 : past.level + 1;
    // Because a factor to the power of a level is soon more than a number holds.
    const lengthMs = Math.min(longestMs, firstMs * factor ** Math.min(level, 64));
    this.remember(caller, level, lengthMs, nowMs);
    return { lengthMs, level };
  }

  /** A ban that was made: for as long as it lasts and as long again, the next one is a further one, at least for a day. */
  remember(caller: string, level: number, lengthMs: number, nowMs: number): void {
    this.#past.set(caller, { level, untilMs: nowMs + Math.max(2 * lengthMs, lengthMs + dayMs) });
  }
}

const dayMs = 24 * 3600 * 1000;

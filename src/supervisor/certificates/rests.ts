// Which CAs would not be asked for one certificate before a time, as they said themselves (Retry-After) or as their limits say.

import { CaProblem, CaUnreachable } from '../../acme/acme.ts';
import { BudgetSpent } from './budget-spent.ts';

/** For one certificate. Directories are those that settings name, so that there are few. Times are ms since 1970. */
export class Rests {
  readonly #until: Map<string, number>;

  constructor(kept: readonly (readonly [string, number])[]) {
    this.#until = new Map(kept);
  }

  /** Throws `CaUnreachable` where the CA would not be asked yet. */
  check(directory: string, now: number): void {
    const ms = (this.#until.get(directory) ?? 0) - now;
    if (ms > 0) throw new CaUnreachable(directory, 'it said when to come again, and that is not yet', ms);
    this.#until.delete(directory);
  }

  /** Notes what the CA said when it refused. */
  note(directory: string, error: unknown, now: number): void {
    const ms = askedMs(error);
    if (ms !== null && ms > 0) this.#until.set(directory, now + ms);
  }

  /** Times that lie years ahead, by a clock that was, are no rest. */
  forgetAfter(until: number): void {
    for (const [directory, at] of this.#until) if (at > until) this.#until.delete(directory);
  }

  clear(): void {
    this.#until.clear();
  }

  /** What still holds, to be kept. */
  list(now: number): [string, number][] {
    return [...this.#until].filter(([, until]) => until > now);
  }

  /** How long all of these CAs would be left alone, in ms; null where one of them may be asked. */
  untilFirstMs(directories: readonly string[], now: number): number | null {
    const soonest = Math.min(...directories.map((directory) => this.#until.get(directory) ?? 0)) - now;
    return Number.isFinite(soonest) && soonest > 0 ? soonest : null;
  }
}

/** How long whoever refused would be left alone, in ms, or null where it does not say. */
export function askedMs(error: unknown): number | null {
  if (error instanceof CaProblem || error instanceof CaUnreachable) return error.retryAfterMs;
  return error instanceof BudgetSpent ? error.restMs : null;
}

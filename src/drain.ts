// How the connections of a gate end together: each is asked to, they are waited for, and those that are left are ended.

import type { Clock } from './base/clock.ts';
import type { Passing } from './gate.ts';

/** How often it is looked whether the last one is over, in ms. */
const lookMs = 20;

/** What is to end. */
export interface Leaving {
  /** Those that are left: also those that came to be connections since the beginning. */
  left(): readonly Passing[];
  /** Whether nothing else is awaited that may become one of them. */
  isQuiet(): boolean;
}

/** Resolves when all are over or were ended, which is after `ms` at the latest. `gently` is for where others go on in their place. */
export async function drain(leaving: Leaving, gently: boolean, ms: number, clock: Clock): Promise<void> {
  const asked = new WeakSet<Passing>();
  const isOver = (): boolean => {
    const left = leaving.left();
    for (const passing of left)
      if (!asked.has(passing)) {
        asked.add(passing);
        passing.drain(gently);
      }
    return left.length === 0 && leaving.isQuiet();
  };
  await until(isOver, ms, clock);
  for (const passing of leaving.left()) passing.destroy('http/drained');
}

/** Resolves when it is so, or after `ms`. */
export async function until(isSo: () => boolean, ms: number, clock: Clock): Promise<void> {
  const endMs = clock.monotonicMs() + ms;
  while (!isSo() && clock.monotonicMs() < endMs) await new Promise((resolve) => setTimeout(resolve, lookMs));
}

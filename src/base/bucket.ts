// A leaking bucket whose whole state is one number, so that whoever counts events per key keeps one number per key.

/** What `pour` gives where the bucket would run over. */
export const full = -1;

/**
 * Pours one drop. The state of a bucket is the time at which it will be empty, in ms (0 for a new one); every drop
 * takes `dropMs` to leak away, and `maxDrops` fit in at once. Gives the new state, or `full` where the drop does not fit
 * and the state stays as it was: a refused drop costs its sender nothing (the "generic cell rate algorithm").
 */
export function pour(emptyAtMs: number, nowMs: number, dropMs: number, maxDrops: number): number {
  const next = Math.max(emptyAtMs, nowMs) + dropMs;
  // A microsecond or so of grace, because sums of fractions are never quite what they should be.
  return next - nowMs > maxDrops * dropMs + 0.002 ? full : next;
}

/** How long until the next drop fits, in ms; 0 where one fits now. */
export function waitMs(emptyAtMs: number, nowMs: number, dropMs: number, maxDrops: number): number {
  return Math.max(0, emptyAtMs - nowMs - (maxDrops - 1) * dropMs);
}

// What workers tell each other: state that one process keeps and all must know of.

/**
 * State that workers share. Each counts for itself and hears of the others a moment later; nobody waits for anybody.
 * What travels is plain data (structured clone: typed arrays and maps are fine) and bounded by whoever makes it.
 */
export interface Shared {
  /** What happened here since the last call, or null where nothing did. */
  takeDeltas(): unknown;
  /** What happened elsewhere: the `takeDeltas` or the `snapshot` of another. */
  absorb(deltas: unknown): void;
  /** All that is known here, for a worker that starts, or null for nothing. */
  snapshot(): unknown;
}

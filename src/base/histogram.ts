// How durations are spread: counts in buckets whose width grows with what is in them, four to each doubling.

/** Buckets to each doubling: a percentile is then at most an eighth away from the truth. */
const perDoubling = 4;

/** Buckets in all: up to 2^31 µs, which is more than half an hour. What is longer counts as that. */
export const bucketCount = 30 * perDoubling;

/** A histogram as plain data; `counts` may end where the rest is 0. */
export interface HistogramFigures {
  readonly counts: readonly number[];
  /** The sum of all values. */
  readonly sum: number;
}

/** Counts durations in whole µs. */
export class Histogram {
  #counts = new Float64Array(bucketCount);
  #sum = 0;

  /** Takes a duration; what is no duration (below 0, NaN) is left out. */
  add(us: number): void {
    if (!(us >= 0)) return;
    this.#sum += us;
    this.#counts[bucketOf(us)]!++;
  }

  figures(): HistogramFigures {
    let end = bucketCount;
    while (end > 0 && this.#counts[end - 1] === 0) end--;
    return { counts: Array.from(this.#counts.subarray(0, end)), sum: this.#sum };
  }
}

/** The bucket that holds a duration. */
export function bucketOf(us: number): number {
  if (us >= 2 ** 31) return bucketCount - 1;
  const whole = us | 0;
  if (whole < perDoubling) return whole;
  const exponent = 31 - Math.clz32(whole);
  return (exponent - 1) * perDoubling + ((whole >>> (exponent - 2)) & (perDoubling - 1));
}

/** Where a bucket ends, in µs: it holds whole durations below that. */
export function bucketEnd(index: number): number {
  if (index < perDoubling) return index + 1;
  const exponent = Math.floor(index / perDoubling) + 1;
  return 2 ** exponent + ((index % perDoubling) + 1) * 2 ** (exponent - 2);
}

/** How many durations are below `us`, which has to be where a bucket ends. */
export function countBelow({ counts }: HistogramFigures, us: number): number {
  let sum = 0;
  for (let index = 0; index < counts.length && bucketEnd(index) <= us; index++) sum += counts[index]!;
  return sum;
}

/** The duration that `share` (0 to 1) of all are not longer than, in µs; null where there is none. */
export function percentile({ counts }: HistogramFigures, share: number): number | null {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  const wanted = Math.max(1, Math.ceil(total * share));
  let sum = 0;
  for (const [index, count] of counts.entries()) {
    sum += count;
    if (sum >= wanted) return bucketEnd(index);
  }
  return null;
}

/** Both together. */
export function addHistograms(one: HistogramFigures, other: HistogramFigures): HistogramFigures {
  return { counts: combined(one.counts, other.counts, 1), sum: one.sum + other.sum };
}

/** What came to `before` since. */
export function histogramSince(now: HistogramFigures, before: HistogramFigures): HistogramFigures {
  return { counts: combined(now.counts, before.counts, -1), sum: now.sum - before.sum };
}

function combined(one: readonly number[], other: readonly number[], sign: 1 | -1): number[] {
  return Array.from(
    { length: Math.max(one.length, other.length) },
    (_, index) => (one[index] ?? 0) + sign * (other[index] ?? 0),
  );
}

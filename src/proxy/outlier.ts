// Which endpoint answers much slower than its peers: judged now and then over all that were measured meanwhile.

/** Fewest answers from which an endpoint is judged. */
const minAnswers = 20;
/** Below this nobody is slow, whatever its peers do: differences of a few ms are the machine's. */
const minSlowMs = 100;

/** The mean time to an answer since the last judgement. */
export class AnswerTimes {
  #sumMs = 0;
  #count = 0;

  add(ms: number): void {
    this.#sumMs += ms;
    this.#count++;
  }

  /** The mean in ms, or -1 where too few were measured; begins anew. */
  take(): number {
    const mean = this.#count < minAnswers ? -1 : this.#sumMs / this.#count;
    this.#sumMs = 0;
    this.#count = 0;
    return mean;
  }
}

/**
 * The places in `meansMs` (-1 for unknown) of those that are more than `factor` times as slow as the median of their peers,
 * the slowest first, and never more than half of all: where most are slow, slow is what the application is.
 */
export function outliers(meansMs: readonly number[], factor: number): number[] {
  const known = meansMs.map((ms, at) => ({ ms, at })).filter(({ ms }) => ms >= 0);
  if (factor === 0 || known.length < 2) return [];
  const slow = known.filter(({ ms, at }) => {
    const peers = known.filter((other) => other.at !== at).map((other) => other.ms);
    return ms >= minSlowMs && ms > factor * median(peers);
  });
  slow.sort((a, b) => b.ms - a.ms);
  return slow.slice(0, Math.floor(known.length / 2)).map(({ at }) => at);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

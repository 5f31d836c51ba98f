// Balancing by what endpoints have in hand: the least loaded of all, or the less loaded of two drawn by lot.

import { type Balancer, type Candidate, isEligible } from './candidate.ts';

/** What a request more would make of its load, for each unit of its share. */
function pressureOf(candidate: Candidate): number {
  return (candidate.load + 1) / candidate.share;
}

/** Least connections: the smallest load for its share; among equals whoever was not chosen longest. */
export class LeastConnections implements Balancer {
  #from = 0;

  choose<C extends Candidate>(candidates: readonly C[], _key: number, avoided: readonly Candidate[] | null): C | null {
    const { length } = candidates;
    let best: C | null = null;
    let bestAt = 0;
    let least = Number.POSITIVE_INFINITY;
    for (
      let step = 0, at = this.#from % Math.max(1, length);
      step < length;
      step++, at = at + 1 === length ? 0 : at + 1
    ) {
      const candidate = candidates[at]!;
      if (!isEligible(candidate, avoided)) continue;
      const pressure = pressureOf(candidate);
      if (pressure >= least) continue;
      best = candidate;
      bestAt = at;
      least = pressure;
    }
    if (best !== null) this.#from = bestAt + 1;
    return best;
  }
}

/**
 * Two drawn by lot according to their shares, and the less loaded of them taken: nearly as even as looking at all, and many
 * gates that know nothing of each other do not all run to the same one (Mitzenmacher, "The power of two choices", 2001).
 */
export class RandomTwo implements Balancer {
  readonly #random: () => number;

  /** `random` gives numbers from 0 to below 1. */
  constructor(random: () => number) {
    this.#random = random;
  }

  choose<C extends Candidate>(candidates: readonly C[], _key: number, avoided: readonly Candidate[] | null): C | null {
    const one = this.#draw(candidates, avoided, null);
    if (one === null) return null;
    const other = this.#draw(candidates, avoided, one);
    return other === null || pressureOf(one) <= pressureOf(other) ? one : other;
  }

  #draw<C extends Candidate>(candidates: readonly C[], avoided: readonly Candidate[] | null, but: C | null): C | null {
    let sum = 0;
    for (const candidate of candidates) if (candidate !== but && isEligible(candidate, avoided)) sum += candidate.share;
    if (sum === 0) return null;
    let left = this.#random() * sum;
    let last: C | null = null;
    for (const candidate of candidates) {
      if (candidate === but || !isEligible(candidate, avoided)) continue;
      last = candidate;
      left -= candidate.share;
      if (left < 0) break;
    }
    return last;
  }
}

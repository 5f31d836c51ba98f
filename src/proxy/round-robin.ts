// Weighted round robin that spreads a heavy endpoint's turns evenly instead of giving them in a row.

import { type Balancer, type Candidate, isEligible } from './candidate.ts';

/**
 * Smooth weighted round robin (the algorithm of nginx's upstreams): everybody earns their share each time, the richest is
 * chosen and pays what all earned. Over any W turns with whole weights that sum to W, each has exactly its weight.
 */
export class RoundRobin implements Balancer {
  choose<C extends Candidate>(candidates: readonly C[], _key: number, avoided: readonly Candidate[] | null): C | null {
    let best: C | null = null;
    let earned = 0;
    for (const candidate of candidates) {
      if (!isEligible(candidate, avoided)) continue;
      candidate.turn += candidate.share;
      earned += candidate.share;
      if (best === null || candidate.turn > best.turn) best = candidate;
    }
    if (best !== null) best.turn -= earned;
    return best;
  }
}

// Consistent hashing: the same key goes to the same endpoint, and when endpoints come or go only the keys of those move.
//
// Rendezvous (highest random weight; Thaler and Ravishankar, 1998) rather than a ring or Maglev's table: there is nothing to
// build when names resolve anew or health changes, weights are exact (Schindelhauer and Schomaker, 2005), movement is the
// least possible, and the next best endpoint of a key is known without a second structure. It looks at every endpoint,
// which for the tens that a site has costs less than the cache misses of a table of 65,537 entries.

import { type Balancer, type Candidate, isEligible } from './candidate.ts';

/** Chooses by key; with `maxLoad` no endpoint gets more than that many times its fair share of what is in hand. */
export class Rendezvous implements Balancer {
  readonly #maxLoad: number;

  /** `maxLoad` is a factor above 1 (Mirrokni, Thorup and Zadimoghaddam, "Consistent hashing with bounded loads", 2016), or 0 for
   * no bound: then a key stays where it is however hot it runs. */
  constructor(maxLoad = 0) {
    this.#maxLoad = maxLoad;
  }

  choose<C extends Candidate>(candidates: readonly C[], key: number, avoided: readonly Candidate[] | null): C | null {
    if (this.#maxLoad === 0) return bestOf(candidates, key, avoided, Number.POSITIVE_INFINITY);
    let load = 0;
    let weights = 0;
    for (const candidate of candidates) {
      if (!candidate.isReady) continue;
      load += candidate.load;
      weights += candidate.weight;
    }
    const bounded = bestOf(candidates, key, avoided, (this.#maxLoad * (load + 1)) / weights);
    // Where all that may be had are over the bound, one of them is better than none.
    return bounded ?? bestOf(candidates, key, avoided, Number.POSITIVE_INFINITY);
  }
}

/** The endpoint with the best score for `key` among those whose load is below `perWeight` for each unit of their weight. */
function bestOf<C extends Candidate>(
  candidates: readonly C[],
  key: number,
  avoided: readonly Candidate[] | null,
  perWeight: number,
): C | null {
  const isEven = candidates.every(({ weight }) => weight === candidates[0]!.weight);
  let best: C | null = null;
  let most = Number.NEGATIVE_INFINITY;
  for (const candidate of candidates) {
    if (!isEligible(candidate, avoided) || candidate.load >= Math.ceil(perWeight * candidate.weight)) continue;
    const lot = mix(key ^ candidate.seed);
    // Of equal weights the larger lot has the larger score, and the logarithm can be spared.
    const score = isEven ? lot : -candidate.weight / Math.log((lot + 1) / 4_294_967_297);
    if (score <= most) continue;
    best = candidate;
    most = score;
  }
  return best;
}

/** 32 bits of `text` from `from` to `to` (FNV-1a over its character codes, then mixed). Not secret: every worker and every machine
 * must send a key to the same place, and `maxLoad` is what holds against whoever chooses keys. */
export function hashText(text: string, from = 0, to: number = text.length): number {
  let hash = 0x811c9dc5;
  for (let at = from; at < to; at++) {
    const code = text.charCodeAt(at);
    hash = Math.imul(hash ^ (code & 0xff), 0x01000193);
    if (code > 0xff) hash = Math.imul(hash ^ (code >>> 8), 0x01000193);
  }
  return mix(hash);
}

/** Every bit of the result depends on every bit of `value` (the finaliser of MurmurHash3); 0 to 2^32 - 1. */
export function mix(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

// A fair choice of a few among many that pass by, of which nobody knows beforehand how many they are.

/**
 * Keeps `size` of what it is offered, each with the same chance (Li, "Reservoir-sampling algorithms of time complexity
 * O(n(1+log(N/n)))", 1994, algorithm L): how many are passed over next is known, so that one that is not kept costs a comparison.
 */
export class Reservoir<T> {
  #random: () => number;
  #kept: T[] = [];
  #size = 0;
  #offered = 0;
  /** The number of the next one that is taken once the reservoir is full. */
  #next = 0;
  #weight = 1;

  /** `random` gives numbers from 0 up to 1. */
  constructor(random: () => number) {
    this.#random = random;
  }

  get offered(): number {
    return this.#offered;
  }

  /** Begins anew, and gives what was kept. */
  begin(size: number): T[] {
    const kept = this.#kept;
    this.#kept = [];
    this.#size = size;
    this.#offered = 0;
    this.#weight = 1;
    this.#next = size;
    if (size > 0) this.#leap();
    return kept;
  }

  /** Whether the next one that comes will be kept. */
  get wants(): boolean {
    return this.#offered < this.#size || (this.#size > 0 && this.#offered >= this.#next);
  }

  /** Lets one go by that is not wanted. */
  pass(): void {
    this.#offered++;
  }

  /** Takes one that is wanted; gives the one that had to go for it, or null. */
  take(one: T): T | null {
    this.#offered++;
    if (this.#kept.length < this.#size) {
      this.#kept.push(one);
      return null;
    }
    const at = Math.floor(this.#random() * this.#size);
    const gone = this.#kept[at]!;
    this.#kept[at] = one;
    this.#leap();
    return gone;
  }

  #leap(): void {
    this.#weight *= Math.exp(Math.log(this.#chance()) / this.#size);
    this.#next =
      Math.max(this.#next, this.#offered) + Math.floor(Math.log(this.#chance()) / Math.log(1 - this.#weight));
  }

  /** Never 0, whose logarithm is none. */
  #chance(): number {
    return Math.max(this.#random(), 2 ** -53);
  }
}

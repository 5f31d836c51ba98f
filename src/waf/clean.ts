// Header values found clean a short while ago: a client sends the same ones with every request.

/**
 * A bounded set of values in two generations: when the young one is full, the old one is dropped and the young one takes
 * its place. No clock and no order to keep, so that a hit costs one look-up.
 */
export class CleanValues {
  readonly maxEntries: number;
  readonly maxLength: number;
  #young = new Set<string>();
  #old = new Set<string>();

  /** At most `maxEntries` values of at most `maxLength` characters each. */
  constructor(maxEntries: number, maxLength: number) {
    this.maxEntries = maxEntries;
    this.maxLength = maxLength;
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  has(value: string): boolean {
    if (value.length > this.maxLength) return false;
    if (this.#young.has(value)) return true;
    if (!this.#old.has(value)) return false;
    this.add(value);
    return true;
  }

  add(value: string): void {
    if (value.length > this.maxLength) return;
    if (this.#young.size * 2 >= this.maxEntries) {
      this.#old = this.#young;
      this.#young = new Set();
    }
    // Because a slice would hold the whole head it was cut from in memory.
    this.#young.add(Buffer.from(value, 'latin1').toString('latin1'));
  }
}

// Which pairs of a step and a place a search has been at: bits where they are few, else a table that grows with those that were.

/** Most pairs for which there is a bit each: 64 KiB. */
const maxBits = 524_288;
/** Cells of the table at first and at most: 4 KiB and 16 MiB. It is never more than half full. */
const firstCells = 1024;
const maxCells = 4_194_304;

/** A set of numbers below `count`, which is below 2^31. */
export class Visited {
  readonly #bits: Uint32Array | null;
  #cells = new Int32Array(0);
  #size = 0;
  /** Whether the table was full: from then on everything counts as visited. */
  isFull = false;

  constructor(count: number) {
    this.#bits = count <= maxBits ? new Uint32Array((count >> 5) + 1) : null;
    if (this.#bits === null) this.#cells = new Int32Array(firstCells);
  }

  /** Adds `pair`; false where it was in already. */
  add(pair: number): boolean {
    const bits = this.#bits;
    if (bits === null) return this.#put(pair + 1);
    const bit = 1 << (pair & 31);
    if ((bits[pair >> 5]! & bit) !== 0) return false;
    bits[pair >> 5]! |= bit;
    return true;
  }

  #put(key: number): boolean {
    if (this.isFull) return false;
    const cells = this.#cells;
    const mask = cells.length - 1;
    let at = (Math.imul(key, 0x9e3779b1) >>> 7) & mask;
    while (cells[at] !== 0) {
      if (cells[at] === key) return false;
      at = (at + 1) & mask;
    }
    cells[at] = key;
    if (++this.#size * 2 > cells.length) this.#grow();
    return true;
  }

  #grow(): void {
    if (this.#cells.length >= maxCells) {
      this.isFull = true;
      return;
    }
    const old = this.#cells;
    this.#cells = new Int32Array(old.length * 4);
    this.#size = 0;
    for (const key of old) if (key !== 0) this.#put(key);
  }
}

// Keys in a table of fixed size, found by their hashes: so that no number of addresses grows it. What is counted for a key lives in
// the classes that extend it.

/** Rows that a key may stand in. Eight pairs of hash words fill one cache line. */
const ways = 8;

/** Numbers that one key takes in what is told to other workers: two hash words and how often it passed. */
const wordsPerDelta = 3;

/**
 * A key stands in one of eight rows that its hash points to. Where all eight are taken, the row that means nothing any more
 * goes, else the one that counted least: a flood of addresses that come once pushes out addresses that came once, and whoever
 * is near its limit stays. A key that had to go begins again at none. Two keys share a row only where all 64 bits of their
 * keyed hashes agree, which nobody can bring about who does not know the seed.
 */
export abstract class KeyTable {
  readonly maxKeys: number;
  readonly windowMs: number;
  /** How exactly times are kept, in ms: a request may count this much longer than it should. */
  abstract readonly grainMs: number;
  #setMask: number;
  /** Two words a row; both 0 where the row is free. */
  #hashes: Int32Array;
  /** What passed here since others were last told; it holds each key of the table once, and so cannot outgrow it. */
  #deltas = new Int32Array(0);
  #deltaWords = 0;
  /** Where in `#deltas` a row stands, from 1; 0 for nowhere. */
  #deltaAt: Int32Array;
  #size = 0;
  #evicted = 0;
  /** Whether other workers are to be told what passes here. */
  isShared = false;

  /** Room for at most `maxKeys` keys (at least 8; rounded down to a power of two). */
  protected constructor(windowMs: number, maxKeys: number) {
    if (!(maxKeys >= ways)) throw new RangeError(`counters need room for at least ${ways} keys`);
    const sets = 2 ** Math.floor(Math.log2(maxKeys / ways));
    this.windowMs = windowMs;
    this.maxKeys = sets * ways;
    this.#setMask = sets - 1;
    this.#hashes = new Int32Array(this.maxKeys * 2);
    this.#deltaAt = new Int32Array(this.maxKeys);
  }

  /** How much of its limit the row has used up now. */
  abstract used(row: number, nowMs: number): number;
  /** Milliseconds until less than `limit` is used up; 0 where that is so already. */
  abstract freeInMs(row: number, limit: number, nowMs: number): number;
  /** Milliseconds until nothing is used up. */
  abstract wholeInMs(row: number, nowMs: number): number;
  /** Counts `count` more in a row that is taken. */
  protected abstract count(row: number, nowMs: number, count: number): void;
  /** Makes a row that was just taken as if nothing had ever been counted in it. */
  protected abstract clear(row: number): void;
  /** When the row was last counted in, in any unit that grows: who came longest ago goes first. */
  protected abstract latest(row: number): number;
  /** Bytes held by what is counted. */
  protected abstract countedBytes(): number;

  /** Keys in the table. */
  get size(): number {
    return this.#size;
  }

  /** How many keys had to go before they meant nothing. */
  get evicted(): number {
    return this.#evicted;
  }

  /** Bytes held: all of them from the beginning. */
  get bytes(): number {
    return this.#hashes.byteLength + this.#deltaAt.byteLength + this.countedBytes();
  }

  /** The row of the key with this hash, or -1. */
  find(high: number, low: number): number {
    const hashes = this.#hashes;
    const first = (low & this.#setMask) * ways;
    for (let row = first; row < first + ways; row++)
      if (hashes[row * 2] === high && hashes[row * 2 + 1] === low) return row;
    return -1;
  }

  /** Counts one request of the key with this hash; `row` is what `find` said, and the row it now stands in is given. */
  add(high: number, low: number, row: number, nowMs: number): number {
    const held = row < 0 ? this.#take(high, low, nowMs) : row;
    this.count(held, nowMs, 1);
    if (this.isShared) this.#note(held, high, low);
    return held;
  }

  /** What passed here since the last call, three words a key; null where nothing did. For `addAll` of another process with the same seed. */
  takeDeltas(): Int32Array | null {
    if (this.#deltaWords === 0) return null;
    const deltas = this.#deltas.slice(0, this.#deltaWords);
    this.#deltaWords = 0;
    this.#deltaAt.fill(0);
    return deltas;
  }

  /** All keys with what they have used up now, in the same form. */
  snapshot(nowMs: number): Int32Array | null {
    const words: number[] = [];
    for (let row = 0; row < this.maxKeys; row++) {
      const high = this.#hashes[row * 2]!;
      const low = this.#hashes[row * 2 + 1]!;
      if (high === 0 && low === 0) continue;
      const used = this.used(row, nowMs);
      if (used > 0) words.push(high, low, used);
    }
    return words.length === 0 ? null : Int32Array.from(words);
  }

  /** Counts what passed elsewhere, as if it had passed here now: it is forgotten a little late, never early. */
  addAll(deltas: Int32Array, nowMs: number): void {
    const whole = Math.min(deltas.length - (deltas.length % wordsPerDelta), this.maxKeys * wordsPerDelta);
    for (let at = 0; at < whole; at += wordsPerDelta) {
      const high = deltas[at]!;
      const low = deltas[at + 1]!;
      const count = deltas[at + 2]!;
      if (count <= 0) continue;
      const row = this.find(high, low);
      this.count(row < 0 ? this.#take(high, low, nowMs) : row, nowMs, count);
    }
  }

  #note(row: number, high: number, low: number): void {
    const at = this.#deltaAt[row]!;
    if (at > 0) {
      this.#deltas[at + 1]!++;
      return;
    }
    const next = this.#deltaWords;
    if (next === this.#deltas.length) {
      // A key that was pushed out and came again stands twice; whoever floods a table so is counted by nobody anyway.
      if (next >= this.maxKeys * wordsPerDelta) return;
      const longer = new Int32Array(Math.min(this.maxKeys, Math.max(64, (next / wordsPerDelta) * 2)) * wordsPerDelta);
      longer.set(this.#deltas);
      this.#deltas = longer;
    }
    this.#deltas[next] = high;
    this.#deltas[next + 1] = low;
    this.#deltas[next + 2] = 1;
    this.#deltaWords = next + wordsPerDelta;
    this.#deltaAt[row] = next + 1;
  }

  #take(high: number, low: number, nowMs: number): number {
    const row = this.#free((low & this.#setMask) * ways, nowMs);
    this.#hashes[row * 2] = high;
    this.#hashes[row * 2 + 1] = low;
    this.#deltaAt[row] = 0;
    this.clear(row);
    return row;
  }

  /** A row of the set that begins at `first`: one that is free, that means nothing any more, or that counted least. */
  #free(first: number, nowMs: number): number {
    let least = first;
    let leastUsed = Number.POSITIVE_INFINITY;
    for (let row = first; row < first + ways; row++) {
      if (this.#hashes[row * 2] === 0 && this.#hashes[row * 2 + 1] === 0) {
        this.#size++;
        return row;
      }
      const used = this.used(row, nowMs);
      if (used < leastUsed || (used === leastUsed && this.latest(row) < this.latest(least))) {
        least = row;
        leastUsed = used;
      }
    }
    if (leastUsed > 0) this.#evicted++;
    return least;
  }
}

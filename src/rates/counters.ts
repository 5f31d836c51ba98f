// How often each key passed in the last window: one flat table of fixed size, so that no number of addresses grows it.

/** A window is counted in so many slots: the fineness with which a steady flow leaves it (here 3.6 %). */
const slotsPerWindow = 28;
/** One more, because the oldest slot is still partly inside the window. */
const ring = slotsPerWindow + 1;
/** Rows that a key may stand in. Eight pairs of hash words fill one cache line. */
const ways = 8;
/** Parts of a slot in which the time of its last request is kept. */
const finest = 255;

/** Highest limit that can be counted: what one cell holds beside eight bits of time. */
export const maxLimit = 2 ** 23 - 1;

/** Bytes that one key takes. */
export const bytesPerKey = 2 * 4 + 8 + ring * 4 + 4 + 4;

/** Numbers that one key takes in what is told to other workers: two hash words and how often it passed. */
const wordsPerDelta = 3;

/**
 * A sliding window over every key. A slot's requests leave together, one window after the last of them: so never more
 * than the limit passes in any window (two weighted buckets let nearly twice as many through around their border, a
 * token bucket as well), a burst is forgotten to the millisecond, and only a flow that runs steadily within 3.6 % of its
 * limit is held back early.
 *
 * Only requests that passed are counted, so knocking does not lengthen the wait.
 *
 * A key stands in one of eight rows that its hash points to. Where all eight are taken, the row whose window is over
 * goes, else the one that counted least: a flood of addresses that come once pushes out addresses that came once, and
 * whoever is near its limit stays. A key that had to go begins again at none. Two keys share a row only where all 64
 * bits of their keyed hashes agree, which nobody can bring about who does not know the seed.
 */
export class Counters {
  readonly windowMs: number;
  readonly maxKeys: number;
  #slotMs: number;
  #startMs: number;
  #setMask: number;
  /** Two words a row; both 0 where the row is free. */
  #hashes: Int32Array;
  /** Number of the slot of the row's last request, since `startMs`. */
  #latest: Float64Array;
  /** A ring of slots a row: how many passed, and behind it when the last of them did, in parts of the slot. */
  #cells: Int32Array;
  /** What the slots of a row sum up to, so that the request of a busy key reads two cells and not all. */
  #totals: Int32Array;
  /** What passed here since others were last told; it holds each key of the table once, and so cannot outgrow it. */
  #deltas = new Int32Array(0);
  #deltaWords = 0;
  /** Where in `#deltas` a row stands, from 1; 0 for nowhere. */
  #deltaAt: Int32Array;
  #size = 0;
  #evicted = 0;
  /** Whether other workers are to be told what passes here. */
  isShared = false;

  /** Counters for at most `maxKeys` keys (at least 8; rounded down to a power of two). `startMs` is before every `nowMs`. */
  constructor(windowMs: number, maxKeys: number, startMs: number) {
    if (!(maxKeys >= ways)) throw new RangeError(`counters need room for at least ${ways} keys`);
    const sets = 2 ** Math.floor(Math.log2(maxKeys / ways));
    this.windowMs = windowMs;
    this.maxKeys = sets * ways;
    this.#slotMs = windowMs / slotsPerWindow;
    this.#startMs = startMs;
    this.#setMask = sets - 1;
    this.#hashes = new Int32Array(this.maxKeys * 2);
    this.#latest = new Float64Array(this.maxKeys);
    this.#cells = new Int32Array(this.maxKeys * ring);
    this.#totals = new Int32Array(this.maxKeys);
    this.#deltaAt = new Int32Array(this.maxKeys);
  }

  /** Keys in the table. */
  get size(): number {
    return this.#size;
  }

  /** How many keys had to go before their window was over. */
  get evicted(): number {
    return this.#evicted;
  }

  /** Bytes held: all of them from the beginning. */
  get bytes(): number {
    const arrays = [this.#hashes, this.#latest, this.#cells, this.#totals, this.#deltaAt];
    return arrays.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  /** How exactly times are kept, in ms: a request may count this much longer than one window. */
  get grainMs(): number {
    return this.#slotMs / finest;
  }

  /** The row of the key with this hash, or -1. */
  find(high: number, low: number): number {
    const hashes = this.#hashes;
    const first = (low & this.#setMask) * ways;
    for (let row = first; row < first + ways; row++)
      if (hashes[row * 2] === high && hashes[row * 2 + 1] === low) return row;
    return -1;
  }

  /** How many of the row's requests are inside the window that ends now. */
  used(row: number, nowMs: number): number {
    const now = nowMs - this.#startMs;
    const oldest = Math.floor(now / this.#slotMs) - slotsPerWindow;
    const latest = this.#latest[row]!;
    if (latest < oldest) return 0;
    let sum = this.#totals[row]!;
    for (let slot = Math.max(0, latest - slotsPerWindow); slot < oldest; slot++) sum -= this.#countOf(row, slot);
    // The slot at the border counts whole until its last request is out.
    if (oldest >= 0 && this.#leavesAt(row, oldest) <= now) sum -= this.#countOf(row, oldest);
    return sum;
  }

  /** Counts one request of the key with this hash; `row` is what `find` said, and the row it now stands in is given. */
  add(high: number, low: number, row: number, nowMs: number): number {
    const held = this.#count(high, low, row, nowMs, 1);
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

  /** All keys with what they used up in the window that ends now, in the same form. */
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

  /** Counts what passed elsewhere, as if it had passed here now: it leaves the window a little late, never early. */
  addAll(deltas: Int32Array, nowMs: number): void {
    const whole = Math.min(deltas.length - (deltas.length % wordsPerDelta), this.maxKeys * wordsPerDelta);
    for (let at = 0; at < whole; at += wordsPerDelta) {
      const high = deltas[at]!;
      const low = deltas[at + 1]!;
      const count = deltas[at + 2]!;
      if (count > 0) this.#count(high, low, this.find(high, low), nowMs, count);
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

  #count(high: number, low: number, row: number, nowMs: number, count: number): number {
    const now = nowMs - this.#startMs;
    const slot = Math.floor(now / this.#slotMs);
    const held = row < 0 ? this.#take(high, low, nowMs) : row;
    const cells = this.#cells;
    const base = held * ring;
    let latest = this.#latest[held]!;
    if (slot > latest) {
      if (slot - latest >= ring) {
        cells.fill(0, base, base + ring);
        this.#totals[held] = 0;
      } else
        while (++latest <= slot) {
          // Where the ring comes round, the slot of one window ago gives its place to the new one.
          const cell = base + (latest % ring);
          this.#totals[held]! -= cells[cell]! >>> 8;
          cells[cell] = 0;
        }
      this.#latest[held] = slot;
    }
    const at = base + (slot % ring);
    const part = Math.min(finest, Math.ceil((now / this.#slotMs - slot) * finest));
    // One cell holds no more than the highest limit; what comes on top is over every limit already.
    const added = Math.min(count, maxLimit - (cells[at]! >>> 8));
    cells[at] = ((cells[at]! & ~finest) + added * (finest + 1)) | part;
    this.#totals[held]! += added;
    return held;
  }

  /** Milliseconds until fewer than `limit` of the row's requests are inside the window; 0 where that is so already. */
  freeInMs(row: number, limit: number, nowMs: number): number {
    let over = this.used(row, nowMs) - limit + 1;
    if (over <= 0) return 0;
    const now = nowMs - this.#startMs;
    const latest = this.#latest[row]!;
    for (let slot = Math.max(0, latest - slotsPerWindow); slot <= latest; slot++) {
      const leavesAt = this.#leavesAt(row, slot);
      if (leavesAt <= now) continue;
      over -= this.#countOf(row, slot);
      if (over <= 0) return leavesAt - now;
    }
    return this.windowMs;
  }

  /** Milliseconds until none of the row's requests is inside the window. */
  wholeInMs(row: number, nowMs: number): number {
    return Math.max(0, this.#leavesAt(row, this.#latest[row]!) - (nowMs - this.#startMs));
  }

  #countOf(row: number, slot: number): number {
    return this.#cells[row * ring + (slot % ring)]! >>> 8;
  }

  /** When the last request of this slot leaves the window, since `startMs`. */
  #leavesAt(row: number, slot: number): number {
    const part = this.#cells[row * ring + (slot % ring)]! & finest;
    return (slot + part / finest) * this.#slotMs + this.windowMs;
  }

  #take(high: number, low: number, nowMs: number): number {
    const row = this.#free((low & this.#setMask) * ways, nowMs);
    this.#hashes[row * 2] = high;
    this.#hashes[row * 2 + 1] = low;
    this.#deltaAt[row] = 0;
    // The cells are emptied by `add`, which finds them a whole ring behind.
    this.#latest[row] = -ring;
    return row;
  }

  /** A row of the set that begins at `first`: one that is free, whose window is over, or that counted least. */
  #free(first: number, nowMs: number): number {
    let least = first;
    let leastUsed = Number.POSITIVE_INFINITY;
    for (let row = first; row < first + ways; row++) {
      if (this.#hashes[row * 2] === 0 && this.#hashes[row * 2 + 1] === 0) {
        this.#size++;
        return row;
      }
      const used = this.used(row, nowMs);
      if (used < leastUsed || (used === leastUsed && this.#latest[row]! < this.#latest[least]!)) {
        least = row;
        leastUsed = used;
      }
    }
    if (leastUsed > 0) this.#evicted++;
    return least;
  }
}

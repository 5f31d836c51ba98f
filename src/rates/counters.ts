// How often each key passed in the last window, whichever moment the window ends at.

import { KeyTable } from './key-table.ts';

/** A window is counted in so many slots: the fineness with which a steady flow leaves it (here 3.6 %). */
const slotsPerWindow = 28;
/** One more, because the oldest slot is still partly inside the window. */
const ring = slotsPerWindow + 1;
/** Parts of a slot in which the time of its last request is kept. */
const finest = 255;

/** Highest limit that can be counted: what one cell holds beside eight bits of time. */
export const maxLimit = 2 ** 23 - 1;

/** Bytes that one key takes. */
export const bytesPerKey = 2 * 4 + 8 + ring * 4 + 4 + 4;

/**
 * A sliding window over every key. A slot's requests leave together, one window after the last of them: so never more
 * than the limit passes in any window (two weighted buckets let nearly twice as many through around their border, a
 * token bucket as well), a burst is forgotten to the millisecond, and only a flow that runs steadily within 3.6 % of its
 * limit is held back early.
 *
 * Only requests that passed are counted, so knocking does not lengthen the wait.
 */
export class Counters extends KeyTable {
  readonly grainMs: number;
  #slotMs: number;
  #startMs: number;
  /** Number of the slot of the row's last request, since `startMs`. */
  #latest: Float64Array;
  /** A ring of slots a row: how many passed, and behind it when the last of them did, in parts of the slot. */
  #cells: Int32Array;
  /** What the slots of a row sum up to, so that the request of a busy key reads two cells and not all. */
  #totals: Int32Array;

  /** Counters for at most `maxKeys` keys (at least 8; rounded down to a power of two). `startMs` is before every `nowMs`. */
  constructor(windowMs: number, maxKeys: number, startMs: number) {
    super(windowMs, maxKeys);
    this.#slotMs = windowMs / slotsPerWindow;
    this.grainMs = this.#slotMs / finest;
    this.#startMs = startMs;
    this.#latest = new Float64Array(this.maxKeys);
    this.#cells = new Int32Array(this.maxKeys * ring);
    this.#totals = new Int32Array(this.maxKeys);
  }

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

  wholeInMs(row: number, nowMs: number): number {
    return Math.max(0, this.#leavesAt(row, this.#latest[row]!) - (nowMs - this.#startMs));
  }

  protected count(row: number, nowMs: number, count: number): void {
    const now = nowMs - this.#startMs;
    const slot = Math.floor(now / this.#slotMs);
    const cells = this.#cells;
    const base = row * ring;
    let latest = this.#latest[row]!;
    if (slot > latest) {
      if (slot - latest >= ring) {
        cells.fill(0, base, base + ring);
        this.#totals[row] = 0;
      } else
        while (++latest <= slot) {
          // Where the ring comes round, the slot of one window ago gives its place to the new one.
          const cell = base + (latest % ring);
          this.#totals[row]! -= cells[cell]! >>> 8;
          cells[cell] = 0;
        }
      this.#latest[row] = slot;
    }
    const at = base + (slot % ring);
    const part = Math.min(finest, Math.ceil((now / this.#slotMs - slot) * finest));
    // One cell holds no more than the highest limit; what comes on top is over every limit already.
    const added = Math.min(count, maxLimit - (cells[at]! >>> 8));
    cells[at] = ((cells[at]! & ~finest) + added * (finest + 1)) | part;
    this.#totals[row]! += added;
  }

  protected clear(row: number): void {
    // The cells are emptied by `count`, which finds them a whole ring behind.
    this.#latest[row] = -ring;
  }

  protected latest(row: number): number {
    return this.#latest[row]!;
  }

  protected countedBytes(): number {
    return [this.#latest, this.#cells, this.#totals].reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  #countOf(row: number, slot: number): number {
    return this.#cells[row * ring + (slot % ring)]! >>> 8;
  }

  /** When the last request of this slot leaves the window, since `startMs`. */
  #leavesAt(row: number, slot: number): number {
    const part = this.#cells[row * ring + (slot % ring)]! & finest;
    return (slot + part / finest) * this.#slotMs + this.windowMs;
  }
}

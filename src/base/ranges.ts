// Sets of up to two million networks in flat arrays: built fast, asked without allocating, sent between processes as they are.

/** Ranges of both families, sorted and disjoint, each from its first to its last address; IPv6 has four words an address. */
export interface PackedRanges {
  readonly starts4: Uint32Array;
  readonly lasts4: Uint32Array;
  readonly starts6: Uint32Array;
  readonly lasts6: Uint32Array;
}

/** Most networks that one builder takes: positions must fit beside a word into the 53 bits of a number. */
export const maxRanges = 2 ** 21;

/** Gathers networks and gives them as ranges. */
export class RangesBuilder {
  #starts4 = new Uint32Array(1024);
  #lasts4 = new Uint32Array(1024);
  #count4 = 0;
  #words6 = new Uint32Array(1024 * 8);
  #count6 = 0;

  /** Networks taken so far. */
  get count(): number {
    return this.#count4 + this.#count6;
  }

  /** One range of IPv4, both ends included, as 32 bits (signed or not). False where there is no more room. */
  add4(start: number, last: number): boolean {
    if (this.#count4 >= maxRanges) return false;
    if (this.#count4 === this.#starts4.length) {
      this.#starts4 = grown(this.#starts4);
      this.#lasts4 = grown(this.#lasts4);
    }
    this.#starts4[this.#count4] = start;
    this.#lasts4[this.#count4++] = last;
    return true;
  }

  /** One network of IPv6: its first address in four words, bits behind `prefix` being whatever they are. */
  add6(word0: number, word1: number, word2: number, word3: number, prefix: number): boolean {
    if (this.#count6 >= maxRanges) return false;
    if (this.#count6 * 8 === this.#words6.length) this.#words6 = grown(this.#words6);
    const at = this.#count6++ * 8;
    const words = this.#words6;
    words[at] = word0 & maskOf(prefix);
    words[at + 1] = word1 & maskOf(prefix - 32);
    words[at + 2] = word2 & maskOf(prefix - 64);
    words[at + 3] = word3 & maskOf(prefix - 96);
    words[at + 4] = word0 | ~maskOf(prefix);
    words[at + 5] = word1 | ~maskOf(prefix - 32);
    words[at + 6] = word2 | ~maskOf(prefix - 64);
    words[at + 7] = word3 | ~maskOf(prefix - 96);
    return true;
  }

  /** The ranges of another set, too. */
  addAll({ starts4, lasts4, starts6, lasts6 }: PackedRanges): boolean {
    for (let index = 0; index < starts4.length; index++) if (!this.add4(starts4[index]!, lasts4[index]!)) return false;
    for (let at = 0; at < starts6.length; at += 4) {
      if (this.#count6 >= maxRanges) return false;
      if (this.#count6 * 8 === this.#words6.length) this.#words6 = grown(this.#words6);
      this.#words6.set(starts6.subarray(at, at + 4), this.#count6 * 8);
      this.#words6.set(lasts6.subarray(at, at + 4), this.#count6++ * 8 + 4);
    }
    return true;
  }

  /** Everything gathered, sorted, what overlaps or touches joined. */
  build(): PackedRanges {
    const order4 = sortedBy(
      Uint32Array.from({ length: this.#count4 }, (_, index) => index),
      (index) => this.#starts4[index]!,
    );
    const [starts4, lasts4] = this.#merged4(order4);
    const [starts6, lasts6] = this.#merged6();
    return { starts4, lasts4, starts6, lasts6 };
  }

  #merged4(order: Uint32Array): [Uint32Array, Uint32Array] {
    const starts = new Uint32Array(order.length);
    const lasts = new Uint32Array(order.length);
    let count = 0;
    for (const index of order) {
      const start = this.#starts4[index]!;
      const last = this.#lasts4[index]!;
      if (count > 0 && start <= lasts[count - 1]! + 1) {
        if (last > lasts[count - 1]!) lasts[count - 1] = last;
      } else {
        starts[count] = start;
        lasts[count++] = last;
      }
    }
    return [starts.slice(0, count), lasts.slice(0, count)];
  }

  #merged6(): [Uint32Array, Uint32Array] {
    const words = this.#words6;
    let order = Uint32Array.from({ length: this.#count6 }, (_, index) => index);
    // The last word first: each sorting keeps the order of the one before among equals.
    for (let word = 3; word >= 0; word--) order = sortedBy(order, (index) => words[index * 8 + word]!);
    const starts = new Uint32Array(order.length * 4);
    const lasts = new Uint32Array(order.length * 4);
    let end = 0;
    for (const index of order) {
      const at = index * 8;
      if (end > 0 && compare(words, at, lasts, end - 4) <= 0) {
        if (compare(words, at + 4, lasts, end - 4) > 0) lasts.set(words.subarray(at + 4, at + 8), end - 4);
      } else {
        starts.set(words.subarray(at, at + 4), end);
        lasts.set(words.subarray(at + 4, at + 8), end);
        end += 4;
      }
    }
    return [starts.slice(0, end), lasts.slice(0, end)];
  }
}

/** What makes questions about ranges short. It takes tens of milliseconds for a million ranges, and may be sent with them. */
export interface RangeIndex {
  /** A bit for each /24 that a range touches: most addresses are in none, and need no search. Small sets have none. */
  readonly touched4: Uint32Array | null;
  /** For each upper half of an IPv4 address how many ranges begin before it. Small sets have none. */
  readonly before4: Uint32Array | null;
  /** Bits of the /48 networks that ranges of IPv6 lie in, by their hash, and of the /16 networks that wider ranges touch. */
  readonly touched6: Uint32Array | null;
  readonly wide6: Uint32Array;
  /** The upper 53 bits of each IPv6 range's start: one number to compare in place of four words. */
  readonly tops6: Float64Array;
  /** Every 64th of them, so that the first steps of a search stay in the processor's cache. */
  readonly samples6: Float64Array;
}

/** The index of these ranges. O(ranges). */
export function indexed(ranges: PackedRanges): RangeIndex {
  const { starts4, starts6 } = ranges;
  const isSmall = starts4.length < smallSet;
  const touched6 = starts6.length < 4 * smallSet ? null : new Uint32Array(2 ** 19);
  const wide6 = new Uint32Array(2 ** 11);
  if (touched6 !== null) touch6(ranges, touched6, wide6);
  const tops6 = new Float64Array(starts6.length / 4);
  for (let index = 0; index < tops6.length; index++) tops6[index] = topOf(starts6[index * 4]!, starts6[index * 4 + 1]!);
  return {
    before4: isSmall ? null : countedBefore(starts4),
    touched4: isSmall ? null : touchedBy(ranges),
    touched6,
    wide6,
    tops6,
    samples6: tops6.filter((_, index) => index % 64 === 0),
  };
}

/** Answers whether an address is in one of the ranges, in about ten comparisons, without allocating. */
export class RangeSet {
  readonly ranges: PackedRanges;
  readonly #touched4: Uint32Array | null;
  readonly #before4: Uint32Array | null;
  readonly #touched6: Uint32Array | null;
  readonly #wide6: Uint32Array;
  readonly #tops6: Float64Array;
  readonly #samples6: Float64Array;

  constructor(ranges: PackedRanges, index: RangeIndex = indexed(ranges)) {
    this.ranges = ranges;
    this.#touched4 = index.touched4;
    this.#before4 = index.before4;
    this.#touched6 = index.touched6;
    this.#wide6 = index.wide6;
    this.#tops6 = index.tops6;
    this.#samples6 = index.samples6;
  }

  /** Ranges of both families. */
  get count(): number {
    return this.ranges.starts4.length + this.#tops6.length;
  }

  /** Whether an IPv4 address, 32 bits signed or not, is in the set. */
  has4(word: number): boolean {
    const { starts4, lasts4 } = this.ranges;
    let low = 0;
    let high = starts4.length;
    if (this.#touched4 !== null && this.#before4 !== null) {
      if (((this.#touched4[word >>> 13]! >>> ((word >>> 8) & 31)) & 1) === 0) return false;
      low = this.#before4[word >>> 16]!;
      high = this.#before4[(word >>> 16) + 1]!;
    }
    const wanted = word >>> 0;
    // The last range that begins at or before the address is below `high`, and not below `low - 1`.
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (starts4[middle]! <= wanted) low = middle + 1;
      else high = middle;
    }
    return low > 0 && wanted <= lasts4[low - 1]!;
  }

  /** Whether an IPv6 address, four words signed or not, is in the set. */
  has6(word0: number, word1: number, word2: number, word3: number): boolean {
    if (this.#touched6 !== null) {
      const bit = hashOf48(word0, word1);
      const isTouched =
        (this.#touched6[bit >>> 5]! >>> (bit & 31)) | (this.#wide6[word0 >>> 21]! >>> ((word0 >>> 16) & 31));
      if ((isTouched & 1) === 0) return false;
    }
    const top = topOf(word0 >>> 0, word1 >>> 0);
    const sample = upperBound(this.#samples6, top, 0, this.#samples6.length);
    const from = Math.max(0, (sample - 1) * 64);
    const end = upperBound(this.#tops6, top, from, Math.min(this.#tops6.length, sample * 64));
    const at = this.#lastAtMost(end, top, word0, word1, word2, word3);
    return at >= 0 && !isAbove(word0, word1, word2, word3, this.ranges.lasts6, at * 4);
  }

  /** The last range below `end` that begins at or before the address; those with the same upper 53 bits are told apart by all. */
  #lastAtMost(end: number, top: number, word0: number, word1: number, word2: number, word3: number): number {
    if (end === 0 || this.#tops6[end - 1] !== top) return end - 1;
    const { starts6 } = this.ranges;
    let low = end - 1;
    for (let step = 1; low > 0 && this.#tops6[low - 1] === top; step *= 2) low = Math.max(0, low - step);
    let high = end;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#tops6[middle]! < top || !isAbove4(starts6, middle * 4, word0, word1, word2, word3)) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

/** Sets that are searched as fast without an index, which would take 2.3 MB. */
const smallSet = 1024;

function countedBefore(starts: Uint32Array): Uint32Array {
  const before = new Uint32Array(65_537);
  for (const start of starts) before[(start >>> 16) + 1]!++;
  for (let half = 1; half <= 65_536; half++) before[half]! += before[half - 1]!;
  return before;
}

/** 2^24 bits: those of the /24 networks that some range of IPv4 touches. */
function touchedBy({ starts4, lasts4 }: PackedRanges): Uint32Array {
  const bits = new Uint32Array(2 ** 19);
  for (let index = 0; index < starts4.length; index++) {
    const last = lasts4[index]! >>> 8;
    for (let at = starts4[index]! >>> 8; at <= last; at++) {
      if ((at & 31) === 0 && at + 31 <= last) {
        bits[at >>> 5] = -1;
        at += 31;
      } else bits[at >>> 5]! |= 1 << (at & 31);
    }
  }
  return bits;
}

/** 24 bits of the first 48 of an address: half a million networks set three in a hundred of them. */
function hashOf48(word0: number, word1: number): number {
  return (Math.imul(word0, 0x9e3779b1) ^ Math.imul(word1 >>> 16, 0x85ebca6b)) >>> 8;
}

function touch6({ starts6, lasts6 }: PackedRanges, touched: Uint32Array, wide: Uint32Array): void {
  for (let at = 0; at < starts6.length; at += 4) {
    const [word0, word1] = [starts6[at]!, starts6[at + 1]!];
    if (word0 === lasts6[at] && word1 >>> 16 === lasts6[at + 1]! >>> 16) {
      const bit = hashOf48(word0, word1);
      touched[bit >>> 5]! |= 1 << (bit & 31);
    } else for (let half = word0 >>> 16; half <= lasts6[at]! >>> 16; half++) wide[half >>> 5]! |= 1 << (half & 31);
  }
}

/** 53 bits of the 64 that two words have: exact as a number. */
function topOf(word0: number, word1: number): number {
  return word0 * 2 ** 21 + (word1 >>> 11);
}

/** How many of `numbers[from, to)`, counted from 0, are at most `wanted`. */
function upperBound(numbers: Float64Array, wanted: number, from: number, to: number): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (numbers[middle]! <= wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Whether an address is above the one at `at`. */
function isAbove(word0: number, word1: number, word2: number, word3: number, words: Uint32Array, at: number): boolean {
  if (words[at] !== word0 >>> 0) return word0 >>> 0 > words[at]!;
  if (words[at + 1] !== word1 >>> 0) return word1 >>> 0 > words[at + 1]!;
  if (words[at + 2] !== word2 >>> 0) return word2 >>> 0 > words[at + 2]!;
  return word3 >>> 0 > words[at + 3]!;
}

/** Whether the address at `at` is above another. */
function isAbove4(words: Uint32Array, at: number, word0: number, word1: number, word2: number, word3: number): boolean {
  if (words[at] !== word0 >>> 0) return words[at]! > word0 >>> 0;
  if (words[at + 1] !== word1 >>> 0) return words[at + 1]! > word1 >>> 0;
  if (words[at + 2] !== word2 >>> 0) return words[at + 2]! > word2 >>> 0;
  return words[at + 3]! > word3 >>> 0;
}

function maskOf(bits: number): number {
  return bits <= 0 ? 0 : bits >= 32 ? -1 : -1 << (32 - bits);
}

function grown(array: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(array.length * 2);
  larger.set(array);
  return larger;
}

/** Indices in the order of their words, equal ones as they stood. Numbers sort without calling back, so words and places become one. */
function sortedBy(order: Uint32Array<ArrayBuffer>, wordOf: (index: number) => number): Uint32Array<ArrayBuffer> {
  const keys = new Float64Array(order.length);
  for (let place = 0; place < order.length; place++) keys[place] = wordOf(order[place]!) * maxRanges + place;
  keys.sort();
  const sorted = new Uint32Array(order.length);
  for (let place = 0; place < keys.length; place++) sorted[place] = order[keys[place]! % maxRanges]!;
  return sorted;
}

function compare(some: Uint32Array, at: number, others: Uint32Array, where: number): number {
  for (let word = 0; word < 4; word++)
    if (some[at + word] !== others[where + word]) return some[at + word]! < others[where + word]! ? -1 : 1;
  return 0;
}

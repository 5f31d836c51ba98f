// A whole address space cut into sorted, disjoint intervals, each with the number of the first span that covers it.

/** A point of an address space: a number for IPv4 (below 2^32), a bigint for IPv6 (below 2^128). */
export type Bound = number | bigint;

/** From `start` up to but without `end`, owned by `value` (at least 1). Both ends are of one kind. */
export interface Span {
  readonly start: Bound;
  readonly end: Bound;
  readonly value: number;
}

/** A cut space: interval `i` begins at `starts[i]`, ends before `starts[i + 1]`, and has `values[i]`; 0 is nobody. */
export interface Cut {
  readonly starts: readonly Bound[];
  readonly values: readonly number[];
}

/**
 * Cuts the space at every end of a span; where spans overlap the first in the list wins. `onOwned` is told the value
 * of each span that owns at least one point. O(n log n).
 */
export function cut(zero: Bound, spans: readonly Span[], onOwned: ((value: number) => void) | null = null): Cut {
  const bounds = sortedBounds(zero, spans);
  const owners = new Int32Array(bounds.length);
  // Because painted cells are skipped through `next`, every cell is painted once however many spans lie over it.
  const next = Int32Array.from({ length: bounds.length + 1 }, (_, index) => index);
  for (const span of spans) {
    const end = indexOf(bounds, span.end);
    let cell = follow(next, indexOf(bounds, span.start));
    if (cell < end) onOwned?.(span.value);
    while (cell < end) {
      owners[cell] = span.value;
      next[cell] = cell + 1;
      cell = follow(next, cell);
    }
  }
  return merged(bounds, owners);
}

/** A cut IPv4 space laid out for lookups. */
export class Intervals4 {
  readonly #starts: Uint32Array;
  readonly #values: Int32Array;
  /** For each first byte of an address the interval where it begins: where the search begins and ends. */
  readonly #byFirstByte: Uint32Array;

  constructor(spans: readonly Span[], onOwned: ((value: number) => void) | null = null) {
    const { starts, values } = cut(0, spans, onOwned);
    const inside = starts.filter((start) => start < 2 ** 32);
    this.#starts = Uint32Array.from(inside, Number);
    this.#values = Int32Array.from(values.slice(0, inside.length));
    this.#byFirstByte = new Uint32Array(257).fill(inside.length - 1);
    for (let byte = 0, index = 0; byte < 256; byte++) {
      while (index + 1 < inside.length && this.#starts[index + 1]! <= byte * 2 ** 24) index++;
      this.#byFirstByte[byte] = index;
    }
  }

  /** How many intervals there are. */
  get count(): number {
    return this.#starts.length;
  }

  /** The value at an address given as 32 bits (signed or not); 0 for nobody. O(log n), no allocation. */
  find(word: number): number {
    const starts = this.#starts;
    const wanted = word >>> 0;
    let low = this.#byFirstByte[word >>> 24]!;
    let high = this.#byFirstByte[(word >>> 24) + 1]!;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (starts[middle]! <= wanted) low = middle;
      else high = middle - 1;
    }
    return this.#values[low]!;
  }
}

/** A cut IPv6 space laid out for lookups: four 32-bit words to a start. */
export class Intervals6 {
  /** The upper 53 bits of each start, exact as a number: one comparison a step where words need up to four. */
  readonly #tops: Float64Array;
  readonly #starts: Uint32Array;
  readonly #values: Int32Array;
  /** The different first words of starts, sorted: there are as many as providers (/32) are named. */
  readonly #heads: Uint32Array;
  /**
   * For each head a place for whatever the next `bits` may be: the interval where that begins; then the last one of the head.
   * Because steps of a search are branches that nobody can foresee, nearly all of them are looked up instead.
   */
  readonly #places: Uint32Array;
  readonly #bits: number;

  constructor(spans: readonly Span[], onOwned: ((value: number) => void) | null = null) {
    const { starts, values } = cut(0n, spans, onOwned);
    const inside = starts.filter((start) => start < 1n << 128n);
    this.#starts = new Uint32Array(inside.length * 4);
    for (let index = 0; index < inside.length; index++) {
      const start = BigInt(inside[index]!);
      for (let word = 0; word < 4; word++)
        this.#starts[index * 4 + word] = Number((start >> BigInt(96 - 32 * word)) & 0xffffffffn);
    }
    this.#values = Int32Array.from(values.slice(0, inside.length));
    this.#tops = Float64Array.from(this.#values, (_, index) =>
      topOf(this.#starts[index * 4]!, this.#starts[index * 4 + 1]!),
    );
    const heads = Uint32Array.from(new Set(this.#values.map((_, index) => this.#starts[index * 4]!)));
    this.#heads = heads;
    // So many that places take no more memory than four starts for each interval.
    this.#bits = Math.min(12, Math.floor(Math.log2((4 * this.#values.length) / heads.length)));
    this.#places = this.#placed();
  }

  /** How many intervals there are. */
  get count(): number {
    return this.#values.length;
  }

  /** The value at an address given as four words of 32 bits (signed or not); 0 for nobody. O(log n), no allocation. */
  find(word0: number, word1: number, word2: number, word3: number): number {
    const tops = this.#tops;
    const top = topOf(word0 >>> 0, word1 >>> 0);
    const head = lastAtMost(this.#heads, word0 >>> 0);
    const end = (head + 1) * ((1 << this.#bits) + 1) - 1;
    const isNamed = this.#heads[head] === word0 >>> 0;
    const place = isNamed ? end - (1 << this.#bits) + (word1 >>> (32 - this.#bits)) : end;
    let low = this.#places[place]!;
    let high = this.#places[isNamed ? place + 1 : end]!;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      const other = tops[middle]!;
      if (other < top || (other === top && isAtMost(this.#starts, middle * 4, word1 >>> 0, word2 >>> 0, word3 >>> 0)))
        low = middle;
      else high = middle - 1;
    }
    return this.#values[low]!;
  }

  #placed(): Uint32Array {
    const [bits, heads, starts] = [this.#bits, this.#heads, this.#starts];
    const places = new Uint32Array(heads.length * ((1 << bits) + 1));
    const last = this.#values.length - 1;
    let [place, index] = [0, 0];
    for (const head of heads) {
      const isBehind = (at: number, word1: number): boolean =>
        starts[at]! > head || (starts[at] === head && !isAtMost(starts, at, word1, 0, 0));
      for (let step = 0; step < 1 << bits; step++) {
        while (index < last && !isBehind((index + 1) * 4, step * 2 ** (32 - bits))) index++;
        places[place++] = index;
      }
      while (index < last && starts[(index + 1) * 4] === head) index++;
      places[place++] = index;
    }
    return places;
  }
}

/** Where the last of these sorted numbers stands that is at most `wanted`; 0 is among them. */
function lastAtMost(numbers: Uint32Array, wanted: number): number {
  let low = 0;
  let high = numbers.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (numbers[middle]! <= wanted) low = middle;
    else high = middle - 1;
  }
  return low;
}

function topOf(word0: number, word1: number): number {
  return word0 * 2 ** 21 + (word1 >>> 11);
}

/** Whether the start at `at`, whose first word is that of the address, is not behind it. */
function isAtMost(starts: Uint32Array, at: number, word1: number, word2: number, word3: number): boolean {
  const start1 = starts[at + 1]!;
  if (start1 !== word1) return start1 < word1;
  const start2 = starts[at + 2]!;
  if (start2 !== word2) return start2 < word2;
  return starts[at + 3]! <= word3;
}

function sortedBounds(zero: Bound, spans: readonly Span[]): Bound[] {
  const all: Bound[] = [zero];
  for (const span of spans) all.push(span.start, span.end);
  // Because a typed array sorts without calling back, IPv4 takes that way.
  const sorted =
    typeof zero === 'number'
      ? Array.from(Float64Array.from(all, Number).sort())
      : all.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  return sorted.filter((bound, index) => index === 0 || bound !== sorted[index - 1]);
}

/** Where `bound` stands in these sorted bounds, which hold it. */
export function indexOf(bounds: readonly Bound[], bound: Bound): number {
  let low = 0;
  let high = bounds.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (bounds[middle]! < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}

function follow(next: Int32Array, from: number): number {
  let last = from;
  while (next[last] !== last) last = next[last]!;
  for (let step = from; step !== last; ) {
    const after = next[step]!;
    next[step] = last;
    step = after;
  }
  return last;
}

function merged(bounds: readonly Bound[], owners: Int32Array): Cut {
  const starts: Bound[] = [];
  const values: number[] = [];
  for (let index = 0; index < bounds.length; index++) {
    if (index > 0 && owners[index] === owners[index - 1]) continue;
    starts.push(bounds[index]!);
    values.push(owners[index]!);
  }
  return { starts, values };
}

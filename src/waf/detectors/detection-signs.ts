// Finds the signs of all detectors in one pass over a value (Aho and Corasick's automaton as one table), without regard to case.

import { codesOf } from '../../base/byte-codes.ts';

/** From this length on a value is read in two halves. */
const minHalved = 256;

/** One step: `node = next[(node << shift) | columnOf[code]]`; a sign ends there where `isEnd` of the node is 1. */
export interface Automaton {
  readonly shift: number;
  readonly next: Uint16Array;
  readonly columnOf: Uint8Array;
  readonly isEnd: Uint8Array;
}

/** Signs by their text, to be found together. */
export class SignSet {
  readonly texts: readonly string[];
  readonly #columnOf = new Uint8Array(256);
  /** The bits of a column: a row of the table is a power of two wide. */
  readonly #shift: number;
  readonly #next: Uint16Array;
  /** For each node, the numbers of the texts that end there. */
  readonly #ends: (readonly number[] | undefined)[];
  readonly #isEnd: Uint8Array;
  readonly #longest: number;

  /** `texts` are in lower case, ASCII, and none is empty; together at most 65,000 characters. */
  constructor(texts: readonly string[]) {
    this.texts = [...new Set(texts)];
    this.#longest = this.texts.reduce((longest, text) => Math.max(longest, text.length), 0);
    let width = 1;
    for (const text of this.texts)
      for (let index = 0; index < text.length; index++) {
        const code = text.charCodeAt(index) & 255;
        if (this.#columnOf[code] === 0) this.#columnOf[code] = width++;
      }
    for (let upper = 65; upper <= 90; upper++) this.#columnOf[upper] = this.#columnOf[upper + 32]!;
    this.#shift = 32 - Math.clz32(width - 1);
    const most = this.texts.reduce((sum, text) => sum + text.length, 1);
    this.#next = new Uint16Array(most << this.#shift);
    this.#ends = new Array<readonly number[] | undefined>(most);
    this.#grow();
    this.#complete();
    this.#isEnd = Uint8Array.from(this.#ends, (ends) => (ends === undefined ? 0 : 1));
  }

  /** The automaton, for a pass that looks at other things as well. It begins at node 0. */
  get automaton(): Automaton {
    return { shift: this.#shift, next: this.#next, columnOf: this.#columnOf, isEnd: this.#isEnd };
  }

  #grow(): void {
    let count = 1;
    for (const [number, text] of this.texts.entries()) {
      let node = 0;
      for (let index = 0; index < text.length; index++) {
        const cell = (node << this.#shift) + this.#columnOf[text.charCodeAt(index) & 255]!;
        if (this.#next[cell] === 0) this.#next[cell] = count++;
        node = this.#next[cell]!;
      }
      this.#ends[node] = [number];
    }
  }

  /** Fills in where to go when no text goes on, nodes nearest to the root first. */
  #complete(): void {
    const width = 1 << this.#shift;
    const fallback = new Uint16Array(this.#ends.length);
    const queue: number[] = [];
    for (let column = 0; column < width; column++) if (this.#next[column] !== 0) queue.push(this.#next[column]!);
    for (let head = 0; head < queue.length; head++) {
      const node = queue[head]!;
      const fall = fallback[node]!;
      const inherited = this.#ends[fall];
      if (inherited !== undefined) this.#ends[node] = [...(this.#ends[node] ?? []), ...inherited];
      for (let column = 0; column < width; column++) {
        const cell = node * width + column;
        const onFall = this.#next[fall * width + column]!;
        if (this.#next[cell] === 0) this.#next[cell] = onFall;
        else {
          fallback[this.#next[cell]!] = onFall;
          queue.push(this.#next[cell]!);
        }
      }
    }
  }

  /** Where each sign that stands in `value` stands first, by its text; null where none does. One step a character. */
  find(value: string): ReadonlyMap<string, number> | null {
    const shift = this.#shift;
    const next = this.#next;
    const columnOf = this.#columnOf;
    const isEnd = this.#isEnd;
    const codes = codesOf(value);
    const { length } = value;
    // Because each step waits for the one before it: two halves are read at once, and the first on to where the second knows all.
    const half = length < minHalved ? length : length >> 1;
    const found: number[] = [];
    const later: number[] = [];
    let node = 0;
    let other = 0;
    let at = 0;
    for (let ahead = half; ahead < length && at < half; at++, ahead++) {
      node = next[(node << shift) | columnOf[codes[at]!]!]!;
      other = next[(other << shift) | columnOf[codes[ahead]!]!]!;
      if ((isEnd[node]! | isEnd[other]!) === 0) continue;
      if (isEnd[node] !== 0) found.push(node, at);
      if (isEnd[other] !== 0) later.push(other, ahead);
    }
    for (const end = Math.min(length, half + this.#longest); at < end; at++) {
      node = next[(node << shift) | columnOf[codes[at]!]!]!;
      if (isEnd[node] !== 0) found.push(node, at);
    }
    if (half + half < length) {
      other = next[(other << shift) | columnOf[codes[length - 1]!]!]!;
      if (isEnd[other] !== 0) later.push(other, length - 1);
    }
    return found.length + later.length === 0 ? null : this.#placesOf([...found, ...later]);
  }

  /** The first place of each sign that ends at one of the nodes, each of which is followed by where. */
  #placesOf(found: readonly number[]): ReadonlyMap<string, number> {
    const places = new Map<string, number>();
    for (let index = 0; index < found.length; index += 2)
      for (const number of this.#ends[found[index]!] ?? []) {
        const text = this.texts[number]!;
        if (!places.has(text)) places.set(text, found[index + 1]! + 1 - text.length);
      }
    return places;
  }
}

// Finds the signs of all detectors in one pass over a value (Aho and Corasick's automaton as one table), without regard to case.

import { codesOf } from '../../base/byte-codes.ts';

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

  /** `texts` are in lower case, ASCII, and none is empty; together at most 65,000 characters. */
  constructor(texts: readonly string[]) {
    this.texts = [...new Set(texts)];
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
    let places: Map<string, number> | null = null;
    let node = 0;
    for (let at = 0; at < length; at++) {
      node = next[(node << shift) | columnOf[codes[at]!]!]!;
      if (isEnd[node] === 0) continue;
      places ??= new Map();
      for (const number of this.#ends[node] ?? []) {
        const text = this.texts[number]!;
        if (!places.has(text)) places.set(text, at + 1 - text.length);
      }
    }
    return places;
  }
}

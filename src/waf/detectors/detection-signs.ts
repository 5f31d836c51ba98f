// Finds the signs of all detectors in one pass over a value (Aho and Corasick's automaton as one table), without regard to case.

import { codesOf } from '../../base/byte-codes.ts';

/** From this length on a value is read in four parts at once. */
const minParted = 512;
/** Set in a node's number where a sign ends there. */
const END = 0x8000;
/** What is left of it is the node. */
const NODE = 0x7fff;
/** What texts are made of: its columns lie side by side as well. */
const frequent = ' etaoinshrdlucmfwypvbgkjqxz';
/** No sign, so far; never changed. */
const nothing: readonly number[] = Object.freeze([]);

/** One step: `node = next[(node << shift) | columnOf[code]]`; a sign ends there where that is 0x8000 and more. */
export interface Automaton {
  readonly shift: number;
  readonly next: Uint16Array;
  readonly columnOf: Uint8Array;
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
  readonly #longest: number;

  /** `texts` are in lower case, ASCII, and none is empty; together at most 32,000 characters. */
  constructor(texts: readonly string[]) {
    this.texts = [...new Set(texts)];
    this.#longest = this.texts.reduce((longest, text) => Math.max(longest, text.length), 0);
    let width = 1;
    for (const text of [frequent, ...this.texts])
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
    for (let cell = 0; cell < this.#next.length; cell++)
      if (this.#ends[this.#next[cell]!] !== undefined) this.#next[cell]! |= END;
  }

  /** The automaton, for a pass that looks at other things as well. It begins at node 0. */
  get automaton(): Automaton {
    return { shift: this.#shift, next: this.#next, columnOf: this.#columnOf };
  }

  /** Because texts seldom lead far from the root, nodes are numbered as far as they are from it: those in use lie side by side. */
  #grow(): void {
    const nodes = new Uint16Array(this.texts.length);
    let count = 1;
    for (let depth = 0; depth < this.#longest; depth++)
      for (const [number, text] of this.texts.entries()) {
        if (depth >= text.length) continue;
        const cell = (nodes[number]! << this.#shift) + this.#columnOf[text.charCodeAt(depth) & 255]!;
        if (this.#next[cell] === 0) this.#next[cell] = count++;
        nodes[number] = this.#next[cell]!;
        if (depth === text.length - 1) this.#ends[nodes[number]!] = [number];
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
    const codes = codesOf(value);
    const { length } = value;
    const found = length < minParted ? this.#read(codes, 0, 0, length, nothing) : this.#readParts(codes, length);
    return found.length === 0 ? null : this.#placesOf(found);
  }

  /** Reads from `from` to `to`, beginning at `node`: `found` and the nodes where a sign ends, each with its place. */
  #read(codes: Uint8Array, node: number, from: number, to: number, found: readonly number[]): readonly number[] {
    const shift = this.#shift;
    const next = this.#next;
    const columnOf = this.#columnOf;
    let all = found;
    let state = node;
    for (let at = from; at < to; at++) {
      state = next[(state << shift) | columnOf[codes[at]!]!]!;
      if (state < END) continue;
      state &= NODE;
      all = noted(all, state, at);
    }
    return all;
  }

  /** Because each step waits for the one before it: four parts are read at once, and each on to where the next one knows all. */
  #readParts(codes: Uint8Array, length: number): readonly number[] {
    const shift = this.#shift;
    const next = this.#next;
    const columnOf = this.#columnOf;
    const part = length >> 2;
    let [one, two, three, four] = [0, 0, 0, 0];
    let [first, second, third, last] = [nothing, nothing, nothing, nothing];
    for (let at = 0; at < part; at++) {
      one = next[(one << shift) | columnOf[codes[at]!]!]!;
      two = next[(two << shift) | columnOf[codes[at + part]!]!]!;
      three = next[(three << shift) | columnOf[codes[at + 2 * part]!]!]!;
      four = next[(four << shift) | columnOf[codes[at + 3 * part]!]!]!;
      if ((one | two | three | four) < END) continue;
      if (one >= END) first = noted(first, one & NODE, at);
      if (two >= END) second = noted(second, two & NODE, at + part);
      if (three >= END) third = noted(third, three & NODE, at + 2 * part);
      if (four >= END) last = noted(last, four & NODE, at + 3 * part);
      one &= NODE;
      two &= NODE;
      three &= NODE;
      four &= NODE;
    }
    const longest = this.#longest;
    first = this.#read(codes, one, part, part + longest, first);
    second = this.#read(codes, two, 2 * part, 2 * part + longest, second);
    third = this.#read(codes, three, 3 * part, 3 * part + longest, third);
    last = this.#read(codes, four, 4 * part, length, last);
    if (first === nothing && second === nothing && third === nothing) return last;
    return [...first, ...second, ...third, ...last];
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

/** `found` with one more, in an array of its own from the first on. */
function noted(found: readonly number[], node: number, at: number): readonly number[] {
  if (found === nothing) return [node, at];
  (found as number[]).push(node, at);
  return found;
}

// Phrases of `@pm` and `@pmFromFile`: whether a value has one of them in any case of ASCII letters, and which comes first.

import type { Codes } from '../codes.ts';

/** What was found: the number of the phrase, and where it stands. */
export interface PhraseFound {
  readonly phrase: number;
  readonly start: number;
  readonly end: number;
}

/** A set of phrases, searched for together. Time grows with the value alone. */
export class PhraseSet {
  readonly phrases: readonly string[];
  readonly #byte: number[] = [0];
  readonly #child: number[] = [0];
  readonly #sibling: number[] = [0];
  readonly #fallback: number[] = [0];
  /** Number of the phrase that ends at a node or at a suffix of it, plus 1; the longest. */
  readonly #end: number[] = [0];
  readonly #roots = new Int32Array(256);

  /** Empty phrases are left out: they would be everywhere. */
  constructor(phrases: readonly string[]) {
    this.phrases = phrases;
    for (const [number, phrase] of phrases.entries()) if (phrase !== '') this.#add(phrase, number);
    this.#link();
    for (let upper = 65; upper <= 90; upper++) this.#roots[upper] = this.#roots[upper + 32]!;
  }

  /** Whether one of the phrases is in `value`. */
  test(value: string): boolean {
    return this.find(value) !== null;
  }

  /** The same where the value's characters were taken already. */
  testCodes({ list, length }: Codes): boolean {
    const roots = this.#roots;
    let node = 0;
    for (let index = 0; index < length; index++) {
      const code = list[index]!;
      if (node === 0) {
        node = code > 255 ? 0 : roots[code]!;
        if (node === 0) continue;
      } else node = this.#step(node, lowered(code));
      if (this.#end[node]! > 0) return true;
    }
    return false;
  }

  /** The phrase that ends first; of several that end at one place the longest. */
  find(value: string): PhraseFound | null {
    const roots = this.#roots;
    let node = 0;
    for (let index = 0; index < value.length; index++) {
      const code = value.charCodeAt(index);
      if (node === 0) {
        // Because at most places no phrase is under way, and none begins.
        node = code > 255 ? 0 : roots[code]!;
        if (node === 0) continue;
      } else node = this.#step(node, lowered(code));
      const found = this.#end[node]!;
      if (found > 0) return { phrase: found - 1, start: index + 1 - this.phrases[found - 1]!.length, end: index + 1 };
    }
    return null;
  }

  #step(from: number, byte: number): number {
    let node = from;
    while (node !== 0) {
      const next = this.#childOf(node, byte);
      if (next !== 0) return next;
      node = this.#fallback[node]!;
    }
    return byte < 256 ? this.#roots[byte]! : 0;
  }

  #childOf(node: number, byte: number): number {
    let child = this.#child[node]!;
    while (child !== 0 && this.#byte[child] !== byte) child = this.#sibling[child]!;
    return child;
  }

  #add(phrase: string, number: number): void {
    let node = 0;
    for (let index = 0; index < phrase.length; index++) {
      const byte = lowered(phrase.charCodeAt(index));
      let next = node === 0 ? this.#roots[byte & 255]! : this.#childOf(node, byte);
      if (next === 0) {
        next = this.#byte.push(byte) - 1;
        this.#child.push(0);
        this.#fallback.push(0);
        this.#end.push(0);
        this.#sibling.push(node === 0 ? 0 : this.#child[node]!);
        if (node === 0) this.#roots[byte & 255] = next;
        else this.#child[node] = next;
      }
      node = next;
    }
    if (this.#end[node] === 0) this.#end[node] = number + 1;
  }

  #link(): void {
    const queue = [...this.#roots].filter((node) => node !== 0);
    for (let head = 0; head < queue.length; head++) {
      const node = queue[head]!;
      if (this.#end[node] === 0) this.#end[node] = this.#end[this.#fallback[node]!]!;
      for (let child = this.#child[node]!; child !== 0; child = this.#sibling[child]!) {
        this.#fallback[child] = this.#step(this.#fallback[node]!, this.#byte[child]!);
        queue.push(child);
      }
    }
  }
}

/** Makes a set of `phrases`, byte for byte, ASCII letters in any case. */
export function compilePhrases(phrases: readonly string[]): PhraseSet {
  return new PhraseSet(phrases);
}

function lowered(code: number): number {
  return code >= 65 && code <= 90 ? code + 32 : code;
}

// Sets of bytes of which a value must have one: each is a sign, and a value shows the signs that its bytes belong to.

import type { Codes } from '../codes.ts';
import { type ByteSet, has, keyOf } from './byte-set.ts';

/** Most different sets that are told apart: what comes later is left out, and its patterns are tried more often. */
const maxSigns = 64;

/** The signs of the members of one set of patterns, in two words of 32. */
export class Signs {
  /** By byte, and behind them for `WIDE`: the signs that it belongs to. */
  readonly #first = new Int32Array(257);
  readonly #second = new Int32Array(257);
  readonly #needed: Int32Array;
  #shownFirst = 0;
  #shownSecond = 0;

  /** `sets[i]` are those of which member i needs one byte each. */
  constructor(sets: readonly (readonly ByteSet[])[]) {
    this.#needed = new Int32Array(sets.length * 2);
    const uses = new Map<string, number>();
    for (const set of sets.flat()) uses.set(keyOf(set), (uses.get(keyOf(set)) ?? 0) + 1);
    const kept = [...uses].sort((one, other) => other[1] - one[1]).slice(0, maxSigns);
    const numbers = new Map(kept.map(([key], number) => [key, number]));
    for (const [member, own] of sets.entries())
      for (const set of own) {
        const number = numbers.get(keyOf(set));
        if (number === undefined) continue;
        this.#needed[member * 2 + (number >> 5)]! |= 1 << (number & 31);
        this.#show(set, number);
      }
  }

  #show(set: ByteSet, number: number): void {
    const words = number < 32 ? this.#first : this.#second;
    for (let byte = 0; byte < 256; byte++) if (has(set, byte)) words[byte]! |= 1 << (number & 31);
  }

  /** Whether `member` needs a sign at all. */
  has(member: number): boolean {
    return (this.#needed[member * 2]! | this.#needed[member * 2 + 1]!) !== 0;
  }

  /** Notes the signs that a value shows, for `suffice`. */
  look({ list, length }: Codes): void {
    const first = this.#first;
    const second = this.#second;
    let shownFirst = 0;
    let shownSecond = 0;
    for (let index = 0; index < length; index++) {
      shownFirst |= first[list[index]!]!;
      shownSecond |= second[list[index]!]!;
    }
    this.#shownFirst = shownFirst;
    this.#shownSecond = shownSecond;
  }

  /** Whether the value that was looked at has all that `member` needs. */
  suffice(member: number): boolean {
    const needed = this.#needed;
    return ((needed[member * 2]! & ~this.#shownFirst) | (needed[member * 2 + 1]! & ~this.#shownSecond)) === 0;
  }
}

// Sets of bytes of which a value must have one: each is a sign, and a value shows the signs that its bytes belong to.

import { type ByteSet, has, keyOf } from './byte-set.ts';

/** Most different sets that are told apart: what comes later is left out, and its patterns are tried more often. */
const maxSigns = 96;

/** The signs of the members of one set of patterns, in three words of 32. */
export class Signs {
  /** By byte: the signs that it belongs to. */
  readonly first: Uint32Array = new Uint32Array(256);
  readonly second: Uint32Array = new Uint32Array(256);
  readonly third: Uint32Array = new Uint32Array(256);
  readonly #needed: Uint32Array;

  /** `sets[i]` are those of which member i needs one byte each. */
  constructor(sets: readonly (readonly ByteSet[])[]) {
    this.#needed = new Uint32Array(sets.length * 3);
    const uses = new Map<string, number>();
    for (const set of sets.flat()) uses.set(keyOf(set), (uses.get(keyOf(set)) ?? 0) + 1);
    const kept = [...uses].sort((one, other) => other[1] - one[1]).slice(0, maxSigns);
    const numbers = new Map(kept.map(([key], number) => [key, number]));
    for (const [member, own] of sets.entries())
      for (const set of own) {
        const number = numbers.get(keyOf(set));
        if (number === undefined) continue;
        this.#needed[member * 3 + (number >> 5)]! |= 1 << (number & 31);
        this.#show(set, number);
      }
  }

  #show(set: ByteSet, number: number): void {
    const words = [this.first, this.second, this.third][number >> 5]!;
    for (let byte = 0; byte < 256; byte++) if (has(set, byte)) words[byte]! |= 1 << (number & 31);
  }

  /** Whether a value that shows these signs has all that `member` needs. */
  suffice(member: number, first: number, second: number, third: number): boolean {
    const needed = this.#needed;
    const at = member * 3;
    return ((needed[at]! & ~first) | (needed[at + 1]! & ~second) | (needed[at + 2]! & ~third)) === 0;
  }
}

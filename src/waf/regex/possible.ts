// Which members of a set a value can match at all, by the kinds of characters that it has (`marks.ts`): known without a look at the value.

import { LOWER, markOfByte, UPPER } from '../marks.ts';
import { type ByteSet, members } from './byte-set.ts';

/** Answers that are kept; when there are more, all are found anew. */
const maxKept = 1024;

const LETTER = LOWER | UPPER;

/** For each kind of characters, the members that have to have one of it. */
export class Possible {
  readonly #words: number;
  /** Each mask, and as bits the members that are impossible where a value has nothing of it. */
  readonly #masks: readonly (readonly [mask: number, members: Uint32Array])[];
  /** Marks that are in any mask: others make no difference. */
  readonly #telling: number;
  #kept = new Map<number, Uint32Array>();

  /** `masks[i]` are those of member i: a value that it matches has something of each. */
  constructor(masks: readonly (readonly number[])[]) {
    this.#words = Math.ceil(masks.length / 32);
    const byMask = new Map<number, Uint32Array>();
    for (const [member, own] of masks.entries())
      for (const mask of own) {
        const bits = byMask.get(mask) ?? new Uint32Array(this.#words);
        bits[member >> 5]! |= 1 << (member & 31);
        byMask.set(mask, bits);
      }
    this.#masks = [...byMask];
    this.#telling = this.#masks.reduce((all, [mask]) => all | mask, 0);
  }

  /** A bit for each member that a value with these marks may match; of an empty value they are 0. */
  of(marks: number): Uint32Array {
    const key = marks & this.#telling;
    let bits = this.#kept.get(key);
    if (bits === undefined) {
      bits = this.#find(key);
      if (this.#kept.size >= maxKept) this.#kept = new Map();
      this.#kept.set(key, bits);
    }
    return bits;
  }

  #find(marks: number): Uint32Array {
    const bits = new Uint32Array(this.#words).fill(0xffffffff);
    for (const [mask, impossible] of this.#masks)
      if ((mask & marks) === 0) for (let word = 0; word < bits.length; word++) bits[word]! &= ~impossible[word]!;
    return bits;
  }
}

/** The mask of a set of bytes one of which must be there. */
export function maskOfSet(set: ByteSet): number {
  return members(set).reduce((mask, byte) => mask | markOfByte[byte]!, 0);
}

/** The mask of texts one of which must be there, in any case of ASCII letters: of each the mark of its rarest kind of character. */
export function maskOfTexts(texts: readonly string[]): number {
  return texts.reduce((mask, text) => mask | rarestMark(text), 0);
}

function rarestMark(text: string): number {
  for (let index = 0; index < text.length; index++) {
    const mark = markOfByte[text.charCodeAt(index) & 255]!;
    if ((mark & LETTER) === 0) return mark;
  }
  return LETTER;
}

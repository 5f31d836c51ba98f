// What was found in values that come again and again: what clients accept, who they say they are, their cookies, names of arguments.

import { ownText } from '../../base/own-text.ts';

/** Values that are kept, and the longest. Twice as many are kept, the older half dropped whole. */
const maxRemembered = 1024;
const maxLength = 256;
/** Places for signs of values that were seen once; a power of two. */
const places = 4096;
/** Characters of a value that its sign is made of, beside the last: one in each eighth. */
const samples = 8;
/** From this length on values are looked for as long as one in so many comes again; else as many are left alone before it is tried anew. */
const longValue = 40;
const worthwhile = 16;
const tried = 256;
const leftAlone = 4096;

/** One text, and what it answers in each view that was asked about it. */
export class Known {
  readonly text: string;
  /** By the number of the view: the rules that are answered. */
  readonly answers: (readonly number[] | undefined)[];
  /** When it came last. */
  turn: number;

  constructor(text: string, views: number, turn: number) {
    this.text = text;
    this.turn = turn;
    this.answers = new Array<undefined>(views).fill(undefined);
  }
}

/** What is known of values, in all views. A value is kept when it comes a second time: most never do. */
export class Memory {
  readonly #views: number;
  #young = new Map<string, Known>();
  #old = new Map<string, Known>();
  readonly #seen = new Int32Array(places);
  /** Long values of this turn, how many of them were known, and those that are still to be left alone. */
  #asked = 0;
  #known = 0;
  #alone = 0;
  /** Counted by whoever asks, once a request. */
  turn = 0;

  /** There are so many views. */
  constructor(views: number) {
    this.#views = views;
  }

  /**
   * What is known of the value, to be added to; null where it did not come before. Values that meet the same views say so by
   * `kind`: what comes twice within each request, once as this and once as that, does not come again.
   */
  find(value: string, kind: number): Known | null {
    const { length } = value;
    // Because to look for a text costs a look at each of its characters, and most are not even like one that was seen.
    if (length > maxLength || !this.#wasSeen(value, kind)) return null;
    const isLong = length >= longValue;
    if (isLong && !this.#isWorthwhile()) return null;
    const young = this.#young.get(value);
    const known = young ?? this.#old.get(value);
    if (known === undefined) return this.#keep(new Known(ownText(value), this.#views, this.turn));
    // Because what a request says twice says nothing of whether it comes again.
    if (isLong && known.turn !== this.turn) this.#known++;
    known.turn = this.turn;
    return known === young ? known : this.#keep(known);
  }

  /** Whether the value may have come before; whoever asks again is told so. */
  #wasSeen(value: string, kind: number): boolean {
    const { length } = value;
    let sign = length + Math.imul(kind, 0x9e3779b1);
    // Because a look at every character would cost as much as the answer: two values of one sign are only kept sooner.
    for (let sample = 0; sample < samples; sample++)
      sign = (Math.imul(sign, 31) + value.charCodeAt((length * sample) >> 3)) | 0;
    sign = (Math.imul(sign, 31) + value.charCodeAt(length - 1)) | 0;
    const place = (sign ^ (sign >>> 12)) & (places - 1);
    if (this.#seen[place] === sign) return true;
    this.#seen[place] = sign;
    return false;
  }

  /** Because texts of people never come again, and to look for them costs a part of what they cost. */
  #isWorthwhile(): boolean {
    if (this.#alone > 0) {
      this.#alone--;
      return false;
    }
    if (++this.#asked >= tried) {
      if (this.#known * worthwhile < tried) this.#alone = leftAlone;
      this.#asked = 0;
      this.#known = 0;
    }
    return true;
  }

  #keep(known: Known): Known {
    if (this.#young.size >= maxRemembered) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(known.text, known);
    return known;
  }
}

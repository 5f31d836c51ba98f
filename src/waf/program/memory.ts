// What was found in values that come again and again: what clients accept, who they say they are, their cookies, names of arguments.

/** Values that are kept, and the longest. Twice as many are kept, the older half dropped whole. */
const maxRemembered = 256;
const maxLength = 256;
/** Places for signs of values that were seen once; a power of two. */
const places = 1024;
/** Characters of a value that its sign is made of, beside the last: one in each eighth. */
const samples = 8;
/** From this length on values are looked for as long as one in so many comes again; else as many are left alone before it is tried anew. */
const longValue = 40;
const worthwhile = 16;
const tried = 256;
const leftAlone = 4096;

/** The answers of one view by value. A value is kept when it comes a second time: most never do. */
export class Memory {
  #young = new Map<string, readonly number[]>();
  #old = new Map<string, readonly number[]>();
  readonly #seen = new Int32Array(places);
  /** Long values of this turn, how many of them were known, and those that are still to be left alone. */
  #asked = 0;
  #known = 0;
  #alone = 0;

  /** Whether the value may have come before; whoever is asked about it again is told so. */
  expects(value: string): boolean {
    const { length } = value;
    if (length > maxLength || (length >= longValue && !this.#isWorthwhile())) return false;
    let sign = length;
    // Because a look at every character would cost as much as the answer: two values of one sign are only kept sooner.
    for (let sample = 0; sample < samples; sample++)
      sign = (Math.imul(sign, 31) + value.charCodeAt((length * sample) >> 3)) | 0;
    sign = (Math.imul(sign, 31) + value.charCodeAt(length - 1)) | 0;
    const place = (sign ^ (sign >>> 15)) & (places - 1);
    if (this.#seen[place] === sign) return true;
    this.#seen[place] = sign;
    return false;
  }

  get(value: string): readonly number[] | undefined {
    const known = this.#young.get(value) ?? this.#old.get(value);
    if (known !== undefined && value.length >= longValue) this.#known++;
    return known;
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

  /** Keeps the answer; `value` should be no piece of a longer text, which would be kept with it. */
  set(value: string, rules: readonly number[]): void {
    if (this.#young.size >= maxRemembered) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(value, rules);
  }
}

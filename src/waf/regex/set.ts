// Many patterns and phrase sets over one value: one pass finds which of them can match at all, and only those are tried.

import type { ByteSet } from './byte-set.ts';
import { Literals } from './literals.ts';
import type { Pattern } from './pattern.ts';
import { PhraseSet } from './phrases.ts';
import { requiredOf } from './required.ts';

/** Where a text leads: a member of the set, and the bit of the clause that it fulfils. */
interface Posting {
  readonly member: number;
  readonly clause: number;
}

/** Patterns and phrase sets, matched together. */
export class PatternSet {
  readonly size: number;
  readonly #members: readonly (Pattern | PhraseSet)[];
  readonly #literals: Literals;
  readonly #postings: readonly (readonly Posting[])[];
  /** By member: the clauses of texts that must all be fulfilled; 0 where there are none. */
  readonly #needed: Uint8Array;
  readonly #bytes: readonly (readonly ByteSet[])[];
  /** Patterns that require no text. */
  readonly #untold: readonly number[];
  readonly #present = new Uint32Array(8);
  readonly #seen: Uint32Array;
  readonly #touched: Uint32Array;
  readonly #fulfilled: Uint8Array;
  #call = 0;

  constructor(members: readonly (Pattern | PhraseSet)[]) {
    this.size = members.length;
    this.#members = members;
    const texts = new Texts();
    this.#needed = new Uint8Array(members.length);
    const bytes: (readonly ByteSet[])[] = [];
    const untold: number[] = [];
    for (const [member, one] of members.entries()) {
      if (one instanceof PhraseSet) {
        for (const phrase of one.phrases) if (phrase !== '') texts.add(phrase, { member, clause: 0 });
        bytes.push([]);
        continue;
      }
      const required = requiredOf(one.tree);
      bytes.push(required.bytes);
      if (required.texts.length === 0) untold.push(member);
      for (const [clause, { texts: some }] of required.texts.entries()) {
        this.#needed[member]! |= 1 << clause;
        for (const text of some) texts.add(text, { member, clause: 1 << clause });
      }
    }
    this.#bytes = bytes;
    this.#untold = untold;
    this.#literals = new Literals(texts.list);
    this.#postings = texts.postings;
    this.#seen = new Uint32Array(texts.list.length);
    this.#touched = new Uint32Array(members.length);
    this.#fulfilled = new Uint8Array(members.length);
  }

  /**
   * Sets bit i of `hits` (which is cleared first) where member i matches `value`, and returns how many do. With `wanted`,
   * only members whose bit is set there are looked for. Both have a word for every 32 members.
   */
  match(value: string, hits: Uint32Array, wanted?: Uint32Array): number {
    hits.fill(0);
    this.#call = (this.#call + 1) >>> 0;
    if (this.#call === 0) this.#forget();
    let count = this.#scan(value, hits, wanted);
    for (const member of this.#untold) if (this.#isWanted(member, wanted)) count += this.#try(member, value, hits);
    return count;
  }

  /** Because a number that comes round again would mean an old call. */
  #forget(): void {
    this.#seen.fill(0);
    this.#touched.fill(0);
    this.#call = 1;
  }

  #isWanted(member: number, wanted: Uint32Array | undefined): boolean {
    return wanted === undefined || ((wanted[member >> 5]! >>> (member & 31)) & 1) === 1;
  }

  /** The one pass: notes which bytes there are, and follows every text. */
  #scan(value: string, hits: Uint32Array, wanted: Uint32Array | undefined): number {
    const { ofByte, cells, firstEnd } = this.#literals;
    const present = this.#present.fill(0);
    const ready: number[] = [];
    let count = 0;
    let state = 0;
    for (let index = 0; index < value.length; index++) {
      const code = value.charCodeAt(index);
      if (code > 255) {
        state = 0;
        continue;
      }
      present[code >> 5]! |= 1 << (code & 31);
      state = cells[state + ofByte[code]!]!;
      if (state >= firstEnd) count += this.#end(state, ready, hits, wanted);
    }
    for (const member of ready) count += this.#try(member, value, hits);
    return count;
  }

  /** Texts end in `state`: phrase sets match, patterns that have all they need are `ready` to be tried. */
  #end(state: number, ready: number[], hits: Uint32Array, wanted: Uint32Array | undefined): number {
    let count = 0;
    for (const text of this.#literals.endsIn(state)) {
      if (this.#seen[text] === this.#call) continue;
      this.#seen[text] = this.#call;
      for (const { member, clause } of this.#postings[text]!) {
        if (!this.#isWanted(member, wanted)) continue;
        if (clause === 0) {
          count += this.#hit(member, hits);
          continue;
        }
        if (this.#touched[member] !== this.#call) {
          this.#touched[member] = this.#call;
          this.#fulfilled[member] = 0;
        }
        if (this.#fulfilled[member] === this.#needed[member]) continue;
        this.#fulfilled[member]! |= clause;
        if (this.#fulfilled[member] === this.#needed[member]) ready.push(member);
      }
    }
    return count;
  }

  #hit(member: number, hits: Uint32Array): number {
    const bit = 1 << (member & 31);
    if ((hits[member >> 5]! & bit) !== 0) return 0;
    hits[member >> 5]! |= bit;
    return 1;
  }

  #try(member: number, value: string, hits: Uint32Array): number {
    for (const set of this.#bytes[member]!) if (!this.#hasOneOf(set)) return 0;
    const pattern = this.#members[member] as Pattern;
    return pattern.test(value) ? this.#hit(member, hits) : 0;
  }

  #hasOneOf(set: ByteSet): boolean {
    const present = this.#present;
    for (let word = 0; word < 8; word++) if ((present[word]! & set[word]!) !== 0) return true;
    return false;
  }
}

/** Texts by number, each once, with everything that waits for it. */
class Texts {
  readonly list: string[] = [];
  readonly postings: Posting[][] = [];
  readonly #numbers = new Map<string, number>();

  add(text: string, posting: Posting): void {
    const folded = text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
    let number = this.#numbers.get(folded);
    if (number === undefined) {
      number = this.list.push(folded) - 1;
      this.#numbers.set(folded, number);
      this.postings.push([]);
    }
    this.postings[number]!.push(posting);
  }
}

/** Takes patterns and phrase sets together; member i of `match` is `members[i]`. */
export function compileSet(members: readonly (Pattern | PhraseSet)[]): PatternSet {
  return new PatternSet(members);
}

// Many patterns and phrase sets over one value: one pass finds which of them can match at all, and only those are tried.

import { Codes } from '../codes.ts';
import type { ByteSet } from './byte-set.ts';
import { Groups } from './groups.ts';
import { Literals } from './literals.ts';
import { Meter } from './meter.ts';
import type { Pattern } from './pattern.ts';
import { PhraseSet } from './phrases.ts';
import { maxTextLength, oddsOfTexts } from './required.ts';
import { Signs } from './signs.ts';

/** Where a text leads: a member of the set, and the bit of the clause that it fulfils. */
interface Posting {
  readonly member: number;
  readonly clause: number;
}

/** From this length on a value is read from two places at once; a text that begins in one half ends this far in the other at most. */
const minHalved = 24;
const reach = maxTextLength - 1;

/** A clause of texts met at more places than this is no help where the pattern has a rarer one. */
const weakOdds = 0.002;

/** Patterns and phrase sets, matched together. */
export class PatternSet {
  readonly size: number;
  readonly #members: readonly (Pattern | PhraseSet)[];
  readonly #literals: Literals;
  /** By state in which texts end: what waits for them, as member * 256 + clause. */
  readonly #postings: readonly Uint32Array[];
  /** By member: the clauses of texts that must all be fulfilled; 0 where there are none. */
  readonly #needed: Uint8Array;
  readonly #signs: Signs;
  /** A bit for each pattern that requires no text. */
  readonly #untold: Uint32Array;
  /** Patterns that have all the texts they need, in one call. */
  readonly #ready: Uint32Array;
  readonly #everyone: Uint32Array;
  readonly #candidates: Uint16Array;
  readonly #groups: Groups;
  /** Counts the work of the shared automata; patterns that are asked alone have their own. */
  readonly meter: Meter = new Meter();
  readonly #own = new Codes();
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
    const words = Math.ceil(members.length / 32);
    this.#untold = new Uint32Array(words);
    this.#ready = new Uint32Array(words);
    this.#everyone = new Uint32Array(words).fill(0xffffffff);
    for (const [member, one] of members.entries()) {
      if (one instanceof PhraseSet) {
        this.#addPhrases(one, member, texts);
        bytes.push([]);
        continue;
      }
      const { required } = one;
      bytes.push(required.bytes);
      const clauses = required.texts.filter((clause, index) => index === 0 || oddsOfTexts(clause) < weakOdds);
      if (clauses.length === 0) this.#untold[member >> 5]! |= 1 << (member & 31);
      for (const [clause, { texts: some }] of clauses.entries()) {
        this.#needed[member]! |= 1 << clause;
        for (const text of some) texts.add(text, { member, clause: 1 << clause });
      }
    }
    this.#signs = new Signs(bytes);
    this.#candidates = new Uint16Array(members.length);
    this.#groups = new Groups(members, (member) => bytes[member]!.length > 0 || this.#needed[member] !== 0, this.meter);
    this.#literals = new Literals(texts.list);
    this.#postings = this.#literals.ends.map((ends) =>
      Uint32Array.from(
        ends.flatMap((text) => texts.postings[text]!.map(({ member, clause }) => member * 256 + clause)),
      ),
    );
    this.#seen = new Uint32Array(this.#postings.length);
    this.#touched = new Uint32Array(members.length);
    this.#fulfilled = new Uint8Array(members.length);
  }

  /** Short phrases are found by the one pass itself; of longer ones it finds the beginning. */
  #addPhrases(set: PhraseSet, member: number, texts: Texts): void {
    this.#needed[member] = 1;
    for (const phrase of set.phrases) {
      const start = phrase.slice(0, maxTextLength);
      if (phrase !== '') texts.add(start, { member, clause: start === phrase ? 0 : 1 });
    }
  }

  /**
   * Sets bit i of `hits` (which is cleared first) where member i matches `value`, and returns how many do. With `wanted`,
   * only members whose bit is set there are looked for. Both have a word for every 32 members.
   */
  match(value: string, hits: Uint32Array, wanted: Uint32Array = this.#everyone): number {
    const own = this.#own.take(value);
    return this.matchCodes(own, own.marks, hits, wanted);
  }

  /** The same where the value's characters were taken already; `marks` are the union of theirs, or more. */
  matchCodes(codes: Codes, marks: number, hits: Uint32Array, wanted: Uint32Array): number {
    hits.fill(0);
    this.#call = (this.#call + 1) >>> 0;
    if (this.#call === 0) this.#forget();
    this.#ready.set(this.#untold);
    let count = this.#scan(codes, hits, wanted);
    const candidates = this.#choose(codes, marks, wanted);
    for (let index = 0; index < candidates; index++) {
      const member = this.#candidates[index]!;
      if (this.#matches(member, codes)) count += this.#hit(member, hits);
    }
    return count;
  }

  /** Lists the patterns that are ready and wanted and find a byte of each of their sets; how many there are. */
  #choose(codes: Codes, marks: number, wanted: Uint32Array): number {
    const signs = this.#signs;
    // Because an empty value has no byte, whatever it is marked with.
    const known = codes.length === 0 ? 0 : marks;
    let count = 0;
    for (let word = 0; word < this.#ready.length; word++) {
      let bits = this.#ready[word]! & wanted[word]!;
      while (bits !== 0) {
        const bit = 31 - Math.clz32(bits);
        bits ^= 1 << bit;
        const member = word * 32 + bit;
        if (!signs.mayHave(member, known)) continue;
        this.#candidates[count++] = member;
      }
    }
    return count === 0 ? 0 : this.#chooseBySigns(codes, count);
  }

  /** Leaves of the candidates those whose signs the value shows. */
  #chooseBySigns(codes: Codes, candidates: number): number {
    const signs = this.#signs;
    signs.look(codes);
    let count = 0;
    for (let index = 0; index < candidates; index++) {
      const member = this.#candidates[index]!;
      if (!signs.suffice(member)) continue;
      this.#candidates[count++] = member;
      this.#groups.candidate(member, this.#call);
    }
    return count;
  }

  /** Asks the pattern, or the automaton that it shares with others that are candidates as well. */
  #matches(member: number, codes: Codes): boolean {
    const shared = this.#groups.answer(member, this.#call, codes);
    return shared ?? this.#members[member]!.testCodes(codes);
  }

  /** Because a number that comes round again would mean an old call. */
  #forget(): void {
    this.#seen.fill(0);
    this.#touched.fill(0);
    this.#call = 1;
  }

  /** The one pass: follows every text. */
  #scan({ list, length }: Codes, hits: Uint32Array, wanted: Uint32Array): number {
    const { ofByte, cells, firstEnd } = this.#literals;
    let count = 0;
    // Because each look into the table waits for the one before, both halves are read side by side, each into the next by what a
    // text may reach across.
    const half = length < minHalved ? 0 : (length + reach + 1) >> 1;
    const behind = length - half;
    let state = 0;
    let other = 0;
    for (let index = 0; index < half; index++) {
      state = cells[state + ofByte[list[index]!]!]!;
      other = cells[other + ofByte[list[behind + index]!]!]!;
      if (state >= firstEnd) count += this.#end(state, hits, wanted);
      if (other >= firstEnd) count += this.#end(other, hits, wanted);
    }
    if (half === 0)
      for (let index = 0; index < length; index++) {
        state = cells[state + ofByte[list[index]!]!]!;
        if (state >= firstEnd) count += this.#end(state, hits, wanted);
      }
    return count;
  }

  /** Texts end in `state`: phrase sets match, patterns that have all they need are ready to be tried. */
  #end(state: number, hits: Uint32Array, wanted: Uint32Array): number {
    const number = (state - this.#literals.firstEnd) / this.#literals.columns;
    if (this.#seen[number] === this.#call) return 0;
    this.#seen[number] = this.#call;
    const postings = this.#postings[number]!;
    let count = 0;
    for (let index = 0; index < postings.length; index++) {
      const member = postings[index]! >>> 8;
      const clause = postings[index]! & 255;
      const bit = 1 << (member & 31);
      if ((wanted[member >> 5]! & bit) === 0) continue;
      if (clause === 0) {
        count += this.#hit(member, hits);
        continue;
      }
      if (this.#touched[member] !== this.#call) {
        this.#touched[member] = this.#call;
        this.#fulfilled[member] = 0;
      }
      this.#fulfilled[member]! |= clause;
      if (this.#fulfilled[member] === this.#needed[member]) this.#ready[member >> 5]! |= bit;
    }
    return count;
  }

  #hit(member: number, hits: Uint32Array): number {
    const bit = 1 << (member & 31);
    if ((hits[member >> 5]! & bit) !== 0) return 0;
    hits[member >> 5]! |= bit;
    return 1;
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

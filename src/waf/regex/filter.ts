// Which members of a set a value has to be shown to: one pass finds the texts that patterns cannot do without, and phrases. Made once for
// all values, and once for plain ones, of which far more is known: what needs any other character is not there, and has no part in it.

import type { Codes } from '../codes.ts';
import { type ByteSet, has } from './byte-set.ts';
import { Literals } from './literals.ts';
import type { Pattern } from './pattern.ts';
import { PhraseSet } from './phrases.ts';
import { plainBytes } from './plain.ts';
import { maskOfSet, maskOfTexts, Possible } from './possible.ts';
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

/** The filter of one set of members for values of some bytes alone. */
export class Filter {
  readonly #literals: Literals;
  /** By state in which texts end: what waits for them, as member * 256 + clause. */
  readonly #postings: readonly Uint32Array[];
  /** By member: the clauses of texts that must all be fulfilled; 0 where there are none. */
  readonly #needed: Uint8Array;
  readonly #possible: Possible;
  readonly #signs: Signs;
  /** A bit for each pattern that requires no text. */
  readonly #untold: Uint32Array;
  /** Patterns that have all the texts they need in the text that was read last, and sets of which it has a phrase. */
  readonly #ready: Uint32Array;
  readonly #found: Uint32Array;
  /** The number of that text. */
  #read = -1;
  /** Members that are wanted and possible, in one call. */
  readonly #likely: Uint32Array;
  /** The members that have to be asked after a call, at its beginning. */
  readonly candidates: Uint16Array;
  readonly #seen: Uint32Array;
  readonly #touched: Uint32Array;
  readonly #fulfilled: Uint8Array;
  #call = 0;

  /** Values are plain (`plain.ts`), or any. */
  constructor(members: readonly (Pattern | PhraseSet)[], isPlain: boolean) {
    const alphabet = isPlain ? plainBytes : null;
    const words = Math.ceil(members.length / 32);
    const texts = new Texts();
    const bytes: (readonly ByteSet[])[] = [];
    const masks: (readonly number[])[] = [];
    this.#needed = new Uint8Array(members.length);
    this.#untold = new Uint32Array(words);
    this.#ready = new Uint32Array(words);
    this.#found = new Uint32Array(words);
    this.#likely = new Uint32Array(words);
    for (const [member, one] of members.entries()) {
      if (one instanceof PhraseSet) {
        bytes.push([]);
        masks.push([this.#addPhrases(one, member, alphabet, texts)]);
        continue;
      }
      const required = isPlain ? one.required.ofPlain : one.required.ofAny;
      if (required === null) {
        bytes.push([]);
        masks.push([nothing]);
        continue;
      }
      bytes.push(required.bytes);
      masks.push([...required.bytes.map(maskOfSet), ...required.texts.map((clause) => maskOfTexts(clause.texts))]);
      const clauses = required.texts.filter((clause, index) => index === 0 || oddsOfTexts(clause) < weakOdds);
      if (clauses.length === 0) this.#untold[member >> 5]! |= 1 << (member & 31);
      for (const [clause, { texts: some }] of clauses.entries()) {
        this.#needed[member]! |= 1 << clause;
        for (const text of some) texts.add(text, { member, clause: 1 << clause });
      }
    }
    this.#possible = new Possible(masks);
    this.#signs = new Signs(bytes);
    this.candidates = new Uint16Array(members.length);
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

  /** Short phrases are found by the one pass itself; of longer ones it finds the beginning. Gives the mask of all. */
  #addPhrases(set: PhraseSet, member: number, alphabet: ByteSet | null, texts: Texts): number {
    this.#needed[member] = 1;
    const phrases = set.phrases.filter((phrase) => phrase !== '' && (alphabet === null || isOf(phrase, alphabet)));
    for (const phrase of phrases) {
      const start = phrase.slice(0, maxTextLength);
      texts.add(start, { member, clause: start === phrase ? 0 : 1 });
    }
    return maskOfTexts(phrases);
  }

  /** Whether anything can rule `member` out before it is asked. */
  isSelective(member: number): boolean {
    return this.#needed[member] !== 0 || this.#signs.has(member);
  }

  /** Whether a value with these marks may match one of `wanted`. */
  mayMatch(marks: number, wanted: Uint32Array): boolean {
    const possible = this.#possible.of(marks);
    for (let word = 0; word < wanted.length; word++) if ((wanted[word]! & possible[word]!) !== 0) return true;
    return false;
  }

  /**
   * Sets the bits of phrases that are found in `hits`, and lists the candidates; gives how many these are. Texts of one number differ
   * in nothing but the case of ASCII letters, so that the pass over one is that over all.
   */
  pass(codes: Codes, marks: number, hits: Uint32Array, wanted: Uint32Array, number: number): number {
    const likely = this.#likely;
    // Because an empty value has no byte, whatever it is marked with.
    const possible = this.#possible.of(codes.length === 0 ? 0 : marks);
    let any = 0;
    for (let word = 0; word < likely.length; word++) any |= likely[word] = wanted[word]! & possible[word]!;
    if (any === 0) return 0;
    if (this.#read !== number) {
      this.#read = number;
      this.#call = (this.#call + 1) >>> 0;
      if (this.#call === 0) this.#forget();
      this.#ready.set(this.#untold);
      this.#found.fill(0);
      this.#scan(codes);
    }
    for (let word = 0; word < likely.length; word++) hits[word] = this.#found[word]! & likely[word]!;
    return this.#choose(codes, likely);
  }

  /** Lists the patterns that are ready and likely and find a byte of each of their sets; how many there are. */
  #choose(codes: Codes, likely: Uint32Array): number {
    const { candidates } = this;
    let count = 0;
    for (let word = 0; word < this.#ready.length; word++) {
      let bits = this.#ready[word]! & likely[word]! & ~this.#found[word]!;
      while (bits !== 0) {
        const bit = 31 - Math.clz32(bits);
        bits ^= 1 << bit;
        candidates[count++] = word * 32 + bit;
      }
    }
    if (count === 0) return 0;
    const signs = this.#signs;
    signs.look(codes);
    let left = 0;
    for (let index = 0; index < count; index++)
      if (signs.suffice(candidates[index]!)) candidates[left++] = candidates[index]!;
    return left;
  }

  /** Because a number that comes round again would mean an old call. */
  #forget(): void {
    this.#seen.fill(0);
    this.#touched.fill(0);
    this.#call = 1;
  }

  /** The one pass: follows every text. */
  #scan({ list, length }: Codes): void {
    const { ofByte, cells, firstEnd, shift } = this.#literals;
    // Because each look into the table waits for the one before, both halves are read side by side, each into the next by what a
    // text may reach across.
    const half = length < minHalved ? 0 : (length + reach + 1) >> 1;
    const behind = length - half;
    let state = 0;
    let other = 0;
    for (let index = 0; index < half; index++) {
      state = cells[(state << shift) + ofByte[list[index]!]!]!;
      other = cells[(other << shift) + ofByte[list[behind + index]!]!]!;
      if (state >= firstEnd) this.#end(state);
      if (other >= firstEnd) this.#end(other);
    }
    if (half === 0)
      for (let index = 0; index < length; index++) {
        state = cells[(state << shift) + ofByte[list[index]!]!]!;
        if (state >= firstEnd) this.#end(state);
      }
  }

  /** Texts end in `state`: phrase sets match, patterns that have all they need are ready to be tried. */
  #end(state: number): void {
    const number = state - this.#literals.firstEnd;
    if (this.#seen[number] === this.#call) return;
    this.#seen[number] = this.#call;
    const postings = this.#postings[number]!;
    for (let index = 0; index < postings.length; index++) {
      const member = postings[index]! >>> 8;
      const clause = postings[index]! & 255;
      const bit = 1 << (member & 31);
      if (clause === 0) {
        this.#found[member >> 5]! |= bit;
        continue;
      }
      if (this.#touched[member] !== this.#call) {
        this.#touched[member] = this.#call;
        this.#fulfilled[member] = 0;
      }
      this.#fulfilled[member]! |= clause;
      if (this.#fulfilled[member] === this.#needed[member]) this.#ready[member >> 5]! |= bit;
    }
  }
}

/** The mask of what no value has. */
const nothing = 0;

/** Whether all bytes of `text` are in `alphabet`, its letters in both cases. */
function isOf(text: string, alphabet: ByteSet): boolean {
  for (let index = 0; index < text.length; index++) if (!has(alphabet, text.charCodeAt(index) & 255)) return false;
  return true;
}

function hasCapital(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code >= 65 && code <= 90) return true;
  }
  return false;
}

/** Texts by number, each once, with everything that waits for it. */
class Texts {
  readonly list: string[] = [];
  readonly postings: Posting[][] = [];
  readonly #numbers = new Map<string, number>();

  add(text: string, posting: Posting): void {
    // Because most are in small letters already, and other letters than those of ASCII stay as they are.
    const folded = hasCapital(text) ? text.replace(/[A-Z]/g, (letter) => letter.toLowerCase()) : text;
    let number = this.#numbers.get(folded);
    if (number === undefined) {
      number = this.list.push(folded) - 1;
      this.#numbers.set(folded, number);
      this.postings.push([]);
    }
    this.postings[number]!.push(posting);
  }
}

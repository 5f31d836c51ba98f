// Many patterns and phrase sets over one value: a filter finds which of them can match at all, and only those are tried.

import { Codes } from '../codes.ts';
import { Filter } from './filter.ts';
import { Groups } from './groups.ts';
import { Meter } from './meter.ts';
import type { Pattern } from './pattern.ts';
import type { PhraseSet } from './phrases.ts';
import { plainMarks } from './plain.ts';

/** Patterns and phrase sets, matched together. */
export class PatternSet {
  readonly size: number;
  readonly #members: readonly (Pattern | PhraseSet)[];
  readonly #full: Filter;
  readonly #plain: Filter;
  readonly #everyone: Uint32Array;
  readonly #groups: Groups;
  /** Counts the work of the shared automata; patterns that are asked alone have their own. */
  readonly meter: Meter = new Meter();
  readonly #own = new Codes();
  #call = 0;

  constructor(members: readonly (Pattern | PhraseSet)[]) {
    this.size = members.length;
    this.#members = members;
    this.#everyone = new Uint32Array(Math.ceil(members.length / 32)).fill(0xffffffff);
    const full = new Filter(members, false);
    this.#full = full;
    this.#plain = new Filter(members, true);
    this.#groups = new Groups(members, (member) => full.isSelective(member), this.meter);
  }

  /**
   * Sets bit i of `hits` (which is cleared first) where member i matches `value`, and returns how many do. With `wanted`,
   * only members whose bit is set there are looked for. Both have a word for every 32 members.
   */
  match(value: string, hits: Uint32Array, wanted: Uint32Array = this.#everyone): number {
    const own = this.#own.take(value);
    return this.matchCodes(own, own.marks, hits, wanted, -++this.#call - 1);
  }

  /** Whether a value with these marks may match one of `wanted`. */
  mayMatch(marks: number, wanted: Uint32Array): boolean {
    return this.#filterOf(marks).mayMatch(marks, wanted);
  }

  /**
   * The same where the value's characters were taken already; `marks` are the union of theirs, or more. `number` (0 and more) is that
   * of the text: the same for texts that differ in nothing but the case of ASCII letters.
   */
  matchCodes(codes: Codes, marks: number, hits: Uint32Array, wanted: Uint32Array, number: number): number {
    hits.fill(0);
    const filter = this.#filterOf(marks);
    const count = filter.pass(codes, marks, hits, wanted, number);
    if (count > 0) this.#ask(codes, filter.candidates, count, hits);
    return countOf(hits);
  }

  #filterOf(marks: number): Filter {
    return (marks & ~plainMarks) === 0 ? this.#plain : this.#full;
  }

  /** Asks each candidate, or the automaton that it shares with others that are candidates as well. */
  #ask(codes: Codes, candidates: Uint16Array, count: number, hits: Uint32Array): void {
    const call = ++this.#call;
    const groups = this.#groups;
    for (let index = 0; index < count; index++) groups.candidate(candidates[index]!, call);
    for (let index = 0; index < count; index++) {
      const member = candidates[index]!;
      if (groups.answer(member, call, codes) ?? this.#members[member]!.testCodes(codes))
        hits[member >> 5]! |= 1 << (member & 31);
    }
  }
}

function countOf(hits: Uint32Array): number {
  let count = 0;
  for (let word = 0; word < hits.length; word++) for (let bits = hits[word]!; bits !== 0; bits &= bits - 1) count++;
  return count;
}

/** Takes patterns and phrase sets together; member i of `match` is `members[i]`. */
export function compileSet(members: readonly (Pattern | PhraseSet)[]): PatternSet {
  return new PatternSet(members);
}

// A pattern as a matcher: whether it matches, and where.

import { Codes } from '../codes.ts';
import { Backtracker, withoutAgain } from './backtrack.ts';
import { capture } from './captures.ts';
import { classesOf } from './classes.ts';
import type { Flags } from './cursor.ts';
import { Dfa } from './dfa.ts';
import { lower } from './lower.ts';
import { Meter } from './meter.ts';
import { type Parsed, parse } from './parse.ts';
import { plainBytes } from './plain.ts';
import { isProblem, type RegexProblem } from './problem.ts';
import { compile, maxSteps, type Program } from './program.ts';
import { type Requirements, requirementsOf } from './required.ts';
import { marksOf } from './sweep.ts';
import { empty, type Node } from './tree.ts';
import { SharedDfa } from './union.ts';

/** What libmodsecurity compiles `@rx` with (`PCRE2_DOTALL|PCRE2_MULTILINE`, src/utils/regex.cc of 3.0.16). */
export const secLangFlags: Flags = { dotAll: true, multiline: true };

/**
 * Makes a matcher of `source`, or tells why it does not load. Matching takes time in proportion to the value's length,
 * whatever the value; an empty pattern matches everything. Patterns that are handed the same `codes` take a value that several are
 * asked about once. Never throws.
 */
export function compilePattern(
  source: string,
  flags: Flags = secLangFlags,
  codes: Codes | null = null,
): Pattern | RegexProblem {
  const parsed = parse(source, flags);
  if (isProblem(parsed)) return parsed;
  const { hasAgain } = parsed;
  const tree = loweredOf(parsed);
  if (isProblem(tree)) return tree;
  const program = compile(tree, true);
  if (program === null) {
    return {
      offset: 0,
      length: source.length,
      says: `this pattern takes more than ${maxSteps} steps`,
      instead: 'lower the numbers of its repetitions, or split it into several rules',
    };
  }
  return new Pattern(
    source,
    flags,
    tree,
    program,
    parsed,
    hasAgain ? new Backtracker(parsed.tree, parsed.groups) : null,
    codes,
  );
}

/** What automata can hold of what was read. */
function loweredOf({ tree, hasAgain }: Parsed): Node | RegexProblem {
  const held = hasAgain ? withoutAgain(tree) : tree;
  return held === null ? endless : lower(held);
}

const endless: RegexProblem = {
  offset: 0,
  length: 1,
  says: 'a group holds a back-reference to itself',
  instead: 'write what the group may hold once more',
};

/** A search whose program and value are smaller than this together tries every place at once: to look for the start first costs more. */
const worthwhileSteps = 2000;

/** A compiled pattern. Values are binary strings: one character a byte. A character above 255 is in no class, and matches nothing. */
export class Pattern {
  readonly source: string;
  readonly #flags: Flags;
  #tree: Node | null;
  readonly program: Program;
  /** Capturing groups, without the whole match. */
  readonly groups: number;
  readonly names: Parsed['names'];
  /** Counts the work of all calls. */
  readonly meter: Meter = new Meter();
  /** Made when they are asked first, because values reach few of the patterns of a rule set. */
  #automata: { readonly dfa: Dfa; readonly longest: SharedDfa } | null = null;
  /** Where back-references are, the automata only tell what cannot match. */
  readonly #exact: Backtracker | null;
  #codes: Codes | null;
  #required: Requirements | null = null;

  constructor(
    source: string,
    flags: Flags,
    tree: Node,
    program: Program,
    parsed: Parsed,
    exact: Backtracker | null,
    codes: Codes | null,
  ) {
    this.#codes = codes;
    this.#exact = exact;
    this.source = source;
    this.#flags = flags;
    this.#tree = tree;
    this.program = program;
    this.groups = parsed.groups;
    this.names = parsed.names;
  }

  /** What it says, for whoever takes several together. */
  get tree(): Node {
    if (this.#tree !== null) return this.#tree;
    const parsed = parse(this.source, this.#flags);
    const tree = isProblem(parsed) ? parsed : loweredOf(parsed);
    // What was read once can be read again.
    return isProblem(tree) ? empty : tree;
  }

  /** Keeps what matching needs alone: `tree` is read anew for whoever asks for it. */
  forget(): void {
    this.#tree = null;
  }

  #codesOf(value: string): Codes {
    this.#codes ??= new Codes(0);
    return this.#codes.holds(value) ? this.#codes : this.#codes.take(value);
  }

  #automataOf(program: Program): { readonly dfa: Dfa; readonly longest: SharedDfa } {
    if (this.#automata !== null) return this.#automata;
    const classes = classesOf(program);
    this.#automata = { dfa: new Dfa(program, classes), longest: new SharedDfa(program, classes, true) };
    return this.#automata;
  }

  /** Whether the automaton alone tells what matches: no assertion and no back-reference is asked afterwards. */
  get isSettled(): boolean {
    return this.program.looks.length === 0 && this.#exact === null;
  }

  /** Whether the pattern matches anywhere in `value`. */
  test(value: string): boolean {
    return this.testCodes(this.#codesOf(value));
  }

  /** The same where the value's characters were taken already. */
  testCodes(codes: Codes): boolean {
    if (this.#automataOf(this.program).dfa.find(codes, 0, this.meter) < 0) return false;
    return this.isSettled || this.exec(codes.text) !== null;
  }

  /** What every value that matches has in it. */
  get required(): Requirements {
    this.#required ??= requirementsOf(this.tree, plainBytes);
    return this.#required;
  }

  /**
   * The leftmost match from `from` on, and what its groups took, as PCRE would find it: pairs of start and end, the whole
   * match first, -1 where a group took no part. Null where there is no match.
   */
  exec(value: string, from = 0): Int32Array | null {
    const { program, groups, meter } = this;
    const tried = this.#exact?.search(value, from, meter);
    if (tried === 'none') return null;
    if (tried instanceof Int32Array) return tried;
    const marks = marksOf(program, value, meter);
    if (program.looks.length > 0 || program.size * (value.length - from) < worthwhileSteps)
      return capture(program, groups, value, { from, last: value.length, end: value.length }, marks, meter);
    const codes = this.#codesOf(value);
    const { dfa, longest } = this.#automataOf(program);
    const start = dfa.leftmost(codes, from, meter);
    if (start > value.length) return null;
    const end = longest.longestFrom(codes, start, meter);
    return capture(program, groups, value, { from: start, last: start, end }, marks, meter);
  }
}

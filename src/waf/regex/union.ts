// Several patterns as one deterministic automaton: which of them match is found in one pass. It gives up where its states would
// become too many, and each pattern is then asked alone.

import type { Codes } from '../codes.ts';
import { type Classes, classesOf } from './classes.ts';
import { keyOf } from './dfa.ts';
import { Frontier } from './frontier.ts';
import type { Meter } from './meter.ts';
import { EDGE } from './places.ts';
import { combine, type Program } from './program.ts';

/** Most patterns of one automaton: a bit of a word each. */
export const maxShared = 24;
/** Most steps of one automaton together. */
export const maxSharedSteps = 20_000;
/** Most cells of its table (128 KiB), and most steps that its states may hold. */
const maxCells = 65_536;
const maxKept = 65_536;
/** Not yet known. States begin behind it, at offsets of rows; the lowest bit says that something matches there. */
const UNKNOWN = 0;

/** Work on new states that a value may make in any case, in steps; beyond it, states must be met that are known. */
const maxWork = 8192;
/** Values up to this length are always shown to it: they cannot make many states. */
const minRested = 256;
/** Most values that are not shown to the automaton behind one that it gave up on; as many as it gave up on before, doubled. */
const maxRest = 64;

/** An automaton for up to `maxShared` programs, bit i for the program i. */
export function shareAutomaton(programs: readonly Program[]): SharedDfa {
  const program = combine(programs);
  return new SharedDfa(program, classesOf(program));
}

/** An automaton whose `MATCH` steps are marked with numbers below `maxShared`. */
export class SharedDfa {
  readonly #classes: Classes;
  readonly #frontier: Frontier;
  /** Columns of a row, an even number. */
  readonly #width: number;
  #cells = new Uint32Array(0);
  #cores: Uint16Array[] = [];
  #befores: number[] = [];
  /** By state: a bit for each pattern that matches there. */
  #found: number[] = [];
  #numbers = new Map<string, number>();
  #kept = 0;
  /** By kind of the byte before: where a search begins. */
  #starts: number[] = [];
  readonly #anchored: boolean;
  /** How many values come before it tries again, and how many that were last time. */
  #rest = 0;
  #lastRest = 1;

  /** With `anchored`, programs begin where a search begins and nowhere else. */
  constructor(program: Program, classes: Classes, anchored = false) {
    this.#classes = classes;
    this.#anchored = anchored;
    this.#frontier = new Frontier(program, classes, false);
    this.#width = (this.#classes.count + 1) & ~1;
  }

  /** A bit for each pattern that matches in the value; -1 where that would take too many states. */
  match(codes: Codes, meter: Meter): number {
    const { ofCode, end } = this.#classes;
    const { list, length } = codes;
    // Because who sends values that make states faster than they use them sends more of them, and each would be begun for nothing.
    if (this.#rest > 0 && length > minRested) {
      this.#rest--;
      return -1;
    }
    let state = this.#begin(EDGE);
    let hits = 0;
    let misses = 0;
    if ((state & 1) !== 0) hits |= this.#foundIn(state--);
    let cells = this.#cells;
    const most = meter.steps + maxWork;
    for (let index = 0; index <= length; index++) {
      const column = index < length ? ofCode[list[index]!]! : end;
      let following = cells[state + column]!;
      if (following === UNKNOWN) {
        misses++;
        if ((misses > 60 || meter.steps > most) && misses * 4 > index) return this.#giveUp(index, meter);
        following = this.#advance(state, column, meter);
        cells = this.#cells;
      }
      if ((following & 1) !== 0) hits |= this.#foundIn(following--);
      state = following;
    }
    meter.steps += length;
    this.#lastRest = 1;
    return hits;
  }

  #giveUp(read: number, meter: Meter): number {
    meter.steps += read;
    this.#lastRest = Math.min(maxRest, this.#lastRest * 2);
    this.#rest = this.#lastRest;
    return -1;
  }

  /** A place at or shortly behind the end of the longest match that begins at `from`; the value's length where that is not known. */
  longestFrom(codes: Codes, from: number, meter: Meter): number {
    const { ofCode, end, kinds } = this.#classes;
    const { list, length } = codes;
    let state = this.#begin(from === 0 ? EDGE : kinds[ofCode[list[from - 1]!]!]!);
    let longest = from;
    let misses = 0;
    if ((state & 1) !== 0) state--;
    let cells = this.#cells;
    for (let index = from; index <= length; index++) {
      const column = index < length ? ofCode[list[index]!]! : end;
      let following = cells[state + column]!;
      if (following === UNKNOWN) {
        if (++misses > 60 && misses * 4 > index - from) return length;
        following = this.#advance(state, column, meter);
        cells = this.#cells;
      }
      if ((following & 1) !== 0) {
        longest = index + 1;
        following--;
      }
      state = following;
      if (this.#cores[state / this.#width - 1]!.length === 0) break;
    }
    meter.steps += longest - from;
    return Math.min(longest, length);
  }

  #foundIn(state: number): number {
    return this.#found[(state - 1) / this.#width - 1]!;
  }

  #reset(): void {
    this.#cells = new Uint32Array(Math.min(maxCells, this.#width * 8));
    this.#cores = [];
    this.#befores = [];
    this.#found = [];
    this.#numbers = new Map();
    this.#kept = 0;
    this.#starts = [];
  }

  #begin(kind: number): number {
    const known = this.#starts[kind];
    if (known !== undefined) return known;
    if (this.#cells.length === 0) this.#reset();
    this.#frontier.begin(kind);
    const state = this.#intern();
    this.#starts[kind] = state;
    return state;
  }

  #advance(state: number, column: number, meter: Meter): number {
    const number = state / this.#width - 1;
    const core = this.#cores[number]!;
    this.#frontier.advance(core, this.#befores[number]!, column, this.#anchored);
    meter.steps += core.length + this.#frontier.steps.size + 20;
    const generation = this.#numbers;
    const following = this.#intern();
    if (generation === this.#numbers) this.#cells[state + column] = following;
    return following;
  }

  /** The state that the frontier is in, with its lowest bit set where something matches. */
  #intern(): number {
    const core = this.#frontier.leaves();
    let found = 0;
    for (const member of this.#frontier.found) found |= 1 << member;
    const key = `${keyOf(core, this.#frontier.before)} ${found}`;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const width = this.#width;
    if ((this.#cores.length + 2) * width > maxCells || this.#kept + core.length > maxKept) this.#reset();
    const offset = (this.#cores.length + 1) * width;
    this.#cores.push(core);
    this.#befores.push(this.#frontier.before);
    this.#found.push(found);
    this.#kept += core.length;
    if (offset + width > this.#cells.length) {
      const larger = new Uint32Array(Math.min(maxCells, Math.max(this.#cells.length * 2, offset + width)));
      larger.set(this.#cells);
      this.#cells = larger;
    }
    const state = found === 0 ? offset : offset | 1;
    this.#numbers.set(key, state);
    return state;
  }
}

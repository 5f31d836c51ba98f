// Several patterns as one deterministic automaton: which of them match is found in one pass. It gives up where its states would
// become too many, and each pattern is then asked alone.

import { type Classes, classesOf } from './classes.ts';
import type { Codes } from './codes.ts';
import { keyOf } from './dfa.ts';
import { Frontier } from './frontier.ts';
import type { Meter } from './meter.ts';
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
  #start = UNKNOWN;

  /** With `backwards`, the program reads from right to left. */
  constructor(program: Program, classes: Classes, backwards = false) {
    this.#classes = classes;
    this.#frontier = new Frontier(program, classes, false, backwards);
    this.#width = (this.#classes.count + 1) & ~1;
    this.#reset();
  }

  /** A bit for each pattern that matches in the value; -1 where that would take too many states. */
  match(codes: Codes, meter: Meter): number {
    const { ofCode, end } = this.#classes;
    const { list, length } = codes;
    if (this.#start === UNKNOWN) this.#start = this.#begin();
    let state = this.#start;
    let hits = 0;
    let misses = 0;
    if ((state & 1) !== 0) hits |= this.#foundIn(state--);
    let cells = this.#cells;
    meter.steps += length;
    for (let index = 0; index <= length; index++) {
      const column = index < length ? ofCode[list[index]!]! : end;
      let following = cells[state + column]!;
      if (following === UNKNOWN) {
        if (++misses > 60 && misses * 4 > index) return -1;
        following = this.#advance(state, column, meter);
        cells = this.#cells;
      }
      if ((following & 1) !== 0) hits |= this.#foundIn(following--);
      state = following;
    }
    return hits;
  }

  /**
   * For a program that reads from right to left: a place at or shortly before the leftmost match that begins at `from` or
   * later; the value's length + 1 where there is none, -1 where that would take too many states.
   */
  leftmost(codes: Codes, from: number, meter: Meter): number {
    const { ofCode, end } = this.#classes;
    const { list, length } = codes;
    if (this.#start === UNKNOWN) this.#start = this.#begin();
    let state = this.#start;
    let leftmost = length + 1;
    let misses = 0;
    if ((state & 1) !== 0) {
      leftmost = length;
      state--;
    }
    let cells = this.#cells;
    meter.steps += length - from;
    // Because what is asserted about a place is known when the byte before it is read, one byte more is read.
    for (let index = length - 1; index >= from - 1; index--) {
      const column = index >= 0 ? ofCode[list[index]!]! : end;
      let following = cells[state + column]!;
      if (following === UNKNOWN) {
        if (++misses > 60 && misses * 4 > length - index) return -1;
        following = this.#advance(state, column, meter);
        cells = this.#cells;
      }
      if ((following & 1) !== 0) {
        leftmost = Math.max(index, from);
        following--;
      }
      state = following;
    }
    return leftmost;
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
    this.#start = UNKNOWN;
  }

  #begin(): number {
    this.#frontier.begin();
    return this.#intern();
  }

  #advance(state: number, column: number, meter: Meter): number {
    const number = state / this.#width - 1;
    const core = this.#cores[number]!;
    this.#frontier.advance(core, core.length, this.#befores[number]!, column);
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

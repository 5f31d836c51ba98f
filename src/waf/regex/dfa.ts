// A deterministic automaton that is built while it reads: each state is a set of steps of the program. Its memory is bounded;
// a value that makes states faster than it uses them is followed without the table.

import type { Classes } from './classes.ts';
import type { Codes } from './codes.ts';
import { Frontier } from './frontier.ts';
import type { Meter } from './meter.ts';
import { OTHER } from './places.ts';
import type { Program } from './program.ts';

// States are offsets of rows in the table; below the first row stand three that are none.
/** Not yet known. */
const UNKNOWN = 0;
/** The program has matched. */
const MATCHED = 1;
/** It can match no more. */
const DEAD = 2;
const FIRST = 3;

/** Most cells of one table, and most steps that its states may hold together: 64 KiB each. */
const maxCells = 32_768;
const maxKept = 32_768;

/** Whether a program matches anywhere in a value. */
export class Dfa {
  #canBeginLater = true;
  readonly #classes: Classes;
  readonly #frontier: Frontier;
  #cells = new Uint16Array(0);
  #cores: Uint16Array[] = [];
  #befores: number[] = [];
  #numbers = new Map<string, number>();
  #kept = 0;
  /** Rows that the three states which are none take. */
  #rows = 1;
  #start = UNKNOWN;

  constructor(program: Program, classes: Classes) {
    this.#classes = classes;
    this.#frontier = new Frontier(program, classes, true);
    this.#reset();
  }

  /** Whether the program matches in the value; assertions of the kind `LOOK` are taken as true. */
  test(codes: Codes, meter: Meter): boolean {
    const { ofCode, end } = this.#classes;
    const { list, length } = codes;
    if (this.#start === UNKNOWN) this.#start = this.#begin();
    let state = this.#start;
    if (state < FIRST) return state === MATCHED;
    let cells = this.#cells;
    let misses = 0;
    meter.steps += length;
    for (let index = 0; index < length; index++) {
      const column = ofCode[list[index]!]!;
      let following = cells[state + column]!;
      if (following < FIRST) {
        if (following !== UNKNOWN) return following === MATCHED;
        // Because a value that hardly ever meets a known state fills the table for nothing.
        if (++misses > 400 && misses * 2 > index) return this.#withoutTable(codes, index, state, meter);
        following = this.#advance(state, column, meter);
        if (following < FIRST) return following === MATCHED;
        cells = this.#cells;
      }
      state = following;
    }
    let last = cells[state + end]!;
    if (last === UNKNOWN) last = this.#advance(state, end, meter);
    return last === MATCHED;
  }

  #reset(): void {
    this.#cells = new Uint16Array(Math.min(maxCells, this.#classes.count * 8));
    this.#cores = [];
    this.#befores = [];
    this.#rows = Math.ceil(FIRST / this.#classes.count);
    this.#numbers = new Map();
    this.#kept = 0;
    this.#start = UNKNOWN;
  }

  #begin(): number {
    const frontier = this.#frontier;
    frontier.begin();
    // Because a pattern that begins with \A alone is over when it did not begin there.
    frontier.advance([], 0, OTHER, this.#classes.ofCode[10]!);
    this.#canBeginLater = frontier.matched || frontier.leaves().length > 0;
    frontier.begin();
    return this.#intern(false);
  }

  #advance(state: number, column: number, meter: Meter): number {
    const frontier = this.#frontier;
    const number = state / this.#classes.count - this.#rows;
    const core = this.#cores[number]!;
    frontier.advance(core, core.length, this.#befores[number]!, column);
    meter.steps += core.length + frontier.steps.size + 20;
    const generation = this.#numbers;
    const following = this.#intern(column === this.#classes.end);
    if (generation === this.#numbers) this.#cells[state + column] = following;
    return following;
  }

  /** The number of the state that the frontier is in. */
  #intern(isEnd: boolean): number {
    if (this.#frontier.matched) return MATCHED;
    if (isEnd) return DEAD;
    const core = this.#frontier.leaves();
    return core.length === 0 && !this.#canBeginLater ? DEAD : this.#add(core);
  }

  #add(core: Uint16Array): number {
    const { before } = this.#frontier;
    const key = keyOf(core, before);
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const { count } = this.#classes;
    if ((this.#cores.length + this.#rows + 1) * count > maxCells || this.#kept + core.length > maxKept) this.#reset();
    const state = (this.#cores.length + this.#rows) * count;
    this.#cores.push(core);
    this.#befores.push(before);
    this.#kept += core.length;
    this.#numbers.set(key, state);
    if (state + count > this.#cells.length) {
      const larger = new Uint16Array(Math.min(maxCells, Math.max(this.#cells.length * 2, state + count)));
      larger.set(this.#cells);
      this.#cells = larger;
    }
    return state;
  }

  /** The rest of the value from `from`, step by step. */
  #withoutTable(codes: Codes, from: number, state: number, meter: Meter): boolean {
    const { ofCode, end } = this.#classes;
    const frontier = this.#frontier;
    const number = state / this.#classes.count - this.#rows;
    let core: ArrayLike<number> = this.#cores[number]!;
    let before = this.#befores[number]!;
    for (let index = from; index <= codes.length; index++) {
      const column = index < codes.length ? ofCode[codes.list[index]!]! : end;
      frontier.advance(core, core.length, before, column);
      meter.steps += core.length + frontier.steps.size;
      if (frontier.matched) return true;
      core = frontier.leaves();
      before = frontier.before;
    }
    return false;
  }
}

/** A text that is equal for equal states. */
export function keyOf(core: Uint16Array, before: number): string {
  return String.fromCharCode.apply(null, core as unknown as number[]) + before;
}

// A deterministic automaton that is built while it reads: each state is a set of steps of the program. Its memory is bounded;
// a value that makes states faster than it uses them is followed without the table.

import { type Classes, classesOf } from './classes.ts';
import { Frontier } from './frontier.ts';
import type { Meter } from './meter.ts';
import { OTHER } from './places.ts';
import type { Program } from './program.ts';

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
  readonly #canBeginLater: boolean;
  readonly #classes: Classes;
  readonly #frontier: Frontier;
  #cells = new Uint16Array(0);
  #cores: Uint16Array[] = [];
  #befores: number[] = [];
  #numbers = new Map<string, number>();
  #kept = 0;
  #start = UNKNOWN;

  constructor(program: Program) {
    this.#classes = classesOf(program);
    this.#frontier = new Frontier(program, this.#classes);
    // Because a pattern that begins with \A alone is over when it did not begin there.
    this.#frontier.advance([], 0, OTHER, this.#classes.ofByte[10]!);
    this.#canBeginLater = this.#frontier.matched || this.#frontier.leaves().length > 0;
    this.#reset();
  }

  /** Whether the program matches in `value`; assertions of the kind `LOOK` are taken as true. */
  test(value: string, meter: Meter): boolean {
    const { ofByte, count, wide, end } = this.#classes;
    const { length } = value;
    if (this.#start === UNKNOWN) this.#start = this.#begin();
    let state = this.#start;
    let cells = this.#cells;
    let misses = 0;
    meter.steps += length;
    for (let index = 0; index <= length; index++) {
      if (state < FIRST) return state === MATCHED;
      const code = index < length ? value.charCodeAt(index) : -1;
      const column = code < 0 ? end : code > 255 ? wide : ofByte[code]!;
      let following = cells[state * count + column]!;
      if (following === UNKNOWN) {
        misses++;
        // Because a value that hardly ever meets a known state fills the table for nothing.
        if (misses > 200 && misses * 4 > index) return this.#withoutTable(value, index, state, meter);
        following = this.#advance(state, column, meter);
        cells = this.#cells;
      }
      state = following;
    }
    return state === MATCHED;
  }

  #reset(): void {
    this.#cells = new Uint16Array(Math.min(maxCells, this.#classes.count * 16));
    this.#cores = [new Uint16Array(0), new Uint16Array(0), new Uint16Array(0)];
    this.#befores = [0, 0, 0];
    this.#numbers = new Map();
    this.#kept = 0;
    this.#start = UNKNOWN;
  }

  #begin(): number {
    this.#frontier.begin();
    return this.#intern(false);
  }

  #advance(state: number, column: number, meter: Meter): number {
    const frontier = this.#frontier;
    const core = this.#cores[state]!;
    frontier.advance(core, core.length, this.#befores[state]!, column);
    meter.steps += core.length + frontier.steps.size + 20;
    const generation = this.#numbers;
    const following = this.#intern(column === this.#classes.end);
    if (generation === this.#numbers) this.#cells[state * this.#classes.count + column] = following;
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
    if ((this.#cores.length + 1) * count > maxCells || this.#kept + core.length > maxKept) this.#reset();
    const number = this.#cores.length;
    this.#cores.push(core);
    this.#befores.push(before);
    this.#kept += core.length;
    this.#numbers.set(key, number);
    if ((number + 1) * count > this.#cells.length) {
      const larger = new Uint16Array(Math.min(maxCells, this.#cells.length * 2));
      larger.set(this.#cells);
      this.#cells = larger;
    }
    return number;
  }

  /** The rest of `value` from `from`, step by step. */
  #withoutTable(value: string, from: number, state: number, meter: Meter): boolean {
    const { ofByte, wide, end } = this.#classes;
    const frontier = this.#frontier;
    let core: ArrayLike<number> = this.#cores[state]!;
    let before = this.#befores[state]!;
    for (let index = from; index <= value.length; index++) {
      const code = index < value.length ? value.charCodeAt(index) : -1;
      const column = code < 0 ? end : code > 255 ? wide : ofByte[code]!;
      frontier.advance(core, core.length, before, column);
      meter.steps += core.length + frontier.steps.size;
      if (frontier.matched) return true;
      core = frontier.leaves();
      before = frontier.before;
    }
    return false;
  }
}

function keyOf(core: Uint16Array, before: number): string {
  return String.fromCharCode.apply(null, core as unknown as number[]) + before;
}

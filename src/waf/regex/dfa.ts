// A deterministic automaton that is built while it reads: each state is a set of steps of the program. Its memory is bounded;
// a value that makes states faster than it uses them is followed without the table.

import type { Codes } from '../codes.ts';
import type { Classes } from './classes.ts';
import { Frontier } from './frontier.ts';
import type { Meter } from './meter.ts';
import { EDGE, OTHER } from './places.ts';
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

/** Where a program matches in a value; assertions of the kind `LOOK` are taken as true. */
export class Dfa {
  readonly #classes: Classes;
  readonly #frontier: Frontier;
  /** The states in which the program may begin at every byte, and those in which it has begun. */
  readonly #searching: Table;
  readonly #anchored: Table;
  #canBeginLater = true;
  #isPrepared = false;

  constructor(program: Program, classes: Classes) {
    this.#classes = classes;
    this.#frontier = new Frontier(program, classes, true);
    this.#searching = new Table(classes.count);
    this.#anchored = new Table(classes.count);
  }

  /** How many bytes were read when it was known that there is a match that begins at `from` or later; -1 where there is none. */
  find(codes: Codes, from: number, meter: Meter): number {
    return this.#follow(this.#searching, this.#begin(codes, from), codes, from, codes.length, meter);
  }

  /** Where the leftmost match begins that begins at `from` or later; the value's length + 1 where there is none. */
  leftmost(codes: Codes, from: number, meter: Meter): number {
    const known = this.find(codes, from, meter);
    if (known < 0) return codes.length + 1;
    // Because most that match begin at the beginning, and a match that is known late would be sought from its end.
    if (this.#matchesFrom(codes, from, from, meter)) return from;
    // A match begins at `high` or before, none at `low` or before: the steps that are open at a place are followed without new
    // beginnings, and whether they reach a match tells on which side of it the leftmost begins.
    let [low, high] = [from - 1, known];
    let width = 8;
    while (high - low > 1) {
      const middle = high - low > width * 2 ? high - width : (low + high) >> 1;
      width *= 4;
      if (this.#matchesFrom(codes, from, middle, meter)) high = middle;
      else low = middle;
    }
    return high;
  }

  /** Whether a match begins between `from` and `last`. */
  #matchesFrom(codes: Codes, from: number, last: number, meter: Meter): boolean {
    const searching = this.#searching;
    let state = this.#begin(codes, from);
    for (let index = from; index < last; index++) {
      if (state < FIRST) return state === MATCHED;
      const column = this.#classes.ofCode[codes.list[index]!]!;
      const following = searching.cells[state + column]!;
      state = following === UNKNOWN ? this.#advance(searching, state, column, meter) : following;
    }
    meter.steps += last - from;
    if (state < FIRST) return state === MATCHED;
    const core = searching.coreOf(state);
    const start = core.length === 0 ? DEAD : this.#anchored.add(core, searching.beforeOf(state));
    return this.#follow(this.#anchored, start, codes, last, codes.length, meter) >= 0;
  }

  /** Goes on in `table` from `first` at `from` up to `to`: how many bytes were read when a match was known, or -1. */
  #follow(table: Table, first: number, codes: Codes, from: number, to: number, meter: Meter): number {
    const { ofCode, end } = this.#classes;
    const { list } = codes;
    let state = first;
    if (state < FIRST) return state === MATCHED ? from : -1;
    let { cells } = table;
    let misses = 0;
    for (let index = from; index < to; index++) {
      const column = ofCode[list[index]!]!;
      let following = cells[state + column]!;
      if (following < FIRST) {
        if (following === UNKNOWN) {
          // Because a value that hardly ever meets a known state fills the table for nothing.
          if (++misses > 400 && misses * 2 > index - from) return this.#withoutTable(table, codes, index, state, meter);
          following = this.#advance(table, state, column, meter);
          cells = table.cells;
        }
        if (following < FIRST) {
          meter.steps += index - from;
          return following === MATCHED ? index + 1 : -1;
        }
      }
      state = following;
    }
    meter.steps += to - from;
    let last = cells[state + end]!;
    if (last === UNKNOWN) last = this.#advance(table, state, end, meter);
    return last === MATCHED ? to : -1;
  }

  /** The state in which the search begins at `from`. */
  #begin(codes: Codes, from: number): number {
    const frontier = this.#frontier;
    if (!this.#isPrepared) {
      this.#isPrepared = true;
      frontier.prepare();
      // Because a pattern that begins with \A alone is over when it did not begin there.
      frontier.advance([], OTHER, this.#classes.ofCode[10]!, false);
      this.#canBeginLater = frontier.matched || frontier.leaves().length > 0;
    }
    const kind = from === 0 ? EDGE : this.#classes.kinds[this.#classes.ofCode[codes.list[from - 1]!]!]!;
    const table = this.#searching;
    if (table.starts[kind] !== UNKNOWN) return table.starts[kind]!;
    frontier.begin(kind);
    const state = this.#intern(table, false);
    table.starts[kind] = state;
    return state;
  }

  #advance(table: Table, state: number, column: number, meter: Meter): number {
    const frontier = this.#frontier;
    const core = table.coreOf(state);
    frontier.advance(core, table.beforeOf(state), column, table === this.#anchored);
    meter.steps += core.length + frontier.steps.size + 20;
    const { resets } = table;
    const following = this.#intern(table, column === this.#classes.end);
    if (resets === table.resets) table.cells[state + column] = following;
    return following;
  }

  /** The state that the frontier is in. */
  #intern(table: Table, isEnd: boolean): number {
    if (this.#frontier.matched) return MATCHED;
    if (isEnd) return DEAD;
    const core = this.#frontier.leaves();
    const isOver = core.length === 0 && (table === this.#anchored || !this.#canBeginLater);
    return isOver ? DEAD : table.add(core, this.#frontier.before);
  }

  /** The rest of the value from `from`, step by step. */
  #withoutTable(table: Table, codes: Codes, from: number, state: number, meter: Meter): number {
    const { ofCode, end } = this.#classes;
    const frontier = this.#frontier;
    const anchored = table === this.#anchored;
    let core: ArrayLike<number> = table.coreOf(state);
    let before = table.beforeOf(state);
    for (let index = from; index <= codes.length; index++) {
      const column = index < codes.length ? ofCode[codes.list[index]!]! : end;
      frontier.advance(core, before, column, anchored);
      meter.steps += core.length + frontier.steps.size;
      if (frontier.matched) return Math.min(index + 1, codes.length);
      core = frontier.leaves();
      before = frontier.before;
      if (anchored && core.length === 0) return -1;
    }
    return -1;
  }
}

/** The states that are known, with their rows. Emptied when it is full. */
class Table {
  cells = new Uint16Array(0);
  /** By kind of the byte before: the state in which a search begins. */
  starts = new Uint16Array(4);
  /** How often it was emptied. */
  resets = 0;
  readonly #width: number;
  /** Rows that the three states which are none take. */
  readonly #firstRow: number;
  #cores: Uint16Array[] = [];
  #befores: number[] = [];
  #numbers = new Map<string, number>();
  #kept = 0;

  constructor(width: number) {
    this.#width = width;
    this.#firstRow = Math.ceil(FIRST / width);
  }

  coreOf(state: number): Uint16Array {
    return this.#cores[state / this.#width - this.#firstRow]!;
  }

  beforeOf(state: number): number {
    return this.#befores[state / this.#width - this.#firstRow]!;
  }

  /** The state with these steps behind a byte of kind `before`. */
  add(core: Uint16Array, before: number): number {
    const key = keyOf(core, before);
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const width = this.#width;
    if ((this.#cores.length + this.#firstRow + 1) * width > maxCells || this.#kept + core.length > maxKept)
      this.#reset();
    const state = (this.#cores.length + this.#firstRow) * width;
    this.#cores.push(core);
    this.#befores.push(before);
    this.#kept += core.length;
    this.#numbers.set(key, state);
    if (state + width > this.cells.length) {
      const larger = new Uint16Array(Math.min(maxCells, Math.max(this.cells.length * 2, state + width * 8)));
      larger.set(this.cells);
      this.cells = larger;
    }
    return state;
  }

  #reset(): void {
    this.cells = new Uint16Array(0);
    this.starts = new Uint16Array(4);
    this.resets++;
    this.#cores = [];
    this.#befores = [];
    this.#numbers = new Map();
    this.#kept = 0;
  }
}

/** A text that is equal for equal states. */
export function keyOf(core: Uint16Array, before: number): string {
  return String.fromCharCode.apply(null, core as unknown as number[]) + before;
}

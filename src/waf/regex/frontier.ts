// One step of a program from all the places it is at, at once: what a deterministic automaton is built of, and its floor.

import type { Classes } from './classes.ts';
import { canHold, holds, OTHER, WORD } from './places.ts';
import { BYTES, MATCH, PLACE, type Program, SPLIT } from './program.ts';
import { StepSet } from './sweep.ts';

/**
 * Where a program is between two bytes, not yet knowing the second: steps that read, and assertions that wait for it.
 * Assertions of the kind `LOOK` are taken as true: whoever has them asks once more (`Pattern.test`).
 */
export class Frontier {
  /** The steps after the last `advance`. */
  steps: StepSet;
  /** Kind of the byte that was read last, as far as a step asks. */
  before = 0;
  /** Whether the program has matched, at this place or before it. */
  matched = false;
  /** What matched there: the marks of the `MATCH` steps; with `stopsAtMatch` the first alone. */
  readonly found: number[] = [];
  readonly #program: Program;
  readonly #classes: Classes;
  #open: StepSet;
  readonly #asksWords: boolean;
  readonly #stopsAtMatch: boolean;

  constructor(program: Program, classes: Classes, stopsAtMatch: boolean) {
    this.#stopsAtMatch = stopsAtMatch;
    this.#program = program;
    this.#classes = classes;
    this.steps = new StepSet(0);
    this.#open = this.steps;
    this.#asksWords = program.op.some((op, step) => op === PLACE && program.other[step]! >= 4);
  }

  /** Where the program begins, behind a byte of kind `before`. */
  begin(before: number): void {
    this.prepare();
    this.#clear();
    this.before = before;
    this.#follow(this.#program.start);
  }

  /** Must be called before the first `advance`. */
  prepare(): void {
    // Because most patterns of a rule set are never reached by traffic, their working memory is made when they are.
    if (this.#open === this.steps) {
      this.steps = new StepSet(this.#program.size);
      this.#open = new StepSet(this.#program.size);
    }
  }

  /**
   * Goes on from the steps of `from` at a place behind a byte of kind `before`, over a byte of class `next`. Unless it is
   * `anchored`, the program may begin behind that byte as well.
   */
  advance(from: ArrayLike<number>, before: number, next: number, anchored: boolean): void {
    const { op, other, next: goesTo } = this.#program;
    const { accepts, count: columns, kinds, end } = this.#classes;
    const open = this.#open;
    open.size = 0;
    for (let index = 0; index < from.length; index++) open.add(from[index]!);
    const after = kinds[next]!;
    this.#clear();
    this.before = this.#kindThatCounts(after);
    const isEnd = next === end;
    for (let index = 0; index < open.size; index++) {
      const step = open.list[index]!;
      switch (op[step]) {
        case BYTES:
          if (accepts[other[step]! * columns + next] === 1) this.#follow(goesTo[step]!);
          break;
        case SPLIT:
          open.add(goesTo[step]!);
          open.add(other[step]!);
          break;
        case PLACE:
          if (holds(other[step]!, before, after)) open.add(goesTo[step]!);
          break;
        case MATCH:
          this.#match(step);
          if (this.#stopsAtMatch) return;
          break;
        default:
          open.add(goesTo[step]!);
      }
    }
    if (!isEnd && !anchored) this.#follow(this.#program.start);
  }

  #clear(): void {
    this.steps.size = 0;
    this.matched = false;
    this.found.length = 0;
  }

  #match(step: number): void {
    this.matched = true;
    const mark = this.#program.other[step]!;
    if (!this.found.includes(mark)) this.found.push(mark);
  }

  #kindThatCounts(kind: number): number {
    return kind === WORD && !this.#asksWords ? OTHER : kind;
  }

  /** Adds all that `start` leads to without reading and without knowing what comes. */
  #follow(start: number): void {
    const { op, next, other } = this.#program;
    const { steps } = this;
    const first = steps.size;
    if (!steps.add(start)) return;
    for (let index = first; index < steps.size; index++) {
      const step = steps.list[index]!;
      switch (op[step]) {
        case BYTES:
        case PLACE:
          break;
        case MATCH:
          this.#match(step);
          if (this.#stopsAtMatch) return;
          break;
        case SPLIT:
          steps.add(next[step]!);
          steps.add(other[step]!);
          break;
        default:
          steps.add(next[step]!);
      }
    }
  }

  /** The steps that matter for what follows, in rising order, and `before` reduced to what they ask. */
  leaves(): Uint16Array {
    const { op, other } = this.#program;
    const { steps } = this;
    const kept = new Uint16Array(steps.size);
    let count = 0;
    let asks = false;
    for (let index = 0; index < steps.size; index++) {
      const step = steps.list[index]!;
      const kind = op[step]!;
      if (kind === PLACE) {
        if (!canHold(other[step]!, this.before)) continue;
        asks = true;
      } else if (kind !== BYTES) continue;
      kept[count++] = step;
    }
    // Because behind one assertion another may stand, every one that waits keeps what was before.
    if (!asks) this.before = OTHER;
    return kept.slice(0, count).sort();
  }
}

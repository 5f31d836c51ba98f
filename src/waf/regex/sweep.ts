// Follows all ways of a program at once over a whole value, and marks the places where it can end. No memory grows with the value
// beyond one mark a place; time is at most the value's length times the program's size.

import { has } from './byte-set.ts';
import type { Meter } from './meter.ts';
import { holds, kindAt } from './places.ts';
import { BYTES, LOOK, MATCH, PLACE, type Program, SAVE, SPLIT } from './program.ts';

/** A set of steps that is emptied in no time. */
export class StepSet {
  readonly list: Int32Array;
  size = 0;
  readonly #where: Int32Array;

  constructor(capacity: number) {
    this.list = new Int32Array(capacity);
    this.#where = new Int32Array(capacity);
  }

  /** Adds `step`; false where it was in already. */
  add(step: number): boolean {
    const at = this.#where[step]!;
    if (at < this.size && this.list[at] === step) return false;
    this.#where[step] = this.size;
    this.list[this.size++] = step;
    return true;
  }
}

/** For each assertion of a program, whether it holds at each place of a value. */
export type Marks = readonly Uint8Array[];

/** Finds out where each assertion of `program` holds in `value`, before the program itself is followed. */
export function marksOf(program: Program, value: string, meter: Meter): Marks {
  return program.looks.map((look) => {
    const marks = sweep(look.program, value, !look.behind, meter);
    if (look.negative) for (let place = 0; place < marks.length; place++) marks[place]! ^= 1;
    return marks;
  });
}

/**
 * Marks every place of `value` (0 to its length) where `program`, begun anywhere before, can end. With `backwards` it reads
 * from right to left, and must have been compiled so: the marks are then where its match begins.
 */
export function sweep(program: Program, value: string, backwards: boolean, meter: Meter): Uint8Array {
  const marks = new Uint8Array(value.length + 1);
  const looks = marksOf(program, value, meter);
  const { op, next, other, sets } = program;
  let current = new StepSet(program.size);
  let following = new StepSet(program.size);
  const from = backwards ? value.length : 0;
  const step = backwards ? -1 : 1;
  for (let place = from; place >= 0 && place <= value.length; place += step) {
    current.add(program.start);
    const before = kindAt(value, place - 1);
    const after = kindAt(value, place);
    const code = value.charCodeAt(backwards ? place - 1 : place);
    following.size = 0;
    for (let index = 0; index < current.size; index++) {
      const at = current.list[index]!;
      switch (op[at]) {
        case BYTES:
          if (code <= 255 && has(sets[other[at]!]!, code)) following.add(next[at]!);
          break;
        case SPLIT:
          current.add(next[at]!);
          current.add(other[at]!);
          break;
        case PLACE:
          if (holds(other[at]!, before, after)) current.add(next[at]!);
          break;
        case LOOK:
          if (looks[other[at]!]![place] === 1) current.add(next[at]!);
          break;
        case SAVE:
          current.add(next[at]!);
          break;
        case MATCH:
          marks[place] = 1;
          break;
      }
    }
    meter.steps += current.size;
    [current, following] = [following, current];
  }
  return marks;
}

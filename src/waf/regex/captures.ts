// Which bytes a match and its groups have: the ways of a program tried in PCRE's order, none of them twice at one place.

import { has } from './byte-set.ts';
import type { Meter } from './meter.ts';
import { holds, kindAt } from './places.ts';
import { BYTES, LOOK, PLACE, type Program, SAVE, SPLIT } from './program.ts';
import { type Marks, StepSet } from './sweep.ts';
import { Visited } from './visited.ts';

/** Pairs of a step and a place that can be numbered. */
const maxPairs = 2_147_483_000;

/** Where a match is sought: it begins between `from` and `last` and reads no byte behind `end`. */
export interface Where {
  readonly from: number;
  readonly last: number;
  readonly end: number;
}

/**
 * Start and end of the leftmost match that is `where` it is sought, and of its groups (`groups` of them), -1 where a
 * group took no part; null where there is none. `marks` are those of `marksOf`.
 */
export function capture(
  program: Program,
  groups: number,
  value: string,
  where: Where,
  marks: Marks,
  meter: Meter,
): Int32Array | null {
  const { from, last, end } = where;
  const search =
    program.size * (end - from + 1) <= maxPairs ? new MarkedSearch(program, value, where, marks, meter) : null;
  for (let start = from; search !== null && start <= last; start++) {
    const slots = search.from(start, groups);
    if (search.isLost) break;
    if (slots !== null) return slots;
  }
  // Because a search that may not remember more is done over by one that need not.
  return search === null || search.isLost ? simulate(program, groups, value, where, marks, meter) : null;
}

/** Tries one way after another and remembers where it was: a step at a place that failed once fails always. */
class MarkedSearch {
  readonly #program: Program;
  readonly #value: string;
  readonly #from: number;
  readonly #end: number;
  readonly #looks: Marks;
  readonly #meter: Meter;
  readonly #visited: Visited;
  /** Pairs of a step and a place still to be tried; a negative step restores a slot. */
  readonly #jobs: number[] = [];

  constructor(program: Program, value: string, { from, end }: Where, looks: Marks, meter: Meter) {
    this.#program = program;
    this.#value = value;
    this.#from = from;
    this.#end = end;
    this.#looks = looks;
    this.#meter = meter;
    this.#visited = new Visited(program.size * (end - from + 1));
  }

  /** Whether it found more pairs than it may keep: what it found then means nothing. */
  get isLost(): boolean {
    return this.#visited.isFull;
  }

  from(start: number, groups: number): Int32Array | null {
    const slots = new Int32Array((groups + 1) * 2).fill(-1);
    const jobs = this.#jobs;
    jobs.length = 0;
    jobs.push(this.#program.start, start);
    while (jobs.length > 0) {
      const place = jobs.pop()!;
      const step = jobs.pop()!;
      if (step < 0) {
        slots[-step - 1] = place;
        continue;
      }
      const end = this.#follow(step, place, slots);
      if (end < 0) continue;
      slots[0] = start;
      slots[1] = end;
      return slots;
    }
    return null;
  }

  /** Follows the first way from `step`, noting the others. The end of the match, or -1. */
  #follow(firstStep: number, firstPlace: number, slots: Int32Array): number {
    const { op, next, other, sets, size } = this.#program;
    const value = this.#value;
    let step = firstStep;
    let place = firstPlace;
    for (;;) {
      this.#meter.steps++;
      if (!this.#visited.add((place - this.#from) * size + step)) return -1;
      switch (op[step]) {
        case BYTES: {
          const code = place < this.#end ? value.charCodeAt(place) : 256;
          if (code > 255 || !has(sets[other[step]!]!, code)) return -1;
          place++;
          break;
        }
        case SPLIT:
          this.#jobs.push(other[step]!, place);
          break;
        case PLACE:
          if (!holds(other[step]!, kindAt(value, place - 1), kindAt(value, place))) return -1;
          break;
        case LOOK:
          if (this.#looks[other[step]!]![place] !== 1) return -1;
          break;
        case SAVE:
          this.#jobs.push(-other[step]! - 1, slots[other[step]!]!);
          slots[other[step]!] = place;
          break;
        default:
          return place;
      }
      step = next[step]!;
    }
  }
}

/** The same by following all ways side by side (Pike's machine): time grows as the marks would, memory does not. */
function simulate(
  program: Program,
  groups: number,
  value: string,
  { from, last, end }: Where,
  looks: Marks,
  meter: Meter,
): Int32Array | null {
  const { op, next, other, sets, size } = program;
  const width = (groups + 1) * 2;
  let current = new StepSet(size);
  let following = new StepSet(size);
  let slots = new Int32Array(size * width);
  let nextSlots = new Int32Array(size * width);
  let found: Int32Array | null = null;
  const scratch = new Int32Array(width);
  const jobs: number[] = [];

  /** Adds what `start` leads to at `place` in order of preference, with the slots in `scratch`. */
  const follow = (into: StepSet, kept: Int32Array, start: number, place: number): void => {
    jobs.push(start, 0);
    while (jobs.length > 0) {
      const old = jobs.pop()!;
      const step = jobs.pop()!;
      if (step < 0) {
        scratch[-step - 1] = old;
        continue;
      }
      if (!into.add(step)) continue;
      meter.steps++;
      const kind = op[step]!;
      if (kind === SPLIT) jobs.push(other[step]!, 0, next[step]!, 0);
      else if (kind === SAVE) {
        const slot = other[step]!;
        jobs.push(-slot - 1, scratch[slot]!);
        scratch[slot] = place;
        jobs.push(next[step]!, 0);
      } else if (kind === PLACE) {
        if (holds(other[step]!, kindAt(value, place - 1), kindAt(value, place))) jobs.push(next[step]!, 0);
      } else if (kind === LOOK) {
        if (looks[other[step]!]![place] === 1) jobs.push(next[step]!, 0);
      } else kept.set(scratch, step * width);
    }
  };

  for (let place = from; place <= end; place++) {
    if (found === null && place <= last) {
      scratch.fill(-1);
      scratch[0] = place;
      follow(current, slots, program.start, place);
    }
    if (current.size === 0 && (found !== null || place >= last)) break;
    const code = place < end ? value.charCodeAt(place) : 256;
    following.size = 0;
    for (let index = 0; index < current.size; index++) {
      const step = current.list[index]!;
      const kind = op[step]!;
      if (kind === BYTES) {
        if (code > 255 || !has(sets[other[step]!]!, code)) continue;
        scratch.set(slots.subarray(step * width, step * width + width));
        follow(following, nextSlots, next[step]!, place + 1);
      } else if (kind > SAVE) {
        found = slots.slice(step * width, step * width + width);
        found[1] = place;
        break;
      }
    }
    current.size = 0;
    [current, following] = [following, current];
    [slots, nextSlots] = [nextSlots, slots];
  }
  return found;
}

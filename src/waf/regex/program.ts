// A tree compiled into the steps of a nondeterministic automaton, in the order in which PCRE would try them.

import { type ByteSet, keyOf } from './byte-set.ts';
import { isNullable, type Node, type Place } from './tree.ts';

/** Kinds of steps. */
export const BYTES = 0;
export const SPLIT = 1;
export const PLACE = 2;
export const LOOK = 3;
export const SAVE = 4;
export const MATCH = 5;

/**
 * An assertion about what stands before or behind a place. Its program reads towards the place: from left to right for
 * what is behind it, from right to left for what is ahead.
 */
export interface Look {
  readonly program: Program;
  readonly behind: boolean;
  readonly negative: boolean;
}

/** The steps of one pattern, in parallel arrays. Step i goes on with `next[i]`, and where it splits, second with `other[i]`. */
export interface Program {
  readonly op: Uint8Array;
  readonly next: Int32Array;
  /** BYTES: index of a set; SPLIT: the second way; PLACE: a number of `places`; LOOK: an index; SAVE: a slot; MATCH: whose. */
  readonly other: Int32Array;
  readonly start: number;
  readonly sets: readonly ByteSet[];
  readonly looks: readonly Look[];
  readonly size: number;
  /** Steps with those of its assertions. */
  readonly total: number;
  /** Whether the pattern asks about places, and so about the byte before. */
  readonly hasPlaces: boolean;
}

/** The places that `PLACE` steps mean by number. */
export const places: readonly Place[] = ['start', 'line-start', 'end', 'line-end', 'word-edge', 'no-word-edge'];

/** Most steps of one program: what takes more does not load. */
export const maxSteps = 20_000;

/** Compiles a lowered tree; null where it takes more than `maxSteps`. With `backwards`, it reads from right to left. */
export function compile(tree: Node, groups: boolean, backwards = false): Program | null {
  const builder = new Builder(groups, backwards);
  const match = builder.step(MATCH, -1, 0);
  const start = builder.emit(tree, match);
  const total = builder.looks.reduce((sum, look) => sum + look.program.total, builder.size);
  if (total > maxSteps || builder.isTooLarge) return null;
  return {
    total,
    op: new Uint8Array(builder.op),
    next: new Int32Array(builder.next),
    other: new Int32Array(builder.other),
    start,
    sets: builder.sets,
    looks: builder.looks,
    size: builder.size,
    hasPlaces: builder.op.includes(PLACE),
  };
}

/** The programs side by side as one: the `MATCH` step of each is marked with its index. None may have assertions of the kind `LOOK`. */
export function combine(programs: readonly Program[]): Program {
  // One more step for each program but the last: where it parts from those behind it.
  const size = programs.reduce((sum, program) => sum + program.size + 1, -1);
  const op = new Uint8Array(size);
  const next = new Int32Array(size);
  const other = new Int32Array(size);
  const sets: ByteSet[] = [];
  const numbers = new Map<string, number>();
  const starts: number[] = [];
  let base = 0;
  for (const [index, program] of programs.entries()) {
    const setNumbers = program.sets.map((set) => {
      const key = keyOf(set);
      const number = numbers.get(key) ?? sets.push(set) - 1;
      numbers.set(key, number);
      return number;
    });
    starts.push(base + program.start);
    for (let step = 0; step < program.size; step++) {
      const kind = program.op[step]!;
      const value = program.other[step]!;
      op[base + step] = kind;
      next[base + step] = program.next[step]! + base;
      other[base + step] =
        kind === BYTES ? setNumbers[value]! : kind === SPLIT ? value + base : kind === MATCH ? index : value;
    }
    base += program.size;
  }
  let start = starts.at(-1)!;
  for (let index = starts.length - 2; index >= 0; index--) {
    op[base] = SPLIT;
    next[base] = starts[index]!;
    other[base] = start;
    start = base++;
  }
  return {
    op,
    next,
    other,
    start,
    sets,
    looks: [],
    size,
    total: size,
    hasPlaces: programs.some(({ hasPlaces }) => hasPlaces),
  };
}

class Builder {
  readonly op: number[] = [];
  readonly next: number[] = [];
  readonly other: number[] = [];
  readonly sets: ByteSet[] = [];
  readonly looks: Look[] = [];
  readonly #setNumbers = new Map<string, number>();
  /** The same by the set itself: most steps read one of few. */
  readonly #numbers = new Map<ByteSet, number>();
  readonly #lookNumbers = new Map<Node, number>();
  isTooLarge = false;
  readonly #groups: boolean;
  readonly #backwards: boolean;

  constructor(groups: boolean, backwards: boolean) {
    this.#groups = groups;
    this.#backwards = backwards;
  }

  get size(): number {
    return this.op.length;
  }

  step(op: number, next: number, other: number): number {
    // Because a pattern that is too large must not take the memory before it is refused.
    if (this.op.length > maxSteps) return 0;
    this.op.push(op);
    this.next.push(next);
    this.other.push(other);
    return this.op.length - 1;
  }

  /** Steps for `node` that go on at `next`. */
  emit(node: Node, next: number): number {
    return this.#emit(node, next, next);
  }

  /**
   * Steps for `node` that go on at `full` where it read something, and at `bare` where it read nothing: a repetition
   * whose body reads nothing ends there, as in PCRE.
   */
  #emit(node: Node, full: number, bare: number): number {
    if (this.op.length > maxSteps) return 0;
    switch (node.kind) {
      case 'empty':
        return bare;
      case 'bytes':
        return this.step(BYTES, full, this.#setNumber(node.set));
      case 'place':
        return this.step(PLACE, bare, places.indexOf(node.place));
      case 'look':
        return this.step(LOOK, bare, this.#lookNumber(node));
      case 'sequence':
        return this.#sequence(node.parts, full, bare);
      case 'choice': {
        let at = this.#emit(node.parts.at(-1)!, full, bare);
        for (let index = node.parts.length - 2; index >= 0; index--)
          at = this.step(SPLIT, this.#emit(node.parts[index]!, full, bare), at);
        return at;
      }
      case 'group': {
        if (!this.#groups) return this.#emit(node.body, full, bare);
        const close = this.step(SAVE, full, node.index * 2 + 1);
        const closeBare = bare === full ? close : this.step(SAVE, bare, node.index * 2 + 1);
        return this.step(SAVE, this.#emit(node.body, close, closeBare), node.index * 2);
      }
      case 'repeat':
        return this.#repeat(node, full, bare);
      default:
        return bare;
    }
  }

  #sequence(parts: readonly Node[], full: number, bare: number): number {
    let whenFull = full;
    let whenBare = bare;
    for (let index = parts.length - 1; index >= 0; index--) {
      const part = parts[this.#backwards ? parts.length - 1 - index : index]!;
      const isSame = whenFull === whenBare || !isNullable(part);
      const nextBare = this.#emit(part, whenFull, whenBare);
      whenFull = isSame || index === 0 ? nextBare : this.#emit(part, whenFull, whenFull);
      whenBare = nextBare;
    }
    return whenBare;
  }

  #repeat(node: Node & { kind: 'repeat' }, full: number, bare: number): number {
    const { body, min, max, mode } = node;
    const isLazy = mode === 'lazy';
    let whenFull = full;
    let whenBare = bare;
    if (max === Number.POSITIVE_INFINITY) {
      const loop = this.step(SPLIT, -1, -1);
      const inner = this.#emit(body, loop, full);
      this.next[loop] = isLazy ? full : inner;
      this.other[loop] = isLazy ? inner : full;
      whenFull = loop;
      whenBare = bare === full ? loop : this.#split(this.#emit(body, loop, bare), bare, isLazy);
    } else {
      for (let count = max; count > min; count--) {
        const enter = this.#emit(body, whenFull, bare);
        const enterFull = bare === full ? enter : this.#emit(body, whenFull, full);
        whenBare = this.#split(enter, bare, isLazy);
        whenFull = bare === full ? whenBare : this.#split(enterFull, full, isLazy);
        if (this.op.length > maxSteps) return 0;
      }
    }
    for (let count = 0; count < min; count++) {
      const isSame = whenFull === whenBare || !isNullable(body);
      const nextBare = this.#emit(body, whenFull, whenBare);
      whenFull = isSame ? nextBare : this.#emit(body, whenFull, whenFull);
      whenBare = nextBare;
      if (this.op.length > maxSteps) return 0;
    }
    return whenBare;
  }

  #split(body: number, past: number, isLazy: boolean): number {
    return isLazy ? this.step(SPLIT, past, body) : this.step(SPLIT, body, past);
  }

  #setNumber(set: ByteSet): number {
    const known = this.#numbers.get(set);
    if (known !== undefined) return known;
    const key = keyOf(set);
    let number = this.#setNumbers.get(key);
    if (number === undefined) {
      number = this.sets.push(set) - 1;
      this.#setNumbers.set(key, number);
    }
    this.#numbers.set(set, number);
    return number;
  }

  #lookNumber(node: Node & { kind: 'look' }): number {
    let number = this.#lookNumbers.get(node);
    if (number === undefined) {
      const program = compile(node.body, false, !node.behind);
      if (program === null) {
        this.isTooLarge = true;
        return 0;
      }
      number = this.looks.push({ program, behind: node.behind, negative: node.negative }) - 1;
      this.#lookNumbers.set(node, number);
    }
    return number;
  }
}

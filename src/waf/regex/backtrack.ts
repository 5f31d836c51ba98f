// Patterns with back-references: no automaton holds them, so ways are tried one after another, within a budget of steps that grows
// with the value's length alone. What is left undecided when it is spent counts as a match: a guard that cannot tell must not open.

import { type ByteSet, has } from './byte-set.ts';
import type { Meter } from './meter.ts';
import { holds, kindAt } from './places.ts';
import { places } from './program.ts';
import { type Node, partsOf } from './tree.ts';

/** Steps for each byte of the value, and for any value. */
const stepsPerByte = 64;
const stepsAtLeast = 20_000;
/** Deepest nesting of ways that are open at once, because each takes a piece of the machine's stack. */
const maxDepth = 400;

/** Goes on at a place; whether the rest of the pattern matches from there. */
type Go = (place: number) => boolean;

/** What the search found: slots as of `Pattern.exec`, none, or that its budget was spent. */
export type Tried = Int32Array | 'none' | 'undecided';

/** Tries the ways of one pattern. */
export class Backtracker {
  readonly #start: Go;
  readonly #slots: Int32Array;
  #value = '';
  #end = 0;
  #left = 0;
  #depth = 0;

  constructor(tree: Node, groups: number) {
    this.#slots = new Int32Array((groups + 1) * 2);
    this.#start = this.#build(tree, (place) => {
      this.#end = place;
      return true;
    });
  }

  /** The leftmost match that begins at `from` or later. */
  search(value: string, from: number, meter: Meter): Tried {
    this.#value = value;
    const budget = stepsAtLeast + value.length * stepsPerByte;
    this.#left = budget;
    this.#depth = 0;
    let found = false;
    for (let start = from; start <= value.length && !found && this.#left > 0; start++) {
      this.#slots.fill(-1);
      found = this.#start(start);
      this.#slots[0] = start;
      this.#slots[1] = this.#end;
    }
    meter.steps += budget - this.#left;
    this.#value = '';
    if (this.#left <= 0) return 'undecided';
    return found ? this.#slots.slice() : 'none';
  }

  /** Counts a step; false when no more may be done. */
  #step(): boolean {
    return --this.#left > 0;
  }

  #build(node: Node, next: Go): Go {
    switch (node.kind) {
      case 'empty':
        return next;
      case 'bytes':
        return (place) => {
          const code = this.#value.charCodeAt(place);
          return this.#step() && code <= 255 && has(node.set, code) && next(place + 1);
        };
      case 'place': {
        const number = places.indexOf(node.place);
        return (place) => holds(number, kindAt(this.#value, place - 1), kindAt(this.#value, place)) && next(place);
      }
      case 'sequence':
        return node.parts.reduceRight<Go>((rest, part) => this.#build(part, rest), next);
      case 'choice': {
        const ways = node.parts.map((part) => this.#build(part, next));
        return (place) => this.#step() && ways.some((way) => way(place));
      }
      case 'group':
        return this.#group(node, next);
      case 'repeat':
        if (node.mode === 'possessive') return this.#atomic({ ...node, mode: 'greedy' }, next);
        return node.body.kind === 'bytes' ? this.#run(node, node.body.set, next) : this.#repeat(node, next);
      case 'atomic':
        return this.#atomic(node.body, next);
      case 'look':
        return this.#look(node, next);
      case 'again':
        return this.#again(node, next);
    }
  }

  #group(node: Node & { kind: 'group' }, next: Go): Go {
    const slot = node.index * 2;
    const opens: number[] = [];
    const body = this.#build(node.body, (place) => {
      const [start, end] = [this.#slots[slot]!, this.#slots[slot + 1]!];
      const opened = opens.pop()!;
      this.#slots[slot] = opened;
      this.#slots[slot + 1] = place;
      const done = next(place);
      if (!done) [this.#slots[slot], this.#slots[slot + 1]] = [start, end];
      opens.push(opened);
      return done;
    });
    return (place) => {
      opens.push(place);
      const done = body(place);
      opens.pop();
      return done;
    };
  }

  /** A repetition of single bytes, which needs no nesting. */
  #run({ min, max, mode }: Node & { kind: 'repeat' }, set: ByteSet, next: Go): Go {
    return (place) => {
      let count = 0;
      const reads = (): boolean => {
        const code = this.#value.charCodeAt(place + count);
        return count < max && this.#step() && code <= 255 && has(set, code);
      };
      while ((mode === 'greedy' || count < min) && reads()) count++;
      for (; count >= min && this.#step(); count--) {
        if (next(place + count)) return true;
        if (mode === 'lazy') {
          if (!reads()) return false;
          count += 2;
        }
      }
      return false;
    };
  }

  #repeat(node: Node & { kind: 'repeat' }, next: Go): Go {
    const { min, max, mode } = node;
    let count = 0;
    let last = -1;
    const goOn: Go = (place) => {
      if (!this.#step() || this.#depth >= maxDepth) {
        this.#left = 0;
        return false;
      }
      const [counted, before] = [count, last];
      this.#depth++;
      const again = (): boolean => {
        // Because a round that read nothing would be followed by the same for ever.
        if (counted >= max || (place === before && counted >= min)) return false;
        [count, last] = [counted + 1, place];
        return body(place);
      };
      const leave = (): boolean => {
        if (counted < min) return false;
        [count, last] = [0, -1];
        return next(place);
      };
      const done = mode === 'lazy' ? leave() || again() : again() || leave();
      this.#depth--;
      [count, last] = [counted, before];
      return done;
    };
    const body = this.#build(node.body, goOn);
    return (place) => {
      const [counted, before] = [count, last];
      [count, last] = [0, -1];
      const done = goOn(place);
      [count, last] = [counted, before];
      return done;
    };
  }

  #atomic(inner: Node, next: Go): Go {
    let end = -1;
    const body = this.#build(inner, (place) => {
      end = place;
      return true;
    });
    return (place) => body(place) && next(end);
  }

  #look(node: Node & { kind: 'look' }, next: Go): Go {
    let target = -1;
    const body = this.#build(node.body, (place) => target < 0 || place === target);
    return (place) => {
      const outer = target;
      let isThere = false;
      target = node.behind ? place : -1;
      // Because what is behind ends here and may begin anywhere before.
      for (let from = place; from >= (node.behind ? 0 : place) && !isThere && this.#step(); from--)
        isThere = body(from);
      target = outer;
      return this.#left > 0 && isThere !== node.negative && next(place);
    };
  }

  #again(node: Node & { kind: 'again' }, next: Go): Go {
    const slot = node.group * 2;
    const fold = (text: string) => (node.ignoreCase ? text.replace(/[A-Z]/g, (one) => one.toLowerCase()) : text);
    return (place) => {
      const [start, end] = [this.#slots[slot]!, this.#slots[slot + 1]!];
      if (start < 0 || end < 0) return false;
      const length = end - start;
      this.#left -= length;
      if (!this.#step()) return false;
      const text = this.#value.slice(place, place + length);
      return fold(text) === fold(this.#value.slice(start, end)) && next(place + length);
    };
  }
}

/**
 * The tree with what a back-reference may read at most in its place, so that an automaton can tell what cannot match. Null
 * where a group would hold itself.
 */
export function withoutAgain(tree: Node): Node | null {
  const groups = new Map<number, Node>();
  collect(tree, groups);
  let isEndless = false;
  const replace = (node: Node, open: readonly number[]): Node => {
    switch (node.kind) {
      case 'again': {
        if (open.includes(node.group)) isEndless = true;
        if (isEndless || open.length > 8) return { kind: 'empty' };
        return replace(groups.get(node.group)!, [...open, node.group]);
      }
      case 'group':
        return open.length === 0 ? { ...node, body: replace(node.body, open) } : replace(node.body, open);
      case 'look':
        // Because an assertion that something is not there must not be widened: it is left out.
        return node.negative && mentions(node) ? { kind: 'empty' } : { ...node, body: replace(node.body, open) };
      case 'sequence':
      case 'choice':
        return { ...node, parts: node.parts.map((part) => replace(part, open)) };
      case 'repeat':
      case 'atomic':
        return { ...node, body: replace(node.body, open) };
      default:
        return node;
    }
  };
  const result = replace(tree, []);
  return isEndless ? null : result;
}

function collect(node: Node, groups: Map<number, Node>): void {
  if (node.kind === 'group') groups.set(node.index, node.body);
  for (const part of partsOf(node)) collect(part, groups);
}

function mentions(node: Node): boolean {
  return node.kind === 'again' || partsOf(node).some(mentions);
}

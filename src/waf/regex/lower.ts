// Rewrites a tree into one that automata hold: atomic groups and possessive repetitions become choices guarded by assertions.

import * as B from './byte-set.ts';
import type { RegexProblem } from './problem.ts';
import { contains, empty, fixedLength, isNullable, type Node, partsOf, sequence } from './tree.ts';

/** More alternatives than this are not kept apart: each is guarded by all before it. */
const maxGuarded = 16;

/** Nodes that lowering may make of one pattern. */
const maxNodes = 200_000;

/** The tree without atomic groups, possessive repetitions and choices between single bytes; or why that cannot be. */
export function lower(tree: Node): Node | RegexProblem {
  const lowering = new Lowering();
  const result = lowering.plain(tree);
  return lowering.problem ?? result;
}

class Lowering {
  problem: RegexProblem | null = null;
  #nodes = 0;

  /** The node with the same meaning, matched with all its alternatives. */
  plain(node: Node): Node {
    // Because what guards an alternative has all alternatives before it, and groups within groups multiply that.
    if (++this.#nodes > maxNodes)
      return this.#fail(0, 'atomic groups within each other become too many', 'use plain groups');
    switch (node.kind) {
      case 'sequence': {
        const parts = this.#all(node.parts);
        return parts === node.parts ? node : sequence(parts);
      }
      case 'choice': {
        const parts = this.#all(node.parts);
        return parts === node.parts && !canMelt(parts) ? node : choice(parts);
      }
      case 'group':
      case 'repeat': {
        if (node.kind === 'repeat' && node.mode === 'possessive') return this.#only({ ...node, mode: 'greedy' }, 0);
        const body = this.plain(node.body);
        return body === node.body ? node : { ...node, body };
      }
      case 'atomic':
        return this.#only(node.body, node.offset);
      case 'look':
        return this.#look(node);
      default:
        return node;
    }
  }

  /** All parts; the same list where nothing in it changes, as in most. */
  #all(parts: readonly Node[]): readonly Node[] {
    let changed: Node[] | null = null;
    for (let index = 0; index < parts.length; index++) {
      const part = parts[index]!;
      // Because most parts are bytes, which stay what they are; they count like all others.
      if (part.kind === 'bytes') {
        this.#nodes++;
        continue;
      }
      const own = this.plain(part);
      if (own === part) continue;
      changed ??= [...parts];
      changed[index] = own;
    }
    return changed ?? parts;
  }

  #look(node: Node & { kind: 'look' }): Node {
    if (!node.negative && contains(node.body, 'group')) {
      this.#fail(
        node.offset,
        'a group within an assertion would be captured at a place that is not kept',
        'use (?:…) there, and capture outside of the assertion',
      );
    }
    return { ...node, body: this.plain(withoutGroups(node.body)) };
  }

  /** The node reduced to the one way to match that would be tried first (an atomic group of it). */
  #only(node: Node, offset: number): Node {
    if (fixedLength(node) >= 0) return this.plain(node);
    switch (node.kind) {
      case 'group':
        return { ...node, body: this.#only(node.body, offset) };
      case 'atomic':
        return this.#only(node.body, node.offset);
      case 'choice':
        return this.#first(node.parts, offset);
      case 'repeat':
        return this.#longest(node, offset);
      case 'sequence':
        return this.#oneAfterAnother(node.parts, offset);
      default:
        return this.#fail(offset, 'this atomic group cannot be kept in linear time', 'use a plain group');
    }
  }

  /** The first alternative that matches: each is guarded against all before it. */
  #first(parts: readonly Node[], offset: number): Node {
    if (parts.length > maxGuarded)
      return this.#fail(offset, `an atomic choice has at most ${maxGuarded} alternatives`, 'use a plain group');
    return choice(
      parts.map((part, index) =>
        sequence([...parts.slice(0, index).map((before) => this.#never(before)), this.#only(part, offset)]),
      ),
    );
  }

  /** A repetition that never gives back: behind it the body must not match once more, unless it has all it may have. */
  #longest(node: Node & { kind: 'repeat' }, offset: number): Node {
    const { body, min, max, mode } = node;
    if (mode === 'lazy') return this.#only({ kind: 'repeat', body, min, max: min, mode: 'greedy' }, offset);
    if (fixedLength(body) <= 0) {
      if (min === 1 && max === 1) return this.#only(body, offset);
      if (max === 1 && !isNullable(body)) return choice([this.#only(body, offset), this.#never(body)]);
      return this.#fail(
        offset,
        'a possessive repetition of what has different lengths cannot be kept in linear time',
        'repeat without the + behind it',
      );
    }
    const inner = this.plain(body);
    const upTo = (most: number): Node => ({ kind: 'repeat', body: inner, min, max: most, mode: 'greedy' });
    if (max === Number.POSITIVE_INFINITY) return sequence([upTo(max), this.#never(body)]);
    const all: Node = { kind: 'repeat', body: inner, min: max, max, mode: 'greedy' };
    return choice([all, sequence([upTo(max - 1), this.#never(body)])]);
  }

  /** Every part before the last must have one way to match only, by itself or because what follows cannot begin like it. */
  #oneAfterAnother(parts: readonly Node[], offset: number): Node {
    const result: Node[] = [];
    for (const [index, part] of parts.entries()) {
      const next = parts[index + 1];
      const isClear =
        next === undefined ||
        fixedLength(part) >= 0 ||
        part.kind === 'atomic' ||
        isPossessive(part) ||
        endsBefore(part, next);
      if (!isClear)
        return this.#fail(
          offset,
          'this atomic group could match in several ways, which cannot be kept in linear time',
          'use a plain group',
        );
      result.push(this.#only(part, offset));
    }
    return sequence(result);
  }

  #never(body: Node): Node {
    return { kind: 'look', behind: false, negative: true, body: this.plain(withoutGroups(body)), offset: 0 };
  }

  #fail(offset: number, says: string, instead: string): Node {
    this.problem ??= { offset, length: 1, says, instead };
    return empty;
  }
}

function isPossessive(node: Node): boolean {
  return node.kind === 'repeat' && node.mode === 'possessive';
}

/** Whether `part` repeats bytes with none of which `next` can begin: then it has all of them whenever `next` matches. */
function endsBefore(part: Node, next: Node): boolean {
  if (
    part.kind !== 'repeat' ||
    part.body.kind !== 'bytes' ||
    part.mode === 'lazy' ||
    part.max !== Number.POSITIVE_INFINITY
  )
    return false;
  const first = firstBytes(next);
  return first !== null && !B.meet(first, part.body.set);
}

/** The bytes with which `node` begins, or null where it can match nothing at all. */
export function firstBytes(node: Node): B.ByteSet | null {
  switch (node.kind) {
    case 'bytes':
      return node.set;
    case 'group':
    case 'atomic':
      return firstBytes(node.body);
    case 'repeat':
      return node.min > 0 ? firstBytes(node.body) : null;
    case 'choice': {
      const firsts = node.parts.map(firstBytes);
      return firsts.includes(null) ? null : B.union(...(firsts as B.ByteSet[]));
    }
    case 'sequence': {
      const sets: B.ByteSet[] = [];
      for (const part of node.parts) {
        if (part.kind === 'place' || part.kind === 'look') continue;
        const own = firstBytes(part);
        if (own !== null) return B.union(...sets, own);
        const body = part.kind === 'repeat' ? firstBytes(part.body) : null;
        if (body === null) return null;
        sets.push(body);
      }
      return null;
    }
    default:
      return null;
  }
}

/** The same without capturing. */
export function withoutGroups(node: Node): Node {
  if (node.kind === 'group') return withoutGroups(node.body);
  if (node.kind === 'sequence') return sequence(node.parts.map(withoutGroups));
  if (node.kind === 'choice') return { kind: 'choice', parts: node.parts.map(withoutGroups) };
  return partsOf(node).length === 1 && 'body' in node ? { ...node, body: withoutGroups(node.body) } : node;
}

/** Whether `choice` makes anything else of the alternatives. */
function canMelt(parts: readonly Node[]): boolean {
  return parts.length === 1 || parts.some(({ kind }, index) => kind === 'bytes' && parts[index + 1]?.kind === 'bytes');
}

/** The alternatives, neighbours that read one byte taken together: their order cannot be told apart. */
export function choice(parts: readonly Node[]): Node {
  const merged: Node[] = [];
  for (const part of parts) {
    const last = merged.at(-1);
    if (part.kind === 'bytes' && last?.kind === 'bytes')
      merged[merged.length - 1] = { kind: 'bytes', set: B.union(last.set, part.set) };
    else merged.push(part);
  }
  return merged.length === 1 ? merged[0]! : { kind: 'choice', parts: merged };
}

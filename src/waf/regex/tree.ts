// What a pattern says, as a tree: the parser makes it, `lower.ts` removes what automata cannot hold, `program.ts` compiles it.

import type { ByteSet } from './byte-set.ts';

/** Assertions about the place between two bytes. */
export type Place =
  /** `\A`, and `^` outside multi-line mode. */
  | 'start'
  /** `^` in multi-line mode: at the start and behind a line feed that is not the last byte. */
  | 'line-start'
  /** `\z`. */
  | 'end'
  /** `$` in multi-line mode: at the end and before a line feed. */
  | 'line-end'
  /** `\b`. */
  | 'word-edge'
  /** `\B`. */
  | 'no-word-edge';

/** One part of a pattern. */
export type Node =
  | { readonly kind: 'empty' }
  | { readonly kind: 'bytes'; readonly set: ByteSet }
  | { readonly kind: 'place'; readonly place: Place }
  | { readonly kind: 'sequence'; readonly parts: readonly Node[] }
  | { readonly kind: 'choice'; readonly parts: readonly Node[] }
  | { readonly kind: 'repeat'; readonly body: Node; readonly min: number; readonly max: number; readonly mode: Mode }
  | { readonly kind: 'group'; readonly body: Node; readonly index: number }
  | { readonly kind: 'atomic'; readonly body: Node; readonly offset: number }
  | {
      readonly kind: 'look';
      readonly body: Node;
      readonly behind: boolean;
      readonly negative: boolean;
      readonly offset: number;
    }
  | { readonly kind: 'again'; readonly group: number; readonly ignoreCase: boolean; readonly offset: number };

/** How a repetition chooses: as many as it can, as few, or as many and never fewer. */
export type Mode = 'greedy' | 'lazy' | 'possessive';

/** Matches everywhere and reads nothing. */
export const empty: Node = { kind: 'empty' };

/** The parts one after another; one part stays itself. */
export function sequence(parts: readonly Node[]): Node {
  const isFlat = !parts.some(({ kind }) => kind === 'sequence' || kind === 'empty');
  const flat = isFlat
    ? parts
    : parts.flatMap((part) => (part.kind === 'sequence' ? part.parts : part.kind === 'empty' ? [] : [part]));
  if (flat.length === 0) return empty;
  return flat.length === 1 ? flat[0]! : { kind: 'sequence', parts: flat };
}

/** Whether `node` can match without reading a byte. */
export function isNullable(node: Node): boolean {
  switch (node.kind) {
    case 'bytes':
      return false;
    case 'sequence':
      return node.parts.every(isNullable);
    case 'choice':
      return node.parts.some(isNullable);
    case 'repeat':
      return node.min === 0 || isNullable(node.body);
    case 'group':
    case 'atomic':
      return isNullable(node.body);
    default:
      return true;
  }
}

/** How many bytes `node` always reads, or -1 where it can read different numbers. */
export function fixedLength(node: Node): number {
  switch (node.kind) {
    case 'bytes':
      return 1;
    case 'sequence': {
      let length = 0;
      for (const part of node.parts) {
        const own = fixedLength(part);
        if (own < 0) return -1;
        length += own;
      }
      return length;
    }
    case 'choice': {
      const first = fixedLength(node.parts[0]!);
      return node.parts.every((part) => fixedLength(part) === first) ? first : -1;
    }
    case 'repeat': {
      const own = fixedLength(node.body);
      return own >= 0 && (node.min === node.max || own === 0) ? own * node.min : -1;
    }
    case 'group':
    case 'atomic':
      return fixedLength(node.body);
    case 'again':
      return -1;
    default:
      return 0;
  }
}

/** The parts directly within `node`. */
export function partsOf(node: Node): readonly Node[] {
  if (node.kind === 'sequence' || node.kind === 'choice') return node.parts;
  return 'body' in node ? [node.body] : [];
}

/** Whether `node` or anything within is of one of the kinds. */
export function contains(node: Node, ...kinds: readonly Node['kind'][]): boolean {
  return kinds.includes(node.kind) || partsOf(node).some((part) => contains(part, ...kinds));
}

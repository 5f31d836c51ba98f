// Makes values that are as dear as they can be to match, out of the patterns themselves: pieces of what they match, pumped and mixed.

import { members } from '../src/waf/regex/byte-set.ts';
import { Pattern, type PatternSet, type PhraseSet } from '../src/waf/regex/regex.ts';
import type { Node } from '../src/waf/regex/tree.ts';
import type { Chance } from './agree/generate.ts';

/** Steps that matching `value` takes, and then capturing with every pattern that matched. `set` was made of `members`. */
export function stepsOf(set: PatternSet, members: readonly (Pattern | PhraseSet)[], value: string): number {
  const patterns = members.filter((member) => member instanceof Pattern);
  const total = () => patterns.reduce((sum, { meter }) => sum + meter.steps, set.meter.steps);
  const before = total();
  const hits = new Uint32Array(Math.ceil(set.size / 32));
  set.match(value, hits);
  for (const [index, member] of members.entries())
    if (((hits[index >> 5]! >>> (index & 31)) & 1) === 1 && member instanceof Pattern) member.exec(value);
  return total() - before + value.length;
}

/** Longest piece that is made of one tree. */
const maxPiece = 400;

/** A text that the pattern of `tree` may match, or could have matched but for its end: repetitions are drawn long or short. */
function pieceOf(tree: Node, chance: Chance): string {
  const parts: string[] = [];
  let length = 0;
  const write = (node: Node): void => {
    if (length > maxPiece) return;
    switch (node.kind) {
      case 'bytes': {
        const all = members(node.set);
        // Because the same few bytes again and again keep more ways open than ever new ones.
        const byte = all[chance(Math.min(all.length, chance(2) === 0 ? 2 : all.length))];
        if (byte !== undefined) parts.push(String.fromCharCode(byte));
        length++;
        return;
      }
      case 'sequence':
        for (const part of node.parts) write(part);
        return;
      case 'choice':
        write(node.parts[chance(node.parts.length)]!);
        return;
      case 'repeat': {
        const most = Math.min(node.max, node.min + [0, 1, 2, 40][chance(4)]!);
        for (let count = 0; count < most && length <= maxPiece; count++) write(node.body);
        return;
      }
      case 'group':
      case 'atomic':
        write(node.body);
    }
  };
  write(tree);
  return parts.join('');
}

/** One value of `length` bytes meant to be dear to match for `patterns`, most of all for `one` of them. */
export function worstValue(one: Pattern, patterns: readonly Pattern[], length: number, chance: Chance): string {
  const pieces: string[] = [];
  const kind = chance(5);
  const count = kind === 0 ? 1 : 1 + chance(4);
  for (let index = 0; index < count; index++) {
    const source = kind === 3 ? patterns[chance(patterns.length)]! : one;
    const piece = pieceOf(source.tree, chance);
    // Because what almost matches is tried longest: the end is cut off, or only the middle is kept.
    const from = kind === 1 ? 0 : chance(Math.max(1, piece.length >> 1));
    pieces.push(piece.slice(from, from + 1 + chance(Math.max(1, piece.length - from))));
  }
  if (kind === 4) {
    const sets = one.program.sets.filter((set) => members(set).length > 0);
    for (let index = 0; index < 3 && sets.length > 0; index++) {
      const all = members(sets[chance(sets.length)]!);
      pieces.push(String.fromCharCode(all[chance(all.length)]!));
    }
  }
  const usable = pieces.filter((piece) => piece !== '');
  if (usable.length === 0) return 'a'.repeat(length);
  const isMixed = chance(2) === 0;
  let value = '';
  for (let index = 0; value.length < length; index++)
    value += usable[isMixed ? chance(usable.length) : index % usable.length]!;
  return value.slice(0, length);
}

// Blocklists in force, and what is asked about them: most callers are in none.

import type { AddressReader } from '../base/address.ts';
import { type PackedRanges, type RangeIndex, RangeSet, RangesBuilder } from '../base/ranges.ts';

/** A blocklist in force. */
export interface Blocklist {
  readonly name: string;
  /** Where it came from, as its owner wrote it. */
  readonly from: string;
  readonly ranges: PackedRanges;
  /** Made where it is missing. */
  readonly index?: RangeIndex;
}

/** A list as it is asked: its ranges ready for questions. */
export interface Listed extends Blocklist {
  readonly set: RangeSet;
}

/** Most ranges that are joined into one set: it takes some ten milliseconds. */
const maxJoined = 20_000;

/** The lists, ready for questions. */
export function listedOf(lists: readonly Blocklist[]): Listed[] {
  return lists.map((list) => ({ ...list, set: new RangeSet(list.ranges, list.index) }));
}

/** The sets that are asked whether somebody is on any list: each of a few, or one that has all of many. */
export function setsOf(lists: readonly Listed[]): readonly RangeSet[] {
  const sets = lists.map(({ set }) => set);
  // Because joining takes a second for a million ranges, in which nobody has a turn, only many short lists are joined.
  const count = sets.reduce((sum, set) => sum + set.count, 0);
  if (lists.length < 3 || count > maxJoined) return sets;
  const all = new RangesBuilder();
  for (const { ranges } of lists) all.addAll(ranges);
  return [new RangeSet(all.build())];
}

/** Whether the address that a reader holds is in one of these. */
export function isInAny(sets: readonly RangeSet[], reader: AddressReader): boolean {
  for (let at = 0; at < sets.length; at++) if (isIn(sets[at]!, reader)) return true;
  return false;
}

/** Whether it is in this one; in none where there is none. */
export function isIn(set: RangeSet | null, reader: AddressReader): boolean {
  if (set === null) return false;
  if (reader.family === 4) return set.has4(reader.word0);
  return reader.family === 6 && set.has6(reader.word0, reader.word1, reader.word2, reader.word3);
}

// What faults of conditions say about how to mend them.

import type { Field } from './fields.ts';

/** A condition that shows the way. */
export const example = 'path starts with /admin and not client in 10.0.0.0/8';
/** A name for each field that wants one. */
export const nameExamples: Readonly<Record<string, string>> = {
  header: 'user-agent',
  cookie: 'session',
  argument: 'id',
};
/** Words that may stand behind a field. */
export const operatorWords = ['is', 'in', 'starts', 'ends', 'contains', 'matches', 'exists', 'not'];

/** `an address`, `a text`. */
export function kindOf({ type }: Field): string {
  return type === 'address' ? 'an address' : `a ${type}`;
}

/** What may be asked of a field. */
export function operatorsOf({ type }: Field): string {
  switch (type) {
    case 'address':
      return 'is ADDRESS, in NETWORK, in LIST, not in …';
    case 'number':
      return 'is, in (…), <, <=, >, >=, exists';
    case 'flag':
      return 'nothing more, or is yes, is no';
    default:
      return 'is, in (…), starts with, ends with, contains, is under PATH, matches /PATTERN/, exists, is missing';
  }
}

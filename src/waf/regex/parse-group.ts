// What opens a group: `(`, and every meaning of `(?` and `(*`.

import type { Cursor, Flags } from './cursor.ts';

/** How a parenthesis begins. */
export type Opening =
  | { readonly kind: 'capture'; readonly name: string }
  | { readonly kind: 'plain'; readonly flags: Flags }
  /** Flags for the rest of the group that they stand in. */
  | { readonly kind: 'flags'; readonly flags: Flags }
  | { readonly kind: 'atomic' }
  | { readonly kind: 'look'; readonly behind: boolean; readonly negative: boolean }
  | { readonly kind: 'comment' };

const flagNames: Readonly<Record<string, keyof Flags>> = {
  i: 'ignoreCase',
  m: 'multiline',
  s: 'dotAll',
  x: 'extended',
};

const looks: readonly (readonly [string, boolean, boolean])[] = [
  ['?=', false, false],
  ['?!', false, true],
  ['?<=', true, false],
  ['?<!', true, true],
];

/** What opens groups in PCRE2 and cannot be kept, and what to write instead. */
const refused: readonly (readonly [string, string, string])[] = [
  [
    '*',
    'verbs steer a search that goes back and forth, and this one goes only forward',
    'write the pattern without it',
  ],
  ['?|', 'groups that share numbers are not supported', 'give each alternative its own group'],
  ['?(', 'conditions on groups are not supported', 'write both cases as alternatives'],
  [
    '?R',
    'recursion is not supported: it cannot be matched in linear time',
    'write the nesting out as deep as it is needed',
  ],
  ['?&', 'recursion is not supported: it cannot be matched in linear time', 'write the group out'],
  ['?P>', 'recursion is not supported: it cannot be matched in linear time', 'write the group out'],
  ['?P=', 'a back-reference by name is not supported', 'write what the group may hold once more'],
  ['?C', 'callouts are not supported', 'write the pattern without it'],
];

/** Reads what stands behind the `(` at `from`, or notes a problem. */
export function readOpening(cursor: Cursor, from: number, flags: Flags): Opening | null {
  if (!cursor.looksAt('?') && !cursor.looksAt('*')) return { kind: 'capture', name: '' };
  for (const [text, says, instead] of refused)
    if (cursor.looksAt(text)) return cursor.fail(from, says, instead, text.length + 1);
  if (/^\?[+-]?\d/.test(cursor.source.slice(cursor.at, cursor.at + 3)))
    return cursor.fail(
      from,
      'recursion is not supported: it cannot be matched in linear time',
      'write the group out',
      3,
    );
  if (cursor.take('?#')) {
    if (cursor.takeUntil(')') !== null) return { kind: 'comment' };
    return cursor.fail(from, 'this comment is never closed', 'end it with )', 3);
  }
  if (cursor.take('?>')) return { kind: 'atomic' };
  for (const [text, behind, negative] of looks) if (cursor.take(text)) return { kind: 'look', behind, negative };
  if (cursor.take('?P<') || cursor.take('?<')) return readName(cursor, from, '>');
  if (cursor.take("?'")) return readName(cursor, from, "'");
  return readFlags(cursor, from, flags);
}

function readName(cursor: Cursor, from: number, end: string): Opening | null {
  const name = cursor.takeUntil(end) ?? '';
  if (/^[A-Za-z_]\w{0,31}$/.test(name)) return { kind: 'capture', name };
  return cursor.fail(
    from,
    'this is no name for a group',
    'use letters, digits and _, at most 32, not a digit first',
    3,
  );
}

/** `?flags-flags:` or `?flags-flags)`. */
function readFlags(cursor: Cursor, from: number, flags: Flags): Opening | null {
  cursor.at++;
  const next: { -readonly [name in keyof Flags]: boolean } = { ...flags };
  let on = true;
  if (cursor.take('^')) for (const name of Object.values(flagNames)) next[name] = false;
  for (;;) {
    const letter = cursor.peek();
    if (Object.hasOwn(flagNames, letter)) next[flagNames[letter]!] = on;
    else if (letter === '-') on = false;
    else break;
    cursor.at++;
  }
  if (cursor.take(':')) return { kind: 'plain', flags: next };
  if (cursor.take(')')) return { kind: 'flags', flags: next };
  if (cursor.atEnd)
    return cursor.fail(from, 'this parenthesis is never closed', 'write \\( for the parenthesis itself');
  return cursor.fail(
    from,
    `(?${cursor.peek()} opens no group that is known here`,
    '(?:…), (?i), (?m), (?s), (?x), (?<name>…), (?=…), (?!…), (?<=…), (?<!…) or (?>…)',
    cursor.at - from + 1,
  );
}

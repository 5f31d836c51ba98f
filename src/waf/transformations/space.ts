// White space and NULs: compressWhitespace, removeWhitespace, removeNulls, replaceNulls, trim, trimLeft, trimRight.

import type { Codes } from '../codes.ts';
import { NUL, WHITE } from '../marks.ts';
import { byTurning, isWhite, type Transformation } from './transformation.ts';

function isBlank(code: number): boolean {
  return isWhite(code) || code === 160;
}

/** One space for each run of white space. */
export const compressWhitespace: Transformation = {
  says: 'Turns every run of white space (the no-break space too) into one space.',
  changes: WHITE,
  makes: WHITE,
  leaves: (marks) => marks,
  examples: [
    ['a \t\n b', 'a b'],
    ['a\xa0\xa0b', 'a b'],
    ['  ', ' '],
  ],
  apply: byTurning(compress),
  turn: compress,
};

function compress({ list, length }: Codes, to: Codes): boolean {
  const kept = to.reserve(length);
  let count = 0;
  let wasBlank = false;
  let isChanged = false;
  for (let index = 0; index < length; index++) {
    const code = list[index]!;
    if (!isBlank(code)) {
      kept[count++] = code;
      wasBlank = false;
      continue;
    }
    if (wasBlank || code !== 32) isChanged = true;
    if (!wasBlank) kept[count++] = 32;
    wasBlank = true;
  }
  to.length = count;
  return isChanged;
}

/** No white space at all. */
export const removeWhitespace: Transformation = {
  says: 'Removes white space, the no-break space too.',
  changes: WHITE,
  makes: 0,
  leaves: (marks) => marks & ~WHITE,
  examples: [
    [' a b\xa0c\n', 'abc'],
    ['', ''],
  ],
  apply: byTurning(withoutBlanks),
  turn: withoutBlanks,
};

function withoutBlanks({ list, length }: Codes, to: Codes): boolean {
  const kept = to.reserve(length);
  let count = 0;
  for (let index = 0; index < length; index++) {
    const code = list[index]!;
    if (!isBlank(code)) kept[count++] = code;
  }
  to.length = count;
  return count < length;
}

/** No NUL. */
export const removeNulls: Transformation = {
  says: 'Removes NUL bytes.',
  changes: NUL,
  makes: 0,
  examples: [
    ['a\0b\0', 'ab'],
    ['ab', 'ab'],
  ],
  apply: (value) => (value.includes('\0') ? value.replaceAll('\0', '') : value),
};

/** A space for each NUL. */
export const replaceNulls: Transformation = {
  says: 'Turns NUL bytes into spaces.',
  changes: NUL,
  makes: WHITE,
  examples: [['a\0b', 'a b']],
  apply: (value) => (value.includes('\0') ? value.replaceAll('\0', ' ') : value),
};

/** No white space at either end. */
export const trim: Transformation = {
  says: 'Removes white space at both ends.',
  changes: WHITE,
  makes: 0,
  examples: [
    [' a b ', 'a b'],
    [' \t', ''],
  ],
  apply: (value) => trimmed(value, true, true),
};

/** No white space at the beginning. */
export const trimLeft: Transformation = {
  says: 'Removes white space at the beginning.',
  changes: WHITE,
  makes: 0,
  examples: [[' a ', 'a ']],
  apply: (value) => trimmed(value, true, false),
};

/** No white space at the end. */
export const trimRight: Transformation = {
  says: 'Removes white space at the end.',
  changes: WHITE,
  makes: 0,
  examples: [[' a ', ' a']],
  apply: (value) => trimmed(value, false, true),
};

function trimmed(value: string, left: boolean, right: boolean): string {
  let start = 0;
  let end = value.length;
  if (left) while (start < end && isWhite(value.charCodeAt(start))) start++;
  if (right) while (end > start && isWhite(value.charCodeAt(end - 1))) end--;
  return value.slice(start, end);
}

// Comments and command lines: removeComments, replaceComments, removeCommentsChar, cmdLine.

import type { Codes } from '../codes.ts';
import { BACKSLASH, CARET, COMMA, DASH, HASH, LOWER, QUOTE, SLASH, UPPER, WHITE } from '../marks.ts';
import { byTurning, isWhite, type Transformation } from './transformation.ts';

/** One space for each C comment. */
export const replaceComments: Transformation = {
  says: 'Turns every C comment into one space, one that is not closed up to the end.',
  changes: SLASH,
  makes: WHITE,
  examples: [
    ['a/*b*/c', 'a c'],
    ['a/*b', 'a '],
    ['/**/', ' '],
    ['/*/a*/', ' '],
    ['a*/b', 'a*/b'],
  ],
  apply(value) {
    let open = value.indexOf('/*');
    if (open < 0) return value;
    let result = '';
    let at = 0;
    while (open >= 0) {
      result += `${value.slice(at, open)} `;
      const close = value.indexOf('*/', open + 2);
      if (close < 0) return result;
      at = close + 2;
      open = value.indexOf('/*', at);
    }
    return result + value.slice(at);
  },
};

/** No comments of C, HTML, SQL and shells. */
export const removeComments: Transformation = {
  says: 'Removes C comments and HTML comments, and everything behind -- or #.',
  changes: SLASH | DASH | HASH,
  makes: 0,
  examples: [
    ['a/*b*/c', 'ac'],
    ['a<!--b-->c', 'ac'],
    ['a--b', 'a'],
    ['a#b', 'a'],
    ['a-b', 'a-b'],
  ],
  apply(value) {
    let result = '';
    for (let at = 0; at < value.length; ) {
      if (value.startsWith('/*', at)) at = endAfter(value, '*/', at + 2);
      else if (value.startsWith('<!--', at)) at = endAfter(value, '-->', at + 4);
      else if (value[at] === '#' || value.startsWith('--', at)) break;
      else result += value[at++];
    }
    return result;
  },
};

function endAfter(value: string, mark: string, from: number): number {
  const found = value.indexOf(mark, from);
  return found < 0 ? value.length : found + mark.length;
}

/** No signs that begin or end comments. */
export const removeCommentsChar: Transformation = {
  says: 'Removes the signs of comments: /* */ -- #, and <!-- -->.',
  changes: SLASH | DASH | HASH,
  makes: 0,
  examples: [
    ['a/*b*/c', 'abc'],
    ['a--b#c', 'abc'],
    ['<!--a-->', 'a'],
    ['*/', ''],
  ],
  apply(value) {
    let result = '';
    for (let at = 0; at < value.length; ) {
      const two = value.slice(at, at + 2);
      if (two === '/*' || two === '*/') at += 2;
      else if (value.startsWith('<!--', at)) at += 4;
      else if (value.startsWith('-->', at)) at += 3;
      else if (two === '--') at += 2;
      else if (value[at] === '#') at++;
      else result += value[at++];
    }
    return result;
  },
};

/** A command line as all shells would read it. */
export const cmdLine: Transformation = {
  says: 'Removes \\ " \' ^, spaces before / and (, turns , ; and white space into one space, and lowers letters.',
  changes: BACKSLASH | QUOTE | CARET | COMMA | WHITE | UPPER,
  makes: WHITE | LOWER,
  leaves(marks) {
    const kept = marks & ~(BACKSLASH | QUOTE | CARET | COMMA | UPPER);
    return kept | ((marks & COMMA) === 0 ? 0 : WHITE) | ((marks & UPPER) === 0 ? 0 : LOWER);
  },
  examples: [
    ['c^m"d /C  Dir', 'cmd/c dir'],
    ["w'g'et;x,y", 'wget x y'],
    ['a (b', 'a(b'],
    ['A\\B', 'ab'],
  ],
  apply: byTurning(asCommand),
  turn: asCommand,
};

function asCommand({ list, length }: Codes, to: Codes): boolean {
  const kept = to.reserve(length);
  let count = 0;
  let wasSpace = false;
  for (let index = 0; index < length; index++) {
    const code = list[index]!;
    if (code === 34 || code === 39 || code === 92 || code === 94) continue;
    if (isWhite(code) || code === 44 || code === 59) {
      if (!wasSpace) kept[count++] = 32;
      wasSpace = true;
      continue;
    }
    if ((code === 47 || code === 40) && wasSpace) count--;
    wasSpace = false;
    kept[count++] = code >= 65 && code <= 90 ? code | 32 : code;
  }
  to.length = count;
  return true;
}

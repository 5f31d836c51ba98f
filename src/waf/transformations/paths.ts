// Paths: normalizePath and normalizePathWin, with their British spellings.

import { BACKSLASH, SLASH } from '../marks.ts';
import type { Transformation } from './transformation.ts';

/** No doubled slashes, no `.` and `..` that can be resolved. */
export const normalizePath: Transformation = {
  says: 'Removes doubled slashes, references to the same folder, and to the one above where there is one.',
  changes: SLASH,
  makes: 0,
  examples: [
    ['/a//b/./c', '/a/b/c'],
    ['/a/../b', '/b'],
    ['../../a', '../../a'],
    ['/../a', '/a'],
    ['a/b/', 'a/b/'],
    ['', ''],
    ['a/..', ''],
    ['/a/b/..', '/a'],
  ],
  apply: (value) => normalized(value),
};

/** The same under the name of ModSecurity 2.6. */
export const normalisePath: Transformation = { ...normalizePath, says: 'Another spelling of normalizePath.' };

/** As normalizePath, for Windows. */
export const normalizePathWin: Transformation = {
  says: 'Turns backslashes into slashes, then does what normalizePath does.',
  changes: SLASH | BACKSLASH,
  makes: SLASH,
  examples: [
    ['\\a\\..\\b', '/b'],
    ['c:\\\\x', 'c:/x'],
  ],
  apply: (value) => forWindows(value),
};

/** The same under the name of ModSecurity 2.6. */
export const normalisePathWin: Transformation = { ...normalizePathWin, says: 'Another spelling of normalizePathWin.' };

function forWindows(value: string): string {
  return normalized(value.includes('\\') ? value.replaceAll('\\', '/') : value);
}

function normalized(value: string): string {
  if (value === '' || (!value.includes('//') && !value.includes('.'))) return value;
  const isRooted = value.startsWith('/');
  const parts: string[] = [];
  let climbs = 0;
  const pieces = value.split('/');
  const last = pieces[pieces.length - 1];
  for (const piece of pieces) {
    if (piece === '' || piece === '.') continue;
    if (piece !== '..') parts.push(piece);
    else if (parts.length > climbs) parts.pop();
    else if (!isRooted) {
      parts.push('..');
      climbs++;
    }
  }
  const endsInSlash = (last === '' || last === '.') && parts.length > 0;
  return `${isRooted ? '/' : ''}${parts.join('/')}${endsInSlash ? '/' : ''}`;
}

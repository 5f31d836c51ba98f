// Whether a script element or a handler does anything, and what an attribute takes in that is left open.

import { isLetter, isWord } from '../classes.ts';

/** Words behind or before which another word may stand in a program. */
const operators: ReadonlySet<string> = new Set(
  'in of as from instanceof new typeof void delete return throw var let const using function class extends else do case default async await yield import export get set static if for while with switch try catch finally break continue debugger'.split(
    ' ',
  ),
);
/** How far behind the tag it is looked for, in characters. */
const maxLook = 160;

/**
 * Whether the script behind `<script` at `end` is none: two words in a row that no program has, with nothing but words and
 * commas before them, as in "a <script> in the comment box"; or the imports of a module where no module is.
 */
export function isBrokenScript(text: string, end: number): boolean {
  const close = text.indexOf('>', end);
  if (close < 0 || close - end > 32) return false;
  const attributes = text.slice(end, close).toLowerCase().trim();
  if (attributes === 'setup' || attributes === 'setup lang="ts"' || attributes === 'lang="ts" setup') {
    const start = text.slice(close + 1, close + 64).trimStart();
    return start.startsWith('import ') || start.startsWith('export default ');
  }
  return attributes === '' && hasTwoWords(text, close + 1);
}

/**
 * Whether a handler from `start` to `end` only changes its own element, as pages do for pictures that are missing:
 * `this.onerror=null;this.src='/none.png'`.
 */
export function changesItself(text: string, start: number, end: number): boolean {
  if (end - start > 160 || text.charCodeAt(start - 1) !== 34) return false;
  const last = text.charCodeAt(end - 1) === 34 ? end - 1 : end;
  const statements = text.slice(start, last).toLowerCase().split(';', 6);
  return statements.every((one) => isOwnChange(one.trim().replaceAll(' ', '')));
}

/**
 * Whether the quote before `start` is never closed, and what it holds is nothing, or an address that waits for more: `<img
 * src='http://evil.example/?`. What was cut short by its length ends in the midst of a word.
 */
export function isLeftOpen(text: string, start: number): boolean {
  const quote = text.charAt(start - 1);
  if ((quote !== "'" && quote !== '"') || text.length - start > 128 || text.indexOf(quote, start) >= 0) return false;
  const rest = text.slice(start);
  if (rest === '') return quote === "'";
  return (rest.endsWith('?') || rest.endsWith('=')) && (rest.startsWith('//') || rest.startsWith('http'));
}

function isOwnChange(statement: string): boolean {
  if (['', 'this.onerror=null', "this.style.display='none'", 'this.remove()'].includes(statement)) return true;
  const address = statement.startsWith("this.src='") && statement.endsWith("'") ? statement.slice(10, -1) : '';
  const isPlain = address.startsWith('/') || address.startsWith('https://');
  return isPlain && !["'", '\\', '`', '&', '(', '+'].some((sign) => address.includes(sign));
}

function hasTwoWords(text: string, from: number): boolean {
  let before = '';
  let at = from;
  const to = Math.min(text.length, from + maxLook);
  // Because no program begins with what closes or joins.
  if (')]},:?=*%|&^'.includes(text.charAt(from)) && from < text.length) return true;
  while (at < to) {
    const code = text.charCodeAt(at);
    if (isLetter(code)) {
      let end = at + 1;
      while (end < to && isWord(text.charCodeAt(end))) end++;
      const word = text.slice(at, end).toLowerCase();
      if (before !== '' && !operators.has(before) && !operators.has(word)) return end < to || to === text.length;
      before = word;
      at = end;
    } else if (code === 32) at++;
    else if (code === 44 || code === 46) {
      before = '';
      at++;
    } else return false;
  }
  return false;
}

// Backslash escapes undone as JavaScript and JSON read them, and, apart from that, as CSS reads them.

import { hexDigit } from '../classes.ts';

const simple: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
  ['f', '\f'],
  ['b', '\b'],
  ['\\', '\\'],
  ['/', '/'],
  ['"', '"'],
  ["'", "'"],
  ['`', '`'],
]);

/** `\xHH`, `\uHHHH`, `\u{H…}`, octal and the one-letter escapes undone once; the same string where there is none. */
export function scriptDecode(text: string): string {
  let from = 0;
  let out = '';
  let at = text.indexOf('\\');
  while (at >= 0) {
    const end = scriptEscapeEnd(text, at);
    if (end > 0) {
      out += text.slice(from, at) + scriptEscape(text, at, end);
      from = end;
    }
    at = text.indexOf('\\', end > 0 ? end : at + 2);
  }
  return from === 0 ? text : out + text.slice(from);
}

/** Where the escape at `at` ends, or 0 where the backslash escapes nothing we know. */
function scriptEscapeEnd(text: string, at: number): number {
  const letter = text.charCodeAt(at + 1);
  if (letter === 120) return hexRun(text, at + 2, 2) === 2 ? at + 4 : 0;
  if (letter === 117) {
    if (text.charCodeAt(at + 2) !== 123) return hexRun(text, at + 2, 4) === 4 ? at + 6 : 0;
    const digits = hexRun(text, at + 3, 8);
    return digits > 0 && text.charCodeAt(at + 3 + digits) === 125 ? at + 4 + digits : 0;
  }
  const octal = octalRun(text, at + 1);
  if (octal > 0) return at + 1 + octal;
  return simple.has(text.charAt(at + 1)) ? at + 2 : 0;
}

function scriptEscape(text: string, at: number, end: number): string {
  const letter = text.charCodeAt(at + 1);
  if (letter === 120) return String.fromCharCode(Number.parseInt(text.slice(at + 2, end), 16));
  if (letter === 117) {
    const braced = text.charCodeAt(at + 2) === 123;
    const value = Number.parseInt(braced ? text.slice(at + 3, end - 1) : text.slice(at + 2, end), 16);
    return value > 0x10ffff ? '\ufffd' : String.fromCodePoint(value);
  }
  if (letter >= 48 && letter <= 55) return String.fromCharCode(Number.parseInt(text.slice(at + 1, end), 8));
  return simple.get(text.charAt(at + 1)) ?? '';
}

/** `\HHHHHH ` undone as CSS does (CSS Syntax 4.3.7); the same string where there is none. */
export function styleDecode(text: string): string {
  let from = 0;
  let out = '';
  let at = text.indexOf('\\');
  while (at >= 0) {
    const digits = hexRun(text, at + 1, 6);
    let end = at + 1 + digits;
    if (digits > 0) {
      const value = Number.parseInt(text.slice(at + 1, end), 16);
      if (isStyleSpace(text.charCodeAt(end))) end++;
      out += text.slice(from, at) + (value > 0x10ffff ? '\ufffd' : String.fromCodePoint(value));
      from = end;
    }
    at = text.indexOf('\\', Math.max(end, at + 1));
  }
  return from === 0 ? text : out + text.slice(from);
}

function isStyleSpace(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13);
}

function hexRun(text: string, at: number, max: number): number {
  let count = 0;
  while (count < max && hexDigit(text.charCodeAt(at + count)) >= 0) count++;
  return count;
}

function octalRun(text: string, at: number): number {
  const max = text.charCodeAt(at) <= 51 ? 3 : 2;
  let count = 0;
  while (count < max && text.charCodeAt(at + count) >= 48 && text.charCodeAt(at + count) <= 55) count++;
  return count;
}

// What kinds of characters a value has, as a bit mask from one pass: it decides which decodings and detectors can speak at all.

import { codesOf } from '../base/byte-codes.ts';

/** A plain space. */
export const SPACE = 1;
/** A control character other than NUL, line breaks included. */
export const CONTROL = 2;
/** `'`, `"` or a backtick. */
export const QUOTE = 4;
/** `<` or `>`. */
export const ANGLE = 8;
export const PERCENT = 16;
export const AMPERSAND = 32;
export const BACKSLASH = 64;
/** `( ) { } [ ]`. */
export const BRACKET = 128;
/** `; | $ #`. */
export const SEPARATOR = 256;
/** `= * ! ^ @ ?`. */
export const OPERATOR = 512;
export const SLASH = 1024;
/** A byte of 0x80 and more, or a character beyond latin1. */
export const HIGH = 2048;
export const COLON = 4096;
export const NUL = 8192;
export const PLUS = 16384;
/** What a form's encoding is made of, and what it leaves none of. */
export const ENCODED: number = PERCENT | PLUS | AMPERSAND;
export const BLANK: number = SPACE | CONTROL;
/** Any class: a detector with this gate looks at every value that is looked at at all. */
export const ANY = 32767;

const groups: readonly (readonly [number, string])[] = [
  [SPACE, ' '],
  [QUOTE, '\'"`'],
  [ANGLE, '<>'],
  [PERCENT, '%'],
  [AMPERSAND, '&'],
  [BACKSLASH, '\\'],
  [BRACKET, '(){}[]'],
  [SEPARATOR, ';|$#'],
  [OPERATOR, '=*!^@?'],
  [SLASH, '/'],
  [COLON, ':'],
  [PLUS, '+'],
  [NUL, '\0'],
];

/** The class of each byte; letters, digits and `- _ . ~ ,` have none. */
export const classOfByte: Uint16Array = classTable();

function classTable(): Uint16Array {
  const table = new Uint16Array(256);
  table.fill(CONTROL, 0, 32);
  table[127] = CONTROL;
  table.fill(HIGH, 128);
  for (const [bit, characters] of groups) for (const one of characters) table[one.charCodeAt(0)] = bit;
  return table;
}

/** The union of the classes of the characters from `start` to `end`. */
export function classify(text: string, start: number, end: number): number {
  let mask = 0;
  for (let index = start; index < end; index++) {
    const code = text.charCodeAt(index);
    mask |= code < 256 ? classOfByte[code]! : HIGH;
  }
  return mask;
}

/** The union of the classes of all characters. */
export function classesOf(text: string): number {
  const { length } = text;
  // Because reading it into an array costs more than looking at a few characters.
  if (length < 24) return classify(text, 0, length);
  const codes = codesOf(text);
  let mask = 0;
  for (let index = 0; index < length; index++) mask |= classOfByte[codes[index]!]!;
  return mask;
}

/** The same; where one of them is `HIGH`, perhaps of those before it alone. */
export function classesToHigh(text: string): number {
  const { length } = text;
  if (length < 24) return classify(text, 0, length);
  const codes = codesOf(text);
  let mask = 0;
  for (let index = 0; index < length && (mask & HIGH) === 0; index++) mask |= classOfByte[codes[index]!]!;
  return mask;
}

/** The value of a hexadecimal digit, or -1. */
export function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

/** Where `sign` stands from `at` on; the text's length where it does not. */
export function nextOf(text: string, sign: string, at: number): number {
  const found = text.indexOf(sign, at);
  return found < 0 ? text.length : found;
}

/** Whether `code` is an ASCII letter. */
export function isLetter(code: number): boolean {
  const lower = code | 32;
  return lower >= 97 && lower <= 122;
}

/** Whether `code` is an ASCII letter, a digit, `_` or `$`: a character of a name in JavaScript. */
export function isWord(code: number): boolean {
  return isLetter(code) || (code >= 48 && code <= 57) || code === 95 || code === 36;
}

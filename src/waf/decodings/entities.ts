// HTML character references undone: numeric with or without semicolon, and the names that matter to an attack.

import { hexDigit } from '../classes.ts';

/** Names that a browser also reads without their semicolon (HTML 13.5). */
const bare: ReadonlyMap<string, string> = new Map([
  ['lt', '<'],
  ['LT', '<'],
  ['gt', '>'],
  ['GT', '>'],
  ['amp', '&'],
  ['AMP', '&'],
  ['quot', '"'],
  ['QUOT', '"'],
  ['nbsp', ' '],
]);

const named: ReadonlyMap<string, string> = new Map([
  ...bare,
  ['apos', "'"],
  ['Tab', '\t'],
  ['NewLine', '\n'],
  ['colon', ':'],
  ['semi', ';'],
  ['comma', ','],
  ['period', '.'],
  ['excl', '!'],
  ['quest', '?'],
  ['num', '#'],
  ['dollar', '$'],
  ['percnt', '%'],
  ['lpar', '('],
  ['rpar', ')'],
  ['lsqb', '['],
  ['lbrack', '['],
  ['rsqb', ']'],
  ['rbrack', ']'],
  ['lcub', '{'],
  ['lbrace', '{'],
  ['rcub', '}'],
  ['rbrace', '}'],
  ['sol', '/'],
  ['bsol', '\\'],
  ['equals', '='],
  ['plus', '+'],
  ['ast', '*'],
  ['midast', '*'],
  ['commat', '@'],
  ['Hat', '^'],
  ['lowbar', '_'],
  ['grave', '`'],
  ['DiacriticalGrave', '`'],
  ['vert', '|'],
  ['verbar', '|'],
  ['VerticalLine', '|'],
  ['shy', ''],
  ['ZeroWidthSpace', ''],
  ['zwj', ''],
  ['zwnj', ''],
]);

/** Longest name in the table. */
const maxName = 16;

/**
 * `text` with its character references undone once, or the same string where it has none. Never longer than `text`.
 * Where it is markup, those that spell a `<` between its tags stay: they are text.
 */
export function entityDecode(text: string, isMarkup = false): string {
  let from = 0;
  let out = '';
  let read = 0;
  let inTag = false;
  let at = text.indexOf('&');
  while (at >= 0) {
    for (; isMarkup && read < at; read++) {
      const code = text.charCodeAt(read);
      if (code === 60 || code === 62) inTag = code === 60;
    }
    const end = text.charCodeAt(at + 1) === 35 ? numericEnd(text, at) : namedEnd(text, at);
    if (end > 0 && !(isMarkup && !inTag && spellsAngle(text, at, end))) {
      out += text.slice(from, at) + (text.charCodeAt(at + 1) === 35 ? numeric(text, at, end) : name(text, at, end));
      from = end;
    }
    at = text.indexOf('&', Math.max(end, at + 1));
  }
  return from === 0 ? text : out + text.slice(from);
}

function spellsAngle(text: string, at: number, end: number): boolean {
  return (text.charCodeAt(at + 1) === 35 ? numeric(text, at, end) : name(text, at, end)) === '<';
}

/** Where the reference `&#…` ends, its semicolon included, or 0 where it is none. */
function numericEnd(text: string, at: number): number {
  const isHex = (text.charCodeAt(at + 2) | 32) === 120;
  const first = at + (isHex ? 3 : 2);
  let end = first;
  while (end < text.length && isDigit(text.charCodeAt(end), isHex)) end++;
  if (end === first) return 0;
  return text.charCodeAt(end) === 59 ? end + 1 : end;
}

function isDigit(code: number, isHex: boolean): boolean {
  return isHex ? hexDigit(code) >= 0 : code >= 48 && code <= 57;
}

function numeric(text: string, at: number, end: number): string {
  const isHex = (text.charCodeAt(at + 2) | 32) === 120;
  let value = 0;
  for (let index = at + (isHex ? 3 : 2); index < end && text.charCodeAt(index) !== 59; index++)
    value = Math.min(0x110000, value * (isHex ? 16 : 10) + hexDigit(text.charCodeAt(index)));
  return value > 0x10ffff ? '\ufffd' : String.fromCodePoint(value);
}

function namedEnd(text: string, at: number): number {
  let end = at + 1;
  const last = Math.min(text.length, at + 2 + maxName);
  while (end < last && isNameCharacter(text.charCodeAt(end))) end++;
  if (text.charCodeAt(end) === 59) return named.has(text.slice(at + 1, end)) ? end + 1 : 0;
  // Because browsers read `&ltscript` as `<script`: the longest bare name wins.
  for (let length = Math.min(4, end - at - 1); length >= 2; length--)
    if (bare.has(text.slice(at + 1, at + 1 + length))) return at + 1 + length;
  return 0;
}

function isNameCharacter(code: number): boolean {
  const lower = code | 32;
  return lower >= 97 && lower <= 122;
}

function name(text: string, at: number, end: number): string {
  const stop = text.charCodeAt(end - 1) === 59 ? end - 1 : end;
  return named.get(text.slice(at + 1, stop)) ?? '';
}

// The one cheap pass over every value: which characters and words are there without which no SQL could be recognised.

import { codesOf } from '../../base/byte-codes.ts';
import { latin1 } from '../../base/bytes.ts';
import { HashedWords, lettersEnd } from './sql-hashed.ts';
import { ATTACKING, STATEMENTS } from './sql-words.ts';

export const SINGLE_QUOTE = 1;
export const DOUBLE_QUOTE = 2;
export const BACK_QUOTE = 4;
export const SEMICOLON_SEEN = 8;
/** A digit, bracket, quote, comparison or @: what a condition needs to be more than words. */
export const SUBSTANCE = 16;
/** OR, AND, XOR, || or &&. */
export const JOINT_WORD = 32;
/** SELECT, UNION, ORDER, CASE and the like. */
export const CLAUSE_WORD = 64;
export const STATEMENT_WORD = 128;
export const ATTACK_WORD = 256;
/** @@. */
export const SYSTEM_MARK = 512;
/** UNION and its like, which are sought behind text that is no SQL as well. */
export const SET_WORD = 1024;
/** LIKE and the other words that compare, which prose is full of. */
export const COMPARING_WORD = 2048;
/** The end of a comment. */
export const COMMENT_END = 4096;
export const OR_WORD = 8192;
export const EQUALS = 1 << 16;
/** What may part two words of SQL; text without it is one word, as addresses of the web are. */
export const GAP = 1 << 17;

const joints = ['or', 'and', 'xor'];
const comparisons = ['like', 'rlike', 'regexp', 'glob', 'div'];
const clauses = [
  ...['select', 'minus', 'order', 'group', 'having', 'case', 'procedure', 'outfile'],
  ...[
    'dumpfile',
    'version',
    'user',
    'database',
    'char',
    'chr',
    'nchar',
    'iif',
    'substring',
    'substr',
    'ascii',
    'sys_context',
    'waitfor',
  ],
  ...['cast', 'convert', 'exists', 'if', 'limit', 'information_schema', 'where'],
];

const LETTER = 1 << 30;
const PAIR = 1 << 29;
/** Where the outline of a value may have a mark. */
const NOTED = 1 << 28;
const classes = classify();

function* marked(): Iterable<readonly [string, number]> {
  for (const word of joints) yield [word, JOINT_WORD];
  yield ['or', OR_WORD];
  for (const word of comparisons) yield [word, COMPARING_WORD];
  for (const word of ['union', 'intersect', 'except']) yield [word, SET_WORD | CLAUSE_WORD];
  for (const word of clauses) yield [word, CLAUSE_WORD];
  for (const word of STATEMENTS) yield [word, STATEMENT_WORD];
  for (const word of ATTACKING) yield [word, ATTACK_WORD];
}

/** The words that make a value SQL, with the bits above. */
export const sqlMarks: HashedWords = new HashedWords(marked());

/** The bits above that hold for `value`. */
export function scanSql(value: string): number {
  const { length } = value;
  const codes = codesOf(value);
  const notes = length < minNoted ? null : noted.of(value);
  let seen = 0;
  for (let at = 0; ; at++) {
    let kind = classes[codes[at]!]!;
    if (kind === LETTER) {
      const start = at;
      do kind = classes[codes[++at]!]!;
      while (kind === LETTER);
      const marks = sqlMarks.marks(codes, start, at);
      if (marks !== 0) {
        seen |= marks;
        if (notes !== null && (marks & (SET_WORD | OR_WORD)) !== 0) notes.add(start);
      }
    }
    if (at >= length) break;
    if (kind === 0) continue;
    if ((kind & NOTED) !== 0 && notes !== null && isNoted(codes, at)) notes.add(at);
    seen |= (kind & PAIR) === 0 ? kind : pairAt(codes, at);
  }
  return seen & ~NOTED;
}

/** Whether the sign at `at` may be a mark: of dashes and slashes, those that may begin a comment. */
function isNoted(codes: Uint8Array, at: number): boolean {
  const code = codes[at]!;
  if (code === 0x2d) return codes[at + 1] === 0x2d;
  return code !== 0x2f || codes[at + 1] === 0x2a;
}

/** From this length on it is worth remembering where a value has what its outline is made of. */
const minNoted = 128;
/** Most places that are remembered. */
const maxNoted = 1 << 14;

/** Where the value that was scanned last has what its outline may be made of. */
class Noted {
  #value = '';
  #count = 0;
  readonly #places = new Int32Array(maxNoted);

  /** Begins anew. */
  of(value: string): this {
    this.#value = value;
    this.#count = 0;
    return this;
  }

  add(place: number): void {
    if (this.#count < maxNoted) this.#places[this.#count] = place;
    this.#count++;
  }

  /** The places in `value`, in order; null where they are not known. */
  in(value: string): Int32Array | null {
    if (value.length < minNoted || value !== this.#value || this.#count > maxNoted) return null;
    return this.#places.subarray(0, this.#count);
  }
}

const noted = new Noted();

/**
 * Where a word or a sign of `value` stands that its outline may mark, in order; null where every place must be looked at.
 * Good until another value is scanned.
 */
export function notedPlaces(value: string): Int32Array | null {
  return noted.in(value);
}

/** Most semicolons whose next word is looked at. */
const maxSemicolons = 16;

/** Whether a statement may begin behind a semicolon of `value`; false is final. */
export function mayStack(value: string): boolean {
  const codes = codesOf(value);
  let at = value.indexOf(';');
  for (let count = 0; at >= 0; count++) {
    if (count === maxSemicolons || mayBeginAt(codes, value.length, at + 1)) return true;
    at = value.indexOf(';', at + 1);
  }
  return false;
}

/** The same of the first `length` codes. */
export function mayStackIn(codes: Buffer, length: number): boolean {
  let count = 0;
  for (let at = 0; at < length; at++)
    if (codes[at] === 0x3b && (count++ === maxSemicolons || mayBeginAt(codes, length, at + 1))) return true;
  return false;
}

/** Of a word that begins a statement: it is letters to its end. */
const LETTERS = 2;
const beginning: HashedWords = new HashedWords(
  [...STATEMENTS, ...ATTACKING].map(
    (word) => [word, lettersEnd(Buffer.from(`${word}\0`), 0) === word.length ? LETTERS : 1] as const,
  ),
);

/** Whether a word that begins a statement, or what could hide one, stands at `from` behind blanks in the first `length` codes. */
export function mayBeginAt(codes: Buffer, length: number, from: number): boolean {
  const at = pastBlanks(codes, length, from);
  // Because comments, and blanks that only some databases know, may stand before the word.
  if (isOpenOrOdd(codes[at]!)) return true;
  const end = pastWord(codes, at);
  const letters = lettersEnd(codes, at);
  const marks = beginning.marks(codes, at, letters);
  if (marks !== 0) {
    if (isWord(codes, at, end, 'with')) return mayName(codes, length, end);
    if (marks >= LETTERS && end === letters) return true;
    const word = latin1(codes, at, end).toLowerCase();
    if (STATEMENTS.has(word) || ATTACKING.has(word)) return true;
  }
  return isOpenOrOdd(codes[pastBlanks(codes, length, end)]!);
}

/** Whether WITH that ends at `from` may name a query, as prose seldom does: WITH name AS, WITH name (, WITH RECURSIVE. */
function mayName(codes: Buffer, length: number, from: number): boolean {
  const at = pastBlanks(codes, length, from);
  const end = pastWord(codes, at);
  const next = pastBlanks(codes, length, end);
  if (at === end || isOpenOrOdd(codes[next]!) || codes[at]! >= 0x7f) return true;
  if (isWord(codes, at, end, 'recursive')) return true;
  return (codes[next]! | 32) === 0x61 && (codes[next + 1]! | 32) === 0x73;
}

/** Whether `word` stands from `start` to `end`, in any case. */
function isWord(codes: Uint8Array, start: number, end: number, word: string): boolean {
  if (end - start !== word.length) return false;
  for (let at = start; at < end; at++) if ((codes[at]! | 32) !== word.charCodeAt(at - start)) return false;
  return true;
}

/** A bracket, what may begin or end a comment, and what is no ASCII. */
function isOpenOrOdd(code: number): boolean {
  return code === 0x28 || code === 0x2f || code === 0x2d || code === 0x23 || code === 0x2a || code >= 0x7f;
}

function pastBlanks(codes: Uint8Array, length: number, from: number): number {
  let at = from;
  while (at < length && codes[at]! <= 0x20) at++;
  return at;
}

function pastWord(codes: Uint8Array, from: number): number {
  let at = from;
  for (; ; at++) {
    const code = codes[at]!;
    if (classes[code] !== LETTER && code !== 0x24 && !(code >= 0x30 && code <= 0x39)) return at;
  }
}

function pairAt(codes: Uint8Array, at: number): number {
  const code = codes[at]!;
  const next = codes[at + 1]!;
  if (code === 0x40) return next === 0x40 ? SYSTEM_MARK | SUBSTANCE | GAP : 0;
  if (code === 0x2a) return next === 0x2f ? COMMENT_END | GAP : GAP;
  if (code === 0x3d) return EQUALS | SUBSTANCE;
  return next === code ? JOINT_WORD | GAP : 0;
}

function classify(): Int32Array {
  const table = new Int32Array(256).fill(GAP, 128);
  for (let code = 0x61; code <= 0x7a; code++) table[code] = table[code - 32] = LETTER;
  table[0x5f] = LETTER;
  for (const digit of '0123456789') table[digit.charCodeAt(0)] = SUBSTANCE;
  for (const mark of '<>$[') table[mark.charCodeAt(0)] = SUBSTANCE;
  for (let code = 0; code <= 0x20; code++) table[code] = GAP;
  table[0x2b] = GAP;
  table[0x28] = SUBSTANCE | GAP;
  table[0x27] = SINGLE_QUOTE | SUBSTANCE | GAP;
  table[0x22] = DOUBLE_QUOTE | SUBSTANCE | GAP;
  table[0x60] = BACK_QUOTE | SUBSTANCE | GAP;
  table[0x3b] = SEMICOLON_SEEN;
  for (const mark of '|&@*=') table[mark.charCodeAt(0)] = PAIR;
  for (const mark of '\'"`-#/[$;') table[mark.charCodeAt(0)]! |= NOTED;
  return table;
}

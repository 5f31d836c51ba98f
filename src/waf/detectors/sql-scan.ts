// The one cheap pass over every value: which characters and words are there without which no SQL could be recognised.

import { codesOf } from '../../base/byte-codes.ts';
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
const classes = classify();
const slots = 2048;
const words = tabulate();

/** The bits above that hold for `value`. */
export function scanSql(value: string): number {
  const { lengths } = words;
  let seen = 0;
  let start = -1;
  const { length } = value;
  const codes = codesOf(value);
  for (let at = 0; at < length; at++) {
    const code = codes[at]!;
    const kind = code < 128 ? classes[code]! : GAP;
    if (kind === LETTER) {
      if (start < 0) start = at;
      continue;
    }
    if (start >= 0) {
      // Because most words are as long as no word of SQL with their first letter: only the others are looked up.
      if (((lengths[codes[start]! & 31]! >>> (at - start)) & 1) !== 0 && at - start < 32)
        seen |= marksAt(codes, start, at);
      start = -1;
    }
    if (kind === 0) continue;
    if ((kind & PAIR) === 0) seen |= kind;
    else seen |= pairAt(value, at, code);
  }
  if (start >= 0) seen |= marksAt(codes, start, length);
  return seen;
}

/** Words by a hash of their letters: what it does not hold is none of them, and of what it holds hardly any is another. */
export class HashedWords {
  readonly #keys = new Int32Array(slots);

  /** Words of ASCII letters; of a word with another character its letters before that count. */
  constructor(list: Iterable<string>) {
    for (const word of list) {
      const hash = hashOf(word, 0, lettersEnd(word, 0));
      let slot = slotOf(hash);
      while (this.#keys[slot] !== 0 && this.#keys[slot] !== hash) slot = (slot + 1) & (slots - 1);
      this.#keys[slot] = hash;
    }
  }

  /** Whether the letters from `start` to `end`, in any case, may be one of the words. */
  holds(value: string, start: number, end: number): boolean {
    const hash = hashOf(value, start, end);
    let slot = slotOf(hash);
    while (this.#keys[slot] !== 0) {
      if (this.#keys[slot] === hash) return true;
      slot = (slot + 1) & (slots - 1);
    }
    return false;
  }
}

function slotOf(hash: number): number {
  return (hash ^ (hash >>> 11)) & (slots - 1);
}

function hashOf(value: string, start: number, end: number): number {
  let hash = 0;
  for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + (value.charCodeAt(at) | 32)) | 0;
  return hash;
}

/** Where the letters and low lines from `from` on end. */
export function lettersEnd(value: string, from: number): number {
  let at = from;
  for (; at < value.length; at++) {
    const code = value.charCodeAt(at);
    if (code >= 128 || classes[code] !== LETTER) break;
  }
  return at;
}

/** Most semicolons whose next word is looked at. */
const maxSemicolons = 16;

/** Whether a statement may begin behind a semicolon of `value`; false is final. */
export function mayStack(value: string): boolean {
  let at = value.indexOf(';');
  for (let count = 0; at >= 0; count++) {
    if (count === maxSemicolons || mayBeginAt(value, at + 1)) return true;
    at = value.indexOf(';', at + 1);
  }
  return false;
}

const beginning = new HashedWords([...STATEMENTS, ...ATTACKING]);

/** Whether a word that begins a statement, or what could hide one, stands at `from` behind blanks. */
export function mayBeginAt(value: string, from: number): boolean {
  const at = pastBlanks(value, from);
  const code = value.charCodeAt(at);
  // Because comments, and blanks that only some databases know, may stand before the word.
  if (isOpenOrOdd(code)) return true;
  const end = pastWord(value, at);
  if (beginning.holds(value, at, lettersEnd(value, at))) {
    const word = value.slice(at, end).toLowerCase();
    if (word === 'with') return mayName(value, end);
    if (STATEMENTS.has(word) || ATTACKING.has(word)) return true;
  }
  return isOpenOrOdd(value.charCodeAt(pastBlanks(value, end)));
}

/** Whether WITH that ends at `from` may name a query, as prose seldom does: WITH name AS, WITH name (, WITH RECURSIVE. */
function mayName(value: string, from: number): boolean {
  const at = pastBlanks(value, from);
  const end = pastWord(value, at);
  const next = pastBlanks(value, end);
  if (at === end || isOpenOrOdd(value.charCodeAt(next)) || value.charCodeAt(at) >= 0x7f) return true;
  if (value.slice(at, end).toLowerCase() === 'recursive') return true;
  return value.slice(next, next + 2).toLowerCase() === 'as';
}

/** A bracket, what may begin or end a comment, and what is no ASCII. */
function isOpenOrOdd(code: number): boolean {
  return code === 0x28 || code === 0x2f || code === 0x2d || code === 0x23 || code === 0x2a || code >= 0x7f;
}

function pastBlanks(value: string, from: number): number {
  let at = from;
  while (value.charCodeAt(at) <= 0x20) at++;
  return at;
}

function pastWord(value: string, from: number): number {
  let at = from;
  for (; at < value.length; at++) {
    const code = value.charCodeAt(at);
    const isPart = code < 128 && (classes[code] === LETTER || code === 0x24 || (code >= 0x30 && code <= 0x39));
    if (!isPart) break;
  }
  return at;
}

function pairAt(value: string, at: number, code: number): number {
  const next = value.charCodeAt(at + 1);
  if (code === 0x40) return next === 0x40 ? SYSTEM_MARK | SUBSTANCE | GAP : 0;
  if (code === 0x2a) return next === 0x2f ? COMMENT_END | GAP : GAP;
  if (code === 0x3d) return EQUALS | SUBSTANCE;
  return next === code ? JOINT_WORD | GAP : 0;
}

function marksAt(codes: Uint8Array, start: number, end: number): number {
  const { keys, marks } = words;
  let hash = 0;
  for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + (codes[at]! | 32)) | 0;
  let slot = slotOf(hash);
  while (keys[slot] !== 0) {
    if (keys[slot] === hash) return marks[slot]!;
    slot = (slot + 1) & (slots - 1);
  }
  return 0;
}

function classify(): Int32Array {
  const table = new Int32Array(128);
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
  return table;
}

/** Words with their marks; and for each letter, by its last five bits, the lengths of the words that begin with it, as bits. */
function tabulate(): { keys: Int32Array; marks: Int32Array; lengths: Uint32Array } {
  const keys = new Int32Array(slots);
  const marks = new Int32Array(slots);
  const lengths = new Uint32Array(32);
  const add = (word: string, mark: number): void => {
    // Digits and the dollar sign end a word for this pass, so a word is known by its letters before the first of them.
    const length = lettersEnd(word, 0);
    const hash = hashOf(word, 0, length);
    lengths[word.charCodeAt(0) & 31]! |= 1 << length;
    let slot = slotOf(hash);
    while (keys[slot] !== 0 && keys[slot] !== hash) slot = (slot + 1) & (slots - 1);
    keys[slot] = hash;
    marks[slot] = marks[slot]! | mark;
  };
  for (const word of joints) add(word, JOINT_WORD);
  add('or', OR_WORD);
  for (const word of comparisons) add(word, COMPARING_WORD);
  for (const word of ['union', 'intersect', 'except']) add(word, SET_WORD | CLAUSE_WORD);
  for (const word of clauses) add(word, CLAUSE_WORD);
  for (const word of STATEMENTS) add(word, STATEMENT_WORD);
  for (const word of ATTACKING) add(word, ATTACK_WORD);
  return { keys, marks, lengths };
}

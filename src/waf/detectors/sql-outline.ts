// Where in a value UNION SELECT, a stacked statement or "1 OR 1=1" may stand, found once for every place a query may hold the value in.

import { codesOf } from '../../base/byte-codes.ts';
import { SqlGrammar } from './sql-grammar.ts';
import { closingQuote, isNameStart, isPathOperator, isSpace, numberEnd, pastExecuted, Searches } from './sql-lexis.ts';
import { endOf, readUnion, UNION_ITEM, UNION_LIST, UNION_NAMES } from './sql-reading.ts';
import { mayBeginAt, notedPlaces } from './sql-scan.ts';
import { readStatement, STATEMENT } from './sql-statements.ts';
import * as T from './sql-tokens.ts';
import { SqlTokens } from './sql-tokens.ts';
import { type Recognised, tailIsComment } from './sql-weighing.ts';

// What a mark is. Marks up to COMMENT change what the text behind them is; the others are what is sought.
const SINGLE = 0;
const DOUBLE = 1;
const BACK = 2;
/** The quote of Oracle's q'[…]'. */
const ALTERNATIVE = 3;
const LINE = 4;
const COMMENT = 5;
const BRACKET = 6;
const DOLLAR = 7;
const SEMICOLON = 8;
const UNION = 9;
const OR = 10;
/** Of UNION: it stands behind a `$`, so that it is a word only where a string ends there. */
const GLUED = 16;
/** A mark is its place times this, and what it is. */
const PLACE = 32;

const nothing: readonly number[] = [];

/** What stands at a place where something is sought, read once for each meaning of \. */
interface Read {
  readonly rank: number;
  readonly isTail: boolean;
  readonly end: number;
  /** Where the reading stopped, and what the token before is. */
  readonly next: number;
  readonly before: number;
  /** Whether that is inside a comment that is executed. */
  readonly isExecuted: boolean;
}

/** The marks of one value. Made without reading it; the first search does. */
export class SqlOutline {
  readonly #value: string;
  #marks: readonly number[] | null = null;
  readonly #reads: (Read | undefined)[] = [];
  #hasSought = false;
  readonly #searches = new Searches();

  constructor(value: string) {
    this.#value = value;
  }

  /**
   * The strongest of what is sought from `start` on, where a token begins outside of quotes; `before` is the kind of the
   * token before it. `isBare` says that the value stands in no quotes.
   */
  seek(start: number, backslash: boolean, isBare: boolean, before: number): Recognised | null {
    this.#marks ??= this.#read();
    const marks = this.#marks;
    if (!this.#hasSought) return null;
    let weak: Recognised | null = null;
    let base = start;
    let kind = before;
    // Where what is executed in a comment ends.
    let executed = start;
    for (let index = firstFrom(marks, start); index < marks.length; index++) {
      const mark = marks[index]! & (PLACE - 1);
      const at = (marks[index]! - mark) / PLACE;
      if (at < base) continue;
      if (mark === OR) {
        const end = isBare ? this.#repetition(base, kind, at, at < executed) : -1;
        if (end >= 0) return { what: 'tautology', score: 5, end };
      } else if (mark >= SEMICOLON) {
        if (mark > GLUED && at > base) continue;
        const slot = index * 2 + (backslash ? 1 : 0);
        const read = this.#reads[slot] ?? this.#readAt(at, mark, backslash, at < executed);
        this.#reads[slot] = read;
        const isProven =
          mark === SEMICOLON ? read.rank === STATEMENT : this.#isUnion(read, this.#kindBefore(base, kind, at));
        if (isProven) return { what: mark === SEMICOLON ? 'stacked' : 'union', score: 5, end: read.end };
        if (read.rank > 0) weak ??= { what: 'suspicion', score: 3, end: read.end };
        base = read.next;
        kind = read.before;
        if (read.isExecuted && base >= executed) executed = endOfComment(this.#value, base);
      } else {
        // Because a comment leaves the token before it the one before what follows.
        if (mark === LINE || mark === COMMENT) kind = this.#kindBefore(base, kind, at);
        else kind = T.STRING;
        base = this.#past(mark, at, backslash);
        if (base < 0) return weak;
        if (mark === COMMENT && at >= executed && pastExecuted(this.#value, at) > 0)
          executed = endOfComment(this.#value, base);
      }
    }
    return weak;
  }

  #isUnion({ rank, isTail }: Read, before: number): boolean {
    const isAfter = before !== T.WORD && before !== T.END;
    return rank === UNION_LIST || (rank === UNION_ITEM && isAfter) || (rank >= UNION_NAMES && isTail);
  }

  #readAt(at: number, mark: number, backslash: boolean, executed: boolean): Read {
    const tokens = new SqlTokens(this.#value, at, backslash, executed, this.#searches);
    const grammar = new SqlGrammar(tokens, mark === SEMICOLON ? 1 : 0);
    const rank = mark === SEMICOLON ? readStatement(grammar) : readUnion(grammar);
    const stop = Math.max(1, grammar.at);
    const before = tokens.kind(stop - 1);
    tokens.kind(stop);
    const next = tokens.starts[stop]!;
    return {
      rank,
      isTail: tailIsComment(grammar),
      end: endOf(grammar),
      next,
      before,
      isExecuted: tokens.isExecuted,
    };
  }

  /** Where `1 OR 5=5` ends whose OR stands at `at`; -1 where it is none. */
  #repetition(base: number, kind: number, at: number, executed: boolean): number {
    const tokens = new SqlTokens(this.#value, at, false, executed, this.#searches);
    const repeats =
      tokens.kind(1) === T.NUMBER &&
      tokens.word(2) === '=' &&
      tokens.kind(3) === T.NUMBER &&
      tokens.text(1) === tokens.text(3);
    return repeats && this.#kindBefore(base, kind, at) === T.NUMBER ? tokens.ends[3]! : -1;
  }

  /** The kind of the token before `at`, where none but plain ones stand from `base` on; `kind` where there is none. */
  #kindBefore(base: number, kind: number, at: number): number {
    const value = this.#value;
    let end = at;
    while (end > base && isSpace(value.charCodeAt(end - 1))) end--;
    if (end === base) return kind;
    let start = end;
    while (start > base && isRun(value.charCodeAt(start - 1))) start--;
    if (start === end) return T.OPERATOR;
    const tokens = new SqlTokens(value, start, false);
    let last = 0;
    while (tokens.kind(last) !== T.END && tokens.ends[last]! < end) last++;
    return tokens.kind(last);
  }

  /** Where what begins at `at` ends; -1 where that is the end of the value. */
  #past(mark: number, at: number, backslash: boolean): number {
    const value = this.#value;
    switch (mark) {
      case LINE: {
        const end = value.indexOf('\n', at);
        return end < 0 ? -1 : end + 1;
      }
      case COMMENT:
        return pastComment(value, at);
      case BRACKET:
        return this.#pastMark(']', at, at + 1);
      case DOLLAR: {
        let end = at + 1;
        while (end < at + 16 && isNamePart(value.charCodeAt(end))) end++;
        return value.charCodeAt(end) === 0x24 ? this.#pastMark(value.slice(at, end + 1), at, end + 1) : at + 1;
      }
      case ALTERNATIVE: {
        const opening = value.charAt(at + 1);
        const closing = '[{(<'.includes(opening) ? ']})>'.charAt('[{(<'.indexOf(opening)) : opening;
        const end = this.#pastMark(`${closing}'`, at, at + 2);
        return end === at + 1 ? pastString(value, at, backslash) : end;
      }
      default:
        return pastString(value, at, backslash);
    }
  }

  /** The place behind the next `mark`; behind `at` where there is none. */
  #pastMark(mark: string, at: number, from: number): number {
    const found = this.#searches.find(this.#value, mark, from);
    return found < 0 ? at + 1 : found + mark.length;
  }

  /** One pass over the value, or over what stands between blanks around each place that may have a mark. */
  #read(): readonly number[] {
    const value = this.#value;
    const codes = codesOf(value);
    const { length } = value;
    const marks: number[] = [];
    const places = notedPlaces(value);
    if (places === null) this.#readFrom(0, codes, marks, false);
    else {
      let done = 0;
      for (let index = 0; index < places.length && done < length; index++) {
        let from = places[index]!;
        if (from < done) continue;
        while (from > done && codes[from - 1]! > 0x20) from--;
        done = this.#readFrom(from, codes, marks, true);
      }
    }
    return this.#hasSought ? marks : nothing;
  }

  /** Reads on from `start`, where nothing begun before it goes on; up to a blank, or to the end. Where it stopped. */
  #readFrom(start: number, codes: Buffer, marks: number[], isToBlank: boolean): number {
    const value = this.#value;
    const { length } = value;
    let at = start;
    while (at < length) {
      const code = codes[at]!;
      const way = code < 128 ? ways[code]! : isNameStart(value.charCodeAt(at)) ? NAME : PASS;
      if (way === PASS) {
        if (isToBlank && code <= 0x20) return at;
        at++;
      } else if (way === NAME) at = this.#word(at, codes, marks);
      else if (way === DIGIT) at = numberEnd(value, at);
      else if (way === VARIABLE) at = pastVariable(value, at);
      else {
        const mark = this.#markAt(at, codes, way - MARK);
        if (mark < 0) at++;
        else {
          marks.push(at * PLACE + mark);
          at += mark === COMMENT ? 2 : 1;
        }
      }
    }
    return at;
  }

  /** What the sign at `at` is; -1 where it is nothing here. */
  #markAt(at: number, codes: Buffer, mark: number): number {
    const value = this.#value;
    if (mark === SEMICOLON) {
      if (!mayBeginAt(codes, value.length, at + 1)) return -1;
      this.#hasSought = true;
    } else if (mark === COMMENT) return codes[at + 1] === 0x2a ? mark : -1;
    else if (mark === LINE) {
      const isComment = codes[at] === 0x23 ? !isPathOperator(value, at) : codes[at + 1] === 0x2d;
      return isComment ? mark : -1;
    }
    return mark;
  }

  /** Reads the word at `from`, and marks it where it is sought. Where it ends. */
  #word(from: number, codes: Uint8Array, marks: number[]): number {
    const value = this.#value;
    const { length } = value;
    let start = from;
    let glued = 0;
    let at = from;
    for (;;) {
      do at++;
      while (at < length && (parts[codes[at]!] === NAME || (codes[at]! > 127 && isNameStart(value.charCodeAt(at)))));
      const letters = at - start;
      if (letters === 2 || letters === 5 || letters === 6 || letters === 9) {
        const sought = soughtAt(value, start, letters);
        if (sought > 0) {
          marks.push(start * PLACE + sought + (sought === UNION ? glued : 0));
          this.#hasSought = true;
        }
      }
      if (value.charCodeAt(at) !== 0x24) break;
      start = at + 1;
      glued = GLUED;
    }
    if (value.charCodeAt(at) === 0x27 && isAlternative(value, from, at)) {
      marks.push(at * PLACE + ALTERNATIVE);
      return at + 1;
    }
    return at;
  }
}

/** Whether the word from `from` to `end` is the `q` or `nq` before the quote of a string. */
function isAlternative(value: string, from: number, end: number): boolean {
  if (end - from > 2 || (value.charCodeAt(end - 1) | 32) !== 0x71) return false;
  return end - from === 1 || (value.charCodeAt(from) | 32) === 0x6e;
}

/** UNION for one of the words that set one query upon another, OR for an `or` that a number may follow, 0 for any other word. */
function soughtAt(value: string, start: number, length: number): number {
  const first = value.charCodeAt(start) | 32;
  if (first === 0x6f) {
    if (length !== 2 || (value.charCodeAt(start + 1) | 32) !== 0x72) return 0;
    let at = start + 2;
    while (value.charCodeAt(at) <= 0x20) at++;
    const code = value.charCodeAt(at);
    // Because comments and odd blanks may stand before the number.
    return (code >= 0x2d && code <= 0x39) || code === 0x23 || code === 0x2a || code >= 0x7f ? OR : 0;
  }
  if (first !== 0x75 && first !== 0x65 && first !== 0x69) return 0;
  const word = value.slice(start, start + length).toLowerCase();
  return word === 'union' || word === 'except' || word === 'intersect' ? UNION : 0;
}

/** The number of the first mark at `start` or behind it. */
function firstFrom(marks: readonly number[], start: number): number {
  let low = 0;
  let high = marks.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (marks[middle]! < start * PLACE) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Where the string that begins at `at` ends; -1 where it does not. Doubled quotes belong to it. */
function pastString(value: string, at: number, backslash: boolean): number {
  const end = closingQuote(value, at, backslash);
  return end >= value.length ? -1 : end + 1;
}

/** Where the comment at `at` ends, or its opening where what stands in it is executed; -1 where nothing follows it. */
function pastComment(value: string, at: number): number {
  const executed = pastExecuted(value, at);
  if (executed > 0) return executed;
  const close = value.indexOf('*/', at + 2);
  return close < 0 ? -1 : close + 2;
}

/** The place of the next end of a comment; behind the value where there is none. */
function endOfComment(value: string, from: number): number {
  const end = value.indexOf('*/', from);
  return end < 0 ? value.length + 1 : end;
}

function pastVariable(value: string, at: number): number {
  const before = value.charCodeAt(at - 1);
  // Because <@ and ^@ are operators.
  if (before === 0x3c || before === 0x5e) return at + 1;
  let end = value.charCodeAt(at + 1) === 0x40 ? at + 2 : at + 1;
  while (isNamePart(value.charCodeAt(end)) || value.charCodeAt(end) === 0x2e) end++;
  return end;
}

function isNamePart(code: number): boolean {
  return code < 128 ? ways[code] === NAME || ways[code] === DIGIT : isNameStart(code);
}

/** What a name, a number or a variable is made of. */
function isRun(code: number): boolean {
  return isNamePart(code) || code === 0x2e || code === 0x40 || code === 0x24;
}

// What is done at a character.
const PASS = 0;
const NAME = 1;
const DIGIT = 2;
const VARIABLE = 3;
/** This and more: a mark of that kind, perhaps. */
const MARK = 4;

const ways: Uint8Array = tableOfWays();

/** NAME for each character that a name goes on with, of ASCII. */
const parts: Uint8Array = Uint8Array.from({ length: 256 }, (_, code) =>
  ways[code] === NAME || ways[code] === DIGIT ? NAME : PASS,
);

function tableOfWays(): Uint8Array {
  const table = new Uint8Array(128);
  for (let code = 0x61; code <= 0x7a; code++) table[code] = table[code - 32] = NAME;
  table[0x5f] = NAME;
  for (let code = 0x30; code <= 0x39; code++) table[code] = DIGIT;
  table[0x40] = VARIABLE;
  const marks: readonly (readonly [string, number])[] = [
    ["'", SINGLE],
    ['"', DOUBLE],
    ['`', BACK],
    ['-', LINE],
    ['#', LINE],
    ['/', COMMENT],
    ['[', BRACKET],
    ['$', DOLLAR],
    [';', SEMICOLON],
  ];
  for (const [sign, mark] of marks) table[sign.charCodeAt(0)] = MARK + mark;
  return table;
}

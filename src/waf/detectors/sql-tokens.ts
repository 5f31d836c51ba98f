// Cuts text into SQL tokens as MySQL, PostgreSQL, SQL Server, Oracle and SQLite do, lazily, one token at a time.

import { HashedTexts, hashWith } from './sql-hashed.ts';
import {
  closingQuote,
  continuesOperator,
  isBlankToEnd,
  isDigit,
  isNamePart,
  isNameStart,
  isOperator,
  isPathOperator,
  isSpace,
  numberEnd,
  pastExecuted,
  Searches,
  singles,
} from './sql-lexis.ts';
import * as W from './sql-words.ts';

export const END = 0;
export const NUMBER = 1;
export const STRING = 2;
/** A string whose quote never closes: what follows the value in the query closes it. */
export const OPEN = 3;
/** A quoted identifier: `x` or [x]. */
export const QUOTED = 4;
export const WORD = 5;
/** Operators that combine values: + - * / % ^ & | -> @> and their like. */
export const OPERATOR = 6;
export const COMPARISON = 7;
/** AND, OR, XOR, || and &&. */
export const JOINT = 8;
export const LEFT = 9;
export const RIGHT = 10;
export const COMMA = 11;
export const SEMICOLON = 12;
export const DOT = 13;
export const VARIABLE = 14;
export const SYSTEM_VARIABLE = 15;
/** A comment that swallows the rest of the query: nothing follows it in the value. */
export const COMMENT = 16;
export const CAST = 17;
/** What no dialect has at this place. */
export const FOREIGN = 18;

const nothing = -1;
const stringPrefixes: ReadonlySet<string> = new Set([
  'n',
  'x',
  'b',
  'e',
  'u',
  '_utf8',
  '_utf8mb4',
  '_latin1',
  '_binary',
]);

/** Words that are no plain ones. */
const kindOfWord: ReadonlyMap<string, number> = new Map([
  ...[...W.COMPARING].map((word) => [word, COMPARISON] as const),
  ...[...W.JOINING].map((word) => [word, JOINT] as const),
]);
/** Because cutting a word out and putting it in lower case costs more than finding it. */
const known = new HashedTexts([
  ...[...W.RESERVED, ...W.STATEMENTS, ...W.CONTINUING, ...W.COMPARING, ...W.JOINING, ...W.TRUTHS, ...W.SIGNS],
  ...[...W.TELLING, ...W.PROBING, ...W.CATALOGUES, ...W.OBJECTS, ...W.IN_ARGUMENTS],
  ...'the a an this that it his her their our your my we you they he she i of to and at was be are not one all who no so'.split(
    ' ',
  ),
]);
/** 1 for the characters of ASCII that a word goes on with. */
const wordParts: Uint8Array = Uint8Array.from({ length: 128 }, (_, code) =>
  isNamePart(code) || code === 0x24 ? 1 : 0,
);

/** The tokens of `value` from `from` on; reading token `index` cuts no more text than that needs. */
export class SqlTokens {
  readonly value: string;
  /** Whether \ takes the next quote's meaning away, as in MySQL; true only where the value has one. */
  readonly backslash: boolean;
  readonly kinds: number[] = [];
  readonly starts: number[] = [];
  readonly ends: number[] = [];
  /** The word in lower case; empty for all that is not a word. */
  readonly words: string[] = [];
  /** How many comments stood between tokens so far. */
  comments = 0;
  #position: number;
  #executed: boolean;

  readonly #searches: Searches;

  /** `executed` says that it begins inside a comment that is executed. */
  constructor(value: string, from: number, backslash: boolean, executed = false, searches = new Searches()) {
    this.#searches = searches;
    this.#executed = executed;
    this.value = value;
    this.backslash = backslash;
    this.#position = from;
  }

  /** Whether what was cut last stands in a comment that is executed. */
  get isExecuted(): boolean {
    return this.#executed;
  }

  kind(index: number): number {
    while (this.kinds.length <= index) this.#cut();
    return this.kinds[index]!;
  }

  word(index: number): string {
    while (this.kinds.length <= index) this.#cut();
    return this.words[index]!;
  }

  /** The text of a token as it stands, quotes of a string left off. */
  text(index: number): string {
    const kind = this.kind(index);
    const from = this.starts[index]!;
    const to = this.ends[index]!;
    if (kind === STRING) return this.value.slice(from + 1, to - 1);
    return this.value.slice(kind === OPEN ? from + 1 : from, to);
  }

  /** The quote that an OPEN token waits for. */
  quote(index: number): string {
    return this.kind(index) === OPEN ? this.value[this.starts[index]!]! : '';
  }

  #push(kind: number, start: number, end: number, word = ''): number {
    this.kinds.push(kind);
    this.starts.push(start);
    this.ends.push(end);
    this.words.push(word);
    this.#position = end;
    return kind;
  }

  #cut(): void {
    const { value } = this;
    let cut = nothing;
    while (cut === nothing) {
      const at = this.#position;
      const code = value.charCodeAt(at);
      if (at >= value.length) cut = this.#push(END, value.length, value.length);
      else if (code === 0 && isBlankToEnd(value, at)) {
        // Because drivers that hand the query over as a C string send nothing behind a NUL.
        cut = this.#push(COMMENT, at, value.length);
      } else if (isSpace(code)) this.#position = at + 1;
      else {
        const past = this.#pastComment(at, code);
        if (past === at) cut = this.#cutAt(at, code);
        else if (past < 0) cut = this.#push(COMMENT, at, value.length);
        else this.#position = past;
      }
    }
  }

  /** Where a comment at `at` ends: `at` itself when there is none, -1 when nothing of the query follows it. */
  #pastComment(at: number, code: number): number {
    const { value } = this;
    const next = value.charCodeAt(at + 1);
    if ((code === 0x2d && next === 0x2d) || (code === 0x23 && !isPathOperator(value, at))) {
      let past = at;
      while (past < value.length && value.charCodeAt(past) !== 0x0a) past++;
      while (past < value.length && isSpace(value.charCodeAt(past))) past++;
      this.comments++;
      return past >= value.length ? -1 : past;
    }
    if (code === 0x2a && next === 0x2f && this.#executed) {
      this.#executed = false;
      return at + 2;
    }
    if (code !== 0x2f || next !== 0x2a) return at;
    this.comments++;
    const past = pastExecuted(value, at);
    if (past > 0) {
      this.#executed = true;
      return past;
    }
    const close = value.indexOf('*/', at + 2);
    return close < 0 ? -1 : close + 2;
  }

  #cutAt(at: number, code: number): number {
    if (isDigit(code)) return this.#cutNumber(at);
    if (isNameStart(code)) return this.#cutWord(at);
    if (code === 0x27 || code === 0x22 || code === 0x60) return this.#cutString(at, at, code);
    if (code === 0x2e && isDigit(this.value.charCodeAt(at + 1))) return this.#cutNumber(at);
    if (code === 0x40) return this.#cutVariable(at);
    if (code === 0x24) return this.#cutDollars(at);
    if (code === 0x5b) return this.#cutBracket(at);
    return this.#cutSymbol(at, code);
  }

  #cutSymbol(at: number, code: number): number {
    switch (code) {
      case 0x28:
      case 0x7b: // ODBC's {d '…'} and MySQL's {x …} are parentheses by another name.
        return this.#push(LEFT, at, at + 1);
      case 0x29:
      case 0x7d:
        return this.#push(RIGHT, at, at + 1);
      case 0x2c:
        return this.#push(COMMA, at, at + 1);
      case 0x3b:
        return this.#push(SEMICOLON, at, at + 1);
      case 0x2e:
        return this.#push(DOT, at, at + 1);
    }
    if (!isOperator(code)) return this.#push(FOREIGN, at, at + 1);
    let end = at + 1;
    // -, + and ~ may be signs of the next operand, so they end an operator.
    while (end < at + 3 && continuesOperator(this.value, at, end)) end++;
    const text = end === at + 1 ? singles[code]! : this.value.slice(at, end);
    if (text === '||' || text === '&&') return this.#push(JOINT, at, end, text);
    if (text === '::') return this.#push(CAST, at, end);
    if (text === ':' || text === '?' || text === '===' || text === '!==' || text === '=>')
      return this.#push(FOREIGN, at, end, text);
    return this.#push(W.COMPARING.has(text) ? COMPARISON : OPERATOR, at, end, text);
  }

  #cutNumber(at: number): number {
    const { value } = this;
    const end = numberEnd(value, at);
    // MySQL reads "1.e" before a mark as nothing at all.
    const isNothing = (value.charCodeAt(end - 1) | 32) === 0x65 && value.charCodeAt(end - 2) === 0x2e && end - 2 > at;
    if (!isNothing || isOperator(value.charCodeAt(end))) return this.#push(NUMBER, at, end);
    this.#position = end;
    return nothing;
  }

  #cutWord(at: number): number {
    const { value } = this;
    let end = at;
    let code = value.charCodeAt(at);
    let hash = 0;
    do {
      hash = hashWith(hash, code);
      code = value.charCodeAt(++end);
    } while (code < 128 ? wordParts[code] === 1 : isNamePart(code));
    const word = known.find(value, at, end, hash) || value.slice(at, end).toLowerCase();
    if (code === 0x27 || code === 0x22) {
      if ((word === 'q' || word === 'nq') && code === 0x27) return this.#cutAlternative(at, end);
      if (code === 0x27 && stringPrefixes.has(word)) return this.#cutString(at, end, code);
    }
    return this.#push(kindOfWord.get(word) ?? WORD, at, end, word);
  }

  /** A string or quoted name whose quote stands at `quoteAt`; doubled quotes belong to it. */
  #cutString(at: number, quoteAt: number, quote: number): number {
    const { value } = this;
    const end = closingQuote(value, quoteAt, this.backslash);
    if (end >= value.length) return this.#push(OPEN, quoteAt, value.length);
    return this.#push(quote === 0x60 ? QUOTED : STRING, at === quoteAt ? at : quoteAt, end + 1);
  }

  /** Oracle's q'[…]'. */
  #cutAlternative(at: number, quoteAt: number): number {
    const opening = this.value[quoteAt + 1] ?? '';
    const closing = ({ '[': ']', '{': '}', '(': ')', '<': '>' } as Record<string, string>)[opening] ?? opening;
    const close = this.#searches.find(this.value, `${closing}'`, quoteAt + 2);
    if (close < 0) return this.#cutString(at, quoteAt, 0x27);
    return this.#push(STRING, quoteAt, close + 2);
  }

  #cutVariable(at: number): number {
    const { value } = this;
    const system = value.charCodeAt(at + 1) === 0x40;
    let end = at + (system ? 2 : 1);
    while (end < value.length && (isNamePart(value.charCodeAt(end)) || value.charCodeAt(end) === 0x2e)) end++;
    if (end === at + 1)
      return value.charCodeAt(end) === 0x3e ? this.#push(COMPARISON, at, end + 1, '@>') : this.#push(FOREIGN, at, end);
    return this.#push(system ? SYSTEM_VARIABLE : VARIABLE, at, end, value.slice(at, end).toLowerCase());
  }

  /** PostgreSQL's $$…$$ and $tag$…$tag$. */
  #cutDollars(at: number): number {
    const { value } = this;
    let end = at + 1;
    while (end < at + 16 && isNamePart(value.charCodeAt(end)) && value.charCodeAt(end) !== 0x24) end++;
    if (value.charCodeAt(end) !== 0x24) return this.#push(FOREIGN, at, at + 1);
    const close = this.#searches.find(this.value, value.slice(at, end + 1), end + 1);
    if (close < 0) return this.#push(FOREIGN, at, at + 1);
    return this.#push(STRING, at, close + end + 1 - at);
  }

  #cutBracket(at: number): number {
    const close = this.#searches.find(this.value, ']', at + 1);
    if (close < 0) return this.#push(FOREIGN, at, at + 1);
    return this.#push(QUOTED, at, close + 1);
  }
}

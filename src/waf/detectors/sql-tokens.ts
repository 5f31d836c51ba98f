// Cuts text into SQL tokens as MySQL, PostgreSQL, SQL Server, Oracle and SQLite do, lazily, one token at a time.

import { COMPARING, JOINING } from './sql-words.ts';

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
// Every search for a closing mark that fails costs the rest of the value, so only so many are made.
const maxFailedSearches = 8;
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
  #failedSearches = 0;
  #executed: boolean;

  /** `executed` says that it begins inside a comment that is executed. */
  constructor(value: string, from: number, backslash: boolean, executed = false) {
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
    return this.#push(COMPARING.has(text) ? COMPARISON : OPERATOR, at, end, text);
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
    let end = at + 1;
    while (end < value.length && (isNamePart(value.charCodeAt(end)) || value.charCodeAt(end) === 0x24)) end++;
    const code = value.charCodeAt(end);
    const word = value.slice(at, end).toLowerCase();
    if (code === 0x27 || code === 0x22) {
      if ((word === 'q' || word === 'nq') && code === 0x27) return this.#cutAlternative(at, end);
      if (code === 0x27 && stringPrefixes.has(word)) return this.#cutString(at, end, code);
    }
    const kind = JOINING.has(word) ? JOINT : COMPARING.has(word) ? COMPARISON : WORD;
    return this.#push(kind, at, end, word);
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
    const close = this.#find(`${closing}'`, quoteAt + 2);
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
    const close = this.#find(value.slice(at, end + 1), end + 1);
    if (close < 0) return this.#push(FOREIGN, at, at + 1);
    return this.#push(STRING, at, close + end + 1 - at);
  }

  #cutBracket(at: number): number {
    const close = this.#find(']', at + 1);
    if (close < 0) return this.#push(FOREIGN, at, at + 1);
    return this.#push(QUOTED, at, close + 1);
  }

  #find(mark: string, from: number): number {
    if (this.#failedSearches >= maxFailedSearches) return -1;
    const found = this.value.indexOf(mark, from);
    if (found < 0) this.#failedSearches++;
    return found;
  }
}

/** Whether a database takes this for white space: controls, blanks, and the Unicode blanks some accept. */
export function isSpace(code: number): boolean {
  return (
    code <= 0x20 ||
    (code >= 0x7f && code <= 0xa0) ||
    (code >= 0x2000 && code <= 0x200f) ||
    code === 0x2028 ||
    code === 0x2029 ||
    code === 0x202f ||
    code === 0x3000 ||
    code === 0xfeff
  );
}

/** Whether nothing but blanks and NULs stands from `at` to the end. */
function isBlankToEnd(value: string, at: number): boolean {
  for (let index = at; index < Math.min(value.length, at + 64); index++)
    if (!isSpace(value.charCodeAt(index))) return false;
  return true;
}

/** Where the number at `at` ends; behind the `e` of "1.e" before a mark as well. */
export function numberEnd(value: string, at: number): number {
  let end = at + 1;
  const mark = value.charCodeAt(end) | 32;
  if (value.charCodeAt(at) === 0x30 && (mark === 0x78 || mark === 0x62) && isHex(value.charCodeAt(end + 1))) {
    end++;
    while (isHex(value.charCodeAt(end))) end++;
    return end;
  }
  while (isDigit(value.charCodeAt(end)) || value.charCodeAt(end) === 0x2e) end++;
  if ((value.charCodeAt(end) | 32) !== 0x65) return end;
  let power = end + 1;
  if (value.charCodeAt(power) === 0x2b || value.charCodeAt(power) === 0x2d) power++;
  if (!isDigit(value.charCodeAt(power)))
    return value.charCodeAt(end - 1) === 0x2e && !isNamePart(value.charCodeAt(end + 1)) ? end + 1 : end;
  while (isDigit(value.charCodeAt(power))) power++;
  return power;
}

/** Where the quote at `at` closes, doubled ones left out; the value's length where it does not. */
export function closingQuote(value: string, at: number, backslash: boolean): number {
  const quote = value.charCodeAt(at);
  let end = at + 1;
  if (!backslash) {
    const sign = value.charAt(at);
    for (end = value.indexOf(sign, end); end >= 0; end = value.indexOf(sign, end + 2))
      if (value.charCodeAt(end + 1) !== quote) return end;
    return value.length;
  }
  for (; end < value.length; end++) {
    const code = value.charCodeAt(end);
    if (code === 0x5c) end++;
    else if (code === quote) {
      if (value.charCodeAt(end + 1) !== quote) return end;
      end++;
    }
  }
  return value.length;
}

/** Where what MySQL and MariaDB execute begins in the comment at `at`, behind an optional version number; 0 where nothing is. */
export function pastExecuted(value: string, at: number): number {
  const isMaria = value.charCodeAt(at + 2) === 0x4d && value.charCodeAt(at + 3) === 0x21;
  if (value.charCodeAt(at + 2) !== 0x21 && !isMaria) return 0;
  let past = at + (isMaria ? 4 : 3);
  while (isDigit(value.charCodeAt(past))) past++;
  return past;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function isHex(code: number): boolean {
  return isDigit(code) || ((code | 32) >= 0x61 && (code | 32) <= 0x66);
}

export function isNameStart(code: number): boolean {
  return (
    ((code | 32) >= 0x61 && (code | 32) <= 0x7a) || code === 0x5f || (code > 0xa0 && !isSpace(code) && !isMark(code))
  );
}

function isNamePart(code: number): boolean {
  return isNameStart(code) || isDigit(code);
}

/** Typographic marks, which no identifier holds. */
function isMark(code: number): boolean {
  return code === 0xab || code === 0xbb || (code >= 0x2010 && code <= 0x206f) || (code >= 0x3001 && code <= 0x3020);
}

function isOperator(code: number): boolean {
  // ! # % & * + - / : < = > ? ^ | ~
  return (
    code === 0x21 ||
    code === 0x23 ||
    code === 0x25 ||
    code === 0x26 ||
    code === 0x2a ||
    code === 0x2b ||
    code === 0x2d ||
    code === 0x2f ||
    (code >= 0x3a && code <= 0x3f && code !== 0x3b) ||
    code === 0x5e ||
    code === 0x7c ||
    code === 0x7e
  );
}

/** Whether #> or #>> stands here, PostgreSQL's way into JSON, rather than a comment. */
export function isPathOperator(value: string, at: number): boolean {
  let past = at + 1;
  while (past < at + 3 && value.charCodeAt(past) === 0x3e) past++;
  return past > at + 1 && value.charCodeAt(past) === 0x27;
}

const longOperators: ReadonlySet<string> = new Set(
  '|| && :: := <= >= <> != == === !== <=> => !< !> << >> ^= -> ->> #> #>> #- @> <@ ?| ?& !~ ~* !~* ^@ ~~ !~~ &> &< *='.split(
    ' ',
  ),
);

/** The text of each operator of one character, because cutting it out of the value costs more. */
const singles: readonly string[] = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code));

function continuesOperator(value: string, at: number, end: number): boolean {
  const code = value.charCodeAt(end);
  if (!isOperator(code) && code !== 0x40) return false;
  return longOperators.has(value.slice(at, end + 1));
}

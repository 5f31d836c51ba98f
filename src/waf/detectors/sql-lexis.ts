// The characters of SQL, and where what is made of them ends: strings, numbers, comments.

/** Most searches of one kind that fail for one value. */
const maxFailedSearches = 8;

/** Searches for marks that close: each that fails costs the rest of the value, so only so many are made. */
export class Searches {
  #failed = 0;

  /** Where `mark` stands from `from` on, or -1. */
  find(value: string, mark: string, from: number): number {
    if (this.#failed >= maxFailedSearches) return -1;
    const found = value.indexOf(mark, from);
    if (found < 0) this.#failed++;
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
export function isBlankToEnd(value: string, at: number): boolean {
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

/** 0–9. */
export function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** A hexadecimal digit. */
export function isHex(code: number): boolean {
  return isDigit(code) || ((code | 32) >= 0x61 && (code | 32) <= 0x66);
}

/** A letter of any alphabet, or `_`. */
export function isNameStart(code: number): boolean {
  return (
    ((code | 32) >= 0x61 && (code | 32) <= 0x7a) || code === 0x5f || (code > 0xa0 && !isSpace(code) && !isMark(code))
  );
}

/** The same, or a digit. */
export function isNamePart(code: number): boolean {
  return isNameStart(code) || isDigit(code);
}

/** Typographic marks, which no identifier holds. */
function isMark(code: number): boolean {
  return code === 0xab || code === 0xbb || (code >= 0x2010 && code <= 0x206f) || (code >= 0x3001 && code <= 0x3020);
}

/** A sign that operators are made of. */
export function isOperator(code: number): boolean {
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
export const singles: readonly string[] = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code));

/** Whether the operator from `at` to `end` goes on with the character at `end`. */
export function continuesOperator(value: string, at: number, end: number): boolean {
  const code = value.charCodeAt(end);
  if (!isOperator(code) && code !== 0x40) return false;
  return longOperators.has(value.slice(at, end + 1));
}

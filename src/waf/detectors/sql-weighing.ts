// Weighs what a reading met: which attack it proves, or whether it only sounds like SQL.

import type { SqlGrammar } from './sql-grammar.ts';
import { isNamePart } from './sql-lexis.ts';
import * as G from './sql-marks.ts';
import {
  AFTER_CALL,
  AFTER_NUMBER,
  AFTER_QUOTE,
  AFTER_STRING,
  AFTER_WORD,
  AT_START,
  endOf,
  type Reading,
  UNION_ITEM,
  UNION_LIST,
  UNION_NAMES,
} from './sql-reading.ts';
import { PROSE_LIKE, STATEMENT, WORDY } from './sql-statements.ts';
import * as T from './sql-tokens.ts';
import { COMPARING } from './sql-words.ts';

/** What was recognised, strongest proof first where several were: a key of the table in sql.ts, its score and its end. */
export interface Recognised {
  readonly what: keyof typeof strength;
  readonly score: number;
  readonly end: number;
}

/** The score of each kind when its proof is complete. */
export const strength = {
  stacked: 5,
  union: 5,
  call: 5,
  subquery: 5,
  file: 5,
  tautology: 5,
  contradiction: 5,
  telling: 5,
  choice: 5,
  clause: 5,
  closed: 5,
  joined: 5,
  nested: 5,
  statement: 3,
  suspicion: 3,
} as const;

/** The strongest thing that the whole reading proves. */
export function weigh(reading: Reading): Recognised | null {
  const { grammar, prefix } = reading;
  const end = endOf(grammar);
  const what = weighShape(reading) ?? weighCalls(reading) ?? weighConditions(reading) ?? weighClosing(reading);
  if (what !== null) return { what, score: strength[what], end };
  const { marks } = grammar;
  const hinted =
    G.CONSTANTS_COMPARED | G.COLUMN_COMPARED | G.ATTACK_CALL | G.TELLING_CALL | G.PLAIN_SUBQUERY | G.CATALOGUE;
  if (reading.union > 0 || reading.statement > 0 || reading.ordinal) return { what: 'suspicion', score: 3, end };
  if (reading.joints > 0 && (marks & hinted) !== 0 && prefix !== AFTER_WORD)
    return { what: 'suspicion', score: 3, end };
  return null;
}

/** Whether the value ends in a comment that swallows the rest of the query. */
export function tailIsComment(grammar: SqlGrammar): boolean {
  return !grammar.stuck && grammar.kind() === T.COMMENT;
}

/** Whether the last token is a string that the query itself closes; with a quote of the other kind where no prose stands before. */
function tailIsOpen(reading: Reading): boolean {
  const { grammar, quote } = reading;
  if (grammar.stuck || quote === '' || grammar.kind() !== T.END || grammar.at === 0) return false;
  const opened = grammar.tokens.quote(grammar.at - 1);
  return opened === quote || (opened !== '' && reading.joints > 0 && isOneWord(grammar.tokens.value, quote));
}

/** Whether no blank stands before the first `quote`. */
function isOneWord(value: string, quote: string): boolean {
  for (let at = 0; at < value.length && at < 64; at++) {
    if (value[at] === quote) return true;
    if (value.charCodeAt(at) <= 0x20) return false;
  }
  return false;
}

function weighShape(reading: Reading): Recognised['what'] | null {
  const { grammar, prefix, union, statement } = reading;
  const tail = tailIsComment(grammar);
  const proven = tail || prefix !== AFTER_WORD;
  // Because people quote statements: the bot said "DELETE FROM x WHERE id = 3" and stopped.
  const isQuoted = prefix === AFTER_QUOTE && isProseBefore(grammar) && grammar.tokens.kind(0) === T.WORD;
  if ((statement === STATEMENT || statement === WORDY) && !isQuoted) return 'stacked';
  if (statement === PROSE_LIKE && tail) return 'stacked';
  if (union === UNION_LIST || (union === UNION_ITEM && (proven || reading.unionAfterValue))) return 'union';
  if (union === UNION_NAMES && (tail || tailIsOpen(reading) || prefix === AFTER_NUMBER)) return 'union';
  if ((grammar.marks & G.FILE_WRITTEN) !== 0) return 'file';
  if (reading.clause || (reading.sourced && tail && prefix === AFTER_QUOTE)) return 'clause';
  if (reading.ordinal && (tail || (prefix === AFTER_NUMBER && !grammar.stuck))) return 'clause';
  if ((grammar.marks & G.NESTED) !== 0 && (reading.joints > 0 || prefix === AFTER_QUOTE)) return 'nested';
  return null;
}

/** Whether a number, a string, a bracket or a comparison stands in the value: words alone are prose. */
function hasSigns(value: string): boolean {
  for (let at = 0; at < value.length; at++) {
    const code = value.charCodeAt(at);
    if (
      (code >= 0x30 && code <= 0x39) ||
      code === 0x28 ||
      code === 0x3d ||
      code === 0x27 ||
      code === 0x3c ||
      code === 0x3e
    )
      return true;
  }
  return false;
}

function weighCalls(reading: Reading): Recognised['what'] | null {
  const { grammar, prefix } = reading;
  const { marks } = grammar;
  const solid = !grammar.stuck;
  const hard = prefix === AFTER_QUOTE || prefix === AFTER_NUMBER || prefix === AT_START;
  const acted = reading.joints > 0 || reading.calculated || reading.compared || reading.list;
  // Because "sleep(5);" is a line of a program; the same without its semicolon is what a probe sends.
  const isLine =
    prefix === AFTER_CALL &&
    !acted &&
    !tailIsComment(grammar) &&
    grammar.at > 1 &&
    grammar.tokens.kind(grammar.at - 1) === T.SEMICOLON;
  if ((marks & G.ATTACK_CALL) !== 0 && isLine && solid) return 'suspicion';
  if ((marks & G.ATTACK_CALL) !== 0 && (solid || (hard && acted))) return 'call';
  if ((marks & G.SUBQUERY) !== 0 && (solid || hard)) return 'subquery';
  if ((marks & G.CATALOGUE) !== 0 && hard && acted) return 'telling';
  if ((marks & G.PLAIN_SUBQUERY) !== 0 && hard && acted && solid) return 'subquery';
  // A sentence sets its brackets apart: "a, (select one from the list)".
  if ((marks & G.PLAIN_SUBQUERY) !== 0 && reading.list && solid && grammar.tokens.value.includes(',('))
    return 'subquery';
  if (isWholeQuery(reading)) return 'subquery';
  if ((marks & G.SYSTEM_VALUE) !== 0 && solid) return 'telling';
  if ((marks & G.TELLING_CALL) !== 0 && prefix === AFTER_CALL && tailIsComment(grammar)) return 'telling';
  if ((marks & G.CHOICE) !== 0 && solid && hasSigns(grammar.tokens.value) && (prefix !== AFTER_WORD || reading.list))
    return 'choice';
  if ((marks & G.TELLING_CALL) !== 0 && hard && acted && solid) return 'telling';
  if ((marks & (G.PROBING_CALL | G.CAST_MADE)) !== 0 && hard && solid) {
    if (reading.joints > 0) return 'telling';
    if (prefix === AFTER_QUOTE && acted && (tailIsComment(grammar) || tailIsOpen(reading))) return 'telling';
  }
  return null;
}

/**
 * Whether the value is a query in brackets that compares a column, or a call that takes apart what the server tells of
 * itself, from its first character to its last: a value that a query computes with.
 */
function isWholeQuery({ grammar, prefix, joints }: Reading): boolean {
  const { marks } = grammar;
  const { value } = grammar.tokens;
  if (prefix !== AFTER_CALL || grammar.stuck || joints > 0 || !value.endsWith(')')) return false;
  if (value.startsWith('(')) return (marks & G.PLAIN_SUBQUERY) !== 0 && (value.includes("'") || value.includes('='));
  if ((marks & G.TELLING_CALL) === 0 || (marks & G.PROBING_CALL) === 0 || value.length > 200) return false;
  const lower = value.toLowerCase();
  return ['user()', 'database()', 'version()', 'db_name()', 'schema()'].some((one) => lower.includes(one));
}

function weighConditions(reading: Reading): Recognised['what'] | null {
  const { grammar, prefix } = reading;
  const { marks } = grammar;
  const solid = !grammar.stuck;
  const comment = tailIsComment(grammar);
  const tail = comment || tailIsOpen(reading);
  const bareWord = prefix === AFTER_WORD || prefix === AFTER_STRING || prefix === AFTER_CALL;
  if (reading.joints > 0) {
    if (reading.compared && prefix !== AFTER_QUOTE && !comment) return null;
    // Because a sentence that speaks of an injection goes on where the query would have to end.
    if (!solid && prefix === AFTER_QUOTE && isProseBefore(grammar)) return null;
    if ((marks & G.SAME) !== 0 && (solid || !bareWord))
      return (marks & G.CODE_SIGN) !== 0 && bareWord ? null : 'tautology';
    if ((marks & G.CONSTANTS_COMPARED) !== 0 && (solid || prefix === AFTER_QUOTE) && !(bareWord && marks & G.CODE_SIGN))
      return 'contradiction';
    if ((marks & G.COLUMN_COMPARED) !== 0 && prefix === AFTER_QUOTE && tail) return 'tautology';
    if (
      (marks & G.COLUMN_COMPARED) !== 0 &&
      prefix === AFTER_NUMBER &&
      solid &&
      (comment || (marks & G.COLUMN_TO_STRING) !== 0 || isPredicate(grammar.tokens.value))
    )
      return 'tautology';
    // Because "x or y = 1 --" without a word behind the dashes is no sentence.
    const isClosed = prefix === AFTER_WORD && solid && comment && !commentTalks(grammar);
    if ((marks & G.COLUMN_COMPARED) !== 0 && isClosed && !(marks & G.CODE_SIGN)) return 'tautology';
    if (solid && prefix === AFTER_QUOTE && comment && !commentTalks(grammar)) return 'tautology';
    if (reading.computed && prefix === AFTER_QUOTE && comment && !commentTalks(grammar)) return 'tautology';
    if (reading.truth > 0) return weighTruth(reading, tail, comment);
  }
  if (!reading.compared || !solid) return null;
  if (prefix === AFTER_QUOTE && tail && (comment || !hasLetters(reading))) {
    // Because a sentence quotes signs as well: "unexpected token '<', ".
    if (!comment && isProseBefore(grammar)) return 'suspicion';
    return !comment && (opensApart(reading) || tailPunctuates(reading)) ? null : 'tautology';
  }
  const { tokens } = grammar;
  const second = tokens.word(1);
  if (
    prefix === AFTER_NUMBER &&
    second > 'a' &&
    COMPARING.has(second) &&
    tokens.kind(2) === T.NUMBER &&
    grammar.at === 3
  )
    return 'tautology';
  return null;
}

/** Whether the condition is one that no sentence has: of NULL, of a range, of a list, of a pattern. */
function isPredicate(value: string): boolean {
  if (value.length > 200) return false;
  const lower = value.toLowerCase();
  return [' null', ' between ', ' similar to ', ' in (', ' in('].some((word) => lower.includes(word));
}

/** Whether two words and more stand before what is read, set apart from its quote by a blank. */
function isProseBefore(grammar: SqlGrammar): boolean {
  const { value } = grammar.tokens;
  const end = grammar.tokens.kind(0) === T.END ? value.length : grammar.tokens.starts[0]!;
  let words = 0;
  let letters = 0;
  const quote = Math.max(value.lastIndexOf("'", end - 1), value.lastIndexOf('"', end - 1));
  if (quote < 1 || value.charCodeAt(quote - 1) > 0x20) return false;
  for (let at = 0; at < quote && words < 2; at++) {
    const code = value.charCodeAt(at) | 32;
    if ((code >= 0x61 && code <= 0x7a) || code > 0xa0) letters++;
    else {
      if (letters >= 2) words++;
      letters = 0;
    }
  }
  return words >= 2;
}

function weighTruth(reading: Reading, tail: boolean, comment: boolean): Recognised['what'] | null {
  const { grammar, prefix, truth, quote } = reading;
  if (grammar.stuck) return null;
  if (prefix === AFTER_QUOTE && tail) {
    // "bague d'or 18 -- neuf": an elision's quote touches the word, and what stands behind the dashes goes on in words.
    return quote === "'" && comment && commentTalks(grammar) && truth < 3 ? null : 'tautology';
  }
  if (prefix !== AFTER_NUMBER) return null;
  return truth >= 2 || comment ? 'tautology' : null;
}

/** Whether the closing comment goes on in words, as hashtags and dashes of prose do. */
function commentTalks(grammar: SqlGrammar): boolean {
  const { value } = grammar.tokens;
  let letters = 0;
  for (let at = grammar.tokens.starts[grammar.at]!; at < value.length && letters < 3; at++) {
    const code = value.charCodeAt(at) | 32;
    if ((code >= 0x61 && code <= 0x7a) || code > 0xa0) letters++;
  }
  return letters >= 3;
}

/** Whether the string left open at the end holds letters, which a pattern or a number would not. */
function hasLetters(reading: Reading): boolean {
  const text = reading.grammar.tokens.text(reading.grammar.at - 1);
  if (text.length < 2) return false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at) | 32;
    if ((code >= 0x61 && code <= 0x7a) || code > 0xa0) return true;
  }
  return false;
}

/** A quote closed and a comment behind it, or a quote closed, an operator, and the quote opened again. */
function weighClosing(reading: Reading): Recognised['what'] | null {
  const { grammar, prefix, quote } = reading;
  if (prefix !== AFTER_QUOTE || quote === '`' || grammar.stuck) return null;
  if (grammar.kind() === T.COMMENT && !reading.compared && reading.joints === 0) {
    if (isQuotedSign(reading) || isMemberOpened(reading)) return null;
    if (reading.list && reading.closed > 0) return 'closed';
    return !reading.list && !commentTalks(grammar) ? 'closed' : null;
  }
  if (!tailIsOpen(reading)) return null;
  const { value, starts } = grammar.tokens;
  const opens = starts[grammar.at - 1]!;
  const closes = value.lastIndexOf(quote, starts[0]! - 1);
  for (let at = 0; at < value.length; at++) {
    if (at === closes) at = opens;
    const code = value.charCodeAt(at);
    // Words around the operator mean that the quotes are prose or code.
    if (code === 0x20 || code === 0x28 || code === 0x5b) return null;
  }
  if (tailPunctuates(reading) || opensApart(reading)) return null;
  return reading.calculated || (reading.joints > 0 && grammar.tokens.word(0) === '||') ? 'joined' : null;
}

/** Where the quote stands that the value closes, as far as that can be told from behind it. */
function closesAt({ grammar, quote }: Reading): number {
  const { value, starts } = grammar.tokens;
  return value.lastIndexOf(quote, (grammar.tokens.kind(0) === T.END ? value.length : starts[0]!) - 1);
}

/** Whether something stands before that quote and is set apart from it, as before a string that begins: `c = "<"`. */
function opensApart(reading: Reading): boolean {
  const at = closesAt(reading);
  if (at <= 0) return false;
  const before = reading.grammar.tokens.value.charAt(at - 1);
  return ' \t(:[{=,'.includes(before);
}

/** Whether the quote is one that a condition of a search opens: `path:"/etc/*"`. */
function isMemberOpened(reading: Reading): boolean {
  const at = closesAt(reading);
  const { value } = reading.grammar.tokens;
  return (
    at > 1 && value.charAt(at - 1) === ':' && isNamePart(value.charCodeAt(at - 2)) && value.indexOf('"', at + 1) > 0
  );
}

/** Whether only the punctuation of a program stands behind the quote that was opened last: `"<",` and `'=') {`. */
function tailPunctuates({ grammar }: Reading): boolean {
  const text = grammar.tokens.text(grammar.at - 1);
  for (let at = 0; at < text.length; at++) if (!' ,;:)}]{>\n'.includes(text.charAt(at))) return false;
  return text.length > 0;
}

/** Whether the comment is a sign in quotes, a colour or a ruler: `("#")`, `"#a0a0a0",`, `\" ------`. */
function isQuotedSign(reading: Reading): boolean {
  const { value, starts } = reading.grammar.tokens;
  const from = starts[reading.grammar.at]!;
  const mark = value.charAt(from);
  let end = from;
  while (end < value.length && value.charAt(end) === '-') end++;
  if (end - from > 4 && opensBefore(value, from)) return true;
  const close = value.indexOf(reading.quote, from);
  if (close < 0 || (mark !== '#' && mark !== '-')) return false;
  if (opensApart(reading) || (close === from + 1 && closesAt(reading) === 0)) return true;
  for (let at = from + 1; at < close; at++) if (!isHex(value.charCodeAt(at))) return false;
  return mark === '#' && close - from > 3 && close - from < 10;
}

/** Whether a blank stands right before `at`. */
function opensBefore(value: string, at: number): boolean {
  return value.charCodeAt(at - 1) === 0x20;
}

function isHex(code: number): boolean {
  const lower = code | 32;
  return (code >= 0x30 && code <= 0x39) || (lower >= 0x61 && lower <= 0x66);
}

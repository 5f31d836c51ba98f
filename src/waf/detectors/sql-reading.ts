// Reads a value as the rest of the query it was pasted into, and keeps which shapes it went through on its way.

import type { SqlGrammar } from './sql-grammar.ts';
import * as G from './sql-marks.ts';
import { NO_STATEMENT, readStatement, STATEMENT, WORDY } from './sql-statements.ts';
import * as T from './sql-tokens.ts';
import { CLAUSES } from './sql-words.ts';

// What the value begins with, before it does anything to the query.
export const AFTER_QUOTE = 0;
export const AFTER_NUMBER = 1;
export const AT_START = 2;
export const AFTER_CALL = 3;
export const AFTER_WORD = 4;
export const AFTER_STRING = 5;

/** The state of one reading: which shapes the value went through on its way to its end. */
export interface Reading {
  readonly grammar: SqlGrammar;
  readonly quote: string;
  readonly prefix: number;
  calculated: boolean;
  compared: boolean;
  computed: boolean;
  joints: number;
  /** A condition that is a lone constant: 0 none, 1 a number, 2 the same number again, 3 true or false. */
  truth: number;
  list: boolean;
  closed: number;
  union: number;
  /** Whether the UNION stands behind a value rather than behind a word. */
  unionAfterValue: boolean;
  ordinal: boolean;
  clause: boolean;
  sourced: boolean;
  statement: number;
}

/** Reads all that the grammar understands. `quote` is the quote that was left before, empty in a bare place. */
export function readRest(grammar: SqlGrammar, quote: string): Reading {
  const reading: Reading = {
    grammar,
    quote,
    prefix: quote === '' ? prefixOf(grammar) : AFTER_QUOTE,
    calculated: false,
    compared: false,
    computed: false,
    joints: 0,
    truth: 0,
    list: false,
    closed: 0,
    union: 0,
    unionAfterValue: false,
    ordinal: false,
    clause: false,
    sourced: false,
    statement: NO_STATEMENT,
  };
  readLeading(reading);
  readFurther(reading);
  return reading;
}

/** What the value begins with in a bare place. */
export function prefixOf(grammar: SqlGrammar): number {
  let at = 0;
  const { tokens } = grammar;
  while (tokens.kind(at) === T.OPERATOR || tokens.kind(at) === T.RIGHT) at++;
  const kind = tokens.kind(at);
  if (kind === T.NUMBER) return AFTER_NUMBER;
  if (kind === T.STRING || kind === T.OPEN) return AFTER_STRING;
  if (kind === T.LEFT || kind === T.SYSTEM_VARIABLE || kind === T.VARIABLE) return AFTER_CALL;
  if (kind !== T.WORD) return AT_START;
  const word = tokens.word(at);
  if (word === 'null' || word === 'true' || word === 'false') return AFTER_NUMBER;
  if (tokens.kind(at + 1) === T.LEFT || word === 'case') return AFTER_CALL;
  return CLAUSES.has(word) ? AT_START : AFTER_WORD;
}

function readLeading(reading: Reading): void {
  const { grammar } = reading;
  while (grammar.kind() === T.RIGHT) {
    reading.closed++;
    grammar.at++;
  }
  if (reading.prefix === AT_START) return;
  const from = grammar.at;
  // Because a cast belongs to the string that was closed: `85'::int`.
  if (reading.prefix === AFTER_QUOTE && grammar.kind() === T.CAST) grammar.at += 2;
  const first = reading.prefix === AFTER_QUOTE ? G.CONSTANT : grammar.operand();
  const operandEnd = grammar.at;
  const sum = first === G.NOTHING ? first : grammar.calculation(first);
  const sumEnd = grammar.at;
  const whole = sum === G.NOTHING ? sum : grammar.comparison(sum, from);
  reading.calculated = sumEnd > operandEnd;
  reading.compared = grammar.at > sumEnd;
  grammar.marks &= ~(G.SAME | G.CONSTANTS_COMPARED | G.COLUMN_COMPARED | G.COLUMN_TO_STRING);
  if (whole === G.NOTHING) grammar.stuck = true;
}

function readFurther(reading: Reading): void {
  const { grammar } = reading;
  while (!grammar.stuck && !grammar.ended()) {
    const kind = grammar.kind();
    const word = grammar.word();
    if (kind === T.RIGHT) {
      reading.closed++;
      grammar.at++;
    } else if (kind === T.JOINT) readJoint(reading);
    else if (kind === T.COMMA) {
      reading.list = true;
      grammar.at++;
      if (grammar.condition() === G.NOTHING) grammar.stuck = true;
    } else if (kind === T.SEMICOLON) readStacked(reading);
    else if (kind === T.OPERATOR || kind === T.COMPARISON) readAfterClosing(reading);
    else if (kind === T.WORD) readClause(reading, word);
    else grammar.stuck = true;
  }
}

/** Arithmetic or a comparison behind a closed bracket. */
function readAfterClosing(reading: Reading): void {
  const { grammar } = reading;
  const before = grammar.at;
  const sum = grammar.calculation(G.CONSTANT);
  if (!grammar.stuck && sum !== G.NOTHING) grammar.comparison(sum, before);
  reading.compared = true;
  if (grammar.at === before) grammar.stuck = true;
}

function readJoint(reading: Reading): void {
  const { grammar } = reading;
  const { tokens } = grammar;
  grammar.at++;
  const from = grammar.at;
  const condition = grammar.condition();
  if (condition === G.NOTHING) {
    grammar.stuck = true;
    return;
  }
  reading.joints++;
  if (condition === G.TRUTH) reading.truth = 3;
  if (condition === G.COMPUTED) reading.computed = true;
  if (condition !== G.CONSTANT || grammar.marks & G.CONSTANTS_COMPARED) return;
  let at = from;
  while (tokens.word(at) === 'not' || tokens.kind(at) === T.OPERATOR || tokens.kind(at) === T.LEFT) at++;
  const text = tokens.text(at);
  const first = text.charCodeAt(0);
  if (tokens.kind(at) !== T.NUMBER && !(first >= 0x30 && first <= 0x39)) return;
  const again = from === 2 && tokens.kind(0) === T.NUMBER && tokens.text(0) === text && grammar.at === from + 1;
  reading.truth = Math.max(reading.truth, at > from ? 3 : again && tokens.word(1) !== 'and' ? 2 : 1);
}

function readStacked(reading: Reading): void {
  const { grammar } = reading;
  while (grammar.kind() === T.SEMICOLON) grammar.at++;
  if (grammar.ended()) return;
  const rank = readStatement(grammar);
  reading.statement = Math.max(reading.statement, rank);
  if (rank === NO_STATEMENT || (!grammar.ended() && grammar.kind() !== T.SEMICOLON)) grammar.stuck = true;
}

function readClause(reading: Reading, word: string): void {
  const { grammar } = reading;
  const from = grammar.at;
  switch (word) {
    case 'union':
    case 'except':
    case 'intersect':
    case 'minus':
      reading.unionAfterValue ||= from > 1 && grammar.tokens.kind(from - 1) === T.NUMBER;
      reading.union = Math.max(reading.union, readUnion(grammar));
      return;
    case 'order':
    case 'group':
      reading.ordinal ||= readOrder(grammar);
      return;
    case 'procedure':
      grammar.at += 2;
      if (grammar.kind() === T.LEFT && grammar.operand() !== G.NOTHING) reading.clause = true;
      else grammar.stuck = true;
      return;
    case 'having':
    case 'where':
      reading.joints++;
      grammar.clauses(false);
      return;
    case 'as':
      // Because a subquery that is closed gets its name before the query goes on: `1) AS x WHERE 1=1`.
      if (reading.closed > 0 && grammar.tokens.kind(from + 1) === T.WORD) grammar.at += 2;
      else grammar.stuck = true;
      return;
    case 'on':
      // Because an INSERT goes on so: `') ON DUPLICATE KEY UPDATE …`, `') ON CONFLICT DO UPDATE …`.
      reading.clause = ['duplicate', 'conflict'].includes(grammar.tokens.word(from + 1)) && reading.closed > 0;
      grammar.stuck = true;
      return;
    case 'asc':
    case 'desc':
      grammar.at++;
      return;
    default:
      grammar.clauses(false);
      if (grammar.at > from) reading.sourced ||= word === 'from';
      else readUnseparated(reading);
  }
}

/** Statements of SQL Server, which needs no semicolon between two. */
const unseparated: ReadonlySet<string> = new Set(
  'select insert update delete drop alter create truncate exec execute declare waitfor shutdown if begin print backup restore merge use'.split(
    ' ',
  ),
);

/** A statement behind the query without a semicolon, as SQL Server takes it. */
function readUnseparated(reading: Reading): void {
  const { grammar } = reading;
  const isQuery = grammar.word() === 'select';
  const rank = unseparated.has(grammar.word()) ? readStatement(grammar) : NO_STATEMENT;
  // Because `the "SELECT x" and the rest` ends in an open string: a word of SQL in quotes.
  if (isQuery && grammar.kind() === T.END && grammar.tokens.kind(grammar.at - 1) === T.OPEN) grammar.stuck = true;
  else if (rank === STATEMENT || (rank === WORDY && grammar.kind() === T.COMMENT)) reading.statement = rank;
  else grammar.stuck = true;
}

/** UNION … SELECT: none; words as prose has; a list of names or a source of them; one item that is code; a list of code. */
export const NO_UNION = 0;
export const UNION_WORDS = 1;
export const UNION_NAMES = 2;
export const UNION_ITEM = 3;
export const UNION_LIST = 4;

/** Reads UNION … SELECT and says which of these it is. */
export function readUnion(grammar: SqlGrammar): number {
  grammar.at++;
  skipBlanks(grammar);
  if (!grammar.take('all') && !grammar.take('distinct')) grammar.take('distinctrow');
  skipBlanks(grammar);
  while (grammar.kind() === T.LEFT) grammar.at++;
  if (grammar.word() === 'values' && grammar.tokens.word(grammar.at + 1) === 'row') return UNION_LIST;
  if (grammar.word() === 'values' && grammar.tokens.kind(grammar.at + 1) === T.LEFT) {
    grammar.operand();
    return UNION_LIST;
  }
  const before = grammar.at;
  const marks = grammar.marks;
  // Because MySQL's TABLE statement is a SELECT of everything.
  if (grammar.word() === 'table' && grammar.tokens.kind(before + 1) === T.WORD) {
    grammar.at += 2;
    return grammar.ended() ? UNION_ITEM : UNION_WORDS;
  }
  const code = grammar.select();
  if (code === 0) {
    grammar.stuck = true;
    return NO_UNION;
  }
  if (code === 1) return namesMore(grammar, before) ? UNION_NAMES : UNION_WORDS;
  const calls = G.ATTACK_CALL | G.TELLING_CALL | G.PROBING_CALL | G.CATALOGUE | G.SYSTEM_VALUE;
  if ((grammar.marks & ~marks & calls) !== 0 || grammar.tokens.kind(before + 2) === T.COMMA) return UNION_LIST;
  const first = grammar.tokens.kind(before + 1);
  return first === T.OPERATOR || grammar.tokens.word(before + 1) === 'null' ? UNION_LIST : UNION_ITEM;
}

/** Whether a list of names has a comma or a source. */
function namesMore(grammar: SqlGrammar, from: number): boolean {
  for (let at = from; at < grammar.at; at++) {
    if (grammar.tokens.kind(at) === T.COMMA || grammar.tokens.word(at) === 'from') return true;
  }
  return false;
}

/** A plus sign that stands for an undecoded blank. */
function skipBlanks(grammar: SqlGrammar): void {
  while (grammar.kind() === T.OPERATOR && grammar.word() === '+') grammar.at++;
}

/** ORDER BY 3: whether the first thing ordered by is a number. */
function readOrder(grammar: SqlGrammar): boolean {
  grammar.at++;
  skipBlanks(grammar);
  if (!grammar.take('by')) {
    grammar.stuck = true;
    return false;
  }
  const number = grammar.kind() === T.NUMBER;
  do {
    if (grammar.kind() === T.COMMA) grammar.at++;
    if (grammar.condition() === G.NOTHING) {
      grammar.stuck = true;
      return false;
    }
    if (!grammar.take('asc')) grammar.take('desc');
  } while (grammar.kind() === T.COMMA);
  return number;
}

/** Where in the value the grammar stands. */
export function endOf(grammar: SqlGrammar): number {
  return grammar.at === 0 ? 0 : (grammar.tokens.ends[grammar.at - 1] ?? grammar.tokens.value.length);
}

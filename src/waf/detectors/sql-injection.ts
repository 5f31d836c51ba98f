// Judges a value in one place where a query may hold it: what the grammar reads, and what hides behind what it cannot read.

import { codesOf } from '../../base/byte-codes.ts';
import { SqlGrammar } from './sql-grammar.ts';
import * as G from './sql-marks.ts';
import { SqlOutline } from './sql-outline.ts';
import { beginsAsProse } from './sql-prose.ts';
import { AFTER_WORD, endOf, prefixOf, readRest } from './sql-reading.ts';
import { NO_STATEMENT, readStatement } from './sql-statements.ts';
import * as T from './sql-tokens.ts';
import { SqlTokens } from './sql-tokens.ts';
import { type Recognised, tailIsComment, weigh } from './sql-weighing.ts';
import { STATEMENTS } from './sql-words.ts';

const transactions: ReadonlySet<string> = new Set(['transaction', 'tran', 'work']);

/**
 * Judges `value` from `from` as the rest of a query. `quote` is the quote that was left there, empty in a bare place.
 * With `outline`, UNION SELECT and stacked statements are sought behind text that is no SQL as well.
 */
export function judgeRest(
  value: string,
  from: number,
  quote: string,
  backslash: boolean,
  outline: SqlOutline | null,
): Recognised | null {
  if (quote === '' && from === 0 && beginsAsProse(codesOf(value), value))
    return outline === null ? null : outline.seek(0, backslash, true, T.END);
  const grammar = new SqlGrammar(new SqlTokens(value, from, backslash));
  // Because a script that begins a transaction is one, and leaves no value.
  if (quote === '' && grammar.word() === 'begin' && transactions.has(grammar.tokens.word(1)))
    return { what: 'statement', score: 3, end: value.length };
  if (quote === '' && STATEMENTS.has(grammar.word()) && prefixOf(grammar) === AFTER_WORD) {
    const whole = judgeStatement(grammar, outline ?? new SqlOutline(value));
    if (whole !== null) return whole;
  }
  const found = weigh(readRest(grammar, quote));
  if (outline === null || (found !== null && found.score >= 5)) return found;
  return seekBehind(grammar, quote === '', outline) ?? found;
}

/**
 * A value that is a whole statement. Editors, reports and questions hold such text, and pasted into a query it would
 * break it rather than bend it, so it only raises suspicion unless it carries the marks of an injection.
 */
function judgeStatement(grammar: SqlGrammar, outline: SqlOutline): Recognised | null {
  const own = new SqlGrammar(grammar.tokens);
  if (readStatement(own) === NO_STATEMENT) return null;
  const end = endOf(own);
  if ((own.marks & (G.ATTACK_CALL | G.FILE_WRITTEN)) !== 0) return { what: 'call', score: 5, end };
  if ((own.marks & G.SAME) !== 0 && tailIsComment(own)) return { what: 'tautology', score: 5, end };
  // Because a script is statements in a row, and nothing in it leaves a value.
  const isScript =
    grammar.word() === 'begin' ||
    grammar.word() === 'create' ||
    grammar.word() === 'declare' ||
    grammar.word() === 'use';
  return (isScript ? null : seekBehind(own, true, outline)) ?? { what: 'statement', score: 3, end };
}

/** UNION SELECT, a stacked statement or "1 OR 1=1" anywhere behind what the grammar could read. */
function seekBehind({ tokens, at }: SqlGrammar, isBare: boolean, outline: SqlOutline): Recognised | null {
  const from = Math.max(0, at - 1);
  if (tokens.kind(from) === T.END) return null;
  return outline.seek(tokens.starts[from]!, tokens.backslash, isBare, from === 0 ? T.END : tokens.kind(from - 1));
}

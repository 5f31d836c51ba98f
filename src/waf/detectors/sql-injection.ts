// Judges a value in one place where a query may hold it: what the grammar reads, and what hides behind what it cannot read.

import { SqlGrammar } from './sql-grammar.ts';
import * as G from './sql-marks.ts';
import {
  AFTER_WORD,
  endOf,
  prefixOf,
  readRest,
  readUnion,
  UNION_ITEM,
  UNION_LIST,
  UNION_NAMES,
} from './sql-reading.ts';
import { NO_STATEMENT, readStatement, STATEMENT } from './sql-statements.ts';
import * as T from './sql-tokens.ts';
import { SqlTokens } from './sql-tokens.ts';
import { type Recognised, tailIsComment, weigh } from './sql-weighing.ts';
import { STATEMENTS } from './sql-words.ts';

const transactions: ReadonlySet<string> = new Set(['transaction', 'tran', 'work']);

/**
 * Judges `value` from `from` as the rest of a query. `quote` is the quote that was left there, empty in a bare place.
 * With `deep`, UNION SELECT and stacked statements are sought behind text that is no SQL as well.
 */
export function judgeRest(
  value: string,
  from: number,
  quote: string,
  backslash: boolean,
  deep: boolean,
): Recognised | null {
  const grammar = new SqlGrammar(new SqlTokens(value, from, backslash));
  // Because a script that begins a transaction is one, and leaves no value.
  if (quote === '' && grammar.word() === 'begin' && transactions.has(grammar.tokens.word(1)))
    return { what: 'statement', score: 3, end: value.length };
  if (quote === '' && STATEMENTS.has(grammar.word()) && prefixOf(grammar) === AFTER_WORD) {
    const whole = judgeStatement(grammar);
    if (whole !== null) return whole;
  }
  const found = weigh(readRest(grammar, quote));
  if (!deep || (found !== null && found.score >= 5)) return found;
  return seekBehind(grammar, quote) ?? found;
}

/**
 * A value that is a whole statement. Editors, reports and questions hold such text, and pasted into a query it would
 * break it rather than bend it, so it only raises suspicion unless it carries the marks of an injection.
 */
function judgeStatement(grammar: SqlGrammar): Recognised | null {
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
  return (isScript ? null : seekBehind(own, '')) ?? { what: 'statement', score: 3, end };
}

/** UNION SELECT, a stacked statement or "1 OR 1=1" anywhere behind what the grammar could read. */
function seekBehind(grammar: SqlGrammar, quote: string): Recognised | null {
  const { tokens } = grammar;
  let weak: Recognised | null = null;
  for (let at = Math.max(0, grammar.at - 1); tokens.kind(at) !== T.END; at++) {
    const kind = tokens.kind(at);
    const word = tokens.word(at);
    if (kind === T.WORD && (word === 'union' || word === 'intersect' || word === 'except')) {
      const own = new SqlGrammar(tokens, at);
      const rank = readUnion(own);
      const before = at > 0 ? tokens.kind(at - 1) : T.END;
      const after = before !== T.WORD && before !== T.END;
      if (rank === UNION_LIST || (rank === UNION_ITEM && after) || (rank >= UNION_NAMES && tailIsComment(own)))
        return { what: 'union', score: 5, end: endOf(own) };
      if (rank > 0) weak ??= { what: 'suspicion', score: 3, end: endOf(own) };
      at = Math.max(at, own.at - 1);
    } else if (kind === T.SEMICOLON) {
      const own = new SqlGrammar(tokens, at + 1);
      const rank = readStatement(own);
      if (rank === STATEMENT) return { what: 'stacked', score: 5, end: endOf(own) };
      if (rank > 0) weak ??= { what: 'suspicion', score: 3, end: endOf(own) };
      at = Math.max(at, own.at - 1);
    } else if (kind === T.JOINT && at > 0 && word === 'or' && quote === '' && repeatsItself(tokens, at)) {
      return { what: 'tautology', score: 5, end: tokens.ends[at + 3]! };
    }
  }
  return weak;
}

function repeatsItself(tokens: SqlTokens, at: number): boolean {
  return (
    tokens.kind(at - 1) === T.NUMBER &&
    tokens.kind(at + 1) === T.NUMBER &&
    tokens.word(at + 2) === '=' &&
    tokens.kind(at + 3) === T.NUMBER &&
    tokens.text(at + 1) === tokens.text(at + 3)
  );
}

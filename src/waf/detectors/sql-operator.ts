// `@detectSQLi`: the detector of SQL injection as an operator of rules, which see values as ModSecurity makes them.

import { judgeSql, sqlFindings } from './sql.ts';
import * as T from './sql-tokens.ts';
import { SqlTokens } from './sql-tokens.ts';
import { ATTACKING } from './sql-words.ts';

/** Most tokens behind a quote that are cut to find its end. */
const maxTokens = 64;
/** Most quotes that are looked behind. */
const maxQuotes = 8;

/**
 * What the value would do to a query, in a word, where that is an injection beyond doubt; else null. Beside what
 * `detectSql` proves, it knows what percent decoding leaves of attacks: a `+` that became a blank, and paths.
 */
export function detectSqli(value: string): string | null {
  // Because a path is not pasted into a bare place of a query: its last part, which may be, is a value of its own.
  const found = judgeSql(value, !value.startsWith('/'));
  if (found !== null && found.score >= 5)
    return Object.entries(sqlFindings).find(([, { id }]) => id === found.id)?.[0] ?? 'suspicion';
  if (breaksOut(value)) return 'joined';
  if (goesOnBehindComment(value)) return 'union';
  return null;
}

/** A quote that is closed and opened again, and between both a call that attacks or an operator on either side. */
function breaksOut(value: string): boolean {
  for (const quote of `'"`) {
    let at = value.indexOf(quote);
    for (let count = 0; at >= 0 && count < maxQuotes; count++) {
      if (isBreak(value, quote, at)) return true;
      at = value.indexOf(quote, at + 1);
    }
  }
  return false;
}

function isBreak(value: string, quote: string, at: number): boolean {
  const tokens = new SqlTokens(value, at + 1, value.includes('\\'));
  let last = 0;
  while (last < maxTokens && tokens.kind(last) !== T.END && tokens.kind(last) !== T.COMMENT) last++;
  const isComment = tokens.kind(last) === T.COMMENT;
  const reopens =
    last > 0 && tokens.kind(last) === T.END && tokens.text(last - 1) === '' && tokens.quote(last - 1) === quote;
  if (last < 2 || (!reopens && !isComment)) return false;
  if (tokens.kind(0) === T.WORD && ATTACKING.has(tokens.word(0)) && tokens.kind(1) === T.LEFT) return true;
  // Because prose quotes words, and operators stand between quoted words: only a value that begins by closing counts.
  return reopens && at === 0 && last >= 4 && joins(tokens.kind(0)) && joins(tokens.kind(last - 2));
}

function joins(kind: number): boolean {
  return kind === T.OPERATOR || kind === T.JOINT;
}

/** A comment, a number behind it, and UNION behind that: nobody writes this but to hide from filters. */
function goesOnBehindComment(value: string): boolean {
  const open = value.indexOf('/*');
  const close = open < 0 ? -1 : value.indexOf('*/', open + 2);
  if (close < 0) return false;
  const tokens = new SqlTokens(value, close + 2, value.includes('\\'));
  return (
    tokens.kind(0) === T.NUMBER &&
    tokens.word(1) === 'union' &&
    (tokens.word(2) === 'all' || tokens.word(2) === 'select')
  );
}

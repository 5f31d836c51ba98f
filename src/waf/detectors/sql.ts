// SQL injection: what a value would do to a query it is pasted into, in each place where a query may hold it.

import type { Detect, Detection, Severity } from './detection.ts';
import { withoutInnerComments } from './sql-evasion.ts';
import { judgeRest } from './sql-injection.ts';
import { isSpace } from './sql-lexis.ts';
import { SqlOutline } from './sql-outline.ts';
import { probeAt } from './sql-probe.ts';
import { mayBeBareSql } from './sql-prose.ts';
import * as S from './sql-scan.ts';
import type { Recognised } from './sql-weighing.ts';
import { CONTINUING } from './sql-words.ts';

/** The kinds of findings: what the grammar recognised, and what is too short for it. */
type Kind = Recognised['what'] | 'probe';

/** Each kind of finding by its number and its sentence. */
export const sqlFindings: Readonly<Record<Kind, { readonly id: number; readonly says: string }>> = {
  stacked: { id: 1042100, says: 'SQL injection: the value ends the query and starts a statement of its own' },
  union: { id: 1042110, says: 'SQL injection: the value adds the rows of another query by UNION' },
  tautology: { id: 1042120, says: 'SQL injection: the value adds a condition that is always true' },
  contradiction: { id: 1042130, says: 'SQL injection: the value adds a condition between constants' },
  closed: { id: 1042140, says: 'SQL injection: the value closes its quote and comments the rest of the query out' },
  joined: {
    id: 1042150,
    says: 'SQL injection: the value closes its quote, applies an operator and opens the quote again',
  },
  call: { id: 1042200, says: 'SQL injection: the value calls a function that waits, reads files or leaks by errors' },
  subquery: { id: 1042210, says: 'SQL injection: the value holds a query in parentheses' },
  telling: { id: 1042220, says: 'SQL injection: the value asks the database about itself or reads it piece by piece' },
  choice: { id: 1042230, says: 'SQL injection: the value holds a CASE expression' },
  clause: { id: 1042240, says: 'SQL injection: the value adds a clause that probes the columns of the query' },
  file: { id: 1042250, says: 'SQL injection: the value writes the result of the query into a file' },
  nested: { id: 1042260, says: 'SQL injection: the value nests expressions deeper than any query does' },
  probe: { id: 1042270, says: 'SQL injection: the value is what a query would stumble over, and nothing else' },
  statement: { id: 1042900, says: 'the value is a whole SQL statement' },
  suspicion: { id: 1042910, says: 'the value reads like a part of an SQL query' },
};

/** Whether a sentence without quotes is nothing to a database. */
export function isNoSql(value: string): boolean {
  const seen = S.scanSql(value);
  return !mayBeBareSql(value.charCodeAt(0), seen) || (judgeSeen(value, true, seen) === null && probeAt(value) < 0);
}

function triggers(seen: number): boolean {
  return (seen & (S.SINGLE_QUOTE | S.DOUBLE_QUOTE | S.BACK_QUOTE)) !== 0 || triggersBare(seen);
}

function triggersBare(seen: number): boolean {
  if ((seen & S.SEMICOLON_SEEN) !== 0 && (seen & S.STATEMENT_WORD) !== 0) return true;
  if ((seen & S.GAP) === 0) return false;
  if ((seen & (S.CLAUSE_WORD | S.ATTACK_WORD | S.SYSTEM_MARK)) !== 0) return true;
  return (seen & (S.JOINT_WORD | S.COMPARING_WORD)) !== 0 && (seen & S.SUBSTANCE) !== 0;
}

/** Whether what prose could hold before an injection is worth passing over. */
function triggersDeep(seen: number): boolean {
  return joinsDeep(seen) || ((seen & S.SEMICOLON_SEEN) !== 0 && (seen & S.STATEMENT_WORD) !== 0);
}

function joinsDeep(seen: number): boolean {
  return (seen & S.SET_WORD) !== 0 || ((seen & S.OR_WORD) !== 0 && (seen & S.EQUALS) !== 0);
}

/** Judges one decoded value for SQL injection in a bare place, in each kind of quotes and in a comment. */
export const detectSql: Detect = (value) => {
  const read = judgeSql(value, true);
  if (read !== null && read.score >= 5) return read;
  return probed(value) ?? spelt(value) ?? read;
};

/** The same without the comments that part words; an offset may lie before what it means. */
function spelt(value: string): Detection | null {
  const plain = value.includes('/**/') ? withoutInnerComments(value) : null;
  const read = plain === null ? null : judgeSql(plain, true);
  return read !== null && read.score >= 5 ? { ...read, start: 0, end: value.length } : null;
}

function probed(value: string): Detection | null {
  const at = probeAt(value);
  if (at < 0) return null;
  const { id, says } = sqlFindings.probe;
  return { id, score: 5, severity: 'CRITICAL', says, start: at, end: value.length, isVague: true };
}

/** The same; without `bare`, as text that a query holds in quotes only. */
export function judgeSql(value: string, bare: boolean): Detection | null {
  return judgeSeen(value, bare, S.scanSql(value));
}

function judgeSeen(value: string, bare: boolean, seen: number): Detection | null {
  if (!triggers(seen)) return bare && isChoice(value) ? choice(value) : null;
  const deep = triggersDeep(seen);
  // Because prose has semicolons and words that begin statements, but not one behind the other.
  const outline = new SqlOutline(value);
  const reading: Way = {
    deep,
    escapes: value.includes('\\'),
    outline: deep && (joinsDeep(seen) || S.mayStack(value)) ? outline : null,
  };
  const { escapes } = reading;
  let best: Detection | null = null;
  if (bare && triggersBare(seen) && (deep || mayBegin(value, seen)))
    best = stronger(best, judgeRest(value, 0, '', escapes, reading.outline), 0);
  if ((seen & S.SINGLE_QUOTE) !== 0) best = judgeQuoted(value, "'", reading, best);
  if ((seen & S.DOUBLE_QUOTE) !== 0) best = judgeQuoted(value, '"', reading, best);
  if ((seen & S.BACK_QUOTE) !== 0) best = judgeQuoted(value, '`', reading, best);
  const bracket = value.indexOf(']');
  if (bracket >= 0 && bracket < 64 && value.lastIndexOf('[', bracket) < 0 && triggersBare(seen))
    best = stronger(best, judgeRest(value, bracket + 1, '', escapes, reading.outline), bracket);
  if ((seen & S.COMMENT_END) !== 0 && triggersBare(seen)) best = judgeCommented(value, escapes, outline, best);
  return bare && (best?.score ?? 0) < 5 && isChoice(value) ? choice(value) : best;
}

function choice(value: string): Detection | null {
  return stronger(null, { what: 'choice', score: 5, end: value.length }, 0);
}

/** `iif(1=1,2,1/0)`: a conditional call of constants that is the whole value. */
function isChoice(value: string): boolean {
  const head = value.slice(0, 4).toLowerCase();
  const open = head === 'iif(' ? 4 : head.startsWith('if(') ? 3 : 0;
  if (open === 0 || value.length > 120 || !value.endsWith(')')) return false;
  let at = open;
  while (value.charCodeAt(at) >= 0x30 && value.charCodeAt(at) <= 0x39) at++;
  return at > open && value[at] === '=' && value.includes(',', at);
}

/** A comparing word alone proves something only behind a number. */
function mayBegin(value: string, seen: number): boolean {
  if ((seen & (S.JOINT_WORD | S.CLAUSE_WORD | S.ATTACK_WORD | S.SYSTEM_MARK)) !== 0) return true;
  const code = value.charCodeAt(0);
  return !isLetter(code);
}

/** How a value is read in each place. */
interface Way {
  /** Whether what prose could hold before an injection is worth passing over. */
  readonly deep: boolean;
  /** Whether a backslash stands in the value. */
  readonly escapes: boolean;
  readonly outline: SqlOutline | null;
}

/** Reads the value as what stands behind each quote that may close the string it is pasted into. */
function judgeQuoted(
  value: string,
  quote: string,
  { deep, escapes, outline }: Way,
  soFar: Detection | null,
): Detection | null {
  let best = soFar;
  const first = value.indexOf(quote);
  let last = -1;
  // The first quote, the first that is not doubled, and the first that is neither doubled nor behind a backslash.
  const ways = escapes ? 3 : value[first + 1] === quote ? 2 : 1;
  for (let way = 0; way < ways; way++) {
    if (best !== null && best.score >= 5) return best;
    const at = way === 0 ? first : closing(value, quote, first, way === 2);
    if (at < 0 || at === last) continue;
    last = at;
    if (!deep && !mayContinue(value, at + 1)) continue;
    best = stronger(best, judgeRest(value, at + 1, quote, escapes, outline), at);
    if (escapes) best = stronger(best, judgeRest(value, at + 1, quote, false, outline), at);
  }
  // Because a probe doubles its quote for the one that an application takes away.
  const isDoubled = value[first + 1] === quote && value[first + 2] === ' ' && first > 0;
  if (isDoubled && (best === null || best.score < 5))
    best = stronger(best, judgeRest(value, first + 2, quote, escapes, outline), first);
  return best;
}

function closing(value: string, quote: string, first: number, backslash: boolean): number {
  for (let at = backslash ? 0 : first; at < value.length; at++) {
    if (backslash && value[at] === '\\') at++;
    else if (value[at] === quote) {
      if (value[at + 1] !== quote) return at;
      at++;
    }
  }
  return -1;
}

/** Whether what follows a closing quote can go on a query: a mark of the language or one of its words. */
function mayContinue(value: string, from: number): boolean {
  let at = from;
  while (at < value.length && (isSpace(value.charCodeAt(at)) || value[at] === ')')) at++;
  if (at >= value.length) return false;
  const code = value.charCodeAt(at);
  if (code >= 0x30 && code <= 0x39) return false;
  if (!isLetter(code)) return code < 0x80 && code !== 0x5d && code !== 0x2e && code !== 0x3f;
  let end = at + 1;
  while (end < at + 12 && isLetter(value.charCodeAt(end))) end++;
  return CONTINUING.has(value.slice(at, end).toLowerCase());
}

function isLetter(code: number): boolean {
  return (code | 32) >= 0x61 && (code | 32) <= 0x7a;
}

function judgeCommented(
  value: string,
  escapes: boolean,
  outline: SqlOutline,
  soFar: Detection | null,
): Detection | null {
  if (soFar !== null && soFar.score >= 5) return soFar;
  const close = value.indexOf('*/');
  const open = value.indexOf('/*');
  if (close < 0 || (open >= 0 && open < close)) return soFar;
  return stronger(soFar, judgeRest(value, close + 2, '', escapes, outline), close);
}

function stronger(best: Detection | null, found: Recognised | null, start: number): Detection | null {
  if (found === null || (best !== null && best.score >= found.score)) return best;
  const { id, says } = sqlFindings[found.what];
  const severity: Severity = found.score >= 5 ? 'CRITICAL' : 'WARNING';
  const isVague = found.what === 'closed' || found.what === 'joined';
  return { id, score: found.score, severity, says, start, end: Math.max(start, found.end), isVague };
}

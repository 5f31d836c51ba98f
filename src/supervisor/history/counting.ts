// The exact counts of the history: what was decided by layer, and identical attacks as one line.

import type { DatabaseSync } from 'node:sqlite';
import { type GroupCount, layers, type Outcome, outcomes } from '../../traffic/history.ts';
import type { ControlQuestion } from '../control.ts';
import { limitOf, numberOf, oneOf, textOf } from './filters.ts';

const hourMs = 3_600_000;
const minuteMs = 60_000;

/** Counts of a step of time that begins at `at` (ms since 1970; 0 where all time is one). */
export interface CountRow {
  readonly at: number;
  readonly layer: string;
  readonly verdict: Outcome;
  readonly why: string;
  readonly site: string;
  readonly count: number;
}

/** Most rows of counts in one answer. */
const maxRows = 10_000;

/** What was decided, by layer, outcome, reason and site. */
export function countsOf(database: DatabaseSync, question: ControlQuestion): readonly CountRow[] {
  const step = oneOf(question, 'step', ['minute', 'hour', 'all'])?.[0] ?? 'all';
  const from = Math.floor((numberOf(question, 'from') ?? 0) / minuteMs);
  const until = Math.ceil((numberOf(question, 'until') ?? Number.MAX_SAFE_INTEGER) / minuteMs);
  const at = step === 'minute' ? 'minute' : step === 'hour' ? 'minute / 60 * 60' : '0';
  const rows = database
    .prepare(
      `SELECT ${at} AS at, layer, verdict, why, site, sum(count) AS count FROM tallies WHERE minute >= ? AND minute < ?
       GROUP BY 1, 2, 3, 4, 5 ORDER BY 1 DESC, 6 DESC LIMIT ${maxRows}`,
    )
    .all(from, until);
  return rows.map((row) => ({
    at: Number(row.at) * minuteMs,
    layer: String(row.layer),
    verdict: String(row.verdict) as Outcome,
    why: String(row.why),
    site: String(row.site),
    count: Number(row.count),
  }));
}

/** Columns that stay apart, by what is asked for. */
const keys: Readonly<Record<string, readonly string[]>> = {
  attack: ['layer', 'verdict', 'why', 'rule', 'site', 'prefix'],
  rule: ['layer', 'verdict', 'why', 'rule', 'site'],
  client: ['prefix'],
};

/** Identical attacks, each kind once with how often it came. */
export function groupsOf(
  database: DatabaseSync,
  question: ControlQuestion,
): { readonly groups: readonly GroupCount[]; readonly total: number } {
  const by = oneOf(question, 'by', Object.keys(keys))?.[0] ?? 'attack';
  const order = oneOf(question, 'order', ['count', 'last'])?.[0] ?? 'count';
  const { sql, values } = conditionsOf(question);
  const kept = keys[by]!;
  const one = (column: string) =>
    kept.includes(column) ? column : `CASE WHEN min(${column}) = max(${column}) THEN min(${column}) ELSE '' END`;
  const names = ['layer', 'verdict', 'why', 'rule', 'site', 'prefix'].map((name) => `${one(name)} AS ${name}`);
  const grouped = `FROM groups WHERE ${sql} GROUP BY ${kept.map((name) => `groups.${name}`).join(', ')}`;
  const rows = database
    .prepare(
      `SELECT ${names.join(', ')}, sum(count) AS total, min(first_at) AS oldest_at, max(last_at) AS newest_at, max(sample) AS sample
       ${grouped} ORDER BY ${order === 'count' ? 'total' : 'newest_at'} DESC LIMIT ?`,
    )
    .all(...values, limitOf(question));
  const total = database.prepare(`SELECT count(*) AS c FROM (SELECT 1 ${grouped})`).get(...values);
  return { groups: rows.map(groupOf), total: Number(total?.c ?? 0) };
}

function conditionsOf(question: ControlQuestion): { sql: string; values: (string | number)[] } {
  const conditions = ['hour >= ?', 'hour < ?'];
  const values: (string | number)[] = [
    Math.floor((numberOf(question, 'from') ?? 0) / hourMs),
    Math.ceil((numberOf(question, 'until') ?? Number.MAX_SAFE_INTEGER) / hourMs),
  ];
  const verdict = oneOf(question, 'verdict', outcomes);
  if (verdict !== null) {
    conditions.push(`verdict IN (${verdict.map(() => '?').join(', ')})`);
    values.push(...verdict);
  }
  const layer = oneOf(question, 'layer', layers)?.[0] ?? null;
  for (const [name, value] of [
    ['layer', layer],
    ...['site', 'rule', 'why'].map((one) => [one, textOf(question, one)] as const),
  ] as const) {
    if (value === null) continue;
    conditions.push(`${name} = ?`);
    values.push(value);
  }
  return { sql: conditions.join(' AND '), values };
}

function groupOf(row: Readonly<Record<string, unknown>>): GroupCount {
  const text = (name: string) => String(row[name] ?? '');
  return {
    layer: text('layer'),
    verdict: text('verdict') as Outcome,
    why: text('why'),
    rule: text('rule'),
    site: text('site'),
    prefix: text('prefix'),
    count: Number(row.total),
    firstAt: Number(row.oldest_at),
    lastAt: Number(row.newest_at),
    sample: text('sample'),
  };
}

// Searching the history: the rarest filter leads, the work of one question is bounded, and where it ends the next one goes on.

import type { DatabaseSync } from 'node:sqlite';
import type { HistoryPage, HistoryRow, Outcome } from '../../traffic/history.ts';
import type { ControlQuestion } from '../control.ts';
import { type Filter, filtersOf, limitOf, numberOf, type Stretch, stretchOf } from './filters.ts';
import { unpacked } from './packing.ts';

/** A filter with no more rows than this is answered by taking all of them. */
const maxTaken = 2000;
/** Rows that one question looks at where its filters are common ones. */
const maxLooked = 20_000;

const columns =
  'n, id, at, client, origin, method, host, site, path, status, verdict, layer, why, rule, says, score, ms, bytes';

/** One page of what a question asks for. Throws an `Error` for people where it cannot be understood. */
export function search(database: DatabaseSync, question: ControlQuestion): HistoryPage {
  const filters = filtersOf(question);
  const stretch = stretchOf(question);
  const limit = limitOf(question);
  const isForward = numberOf(question, 'after') !== null;
  const newest = Number(database.prepare('SELECT max(n) AS n FROM journeys').get()?.n ?? 0);
  const lead = leadOf(database, filters);
  const one = lead?.isRare
    ? takeAll(database, filters, lead.filter, stretch, limit, isForward)
    : walk(database, filters, lead?.filter ?? null, stretch, limit, isForward);
  return { ...one, newest };
}

/** The whole journeys with an id, or that came between these endpoints, the newest first; `to` may be null. */
export function journeysOf(database: DatabaseSync, question: ControlQuestion, maxJourneys: number): string[] {
  const { id, from } = question;
  const wanted: [string, string] | null =
    typeof id === 'string' ? ['id = ?', id] : typeof from === 'string' ? ['origin = ?', from] : null;
  if (wanted === null) return [];
  const rows =
    typeof id === 'string'
      ? database.prepare('SELECT n FROM journeys INDEXED BY by_id WHERE id = ? LIMIT 1').all(id)
      : tupleRows(database, String(from), maxJourneys);
  const body = database.prepare('SELECT journey FROM bodies WHERE n = ?');
  return rows.flatMap(({ n }) => unpacked(body.get(Number(n))?.journey) ?? []);
}

/** Most whole journeys that one question gives. */
const maxLines = 2000;

/** The newest journeys that had a request, whole, the newest first. */
export function lastLines(database: DatabaseSync, question: ControlQuestion): string[] {
  const limit = Math.min(maxLines, numberOf(question, 'limit') ?? maxLines);
  return database
    .prepare(
      "SELECT journey FROM journeys CROSS JOIN bodies USING (n) WHERE method <> '' ORDER BY journeys.n DESC LIMIT ?",
    )
    .all(limit)
    .flatMap(({ journey }) => unpacked(journey) ?? []);
}

/** `address:port` or an address alone, by the index of clients: who is behind a trusted proxy is found by their own address alone. */
function tupleRows(database: DatabaseSync, from: string, maxJourneys: number) {
  const isWhole = from.includes(':') && !from.endsWith(':') && (from.startsWith('[') || from.split(':').length === 2);
  const address = isWhole ? from.slice(0, from.lastIndexOf(':')).replace('[', '').replace(']', '') : from;
  const page = search(database, { ask: 'history', client: address, limit: 500 });
  return page.rows.filter((row) => !isWhole || row.from === from).slice(0, maxJourneys);
}

interface Lead {
  readonly filter: Filter;
  readonly isRare: boolean;
}

/** The filter that the fewest rows answer, as far as it is worth counting; null where there is none. */
function leadOf(database: DatabaseSync, filters: readonly Filter[]): Lead | null {
  let best: Lead | null = null;
  let fewest = maxTaken + 1;
  for (const filter of filters) {
    const count = countOf(database, filter);
    if (count < fewest) {
      fewest = count;
      best = { filter, isRare: true };
    }
  }
  if (best !== null) return best;
  // All are common: one value of an index gives its rows in their order.
  const exact = filters.find(({ isExact }) => isExact);
  return exact === undefined ? null : { filter: exact, isRare: false };
}

function countOf(database: DatabaseSync, { sql, values, index }: Filter): number {
  const from = index === 'hits' ? 'hits WHERE rule = ?' : `journeys INDEXED BY ${index} WHERE ${sql}`;
  const row = database
    .prepare(`SELECT count(*) AS c FROM (SELECT 1 FROM ${from} LIMIT ${maxTaken + 1})`)
    .get(...values);
  return Number(row?.c ?? 0);
}

type Part = Omit<HistoryPage, 'newest'>;

/** Every row of a rare filter, sorted here. */
function takeAll(
  database: DatabaseSync,
  filters: readonly Filter[],
  lead: Filter,
  { from, until }: Stretch,
  limit: number,
  isForward: boolean,
): Part {
  const others = filters.filter((filter) => filter !== lead);
  const source = lead.index === 'hits' ? 'journeys' : `journeys INDEXED BY ${lead.index}`;
  const conditions = [lead.sql, ...others.map(({ sql }) => sql), 'n > ?', 'n < ?'].join(' AND ');
  const order = isForward ? 'ASC' : 'DESC';
  const rows = database
    .prepare(`SELECT ${columns} FROM ${source} WHERE ${conditions} ORDER BY n ${order} LIMIT ?`)
    .all(...lead.values, ...others.flatMap(({ values }) => values), from, until, limit + 1);
  return pageOf(rows, limit, null);
}

/** Rows in their order in time, within `maxLooked` of those that the lead gives. */
function walk(
  database: DatabaseSync,
  filters: readonly Filter[],
  lead: Filter | null,
  { from, until }: Stretch,
  limit: number,
  isForward: boolean,
): Part {
  const others = filters.filter((filter) => filter !== lead);
  const order = isForward ? 'ASC' : 'DESC';
  const source =
    lead === null
      ? 'journeys WHERE'
      : lead.index === 'hits'
        ? 'hits WHERE rule = ? AND'
        : `journeys INDEXED BY ${lead.index} WHERE ${lead.sql} AND`;
  const inner = `SELECT n FROM ${source} n > ? AND n < ? ORDER BY n ${order} LIMIT ${maxLooked}`;
  const given = [...(lead?.values ?? []), from, until];
  const conditions = others.length === 0 ? '' : ` WHERE ${others.map(({ sql }) => sql).join(' AND ')}`;
  const rows = database
    .prepare(`SELECT ${columns} FROM (${inner}) CROSS JOIN journeys USING (n)${conditions} LIMIT ?`)
    .all(...given, ...others.flatMap(({ values }) => values), limit + 1);
  if (rows.length > limit) return pageOf(rows, limit, null);
  const edge = database
    .prepare(`SELECT count(*) AS c, ${isForward ? 'max' : 'min'}(n) AS n FROM (${inner})`)
    .get(...given);
  return pageOf(rows, limit, Number(edge?.c ?? 0) >= maxLooked ? Number(edge?.n) : null);
}

/** `edge` is where the search broke off, or null where it did not. */
function pageOf(found: readonly Readonly<Record<string, unknown>>[], limit: number, edge: number | null): Part {
  const rows = found.slice(0, limit).map(rowOf);
  const last = rows.at(-1)?.n ?? null;
  return { rows, next: found.length > limit ? last : edge, isWhole: edge === null };
}

function rowOf(row: Readonly<Record<string, unknown>>): HistoryRow {
  const text = (name: string) => String(row[name] ?? '');
  const number = (name: string) => Number(row[name] ?? 0);
  return {
    n: number('n'),
    id: text('id'),
    at: number('at'),
    client: text('client'),
    from: text('origin'),
    method: text('method'),
    host: text('host'),
    site: text('site'),
    path: text('path'),
    status: number('status'),
    verdict: text('verdict') as Outcome,
    layer: text('layer'),
    why: text('why'),
    rule: text('rule'),
    says: text('says'),
    score: number('score'),
    ms: number('ms'),
    bytes: number('bytes'),
  };
}

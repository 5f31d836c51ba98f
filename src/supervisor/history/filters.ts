// What a question about the history asks for, read strictly: filters as conditions of SQL, each with the index that answers it.

import { layers, outcomes } from '../../traffic/history.ts';
import type { ControlQuestion } from '../control.ts';
import { addressKey, networkKeys } from './address-key.ts';
import { placesPerMs } from './schema.ts';

/** One filter. `index` is sorted by place within one value where the filter is for one value (`isExact`). */
export interface Filter {
  readonly sql: string;
  readonly values: readonly (string | number)[];
  readonly index: string;
  readonly isExact: boolean;
}

/** Places in time that are asked for: above `from`, below `until`. */
export interface Stretch {
  readonly from: number;
  readonly until: number;
}

/** Longest text that may be asked for. */
const maxText = 1024;
const lastCharacter = '\u{10ffff}';

/** The filters of a question; throws an `Error` for people. */
export function filtersOf(question: ControlQuestion): Filter[] {
  const filters: Filter[] = [];
  const exact = (name: string, index: string, column: string) => {
    const value = textOf(question, name);
    if (value !== null) filters.push({ sql: `${column} = ?`, values: [value], index, isExact: true });
  };
  exact('id', 'by_id', 'id');
  addClient(question, filters);
  const rule = textOf(question, 'rule');
  if (rule !== null)
    filters.push({ sql: 'n IN (SELECT n FROM hits WHERE rule = ?)', values: [rule], index: 'hits', isExact: true });
  addPrefixed(question, filters, 'path', 'by_path', '*');
  addWhy(question, filters);
  addStatus(question, filters);
  exact('site', 'by_site', 'site');
  const layer = oneOf(question, 'layer', layers);
  if (layer !== null) filters.push({ sql: 'layer = ?', values: layer.slice(0, 1), index: 'by_layer', isExact: true });
  const verdict = oneOf(question, 'verdict', outcomes);
  if (verdict !== null)
    filters.push({
      sql: `verdict IN (${verdict.map(() => '?').join(', ')})`,
      values: verdict,
      index: 'by_verdict',
      isExact: verdict.length === 1,
    });
  return filters;
}

/** The stretch of time, and of the cursor, that a question asks for. */
export function stretchOf(question: ControlQuestion): Stretch {
  const from = numberOf(question, 'from') ?? 0;
  const until = numberOf(question, 'until') ?? Number.MAX_SAFE_INTEGER / placesPerMs;
  const before = numberOf(question, 'before') ?? Number.MAX_SAFE_INTEGER;
  const after = numberOf(question, 'after') ?? 0;
  return {
    from: Math.max(Math.floor(from * placesPerMs) - 1, after),
    until: Math.min(Math.floor(until * placesPerMs), before),
  };
}

/** A text of a question, or null; '' counts as not said. */
export function textOf(question: ControlQuestion, name: string): string | null {
  const value = question[name];
  if (value === undefined || value === null || value === '') return null;
  if (typeof value !== 'string' || value.length > maxText)
    throw new Error(`${name} is a text of at most ${maxText} characters`);
  return value;
}

/** A number of a question, or null. */
export function numberOf(question: ControlQuestion, name: string): number | null {
  const value = question[name];
  if (value === undefined || value === null) return null;
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0)
    throw new Error(`${name} is a number from 0 up`);
  return value;
}

/** How many rows are asked for: 1 to 500. */
export function limitOf(question: ControlQuestion): number {
  const limit = numberOf(question, 'limit') ?? 50;
  if (Number.isInteger(limit) && limit >= 1 && limit <= 500) return limit;
  throw new Error('limit is a whole number from 1 to 500');
}

/** One word of `words`, or a list of them; null where nothing is said. */
export function oneOf(question: ControlQuestion, name: string, words: readonly string[]): string[] | null {
  const said = question[name];
  if (said === undefined || said === null || said === '') return null;
  const list: unknown[] = Array.isArray(said) ? said : [said];
  const known = list.filter((word): word is string => typeof word === 'string' && words.includes(word));
  if (known.length === list.length && known.length > 0) return [...new Set(known)];
  throw new Error(`${name} is one of ${words.join(', ')}`);
}

function addClient(question: ControlQuestion, filters: Filter[]): void {
  const client = textOf(question, 'client');
  if (client === null) return;
  const key = client.includes('/') ? '' : addressKey(client);
  if (key !== '') {
    filters.push({ sql: 'address = ?', values: [key], index: 'by_address', isExact: true });
    return;
  }
  const { first, last } = networkKeys(client);
  filters.push({ sql: 'address BETWEEN ? AND ?', values: [first, last], index: 'by_address', isExact: false });
}

/** A text, or what begins with it where `mark` stands at its end. */
function addPrefixed(question: ControlQuestion, filters: Filter[], name: string, index: string, mark: string): void {
  const value = textOf(question, name);
  if (value === null) return;
  if (!value.endsWith(mark)) filters.push({ sql: `${name} = ?`, values: [value], index, isExact: true });
  else if (value.length > 1) filters.push(beginning(name, value.slice(0, -1), index));
}

function beginning(column: string, text: string, index: string): Filter {
  return { sql: `${column} >= ? AND ${column} < ?`, values: [text, text + lastCharacter], index, isExact: false };
}

function addWhy(question: ControlQuestion, filters: Filter[]): void {
  const why = textOf(question, 'why');
  if (why === null) return;
  if (why.endsWith('/')) filters.push(beginning('why', why, 'by_why'));
  else filters.push({ sql: 'why = ?', values: [why], index: 'by_why', isExact: true });
}

function addStatus(question: ControlQuestion, filters: Filter[]): void {
  const { status } = question;
  if (status === undefined || status === null || status === '') return;
  const text = String(status);
  const digit = text.length === 3 && text.endsWith('xx') ? Number(text[0]) : Number.NaN;
  const index = 'by_status';
  if (digit >= 1 && digit <= 5)
    filters.push({ sql: 'status BETWEEN ? AND ?', values: [digit * 100, digit * 100 + 99], index, isExact: false });
  else if (Number.isInteger(Number(text)) && Number(text) >= 0 && Number(text) <= 999)
    filters.push({ sql: 'status = ?', values: [Number(text)], index, isExact: true });
  else throw new Error('status is a number such as 404, or a class such as 4xx');
}

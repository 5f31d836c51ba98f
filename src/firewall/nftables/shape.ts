// What a table is, whatever words nft lists it in: two tables have one shape when the kernel does the same by them.

import { parseAddress, printAddress } from '../../base/address.ts';
import { parseCidr } from '../../base/cidr.ts';
import { type Json, unread } from './table.ts';

/** A chain: how it is hooked in, and its rules as texts that are equal when the rules are. */
export interface ChainShape {
  readonly hook: string;
  readonly rules: readonly string[];
}

/** A set: its kind and type, and its elements as sorted texts; null where they come and go by themselves, or were not read. */
export interface SetShape {
  readonly kind: string;
  readonly elements: readonly string[] | null;
}

/** A table taken apart. */
export interface TableShape {
  readonly chains: ReadonlyMap<string, ChainShape>;
  readonly sets: ReadonlyMap<string, SetShape>;
}

type Fields = { readonly [key: string]: Json };

/** The shape of a listing, or of commands to make a table (without their `add`). What it does not know it leaves as it stands. */
export function shapeOf(objects: readonly Json[]): TableShape {
  const chains = new Map<string, { hook: string; rules: string[] }>();
  const sets = new Map<string, SetShape>();
  const elements = new Map<string, Json[]>();
  for (const object of objects) {
    const [[kind, body] = ['', null]] = Object.entries(object as Fields);
    const fields = body as Fields;
    if (kind === 'chain') chains.set(String(fields.name), { hook: hookOf(fields), rules: [] });
    else if (kind === 'element') elements.set(String(fields.name), fields.elem as Json[]);
    else if (kind === 'set' || kind === 'map') sets.set(String(fields.name), setShape(kind, fields));
  }
  for (const [name, found] of elements) {
    const set = sets.get(name);
    if (set?.elements) sets.set(name, { ...set, elements: elementTexts(found) });
  }
  for (const object of objects) {
    const { rule } = object as { rule?: Fields };
    if (rule !== undefined) chains.get(String(rule.chain))?.rules.push(ruleText(rule));
  }
  return { chains, sets };
}

function hookOf({ type, hook, prio, policy }: Fields): string {
  return hook === undefined ? '' : `${type} ${hook} ${prio} ${policy}`;
}

function setShape(kind: string, { type, flags, elem }: Fields): SetShape {
  const words = [flags ?? []].flat() as string[];
  const isAlive = words.includes('timeout') || words.includes('dynamic') || elem === unread;
  const known = words.filter((word) => word !== 'dynamic').sort();
  return {
    kind: `${kind} ${canonical(type ?? null)} ${known.join(',')}`,
    elements: isAlive ? null : elementTexts((elem as Json[] | undefined) ?? []),
  };
}

function ruleText({ expr, comment }: Fields): string {
  const statements = (expr as readonly Json[]).map((each) => canonical(plain(each)));
  return `${statements.join(' ')}${comment === undefined ? '' : ` # ${comment}`}`;
}

/** A statement or value without what changes by itself (counters), and with lists in one order. */
function plain(value: Json): Json {
  if (typeof value === 'string') return plainText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(plain);
  const fields = value as Fields;
  if ('counter' in fields) return { counter: null };
  if ('set' in fields && Array.isArray(fields.set)) return { set: elementTexts(fields.set) };
  if ('prefix' in fields || 'range' in fields) return { set: intervalTexts([intervalOf(fields, '')], [fields]) };
  if ('match' in fields) return { match: matchOf(fields.match as Fields) };
  return Object.fromEntries(Object.entries(fields).map(([key, each]) => [key, plain(each)]));
}

function matchOf({ op, left, right }: Fields): Json {
  // Because a list of flags has no order, and nft lists it in its own.
  const flags = Array.isArray(right) ? [...right].sort() : null;
  return { op: op!, left: plain(left!), right: flags ?? plain(right!) };
}

/** `0x50 [invalid type]`: so nft 1.0.6 lists a port whose protocol it has lost sight of. */
function plainText(text: string): Json {
  const space = text.indexOf(' [invalid type]');
  return space > 0 && text.startsWith('0x') ? Number(text.slice(0, space)) : text;
}

/** One interval of an element, as numbers that compare. */
interface Interval {
  readonly width: number;
  readonly first: bigint;
  last: bigint;
  readonly value: string;
}

/** Elements as texts `first-last value`, sorted, those that touch and mean the same joined; others as they are. */
function elementTexts(elements: readonly Json[]): string[] {
  const intervals = elements.map((element) => {
    const [key, value] = Array.isArray(element) ? (element as [Json, Json]) : [element, null];
    return intervalOf(inner(key!), value === null ? '' : canonical(plain(value!)));
  });
  return intervalTexts(intervals, elements);
}

/** The texts of these intervals; where one is null, of the element itself. */
function intervalTexts(found: readonly (Interval | null)[], elements: readonly Json[]): string[] {
  const others = elements.filter((_, index) => found[index] === null).map(canonical);
  const intervals = found.filter((each) => each !== null);
  intervals.sort((a, b) => a.width - b.width || (a.first < b.first ? -1 : a.first > b.first ? 1 : 0));
  const joined: Interval[] = [];
  for (const interval of intervals) {
    const before = joined.at(-1);
    const touches = before?.width === interval.width && before.last + 1n === interval.first;
    if (touches && before.value === interval.value) before.last = interval.last;
    else joined.push({ ...interval });
  }
  return [...joined.map(intervalText), ...others.sort()];
}

/** The value of an element that has a timeout or a counter beside it. */
function inner(key: Json): Json {
  const { elem } = key as { elem?: { val: Json } };
  return typeof key === 'object' && key !== null && elem !== undefined ? elem.val : key;
}

function intervalOf(key: Json, value: string): Interval | null {
  if (typeof key === 'number') return { width: 16, first: BigInt(key), last: BigInt(key), value };
  if (typeof key === 'string') {
    const number = plainText(key);
    return typeof number === 'number' ? intervalOf(number, value) : ofAddresses(key, key, value);
  }
  if (typeof key !== 'object' || key === null || Array.isArray(key)) return null;
  const { prefix, range } = key as { prefix?: { addr: string; len: number }; range?: readonly Json[] };
  if (prefix !== undefined) {
    const parsed = parseCidr(`${prefix.addr}/${prefix.len}`);
    if (!parsed.ok) return null;
    const { family, start, end } = parsed.value;
    return { width: family === 4 ? 32 : 128, first: BigInt(start), last: BigInt(end) - 1n, value };
  }
  if (range === undefined) return null;
  const [first, last] = range.map((each) => (typeof each === 'string' ? plainText(each) : each));
  if (typeof first === 'number' && typeof last === 'number')
    return { width: 16, first: BigInt(first), last: BigInt(last), value };
  return ofAddresses(String(first), String(last), value);
}

function ofAddresses(from: string, to: string, value: string): Interval | null {
  const first = parseAddress(from);
  const last = parseAddress(to);
  if (!first.ok || !last.ok || first.value.family !== last.value.family) return null;
  const width = first.value.family === 4 ? 32 : 128;
  return { width, first: BigInt(first.value.value), last: BigInt(last.value.value), value };
}

function intervalText({ width, first, last, value }: Interval): string {
  const print = (at: bigint) =>
    width === 16 ? `${at}` : printAddress(width === 32 ? { family: 4, value: Number(at) } : { family: 6, value: at });
  const text = first === last ? print(first) : `${print(first)}-${print(last)}`;
  return value === '' ? text : `${text} ${value}`;
}

/** JSON with the keys of every object in one order. */
function canonical(value: Json): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical((value as Fields)[key]!)}`).join()}}`;
}

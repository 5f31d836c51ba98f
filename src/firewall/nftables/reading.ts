// A listing of our table becomes a table again, so that what stood in the kernel can be put back as it was.

import {
  type Chain,
  type ChainRule,
  type Json,
  type NamedSet,
  type SetType,
  type Statement,
  type Table,
  unread,
} from './table.ts';

type Fields = { readonly [key: string]: Json };

/** A table, or what of the listing is none of ours and could not be put back. */
export type Reading = { readonly ok: true; readonly value: Table } | { readonly ok: false; readonly says: string };

/** Attributes of a set that we write; one that has others would not come back as it was. */
const knownAttributes: ReadonlySet<string> = new Set('family name table type handle flags elem map'.split(' '));

/** The table that a listing shows. Counters keep their counts, and elements that time out the time they have left. */
export function tableOf(listing: readonly Json[], name: string): Reading {
  const sets: NamedSet[] = [];
  const chains = new Map<string, { name: string; hook: Chain['hook']; rules: ChainRule[] }>();
  for (const object of listing) {
    const [[kind, body] = ['', null]] = Object.entries(object as Fields);
    const fields = body as Fields;
    if (kind === 'metainfo' || kind === 'table') continue;
    if (kind === 'set' || kind === 'map') {
      const odd = Object.keys(fields).find((key) => !knownAttributes.has(key));
      if (odd !== undefined || (kind === 'map' && fields.map !== 'verdict'))
        return strange(`the ${kind} ${fields.name} has ${odd ?? 'values that are no verdicts'}`);
      sets.push(setOf(kind, fields));
    } else if (kind === 'chain')
      chains.set(String(fields.name), { name: String(fields.name), hook: hookOf(fields), rules: [] });
    else if (kind === 'rule') chains.get(String(fields.chain))?.rules.push(ruleOf(fields));
    else return strange(`it holds a ${kind}`);
  }
  return { ok: true, value: { name, sets, chains: [...chains.values()] } };
}

function strange(says: string): Reading {
  return { ok: false, says: `the table in the kernel was changed by somebody else: ${says}` };
}

function hookOf({ type, hook, prio }: Fields): Chain['hook'] {
  if (type === undefined) return null;
  return { name: hook as 'input' | 'forward' | 'prerouting', priority: Number(prio) };
}

function setOf(kind: 'set' | 'map', { name, type, flags, elem }: Fields): NamedSet {
  const words = [flags ?? []].flat() as NamedSet['flags'];
  const known = { name: String(name), kind, type: type as SetType | readonly SetType[], flags: words };
  if (elem === unread) return { ...known, elements: [], isKept: true };
  return { ...known, elements: ((elem as readonly Json[] | undefined) ?? []).map(elementOf) };
}

function elementOf(element: Json): Json {
  const { elem } = element as { elem?: { val: Json; expires?: number } };
  if (elem?.expires === undefined) return element;
  return { elem: { val: elem.val, timeout: Math.max(1, elem.expires) } };
}

function ruleOf({ chain, expr, comment }: Fields): ChainRule {
  const statements = (expr as readonly Json[]).map(mended) as Statement[];
  const name = String(chain);
  const from = name.startsWith('rule_') ? Number(name.slice('rule_'.length)) : 0;
  return {
    statements,
    comment: comment === undefined ? '' : String(comment),
    from: Number.isSafeInteger(from) ? from : 0,
  };
}

/** The same without what nft lists and does not take: `0x50 [invalid type]` is the port 80. */
export function mended(value: Json): Json {
  if (typeof value === 'string') {
    const space = value.indexOf(' [invalid type]');
    return space > 0 && value.startsWith('0x') ? Number(value.slice(0, space)) : value;
  }
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(mended);
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, mended(each)]));
}

/** `table` with the elements that `live` has, known or not, in the sets of bans and blocklists: those hold whatever rules do. */
export function withCallersOf(table: Table, live: Table | null): Table {
  if (live === null) return table;
  const standing = new Map(live.sets.filter(({ name }) => isCallerSet(name)).map((set) => [set.name, set]));
  const sets = table.sets.map((set) => {
    const { elements, isKept = false } = standing.get(set.name) ?? set;
    return { ...set, elements, isKept };
  });
  return { ...table, sets };
}

/** `table` with the sets of bans and blocklists empty: what a record of rules need not hold. */
export function withoutCallers(table: Table): Table {
  return {
    ...table,
    sets: table.sets.map((set) => (isCallerSet(set.name) ? { ...set, elements: [], isKept: false } : set)),
  };
}

/** Whether bans or blocklists live in the set of this name. */
export function isCallerSet(name: string): boolean {
  return name.startsWith('bans') || name.startsWith('never_ban') || isListSet(name);
}

/** Whether a blocklist lives there: a set that may be so large that reading it takes the kernel a minute. */
export function isListSet(name: string): boolean {
  return name.startsWith('blocklist_');
}

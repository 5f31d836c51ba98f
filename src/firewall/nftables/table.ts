// A table of the kernel's firewall as plain data: sets, chains and rules in the words of nft's JSON (libnftables-json(5)).

/** Any value of JSON. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** One statement of a rule: a match, a counter, a verdict. */
export type Statement = { readonly [word: string]: Json };

/** The kernel's types of what a set can hold. */
export type SetType = 'ipv4_addr' | 'ipv6_addr' | 'inet_proto' | 'inet_service' | 'nf_proto';

/** A named set, or a map whose values are verdicts. `elements` are in nft's words, e.g. `{ prefix: { addr, len } }`. */
export interface NamedSet {
  readonly name: string;
  readonly kind: 'set' | 'map';
  readonly type: SetType | readonly SetType[];
  readonly flags: readonly ('interval' | 'timeout')[];
  readonly elements: readonly Json[];
  /** The set stands in the kernel with elements that were not read, and stays as it is when the table around it is replaced. */
  readonly isKept?: boolean;
}

/** A rule of a chain. `comment` is shown by every tool that lists the table. */
export interface ChainRule {
  readonly statements: readonly Statement[];
  readonly comment: string;
  /** The number of the policy's rule that it comes from; 0 for what belongs to no rule. */
  readonly from: number;
}

/** A chain; `hook` is null for one that is only gone to. */
export interface Chain {
  readonly name: string;
  readonly hook: { readonly name: 'input' | 'forward' | 'prerouting'; readonly priority: number } | null;
  readonly rules: readonly ChainRule[];
}

/** A whole table of the family `inet`. */
export interface Table {
  readonly name: string;
  readonly sets: readonly NamedSet[];
  readonly chains: readonly Chain[];
}

/** One command to nft, and the policy's rule that it comes from (0: none), so that a refusal finds its line. */
export interface Command {
  readonly json: Json;
  readonly from: number;
  /** What it makes, in words for people: `rule 3`, `the set bans4`. */
  readonly makes: string;
}

/** What a listing has for the elements of a set that were not read (see `listTable`). */
export const unread = 'unread';

/** Name of our one table. Nothing outside it is ever written. */
export const tableName = 'portcullis';

/**
 * The commands that replace whatever stands under the table's name by this table. nft carries them out as one
 * transaction: all of them or none (nft(8), "-f"). Where sets are to be kept, `standing` is the listing of the table
 * that has them: everything else of it goes, one by one, because a table that is deleted takes its sets along.
 */
export function replacement(table: Table, standing: readonly Json[] = []): Command[] {
  const isInPlace = table.sets.some(({ isKept }) => isKept);
  const head = isInPlace ? clearing(table, standing) : removal(table.name).concat(addition(table.name));
  return [...head, ...additions({ ...table, sets: table.sets.filter(({ isKept }) => !isKept) })];
}

/** The table as a listing would show it. */
export function objectsOf(table: Table): Json[] {
  return additions(table).map(({ json }) => (json as { add: Json }).add);
}

function additions(table: Table): Command[] {
  const inTable = { family: 'inet', table: table.name };
  // Because elements and rules name chains, these come first; and a set with its elements takes nft half the time of both apart.
  const chains = table.chains.map(({ name, hook }) => {
    const base = hook && { type: 'filter', hook: hook.name, prio: hook.priority, policy: 'accept' };
    return command({ add: { chain: { ...inTable, name, ...base } } }, 0, `the chain ${name}`);
  });
  const sets = table.sets.map((set) =>
    command({ add: { [set.kind]: { ...inTable, ...declaration(set) } } }, 0, `the ${set.kind} ${set.name}`),
  );
  const rules = table.chains.flatMap(({ name: chain, rules: own }) =>
    own.map(({ statements: expr, comment, from }) => {
      const named = comment === '' ? {} : { comment };
      return command({ add: { rule: { ...inTable, chain, expr, ...named } } }, from, wordsOf(from, chain, comment));
    }),
  );
  return [...chains, ...sets, ...rules];
}

/** The commands after which there is no table of this name, whether there was one or not. */
export function removal(name: string): Command[] {
  return [
    // Because deleting what is not there is an error, it is added first: adding what is there is none.
    addition(name),
    command({ delete: { table: inet(name) } }, 0, 'the removal of the former table'),
  ];
}

function addition(name: string): Command {
  return command({ add: { table: inet(name) } }, 0, 'the table');
}

/** The commands after which a table that stands has nothing but the sets that `table` keeps. */
function clearing({ name: table, sets }: Table, standing: readonly Json[]): Command[] {
  const kept = new Set(sets.filter(({ isKept }) => isKept).map(({ name }) => name));
  const named = (kind: 'set' | 'map' | 'chain') =>
    standing.flatMap((object) => {
      const name = (object as { [kind: string]: { name?: string } | undefined })[kind]?.name;
      return name === undefined || kept.has(name) ? [] : [name];
    });
  const gone = (kind: 'set' | 'map' | 'chain') =>
    named(kind).map((name) =>
      command({ delete: { [kind]: { family: 'inet', table, name } } }, 0, `the removal of the former ${kind} ${name}`),
    );
  const flush = command({ flush: { table: inet(table) } }, 0, 'the removal of the former rules');
  // Because rules name sets and chains, and maps name chains.
  return [flush, ...gone('map'), ...gone('set'), ...gone('chain')];
}

/** The input of `nft -j -f -` for these commands. */
export function inputOf(commands: readonly Command[]): string {
  return JSON.stringify({ nftables: commands.map(({ json }) => json) });
}

function inet(name: string): Json {
  return { family: 'inet', name };
}

function command(json: Json, from: number, makes: string): Command {
  return { json, from, makes };
}

function wordsOf(from: number, chain: string, comment: string): string {
  if (from > 0) return `rule ${from}`;
  return comment === '' ? `a rule of the chain ${chain}` : `the rule "${comment}" of the chain ${chain}`;
}

/** A set in the words that make it, with its elements. */
export function declaration({ name, kind, type, flags, elements, isKept = false }: NamedSet): Record<string, Json> {
  return {
    name,
    type,
    ...(kind === 'map' ? { map: 'verdict' } : {}),
    ...(flags.length > 0 ? { flags } : {}),
    ...(isKept ? { elem: unread } : elements.length > 0 ? { elem: elements } : {}),
  };
}

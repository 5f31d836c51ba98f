// The machine's whole ruleset, from nft's listing, as something that a packet can be led through.

import type { Json } from '../nftables/nftables.ts';

export type Fields = { readonly [key: string]: Json };

/** A rule, and where it is told to be. */
export interface LiveRule {
  readonly statements: readonly Fields[];
  readonly handle: number;
  readonly comment: string;
}

/** A chain; `hook` is '' for one that is only jumped to. */
export interface LiveChain {
  readonly family: string;
  readonly table: string;
  readonly name: string;
  readonly type: string;
  readonly hook: string;
  readonly priority: number;
  readonly policy: 'accept' | 'drop';
  readonly rules: LiveRule[];
}

/** A named set or map: elements as nft writes them. */
export interface LiveSet {
  readonly elements: readonly Json[];
}

/** Every table of the machine. */
export interface Ruleset {
  /** Chains by `family table name`. */
  readonly chains: ReadonlyMap<string, LiveChain>;
  /** Sets and maps by `family table name`. */
  readonly sets: ReadonlyMap<string, LiveSet>;
  /** What stands in it and is not looked at: `a flowtable`, `chains of the family bridge`. */
  readonly unseen: readonly string[];
}

/** The families whose chains see packets of IP on their way to a port. */
const families: ReadonlySet<string> = new Set(['ip', 'ip6', 'inet']);

/** The ruleset of a listing. What is of no known kind is named in `unseen`. */
export function rulesetOf(listing: readonly Json[]): Ruleset {
  const chains = new Map<string, LiveChain>();
  const sets = new Map<string, LiveSet>();
  const unseen = new Set<string>();
  for (const object of listing) {
    const [[kind, body] = ['', null]] = Object.entries(object as Fields);
    const fields = body as Fields;
    const key = `${fields?.family} ${fields?.table} ${fields?.name}`;
    if (kind === 'chain') {
      if (families.has(String(fields.family))) chains.set(key, chainOf(fields));
      else if (fields.hook !== undefined) unseen.add(`chains of the family ${fields.family}`);
    } else if (kind === 'set' || kind === 'map') sets.set(key, { elements: (fields.elem as Json[] | undefined) ?? [] });
    else if (kind === 'flowtable') unseen.add(`the flowtable ${fields.name}, whose flows pass by every chain`);
  }
  for (const object of listing) {
    const { rule } = object as { rule?: Fields };
    if (rule === undefined) continue;
    const chain = chains.get(`${rule.family} ${rule.table} ${rule.chain}`);
    const comment = rule.comment === undefined ? '' : String(rule.comment);
    chain?.rules.push({ statements: rule.expr as readonly Fields[], handle: Number(rule.handle), comment });
  }
  return { chains, sets, unseen: [...unseen] };
}

function chainOf({ family, table, name, type, hook, prio, policy }: Fields): LiveChain {
  return {
    family: String(family),
    table: String(table),
    name: String(name),
    type: type === undefined ? '' : String(type),
    hook: hook === undefined ? '' : String(hook),
    priority: Number(prio ?? 0),
    policy: policy === 'drop' ? 'drop' : 'accept',
    rules: [],
  };
}

/** The base chains that a packet of this family passes in a hook, in the order of their priorities. */
export function chainsAt({ chains }: Ruleset, hook: string, family: 4 | 6): LiveChain[] {
  const own = family === 4 ? 'ip' : 'ip6';
  const found = [...chains.values()].filter(
    (chain) => chain.hook === hook && (chain.family === own || chain.family === 'inet'),
  );
  return found.sort((a, b) => a.priority - b.priority);
}

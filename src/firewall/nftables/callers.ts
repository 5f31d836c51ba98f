// Bans and blocklists in the table: the sets they live in, and the rules that ask them before any connection goes on.

import type { Cidr } from '../../base/cidr.ts';
import type { Bound } from '../../base/intervals.ts';
import { shortened } from './phrases.ts';
import { type ChainRule, type Command, declaration, type Json, type NamedSet, tableName } from './table.ts';
import { addressValue, among, counter, type Stretch, sourceOf, stretchesOf, verdict } from './words.ts';

/** One ban as the kernel is to have it; `remainingSeconds` is null for one that stays. */
export interface KernelBan {
  readonly cidr: Cidr;
  readonly remainingSeconds: number | null;
}

/** A list of networks that may not come in, by its name in the settings. Both families sorted and disjoint. */
export interface KernelBlocklist {
  readonly name: string;
  readonly four: readonly Stretch[];
  readonly six: readonly Stretch[];
}

/** Whom the kernel is to refuse whatever the rules say, and whom it may never refuse for that. */
export interface KernelCallers {
  readonly neverBan: readonly Cidr[];
  readonly bans: readonly KernelBan[];
  readonly blocklists: readonly KernelBlocklist[];
}

const families = [4, 6] as const;

/** Names of the sets that bans go into while the table stands. */
export const banSet = { 4: 'bans4', 6: 'bans6' } as const;

/** Names of the sets of those who are never banned. */
export const neverBanSet = { 4: 'never_ban4', 6: 'never_ban6' } as const;

/** The sets; those of bans and of never-ban are there also when they are empty. */
export function callerSets({ neverBan, bans, blocklists }: KernelCallers): NamedSet[] {
  return families.flatMap((family) => [
    neverBanSetOf(neverBan, family),
    banSetOf(bans, family),
    ...blocklists.map((list, index) => listSetOf(list, index, family)),
  ]);
}

/** The rules that ask them, for the beginning of a base chain: before established, so that a ban ends what flows. */
export function callerRules({ blocklists }: KernelCallers): ChainRule[] {
  const refuse = (family: 4 | 6, name: string, comment: string): ChainRule => {
    const isNamed = among(sourceOf(family), name);
    const isBannable = among(sourceOf(family), neverBanSet[family], '!=');
    return { statements: [isNamed, isBannable, counter, verdict('drop')], comment, from: 0 };
  };
  const rules = families.map((family) => refuse(family, banSet[family], 'ban'));
  blocklists.forEach(({ name }, index) => {
    const comment = shortened(`blocklist ${name}`);
    rules.push(refuse(4, listName(index, 4), comment), refuse(6, listName(index, 6), comment));
  });
  return rules;
}

/** Because a name of the settings may be none that nft takes, the set is called by its number. */
function listName(index: number, family: 4 | 6): string {
  return `blocklist_${index + 1}_ip${family}`;
}

/**
 * Bans as elements. Because intervals of one set may not overlap, a network wholly within one that is banned at least
 * as long is left out, and one that reaches further is cut to what it adds.
 */
export function banElements(bans: readonly KernelBan[], family: 4 | 6): Json[] {
  const longestFirst = bans
    .filter(({ cidr }) => cidr.family === family)
    .sort((a, b) => remaining(b) - remaining(a) || (a.cidr.start < b.cidr.start ? -1 : 1));
  return disjoint(longestFirst, family).map(({ stretch, seconds }) => {
    const value = addressValue(stretch, family);
    return seconds === null ? value : { elem: { val: value, timeout: seconds } };
  });
}

function remaining({ remainingSeconds }: KernelBan): number {
  return remainingSeconds ?? Number.POSITIVE_INFINITY;
}

interface TimedStretch {
  readonly stretch: Stretch;
  readonly seconds: number | null;
}

/** Networks nest or are apart, so a sweep over them in the order of their starts sees every overlap. */
function disjoint(bans: readonly KernelBan[], family: 4 | 6): TimedStretch[] {
  const one = family === 4 ? 1 : 1n;
  const placed = bans.map((ban, rank) => ({ ...ban.cidr, rank, seconds: ban.remainingSeconds }));
  placed.sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : a.end > b.end ? -1 : 1));
  const found: TimedStretch[] = [];
  const open: typeof placed = [];
  let at: Bound = family === 4 ? 0 : 0n;
  const emitUpTo = (end: Bound): void => {
    if (open.length === 0 || at >= end) return;
    const owner = open.reduce((best, each) => (each.rank < best.rank ? each : best));
    const last = found.at(-1);
    const stretch = { first: at, last: minus(end, one) };
    const isSame = last !== undefined && last.seconds === owner.seconds && plus(last.stretch.last, one) === at;
    if (isSame)
      found[found.length - 1] = { seconds: owner.seconds, stretch: { ...stretch, first: last.stretch.first } };
    else found.push({ stretch, seconds: owner.seconds });
  };
  const closeUpTo = (bound: Bound): void => {
    while (open.length > 0 && open.at(-1)!.end <= bound) {
      emitUpTo(open.at(-1)!.end);
      at = open.pop()!.end;
    }
  };
  for (const ban of placed) {
    closeUpTo(ban.start);
    emitUpTo(ban.start);
    at = ban.start;
    open.push(ban);
  }
  if (placed.length > 0) closeUpTo(family === 4 ? 2 ** 32 : 1n << 128n);
  return found;
}

function minus(a: Bound, b: Bound): Bound {
  return typeof a === 'number' ? a - Number(b) : a - BigInt(b);
}

function plus(a: Bound, b: Bound): Bound {
  return typeof a === 'number' ? a + Number(b) : a + BigInt(b);
}

/** The commands that make these all the bans there are, while the table stands: one transaction. */
export function banCommands(bans: readonly KernelBan[]): Command[] {
  return families.flatMap((family) => refill(banSetOf(bans, family), 'the bans'));
}

/** The same for the networks that are never banned. */
export function neverBanCommands(cidrs: readonly Cidr[]): Command[] {
  return families.flatMap((family) => refill(neverBanSetOf(cidrs, family), 'the networks that are never banned'));
}

/** The same for the list that is number `index` (from 0) in the settings. */
export function blocklistCommands(index: number, list: KernelBlocklist): Command[] {
  return families.flatMap((family) => refill(listSetOf(list, index, family), `the blocklist ${list.name}`));
}

/**
 * Because nft reads every element of every set before it adds one to any (a minute where a million stand), the set is
 * declared again with all of its elements, for which it reads nothing.
 */
function refill(full: NamedSet, makes: string): Command[] {
  const place = { family: 'inet', table: tableName };
  const flush: Command = { json: { flush: { set: { ...place, name: full.name } } }, from: 0, makes };
  if (full.elements.length === 0) return [flush];
  return [flush, { json: { add: { set: { ...place, ...declaration(full) } } }, from: 0, makes }];
}

function neverBanSetOf(cidrs: readonly Cidr[], family: 4 | 6): NamedSet {
  const elements = stretchesOf(cidrs, family).map((stretch) => addressValue(stretch, family));
  return set(neverBanSet[family], family, ['interval'], elements);
}

function banSetOf(bans: readonly KernelBan[], family: 4 | 6): NamedSet {
  return set(banSet[family], family, ['interval', 'timeout'], banElements(bans, family));
}

function listSetOf(list: KernelBlocklist, index: number, family: 4 | 6): NamedSet {
  const elements = (family === 4 ? list.four : list.six).map((stretch) => addressValue(stretch, family));
  return set(listName(index, family), family, ['interval'], elements);
}

function set(name: string, family: 4 | 6, flags: NamedSet['flags'], elements: readonly Json[]): NamedSet {
  const type = family === 4 ? 'ipv4_addr' : 'ipv6_addr';
  return { name, kind: 'set', type, flags, elements };
}

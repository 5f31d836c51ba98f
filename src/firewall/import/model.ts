// What an import gives, and the shapes of packets it reckons with: our rules, and a note for every line that is none.

import { parseAddress } from '../../base/address.ts';
import { type Cidr, coverOf, parseCidr } from '../../base/cidr.ts';
import type { Shape } from '../algebra-space.ts';
import type { Action, Protocol } from '../rule.ts';
import { allPorts, joined, type PortRange } from '../rule-fields.ts';
import { anySource } from '../zones.ts';

/** The forms that can be read. */
export type Format = 'iptables-save' | 'nft' | 'ufw' | 'aws';

/** One of our rules, and where it came from. */
export interface ImportedRule {
  readonly action: Action;
  readonly shape: Shape;
  readonly description: string;
}

/** Something of the source that is no rule of ours: `line 7`, its text, and what that means. */
export interface Note {
  readonly where: string;
  readonly text: string;
  readonly says: string;
}

/** A whole import. */
export interface Imported {
  readonly format: Format;
  readonly default: Action;
  readonly rules: readonly ImportedRule[];
  readonly notes: readonly Note[];
}

/** Most rules that an import gives: chains that call chains can be many more than their lines. */
export const maxImported = 20_000;

/** Everything of both families, and of one. */
export const everything: Shape = { protocol: 'ALL', ports: allPorts, sources: anySource };
export const everything4: Shape = { ...everything, sources: anySource.filter(({ family }) => family === 4) };
export const everything6: Shape = { ...everything, sources: anySource.filter(({ family }) => family === 6) };

/** The packets that both name; null for none. */
export function intersect(some: Shape, others: Shape): Shape | null {
  const protocol = some.protocol === 'ALL' ? others.protocol : some.protocol;
  if (others.protocol !== 'ALL' && others.protocol !== protocol) return null;
  const ports = commonPorts(some.ports, others.ports);
  const sources = commonSources(some.sources, others.sources);
  return ports.length === 0 || sources.length === 0 ? null : { protocol, ports, sources };
}

function commonPorts(some: readonly PortRange[], others: readonly PortRange[]): PortRange[] {
  const common: PortRange[] = [];
  for (const one of some)
    for (const other of others) {
      const [first, last] = [Math.max(one.first, other.first), Math.min(one.last, other.last)];
      if (first <= last) common.push({ first, last });
    }
  return joined(common);
}

/** Two networks hold each other or have nothing in common. */
function commonSources(some: readonly Cidr[], others: readonly Cidr[]): readonly Cidr[] {
  if (isAny(some)) return others;
  if (isAny(others)) return some;
  const common: Cidr[] = [];
  for (const one of some)
    for (const other of others) {
      if (one.family !== other.family || one.start >= other.end || other.start >= one.end) continue;
      common.push(one.prefix >= other.prefix ? one : other);
    }
  return common;
}

function isAny(sources: readonly Cidr[]): boolean {
  return [4, 6].every((family) => sources.some((cidr) => cidr.family === family && cidr.prefix === 0));
}

/** The ports that are none of these. */
export function otherPorts(ports: readonly PortRange[]): PortRange[] {
  const rest: PortRange[] = [];
  let at = 0;
  for (const { first, last } of joined(ports)) {
    if (at < first) rest.push({ first: at, last: first - 1 });
    at = last + 1;
  }
  if (at <= 65535) rest.push({ first: at, last: 65535 });
  return rest;
}

/** The addresses of these families that are in none of these networks. */
export function otherSources(sources: readonly Cidr[], families: readonly (4 | 6)[]): Cidr[] {
  const rest: Cidr[] = [];
  for (const family of families) {
    const own = sources.filter((cidr) => cidr.family === family);
    own.sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0));
    let at = family === 4 ? 0n : 0n;
    for (const { start, end } of own) {
      if (at < BigInt(start)) rest.push(...coverOf(family, at, BigInt(start)));
      if (BigInt(end) > at) at = BigInt(end);
    }
    const whole = 1n << (family === 4 ? 32n : 128n);
    if (at < whole) rest.push(...coverOf(family, at, whole));
  }
  return rest;
}

/** A network as firewalls write it: a mask in place of a length is understood, and bits behind the prefix are cut off. Null for none. */
export function looseCidr(text: string): Cidr | null {
  const slash = text.indexOf('/');
  const address = parseAddress(slash < 0 ? text : text.slice(0, slash));
  if (!address.ok) return null;
  const { family, value } = address.value;
  const width = family === 4 ? 32 : 128;
  const bits = slash < 0 ? width : prefixOf(text.slice(slash + 1), width);
  if (bits < 0) return null;
  const hostBits = BigInt(width - bits);
  const start = (BigInt(value) >> hostBits) << hostBits;
  const end = start + (1n << hostBits);
  return family === 4
    ? { family, start: Number(start), end: Number(end), prefix: bits }
    : { family, start, end, prefix: bits };
}

function prefixOf(text: string, width: number): number {
  if (text.length > 0 && text.length <= 3 && [...text].every((digit) => digit >= '0' && digit <= '9'))
    return Number(text) <= width ? Number(text) : -1;
  const mask = parseCidr(text);
  if (!mask.ok || mask.value.family !== 4 || width !== 32) return -1;
  const zeros = Math.log2(2 ** 32 - Number(mask.value.start));
  return Number.isInteger(zeros) ? 32 - zeros : -1;
}

/** `22`, `8000:8100` or `8000-8100`, and names of /etc/services that rules have often; null for none. */
export function portRangeOf(text: string, separator: string): PortRange | null {
  const at = text.indexOf(separator);
  const first = portOf(at < 0 ? text : text.slice(0, at) || '0');
  const last = at < 0 ? first : portOf(text.slice(at + 1) || '65535');
  return first === null || last === null || first > last ? null : { first, last };
}

const portNames: ReadonlyMap<string, number> = new Map([
  ['ftp', 21],
  ['ssh', 22],
  ['telnet', 23],
  ['smtp', 25],
  ['domain', 53],
  ['http', 80],
  ['pop3', 110],
  ['ntp', 123],
  ['imap2', 143],
  ['imap', 143],
  ['https', 443],
  ['submission', 587],
  ['imaps', 993],
  ['pop3s', 995],
  ['mysql', 3306],
  ['postgresql', 5432],
  ['redis', 6379],
]);

function portOf(text: string): number | null {
  const named = portNames.get(text.toLowerCase());
  if (named !== undefined) return named;
  if (text === '' || text.length > 5 || ![...text].every((digit) => digit >= '0' && digit <= '9')) return null;
  return Number(text) <= 65535 ? Number(text) : null;
}

/** The protocol that a word means; null for one that has no ports. */
export function protocolOf(word: string): Protocol | null {
  switch (word.toLowerCase()) {
    case 'tcp':
    case '6':
      return 'TCP';
    case 'udp':
    case '17':
      return 'UDP';
    case 'all':
    case 'any':
    case '0':
    case '-1':
      return 'ALL';
    default:
      return null;
  }
}

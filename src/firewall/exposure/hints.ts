// What a ruleset itself mentions: ports that it translates, and sources that it names. They are where it may differ from a configuration.

import { type Address, parseAddress } from '../../base/address.ts';
import { type Json, mended } from '../nftables/nftables.ts';
import type { Fields, Ruleset } from './ruleset.ts';

/** Most ports and sources that are taken from a ruleset. */
const maxHints = 256;

/** Ports (`tcp 8080`) that some chain of type nat names in a rule that leads elsewhere. */
export function portsTranslatedBy({ chains }: Ruleset): Set<string> {
  const found = new Set<string>();
  for (const { rules } of chains.values())
    for (const { statements } of rules) {
      if (!statements.some(leadsElsewhere)) continue;
      for (const statement of statements)
        for (const { protocol, port } of portsMatched(statement))
          if (found.size < maxHints) found.add(`${protocol} ${port}`);
    }
  return found;
}

function leadsElsewhere(statement: Fields): boolean {
  const { xt } = statement as { xt?: { type?: string; name?: string } | null };
  const isForeign = xt?.type === 'target' && (xt.name === 'DNAT' || xt.name === 'REDIRECT');
  return isForeign || 'dnat' in statement || 'redirect' in statement;
}

function portsMatched(statement: Fields): { protocol: string; port: number }[] {
  const { match } = statement as {
    match?: { op: string; left: { payload?: { protocol: string; field: string } }; right: Json };
  };
  const payload = match?.left.payload;
  if (match === undefined || payload?.field !== 'dport' || match.op === '!=') return [];
  const { set } = match.right as { set?: readonly Json[] };
  const values = Array.isArray(set) ? set : [match.right];
  const ports = values.map(firstOf).filter((port) => port !== null);
  const protocols = payload.protocol === 'th' ? ['tcp', 'udp'] : [payload.protocol];
  return protocols.flatMap((protocol) => ports.map((port) => ({ protocol, port })));
}

function firstOf(value: Json): number | null {
  const plain = mended(value);
  if (typeof plain === 'number') return plain;
  const { range } = plain as { range?: readonly Json[] };
  return typeof plain === 'object' && plain !== null && typeof range?.[0] === 'number' ? range[0] : null;
}

/** Addresses, one from each network, that rules and sets of the ruleset name. */
export function sourcesNamedIn({ chains, sets }: Ruleset): Address[] {
  const found = new Map<string, Address>();
  const take = (value: Json): void => {
    if (found.size >= maxHints) return;
    const address = addressIn(value);
    if (address !== null) found.set(`${address.family} ${address.value}`, address);
  };
  for (const { rules } of chains.values())
    for (const { statements } of rules) walk(statements as unknown as Json, take, 0);
  for (const { elements } of sets.values()) for (const element of elements.slice(0, 16)) walk(element, take, 0);
  return [...found.values()];
}

/** Every text, prefix and range inside a value. */
function walk(value: Json, take: (value: Json) => void, depth: number): void {
  if (depth > 12) return;
  if (typeof value === 'string') take(value);
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) for (const each of value) walk(each, take, depth + 1);
  else for (const each of Object.values(value)) walk(each, take, depth + 1);
}

function addressIn(value: Json): Address | null {
  if (typeof value !== 'string' || !(value.includes('.') || value.includes(':'))) return null;
  const parsed = parseAddress(value);
  if (!parsed.ok || BigInt(parsed.value.value) === 0n) return null;
  // Because a prefix is told by its first address, its neighbour is a host of it more often.
  const { family, value: number } = parsed.value;
  const isNetwork = typeof number === 'number' ? number % 256 === 0 : number % 65_536n === 0n;
  if (!isNetwork) return parsed.value;
  return { family, value: typeof number === 'number' ? number + 7 : number + 7n };
}

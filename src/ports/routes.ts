// By which interface this machine reaches an address: the main tables of routes (/proc/net/route, /proc/net/ipv6_route).

import type { Address } from '../base/address.ts';
import { parseAddress } from '../base/address.ts';
import type { Reader } from './reader.ts';
import { addressOf } from './socket-table.ts';

interface Route {
  readonly family: 4 | 6;
  readonly value: bigint;
  readonly prefix: number;
  readonly metric: number;
  readonly name: string;
}

/** Most routes that are read. */
const maxRoutes = 100_000;

/**
 * Tells the interface of the most specific route to an address; null where there is none, and for IPv4 where other tables
 * than main and local have routes: which of them is asked, rules decide that /proc does not show.
 */
export function routesOf(reader: Reader): (address: Address) => string | null {
  const trie = reader.read('/proc/net/fib_trie') ?? '';
  const isPolicied = trie.startsWith('Id ') || trie.includes('\nId ');
  const routes = [...(isPolicied ? [] : routes4(reader)), ...routes6(reader)];
  routes.sort((a, b) => b.prefix - a.prefix || a.metric - b.metric);
  return ({ family, value }) => {
    const bits = family === 4 ? 32 : 128;
    const holds = (route: Route) =>
      route.family === family && (BigInt(value) ^ route.value) >> BigInt(bits - route.prefix) === 0n;
    return routes.find(holds)?.name ?? null;
  };
}

function routes4(reader: Reader): Route[] {
  const lines = (reader.read('/proc/net/route') ?? '').split('\n', maxRoutes).slice(1);
  return lines.flatMap((line) => {
    const [name = '', destination = '', , flags = '', , , metric = '', mask = ''] = line.split('\t');
    const value = valueOf(destination);
    const bits = valueOf(mask);
    if (value === null || bits === null || isRejecting(flags)) return [];
    return [{ family: 4, value, prefix: onesIn(bits), metric: Number(metric), name } as const];
  });
}

function routes6(reader: Reader): Route[] {
  const lines = (reader.read('/proc/net/ipv6_route') ?? '').split('\n', maxRoutes);
  return lines.flatMap((line) => {
    const fields = line.split(' ').filter((each) => each !== '');
    const [destination = '', prefix = '', , , , metric = '', , , flags = '', name = ''] = fields;
    const value = destination.length === 32 ? parsed6(destination) : null;
    if (value === null || name === '' || isRejecting(flags)) return [];
    return [
      { family: 6, value, prefix: Number.parseInt(prefix, 16), metric: Number.parseInt(metric, 16), name } as const,
    ];
  });
}

/** RTF_REJECT (linux/route.h): no way at all. */
function isRejecting(flags: string): boolean {
  return (Number.parseInt(flags, 16) & 0x200) !== 0;
}

function valueOf(hex: string): bigint | null {
  if (hex.length !== 8) return null;
  const parsed = parseAddress(addressOf(hex));
  return parsed.ok ? BigInt(parsed.value.value) : null;
}

/** Unlike sockets, routes have their addresses in the order of the network. */
function parsed6(hex: string): bigint | null {
  const groups = Array.from({ length: 8 }, (_, index) => hex.slice(index * 4, index * 4 + 4));
  const parsed = parseAddress(groups.join(':'));
  if (!parsed.ok) return null;
  return parsed.value.family === 6 ? BigInt(parsed.value.value) : 0xffff_0000_0000n | BigInt(parsed.value.value);
}

function onesIn(mask: bigint): number {
  return mask.toString(2).split('1').length - 1;
}

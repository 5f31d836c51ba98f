// Which interface of this machine faces the outside, and what its addresses are.

import { networkInterfaces } from 'node:os';
import type { Reader } from '../../ports/ports.ts';

/** An interface by which strangers come in. */
export interface Outside {
  readonly name: string;
  readonly four: string | null;
  readonly six: string | null;
}

/** The interface of this name, or else that of the default route, or else the first that is no loopback; null where there is none. */
export function findOutside(reader: Reader, name: string | null): Outside | null {
  const all = networkInterfaces();
  const chosen =
    name ?? defaultRoute(reader) ?? Object.keys(all).find((each) => all[each]?.some(({ internal }) => !internal));
  const addresses = chosen === undefined ? undefined : all[chosen];
  if (chosen === undefined || addresses === undefined) return null;
  const four = addresses.find(({ family }) => family === 'IPv4')?.address ?? null;
  const sixes = addresses.filter(({ family }) => family === 'IPv6').map(({ address }) => address);
  // Because a link-local address is reached from the next machine only, any other says more.
  return { name: chosen, four, six: sixes.find((each) => !each.startsWith('fe80:')) ?? sixes[0] ?? null };
}

/** The interface of the route to everywhere: destination 0, in /proc/net/route or ipv6_route. */
function defaultRoute(reader: Reader): string | undefined {
  for (const line of (reader.read('/proc/net/route') ?? '').split('\n').slice(1)) {
    const [name, destination, , , , , , mask] = line.split('\t');
    if (destination === '00000000' && mask === '00000000') return name;
  }
  for (const line of (reader.read('/proc/net/ipv6_route') ?? '').split('\n')) {
    const fields = line.split(' ').filter((each) => each !== '');
    if (fields[0] === '0'.repeat(32) && fields[1] === '00' && fields[9] !== 'lo') return fields[9];
  }
  return undefined;
}

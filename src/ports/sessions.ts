// Who is connected to this machine now, and by which way it reaches the rest of the world: from the kernel's tables.

import { printAddress } from '../base/address.ts';
import { listListening } from './listening.ts';
import type { Reader } from './reader.ts';
import { addressOf, readSocketTables } from './socket-table.ts';

/** Ports on which an SSH server listens, by the name of its program; 22 always. Walks over /proc. */
export function sshPorts(reader: Reader): number[] {
  const ports = new Set([22]);
  for (const listener of listListening(reader))
    if (listener.protocol === 'tcp' && sshServers.has(listener.process?.name ?? '')) ports.add(listener.port);
  return [...ports];
}

const sshServers: ReadonlySet<string> = new Set(['sshd', 'sshd-session', 'dropbear', 'tinysshd']);

/** Addresses that hold a TCP connection to one of these local ports, each once. O(sockets of the machine). */
export function peersOf(reader: Reader, ports: readonly number[]): string[] {
  const wanted = new Set(ports);
  const rows = readSocketTables(reader, 'tcp', (state, local) => state === 'ESTABLISHED' && wanted.has(local));
  return [...new Set(rows.map(({ remoteHex }) => addressOf(remoteHex)))];
}

/** The routers of the default routes (/proc/net/route, /proc/net/ipv6_route). */
export function gatewaysOf(reader: Reader): string[] {
  const found = new Set<string>();
  for (const line of (reader.read('/proc/net/route') ?? '').split('\n').slice(1, 1000)) {
    const [, destination = '', gateway = '', , , , , mask = ''] = line.split('\t');
    if (destination === '00000000' && mask === '00000000' && gateway.length === 8 && gateway !== '00000000')
      found.add(addressOf(gateway));
  }
  for (const line of (reader.read('/proc/net/ipv6_route') ?? '').split('\n').slice(0, 1000)) {
    const [destination = '', prefix = '', , , gateway = ''] = line.split(' ');
    if (destination !== zero6 || prefix !== '00' || gateway.length !== 32 || gateway === zero6) continue;
    const value = hexValue(gateway);
    if (value !== null) found.add(printAddress({ family: 6, value }));
  }
  return [...found];
}

const zero6 = '0'.repeat(32);

function hexValue(text: string): bigint | null {
  for (const character of text) if (!'0123456789abcdefABCDEF'.includes(character)) return null;
  return BigInt(`0x${text}`);
}

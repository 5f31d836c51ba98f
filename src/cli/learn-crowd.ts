// A crowd at one port: so many connections over the loopback, opened before one's eyes and closed again.

import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { endpoint } from '../traffic/connection.ts';
import type { Crowd } from '../traffic/experiment.ts';

/** Most connections: as many as the guide speaks of. */
export const maxCrowd = 10_000;
/** How many are opened at once, and how long all are held, in ms. */
const batch = 250;
const heldMs = 2000;
/** Descriptors that the process needs for itself. */
const ownDescriptors = 100;
const shownTuples = 6;

/** Opens `wanted` connections (fewer where descriptors are short), tells how it goes, and closes them. */
export async function gatherCrowd(wanted: number, say: (crowd: Crowd) => void, stop: AbortSignal): Promise<void> {
  const limit = descriptorLimit();
  const possible = Math.min(wanted, limit === 0 ? wanted : Math.floor((limit - ownDescriptors) / 2));
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket.on('error', () => socket.destroy())));
  server.listen(0, '127.0.0.1', 4096);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const own: Socket[] = [];
  const began = performance.now();
  const tell = (state: Crowd['state']) =>
    say({
      state,
      open: own.length,
      wanted,
      port,
      rssBytes: process.memoryUsage.rss(),
      descriptors: openDescriptors(),
      descriptorLimit: limit,
      tuples: tuplesOf(own),
      range: ephemeralRange(),
      msToOpen: Math.round(performance.now() - began),
    });
  try {
    while (own.length < possible && !stop.aborted) {
      const next = Math.min(batch, possible - own.length);
      own.push(...(await Promise.all(Array.from({ length: next }, () => opened(port)))));
      // A connection stands for its client before the server has taken it off its queue.
      while (sockets.length < own.length && !stop.aborted) await wait(1);
      tell('growing');
    }
    tell('held');
    await wait(heldMs, undefined, { signal: stop }).catch(() => undefined);
  } finally {
    for (const socket of [...own, ...sockets]) socket.destroy();
    await closed(server);
  }
  own.length = 0;
  tell('over');
}

async function opened(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return socket.on('error', () => socket.destroy());
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

function tuplesOf(sockets: readonly Socket[]): string[] {
  const some = sockets.length <= shownTuples ? sockets : [...sockets.slice(0, shownTuples - 1), sockets.at(-1)!];
  return some.map(
    ({ localAddress = '', localPort = 0, remotePort = 0 }) =>
      `${endpoint(localAddress, localPort)} → ${endpoint(localAddress, remotePort)}`,
  );
}

function openDescriptors(): number {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return 0;
  }
}

function descriptorLimit(): number {
  const line = text('/proc/self/limits')
    .split('\n')
    .find((one) => one.startsWith('Max open files'));
  return Number(line?.trim().split(/ +/)[3] ?? 0) || 0;
}

function ephemeralRange(): [number, number] {
  const [first = 0, last = 0] = text('/proc/sys/net/ipv4/ip_local_port_range').trim().split(/\s+/).map(Number);
  return [first, last];
}

function text(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

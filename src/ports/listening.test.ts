import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { findHolder, listListening, sayHolder, scopeOf } from './listening.ts';
import { machineReader, type Reader } from './reader.ts';

/** A machine of files and links that counts how often it is looked at. */
function machine(files: Record<string, string>, links: Record<string, string> = {}): Reader & { looks: number } {
  const children = new Map<string, Set<string>>();
  for (const path of [...Object.keys(files), ...Object.keys(links)]) {
    const parts = path.split('/');
    for (let depth = 1; depth < parts.length; depth++) {
      const parent = parts.slice(0, depth).join('/');
      if (!children.has(parent)) children.set(parent, new Set());
      children.get(parent)!.add(parts[depth]!);
    }
  }
  return {
    looks: 0,
    read: (path) => files[path] ?? null,
    list: (path) => [...(children.get(path) ?? [])],
    link(path) {
      this.looks++;
      return links[path] ?? null;
    },
  };
}

const row = (local: string, remote: string, state: string, inode: number) =>
  `   0: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0 100 0 0 10 0\n`;

const none4 = '00000000:0000';
const none6 = '00000000000000000000000000000000:0000';
const any6 = '00000000000000000000000000000000';

const server = machine(
  {
    '/proc/net/tcp':
      row('00000000:0050', none4, '0A', 11) +
      row('0100007F:0CEA', none4, '0A', 12) +
      row('0500000A:1538', none4, '0A', 99) +
      row('0100007F:9C40', '0100007F:0CEA', '01', 14),
    '/proc/net/tcp6': row(`${any6}:01BB`, none6, '0A', 13),
    '/proc/net/udp': row('00000000:0035', none4, '07', 15) + row('0100007F:D431', '0100007F:0035', '01', 16),
    '/proc/100/comm': 'node-MainThread\n',
    '/proc/100/cmdline': 'portcullis\0run\0',
    '/proc/200/comm': '\x1b[2Jmysqld\n',
    '/proc/200/cmdline': `mysqld\0${'x'.repeat(500)}`,
    '/proc/self/comm': 'ls\n',
  },
  {
    '/proc/100/exe': '/usr/bin/node (deleted)',
    '/proc/100/fd/3': 'socket:[11]',
    '/proc/100/fd/4': 'socket:[13]',
    '/proc/100/fd/5': 'pipe:[12]',
    '/proc/101/exe': '/usr/bin/node',
    '/proc/101/fd/3': 'socket:[13]',
    '/proc/200/fd/3': 'socket:[12]',
    '/proc/200/fd/4': 'socket:[15]',
  },
);

test('what listens, on which address, by which process', () => {
  assert.deepEqual(
    listListening(server).map(({ protocol, address, port, scope, process }) => [
      `${address} ${port}/${protocol} ${scope}`,
      process && `${process.name} ${process.pid}`,
    ]),
    [
      ['0.0.0.0 53/udp all', '?[2Jmysqld 200'],
      ['0.0.0.0 80/tcp all', 'node 100'],
      [':: 443/tcp all', 'node 100'],
      ['127.0.0.1 3306/tcp loopback', '?[2Jmysqld 200'],
      ['10.0.0.5 5432/tcp one', null],
    ],
  );
  const commands = listListening(server).map((listener) => listener.process?.command ?? '');
  assert.deepEqual([commands[1], commands[0]?.length], ['portcullis run', 200]);
});

test('who is in the way of a port', () => {
  for (const [port, address, says] of [
    [443, '0.0.0.0', 'port 443 is in use by node (pid 100), which listens on ::'],
    [443, '::1', 'port 443 is in use by node (pid 100), which listens on ::'],
    [80, undefined, 'port 80 is in use by node (pid 100), which listens on 0.0.0.0'],
    [80, '10.1.2.3', 'port 80 is in use by node (pid 100), which listens on 0.0.0.0'],
    [80, '::', 'port 80 is in use by node (pid 100), which listens on 0.0.0.0'],
    [80, '::1', null],
    [3306, '0.0.0.0', 'port 3306 is in use by ?[2Jmysqld (pid 200), which listens on 127.0.0.1'],
    [3306, '10.0.0.5', null],
    [
      5432,
      '10.0.0.5',
      'port 5432 is in use by a process that this user may not see (run as root to learn which), which listens on 10.0.0.5',
    ],
    [
      40000,
      '127.0.0.1',
      'port 40000 is in use by a process that this user may not see (run as root to learn which) as its own end of a connection (ESTABLISHED)',
    ],
    [9, undefined, null],
  ] as const) {
    const holder = findHolder(server, port, address ?? null);
    assert.equal(holder && sayHolder(holder), says, `${port} ${address}`);
  }
  const waiting = machine({ '/proc/net/tcp': row('0100007F:9C40', '0100007F:0050', '06', 0) });
  assert.equal(
    sayHolder(findHolder(waiting, 40000)!),
    'port 40000 is in use by a connection that ended less than a minute ago (TIME_WAIT)',
  );
});

test('an unreadable machine listens nowhere', () => {
  assert.deepEqual(listListening(machine({})), []);
  assert.equal(findHolder(machine({}), 80), null);
});

test('50,000 connections cost one look at each descriptor, and none after the last listener is found', () => {
  const connections = Array.from({ length: 50_000 }, (_, index) =>
    row(`0100007F:${(index % 65536).toString(16).padStart(4, '0')}`, '0100007F:01BB', '01', 1000 + index),
  );
  const links: Record<string, string> = { '/proc/7/fd/0': 'socket:[5]' };
  for (let index = 0; index < 5_000; index++) links[`/proc/9/fd/${index}`] = `socket:[${1000 + index}]`;
  const busy = machine({ '/proc/net/tcp': row('00000000:01BB', none4, '0A', 5) + connections.join('') }, links);
  assert.equal(listListening(busy)[0]?.process?.pid, 7);
  assert.equal(busy.looks, 2);
  const hidden = machine({ '/proc/net/tcp': row('00000000:01BB', none4, '0A', 4) + connections.join('') }, links);
  assert.equal(listListening(hidden)[0]?.process, null);
  assert.equal(hidden.looks, 5_001);
});

test('scopes', () => {
  assert.deepEqual(['127.0.0.1', '127.9.9.9', '::1', '0.0.0.0', '::', '10.0.0.1', 'fe80::1'].map(scopeOf), [
    'loopback',
    'loopback',
    'loopback',
    'all',
    'all',
    'one',
    'one',
  ]);
});

test('this machine: a server of this process is found', { skip: process.platform !== 'linux' }, async () => {
  const listening = createServer();
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  const address = listening.address();
  assert.ok(address !== null && typeof address === 'object');
  try {
    const found = listListening(machineReader).find((listener) => listener.port === address.port);
    assert.deepEqual([found?.address, found?.scope, found?.process?.pid], ['127.0.0.1', 'loopback', process.pid]);
    assert.equal(findHolder(machineReader, address.port, '0.0.0.0')?.process?.pid, process.pid);
  } finally {
    listening.close();
  }
});

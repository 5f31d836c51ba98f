import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  addSample,
  countUpstreamUse,
  forecast,
  lookUpstreamUse,
  parseEphemeralRange,
  readUpstreamUse,
  type Sample,
} from './ephemeral.ts';
import { readPieces } from './reader.ts';
import { parseSocketTable } from './socket-table.ts';

test("the kernel's range, without what is reserved", () => {
  for (const [range, reserved, from, to, ports] of [
    ['32768\t60999\n', '\n', 32768, 60999, 28232],
    ['49152 65535', '', 49152, 65535, 16384],
    ['1000 1009', '1000,1005-1006', 1000, 1009, 7],
    ['1000 1009', '1-1001,1001-1002,1002,1009-2000', 1000, 1009, 6],
    ['1000 1009', '80,443', 1000, 1009, 10],
    ['1000 1000', '1000', 1000, 1000, 0],
    ['', '', 32768, 60999, 28232],
    ['9 5', 'x,-,5-,70000,9-5', 32768, 60999, 28232],
    ['garbled text', '', 32768, 60999, 28232],
  ] as const) {
    const is = parseEphemeralRange(range, reserved);
    assert.deepEqual([is.from, is.to, is.ports], [from, to, ports], `${range} | ${reserved}`);
  }
});

test('reserved ports are never counted twice', () => {
  const interval = fc.tuple(fc.nat(40), fc.nat(40));
  fc.assert(
    fc.property(fc.array(interval, { maxLength: 6 }), (intervals) => {
      const text = intervals.map(([low, length]) => `${low}-${low + length}`).join(',');
      let free = 0;
      for (let port = 10; port <= 30; port++)
        if (!intervals.some(([low, length]) => port >= low && port <= low + length)) free++;
      assert.equal(parseEphemeralRange('10 30', text).ports, free);
    }),
  );
});

const row = (local: string, remote: string, state: string) => `   0: ${local} ${remote} ${state} 0:0 00:0 0 0 0 0 1\n`;
const table =
  row('0100007F:8001', '0100007F:0BB8', '01') +
  row('0100007F:8002', '0100007F:0BB8', '06') +
  row('0100007F:8003', '0100007F:0BB8', '06') +
  row('0200007F:8001', '0100007F:0BB8', '01') +
  row('0100007F:0BB8', '0100007F:8001', '01') +
  row('0100007F:8004', '0100007F:0BB9', '01') +
  row('0100007F:0400', '0100007F:0BB8', '01') +
  row('0100007F:0BB8', '00000000:0000', '0A');

test('what is taken towards an upstream, by state, from the busiest of our addresses', () => {
  const range = parseEphemeralRange('32768 32777', '');
  const upstreams = [
    { endpoint: 'localhost:3000', addresses: ['127.0.0.1', '::1', '127.0.0.1'], port: 3000 },
    { endpoint: '127.0.0.1:3001', addresses: ['127.0.0.1'], port: 3001 },
    { endpoint: 'nowhere:3000', addresses: [], port: 3000 },
  ];
  const rows = parseSocketTable(table, () => true);
  assert.deepEqual(countUpstreamUse(rows, upstreams, range), [
    { endpoint: 'localhost:3000', connections: 5, byState: { ESTABLISHED: 3, TIME_WAIT: 2 }, used: 3, free: 7 },
    { endpoint: '127.0.0.1:3001', connections: 1, byState: { ESTABLISHED: 1 }, used: 1, free: 9 },
    { endpoint: 'nowhere:3000', connections: 0, byState: {}, used: 0, free: 10 },
  ]);
  const files: Record<string, string> = {
    '/proc/net/tcp': table,
    '/proc/net/tcp6': row('0000000000000000FFFF00000100007F:8005', '0000000000000000FFFF00000100007F:0BB8', '08'),
    '/proc/sys/net/ipv4/ip_local_port_range': '32768 32777',
  };
  const reader = { read: (path: string) => files[path] ?? null, list: () => [], link: () => null };
  const use = readUpstreamUse(reader, upstreams)[0]!;
  assert.deepEqual([use.connections, use.byState.CLOSE_WAIT, use.used], [6, 1, 4]);
});

test('a table that is read in pieces, with pauses, says the same', async () => {
  const upstreams = [{ endpoint: 'localhost:3000', addresses: ['127.0.0.1'], port: 3000 }];
  const range = '32768 32777';
  const reader = {
    read: (path: string) => (path.endsWith('port_range') ? range : null),
    list: () => [],
    link: () => null,
  };
  const expected = countUpstreamUse(
    parseSocketTable(table, () => true),
    upstreams,
    parseEphemeralRange(range, ''),
  );
  for (const size of [1, 7, 60, 1000]) {
    let pauses = 0;
    const cut = (path: string) =>
      path === '/proc/net/tcp' ? (table.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? []) : [];
    const pause = async () => void pauses++;
    assert.deepEqual(await lookUpstreamUse(reader, upstreams, { pieces: cut, pause }), expected);
    assert.equal(pauses, Math.floor(Math.ceil(table.length / size) / 8));
  }
});

test('a file of the kernel is read in pieces, and what cannot be read is nothing', () => {
  assert.match([...readPieces('/proc/self/status')].join(''), /^Name:/);
  assert.deepEqual([...readPieces('/proc/nowhere')], []);
  assert.deepEqual([...readPieces('/proc')], []);
});

test('a forecast from samples', () => {
  const samples = (...used: number[]): Sample[] =>
    used.map((some, index) => ({ atMs: 5000 + index * 1000, used: some }));
  for (const [given, ports, answer] of [
    [[], 100, null],
    [samples(10, 20), 100, null],
    [samples(10, 20, 30), 100, { portsPerSecond: 10, secondsLeft: 7 }],
    [samples(30, 20, 10), 100, null],
    [samples(10, 10, 10), 100, null],
    [samples(10, 10, 100), 100, { portsPerSecond: 45, secondsLeft: 0 }],
    [samples(100), 100, { portsPerSecond: 0, secondsLeft: 0 }],
    [samples(0, 1, 2).map((sample) => ({ ...sample, atMs: 7 })), 100, null],
  ] as const)
    assert.deepEqual(forecast(given, ports), answer);
});

test('samples are bounded, the oldest go', () => {
  let samples: Sample[] = [];
  for (let atMs = 0; atMs < 100; atMs++) samples = addSample(samples, { atMs, used: atMs }, 8);
  assert.deepEqual([samples.length, samples[0]?.atMs, samples.at(-1)?.atMs], [8, 92, 99]);
});

test('a forecast is never negative and never not a number', () => {
  const sample = fc.record({ atMs: fc.nat(1e9), used: fc.nat(70_000) });
  fc.assert(
    fc.property(fc.array(sample, { maxLength: 20 }), fc.nat(65535), (samples, ports) => {
      const answer = forecast(samples, ports);
      if (answer !== null) assert.ok(answer.secondsLeft >= 0 && Number.isFinite(answer.portsPerSecond));
    }),
  );
});

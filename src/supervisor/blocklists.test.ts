// Blocklists over HTTP and from files: fresh where they are good, the last good one where they are not, within bounds.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { ManualClock } from '../base/clock.ts';
import type { Blocklist } from '../firewall/firewall.ts';
import { BlocklistKeeper, type BlocklistSettings } from './blocklists.ts';

const root = mkdtempSync(join(tmpdir(), 'portcullis-lists-'));
after(() => rmSync(root, { recursive: true }));
let number = 0;

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

async function serving(t: TestContext, first: Handler) {
  const server = { handle: first, requests: 0, url: '' };
  const http = createServer((request, response) => {
    server.requests++;
    server.handle(request, response);
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    http.closeAllConnections();
    http.close();
  });
  server.url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/list`;
  return server;
}

function keeping(from: string, change: Partial<BlocklistSettings> = {}, directory = join(root, String(number++))) {
  const clock = new ManualClock();
  const used: Blocklist[][] = [];
  const warned: string[] = [];
  const settings = {
    name: 'drop',
    from,
    format: 'lines',
    column: 1,
    everyMs: 60_000,
    maxBytes: 100_000,
    ...change,
  } as const;
  const keeper = new BlocklistKeeper([settings], {
    clock,
    directory,
    load: fetch,
    use: (lists) => used.push([...lists]),
    warn: (says) => warned.push(says),
  });
  const tick = async (ms = 60_000) => {
    clock.advance(ms);
    await keeper.tick();
    return keeper.status()[0]!;
  };
  return { keeper, clock, used, warned, tick, directory };
}

const text =
  (body: string, headers: Record<string, string> = {}): Handler =>
  (_, response) =>
    response.writeHead(200, headers).end(body);

test('a list is downloaded, kept as long as it is the same, and kept for the next start', async (t) => {
  const server = await serving(t, text('192.0.2.0/24\n', { etag: '"1"' }));
  const { keeper, used, warned, tick, directory } = keeping(server.url);
  await keeper.start();
  assert.equal(used[0]!.length, 0);
  const { entries, problem, isStale } = await tick(0);
  assert.deepEqual([entries, problem, isStale, used.length, used[1]![0]!.name], [1, '', false, 2, 'drop']);
  await tick(59_999);
  assert.equal(server.requests, 1);
  server.handle = (request, response) => {
    assert.equal(request.headers['if-none-match'], '"1"');
    response.writeHead(304).end();
  };
  await tick(1);
  assert.deepEqual([server.requests, used.length, warned], [2, 2, []]);
  // Another start, and the server is gone: the copy stands.
  const next = keeping('http://127.0.0.1:1/list', {}, directory);
  await next.keeper.start();
  assert.equal(next.used[0]![0]!.ranges.starts4.length, 1);
  assert.match((await next.tick(0)).problem, /bad port|ECONNREFUSED/);
});

test('what is broken never replaces what is good, is told once, and grows stale', async (t) => {
  const server = await serving(t, text('192.0.2.0/24\n192.0.2.9\n'));
  const { used, warned, tick } = keeping(server.url);
  await tick(0);
  const cases: readonly (readonly [Handler, RegExp])[] = [
    [(_, response) => response.writeHead(503).end('later'), /^the server answered 503$/],
    [
      text('<html>\nnot found\n</html>\n'),
      /^most of its lines are no networks \(3 of 3\): line 1: "<html>" is no address or network$/,
    ],
    [text(''), /^it is empty$/],
    [text('192.0.2.1\n'.repeat(20_000)), /^it is longer than 100000 bytes \(max_size\)$/],
    [(_, response) => response.socket!.destroy(), /./],
    [
      (_, response) => {
        response.writeHead(200, { 'content-length': 1000 });
        response.write('192.0.2.1\n', () => response.socket!.destroy());
      },
      /./,
    ],
  ];
  for (const [handle, says] of cases) {
    server.handle = handle;
    const status = await tick();
    assert.match(status.problem, says);
    assert.equal(status.entries, 2);
    const told = warned.length;
    await tick();
    assert.equal(warned.length, told, 'the same trouble is told once');
  }
  assert.equal(used.length, 1);
  assert.equal((await tick()).isStale, true);
  assert.match(
    warned[0]!,
    /^blocklist drop: http:.+\/list: the server answered 503; the last good one stays in force$/,
  );
  server.handle = text('198.51.100.0/24\n');
  const { problem, isStale } = await tick();
  assert.deepEqual([problem, isStale, used.length], ['', false, 2]);
});

test('a file is read again where it has changed', async () => {
  const file = join(root, 'list.csv');
  writeFileSync(file, 'name,network\na,192.0.2.0/24\nb,nonsense\nc,10.0.0.0/8\n');
  const { used, warned, tick } = keeping(file, { format: 'csv', column: 2 });
  assert.equal((await tick(0)).entries, 2);
  assert.deepEqual(warned, ['blocklist drop: 1 line was left out: line 3: "nonsense" is no address or network']);
  await tick();
  assert.equal(used.length, 1);
  writeFileSync(file, 'name,network\nlonger,192.0.2.0/25\n');
  assert.deepEqual([(await tick()).entries, used.length], [1, 2]);
  rmSync(file);
  const { problem, entries } = await tick();
  assert.deepEqual([problem.slice(0, 6), entries], ['ENOENT', 1]);
});

// Bans over real sockets: whoever is banned is cut off at once, stays out, and nobody is banned for what the gate itself said.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import http2 from 'node:http2';
import net from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import tls from 'node:tls';
import { WebSocket, WebSocketServer } from 'ws';
import { ask } from '../../src/cli/ask.ts';
import type { Configuration } from '../../src/config/config.ts';
import { answering, closedPort, eventually, listening, ok, stand, Wire } from './world.ts';

/** Loopback may be banned here: it is where the callers of these tests come from. */
const bannable: Configuration = { bans: { never_loopback: false } };
const automatic = (more: NonNullable<Configuration['bans']>): Configuration => ({
  bans: { automatic: true, never_loopback: false, ...more },
});
const attack = 'GET /?id=1;DROP%20TABLE%20users;-- HTTP/1.1\r\nHost: localhost\r\n\r\n';
const plain = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';

/** A client that calls from an address of its own. */
async function from(t: TestContext, address: string, port: number): Promise<Wire> {
  const socket = net.connect({ host: '127.0.0.1', port, localAddress: address, noDelay: true });
  t.after(() => socket.destroy());
  const wire = new Wire(socket);
  await once(socket, 'connect');
  return wire;
}

interface Listed {
  readonly bans: { target: string; reason: string; leftMs: number | null }[];
  readonly blocklists: { entries: number; problem: string }[];
  readonly kept: boolean;
}

test('a ban ends live connections of its target at once, and lets nobody of it in again until it is taken off', async (t) => {
  const upstream = await answering(t, () => ok('fine'));
  const world = await stand(t, upstream.port, bannable);
  const [bad, good] = [await from(t, '127.0.0.2', world.port), await from(t, '127.0.0.3', world.port)];
  for (const wire of [bad, good]) {
    wire.send(plain);
    assert.equal((await wire.message()).status, 200);
  }
  await world.ask({ ask: 'ban', target: '127.0.0.2', reason: 'scans', lengthMs: 60_000 });
  await bad.ended();
  good.send(plain);
  assert.equal((await good.message()).status, 200);
  await (await from(t, '127.0.0.2', world.port)).ended();
  assert.equal(
    ((await world.ask({ ask: 'unban', target: '127.0.0.2' })) as { ban: { target: string } }).ban.target,
    '127.0.0.2',
  );
  const again = await from(t, '127.0.0.2', world.port);
  again.send(plain);
  assert.equal((await again.message()).status, 200);
  const denied = (await world.stopAndReadJournal()).filter(({ verdict }) => verdict.why === 'firewall/banned');
  assert.equal(denied.length, 1);
  assert.equal(denied[0]!.firewall.action, 'DENY');
  assert.equal(denied[0]!.firewall.description, 'ban');
  assert.match(denied[0]!.verdict.says, /^127\.0\.0\.2 is banned until \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ: scans$/);
});

test('a WebSocket and a handshake that is under way end with the ban, too', async (t) => {
  const http = createServer();
  const server = new WebSocketServer({ server: http });
  const port = await listening(http);
  t.after(() => {
    for (const socket of server.clients) socket.terminate();
    http.close();
  });
  const world = await stand(t, port, {
    ...bannable,
    listen: [
      { address: '127.0.0.1', port: 0 },
      { address: '127.0.0.1', port: 0, tls: true },
    ],
  });
  const socket = new WebSocket(`ws://127.0.0.1:${world.port}/ws`, { localAddress: '127.0.0.2' });
  socket.on('error', () => {});
  await once(socket, 'open');
  const silent = await from(t, '127.0.0.2', world.tlsPort);
  await eventually(async () => {
    const { rows } = (await world.ask({ ask: 'connections' })) as { rows: { stage: string }[] };
    return rows.some(({ stage }) => stage === 'handshake');
  }, 'the handshake is begun');
  const closed = once(socket, 'close');
  await world.ask({ ask: 'ban', target: '127.0.0.0/30', reason: '', lengthMs: 60_000 });
  await Promise.all([closed, silent.ended()]);
});

test('attacks bring a ban, and what is refused because of it makes it no longer', async (t) => {
  const upstream = await answering(t, () => ok('fine'));
  const world = await stand(t, upstream.port, automatic({ waf_blocks: '3 per 1m', first: '5m' }));
  const wire = await from(t, '127.0.0.2', world.port);
  for (let time = 0; time < 3; time++) {
    wire.send(attack);
    assert.equal((await wire.message()).status, 403);
  }
  await wire.ended();
  for (let time = 0; time < 10; time++) await (await from(t, '127.0.0.2', world.port)).ended();
  const { bans } = (await world.ask({ ask: 'bans' })) as Listed;
  assert.deepEqual(
    bans.map(({ target, reason }) => [target, reason]),
    [['127.0.0.2', '3 requests that the WAF refused in 60 s']],
  );
  assert.ok(bans[0]!.leftMs! <= 300_000);
});

test('404s of the upstream count, those of the gate itself do not; neither do answers that are fine', async (t) => {
  const upstream = await answering(t, ({ first }) =>
    first.includes('/missing') ? 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n' : ok('fine'),
  );
  const world = await stand(t, upstream.port, {
    ...automatic({ not_found: '4 per 1m' }),
    sites: [{ host: 'localhost', to: `127.0.0.1:${upstream.port}` }],
  });
  const wire = await from(t, '127.0.0.2', world.port);
  for (let time = 0; time < 10; time++) {
    wire.send('GET / HTTP/1.1\r\nHost: elsewhere\r\n\r\n');
    assert.equal((await wire.message()).status, 404);
    wire.send(plain);
    assert.equal((await wire.message()).status, 200);
  }
  for (let time = 0; time < 4; time++) {
    wire.send('GET /missing HTTP/1.1\r\nHost: localhost\r\n\r\n');
    assert.equal((await wire.message()).status, 404);
  }
  await wire.ended();
});

test('failed handshakes bring a ban', async (t) => {
  const upstream = await answering(t, () => ok('fine'));
  const world = await stand(t, upstream.port, {
    ...automatic({ handshake_failures: '3 per 1m' }),
    listen: [{ address: '127.0.0.1', port: 0, tls: true }],
  });
  for (let time = 0; time < 3; time++) {
    const wire = await from(t, '127.0.0.2', world.tlsPort);
    wire.send('this is no TLS at all\r\n\r\n');
    await wire.ended();
  }
  await eventually(async () => ((await world.ask({ ask: 'bans' })) as Listed).bans.length === 1, 'the ban stands');
});

test('`repeated: ban` of a limit bans whoever goes on after ten refusals', async (t) => {
  const upstream = await answering(t, () => ok('fine'));
  const world = await stand(t, upstream.port, {
    ...bannable,
    rates: [{ limit: '1 per 10m', repeated: 'ban 2m' }],
  });
  const wire = await from(t, '127.0.0.2', world.port);
  const statuses: number[] = [];
  for (let time = 0; time < 11; time++) {
    wire.send(plain);
    statuses.push((await wire.message()).status);
  }
  assert.deepEqual(statuses, [200, ...Array.from({ length: 10 }, () => 429)]);
  await wire.ended();
  const { bans } = (await world.ask({ ask: 'bans' })) as Listed;
  assert.deepEqual(
    bans.map(({ target, reason }) => [target, reason]),
    [['127.0.0.2', '10 requests over the limit "client" in 60 s']],
  );
});

test('a client behind a trusted proxy is refused by itself, the proxy is never banned', async (t) => {
  const upstream = await answering(t, () => ok('fine'));
  const world = await stand(t, upstream.port, {
    ...automatic({ waf_blocks: '2 per 1m' }),
    bans: { automatic: true, waf_blocks: '2 per 1m' },
    trusted_proxies: ['127.0.0.0/8'],
  });
  const wire = await world.client();
  const status = async (client: string, target = '/') => {
    wire.send(`GET ${target} HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: ${client}\r\n\r\n`);
    return (await wire.message()).status;
  };
  const bad = '/?id=1;DROP%20TABLE%20users;--';
  assert.deepEqual([await status('203.0.113.7', bad), await status('203.0.113.7', bad)], [403, 403]);
  assert.deepEqual([await status('203.0.113.7'), await status('203.0.113.8')], [403, 200]);
  // The proxy itself attacks: it is spared.
  for (let time = 0; time < 4; time++) assert.equal(await status('127.0.0.1', bad), 403);
  assert.equal(await status('203.0.113.8'), 200);
  await assert.rejects(
    world.ask({ ask: 'ban', target: '127.0.0.1' }),
    /127\.0\.0\.1 is never banned: it is this machine's loopback \(127\.0\.0\.0\/8\)/,
  );
  const journal = await world.stopAndReadJournal();
  assert.deepEqual(
    journal
      .filter(({ verdict }) => verdict.why === 'firewall/banned')
      .map(({ verdict, response }) => [verdict.station, response?.status]),
    [['firewall', 403]],
  );
});

test('a blocklist from a file shuts out whom it names, and a broken one changes nothing', async (t) => {
  const upstream = await answering(t, () => ok('fine'));
  const directory = await stand(t, upstream.port);
  const file = join(directory.directory, 'list.txt');
  await writeFile(file, '127.0.0.2\n# that is all\n');
  const world = await stand(t, upstream.port, {
    ...bannable,
    blocklists: [
      { name: 'local', from: file },
      { name: 'gone', from: join(directory.directory, 'none.txt') },
    ],
  });
  await (await from(t, '127.0.0.2', world.port)).ended();
  const good = await from(t, '127.0.0.3', world.port);
  good.send(plain);
  assert.equal((await good.message()).status, 200);
  const { blocklists } = (await world.ask({ ask: 'bans' })) as Listed;
  assert.deepEqual(
    blocklists.map(({ entries }) => entries),
    [1, 0],
  );
  assert.match(blocklists[1]!.problem, /^ENOENT/);
  const [denied] = (await world.stopAndReadJournal()).filter(({ verdict }) => verdict.why === 'firewall/blocklisted');
  assert.equal(denied!.verdict.says, '127.0.0.2 is on the blocklist "local"');
});

test('bans survive a restart; a rehearsal knows them', async (t) => {
  const port = await closedPort();
  const first = await stand(t, port, bannable);
  await first.ask({ ask: 'ban', target: '203.0.113.7', reason: 'from before', lengthMs: 3_600_000 });
  await first.ask({ ask: 'ban', target: '203.0.113.8', lengthMs: 3_600_000 });
  await first.ask({ ask: 'unban', target: '203.0.113.8' });
  await first.gate.stop();
  const second = await stand(t, port, { ...bannable, data_directory: first.directory });
  const { bans, kept } = (await ask(first.directory, { ask: 'bans' })) as Listed;
  assert.deepEqual(
    [kept, bans.map(({ target, reason }) => [target, reason])],
    [true, [['203.0.113.7', 'from before']]],
  );
  const { journey } = (await ask(first.directory, { ask: 'rehearse', from: '203.0.113.7:1', to: ':443/tcp' })) as {
    journey: { verdict: { why: string } };
  };
  assert.equal(journey.verdict.why, 'firewall/banned');
  assert.ok(second.port > 0);
});

test('a session of HTTP/2 ends with the ban, and its offences count like any other', async (t) => {
  const upstream = await answering(t, () => ok('fine'));
  const world = await stand(t, upstream.port, {
    ...automatic({ waf_blocks: '2 per 1m' }),
    listen: [{ address: '127.0.0.1', port: 0, tls: true }],
  });
  const session = http2.connect('https://localhost', {
    createConnection: () =>
      tls.connect({
        host: '127.0.0.1',
        port: world.tlsPort,
        localAddress: '127.0.0.2',
        rejectUnauthorized: false,
        ALPNProtocols: ['h2'],
      } as tls.ConnectionOptions),
  });
  t.after(() => session.destroy());
  session.on('error', () => {});
  const closed = once(session, 'close');
  const status = async (path: string) => {
    const stream = session.request({ ':path': path });
    stream.on('error', () => {});
    const [headers] = (await once(stream, 'response')) as [{ ':status'?: number }];
    return headers[':status'];
  };
  assert.equal(await status('/'), 200);
  assert.equal(await status('/?id=1;DROP%20TABLE%20users;--'), 403);
  assert.equal(((await world.ask({ ask: 'bans' })) as Listed).bans.length, 0);
  const last = session.request({ ':path': '/?id=1;DROP%20TABLE%20users;--' });
  last.on('error', () => {});
  await closed;
  assert.equal(((await world.ask({ ask: 'bans' })) as Listed).bans[0]!.target, '127.0.0.2');
});

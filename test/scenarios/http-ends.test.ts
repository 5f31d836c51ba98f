// How exchanges and connections end before their time, and that each end has its name in the journal.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answering, eventually, ok, type Standing, scripted, stand } from './world.ts';

const get = (target: string): string => `GET ${target} HTTP/1.1\r\nHost: localhost\r\n\r\n`;

async function openConnections(world: Standing): Promise<number> {
  return ((await world.ask({ ask: 'status' })) as { connections: { open: number } }).connections.open;
}

test('what only the end of a connection tells has its name in the journal', async (t) => {
  const upstream = await scripted(t, async (wire) => {
    for (;;) if ((await wire.message()).first.includes('/answered')) wire.send(ok('x'));
  });
  const world = await stand(t, upstream.port, { limits: { drain_timeout: '0s' } });
  const reset = await world.client();
  reset.send(get('/reset'));
  const cut = await world.client();
  cut.socket.end('GET / HT');
  assert.equal(await cut.ended(), 'fin');
  const silent = await world.client();
  silent.socket.end();
  assert.equal(await silent.ended(), 'fin');
  const drained = await world.client();
  drained.send(get('/drained'));
  await eventually(() => upstream.wires.length === 2, 'both requests are with the upstream');
  reset.socket.resetAndDestroy();
  await eventually(async () => (await openConnections(world)) === 1, 'the reset is seen');
  const lines = await world.stopAndReadJournal();
  const whys = lines.map(({ request, verdict }) => [request?.target ?? '', verdict.why]);
  assert.deepEqual(whys.sort(), [
    ['', 'http/head-cut-short'],
    ['', 'http/no-request'],
    ['/drained', 'http/drained'],
    ['/reset', 'http/client-reset'],
  ]);
});

test('a connection that its owner ends has that name', async (t) => {
  const upstream = await scripted(t, async (wire) => {
    await wire.message();
  });
  const world = await stand(t, upstream.port);
  const client = await world.client();
  client.send(get('/endless'));
  await eventually(() => upstream.wires.length === 1, 'the request is with the upstream');
  const { rows } = (await world.ask({ ask: 'connections' })) as { rows: { number: number }[] };
  assert.equal(await world.ask({ ask: 'close', number: rows[0]!.number }), true);
  await client.ended();
  const [line] = await world.stopAndReadJournal();
  assert.equal(line!.verdict.why, 'http/closed-by-owner');
});

test('a body that its client does not finish is 400, and the upstream sees that it was broken off', async (t) => {
  const upstream = await scripted(t, async (wire) => {
    await wire.take('half');
    await wire.ended();
  });
  const world = await stand(t, upstream.port, { waf: { mode: 'off' } });
  for (const framing of ['Content-Length: 9\r\n\r\nhalf', 'Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n']) {
    const wire = await world.client();
    wire.socket.end(`POST / HTTP/1.1\r\nHost: a\r\n${framing}`);
    const answer = await wire.message();
    assert.equal(answer.status, 400);
    assert.equal((await world.journey(answer.headers.get('x-request-id')!)).verdict.why, 'http/body-cut-short');
    assert.equal(await wire.ended(), 'fin');
  }
  for (const { text } of upstream.wires) assert.ok(!text.includes('0\r\n\r\n'), 'no end of the body was made up');
});

test('an answer before the request was whole ends the connection behind it', async (t) => {
  const upstream = await scripted(t, async (wire) => {
    await wire.take('\r\n\r\n');
    wire.send(ok('early'));
  });
  const world = await stand(t, upstream.port, { waf: { mode: 'off' } });
  const wire = await world.client();
  wire.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\nbegun');
  const answer = await wire.message();
  assert.deepEqual([answer.status, String(answer.body), answer.headers.get('connection')], [200, 'early', 'close']);
  wire.send(`${'x'.repeat(895)}${get('/behind')}`);
  assert.equal(await wire.ended(), 'fin');
  assert.equal(wire.text, '');
});

test('no site, and a listener that redirects', async (t) => {
  const upstream = await answering(t, () => ok('x'));
  const world = await stand(t, upstream.port, {
    listen: [
      { address: '127.0.0.1', port: 0, tls: true },
      { address: '127.0.0.1', port: 0, redirect: 'https' },
      { address: '127.0.0.1', port: 0 },
    ],
    tls: { local_names: ['localhost'] },
    sites: [{ host: 'shop.example', path: '/in', to: [upstream.port] }],
  });
  const plain = await world.client();
  for (const [host, target] of [
    ['shop.example', '/out'],
    ['other.example', '/in'],
  ]) {
    plain.send(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    const answer = await plain.message();
    assert.equal(answer.status, 404);
    assert.equal((await world.journey(answer.headers.get('x-request-id')!)).verdict.why, 'http/no-site');
  }
  plain.send('GET /in HTTP/1.1\r\nHost: SHOP.example.:80\r\n\r\n');
  assert.equal((await plain.message()).status, 200, 'the connection goes on');
  const redirected = await world.client(world.redirectPort);
  for (const [method, status] of [
    ['GET', 301],
    ['POST', 308],
  ] as const) {
    redirected.send(
      `${method} /in?a=b HTTP/1.1\r\nHost: shop.example:${world.redirectPort}\r\nContent-Length: 0\r\n\r\n`,
    );
    const answer = await redirected.message();
    assert.deepEqual(
      [answer.status, answer.headers.get('location')],
      [status, `https://shop.example:${world.tlsPort}/in?a=b`],
    );
    assert.equal((await world.journey(answer.headers.get('x-request-id')!)).verdict.why, 'http/redirected');
  }
});

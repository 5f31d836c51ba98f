// Refusals that take their time, over real sockets: how slowly, for how many, and what becomes of them when somebody leaves.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import http2 from 'node:http2';
import { test } from 'node:test';
import { answering, eventually, ok, stand } from './world.ts';

const quick = { hold: '1s', every: '500ms', max_held: 2 };

test('a refusal comes byte by byte, the journey says so, and the connection goes on', async (t) => {
  const upstream = await answering(t, () => ok('fine'));
  const world = await stand(t, upstream.port, { bots: { tarpit: quick }, rules: ['tarpit if path is /wp-login.php'] });
  const wire = await world.client();
  wire.send('GET /wp-login.php HTTP/1.1\r\nHost: localhost\r\n\r\n');
  const head = await wire.take('\r\n\r\n');
  assert.match(head, /^HTTP\/1\.1 403 Forbidden\r\n/);
  assert.match(head, /Content-Length: 2\r\n/);
  assert.equal(wire.bytes.length, 0, 'nothing of the body is there yet');
  assert.equal((await wire.takeBytes(2)).toString(), '..');
  wire.send('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  assert.equal((await wire.message()).status, 200);
  const journey = await world.journey(/X-Request-Id: (\S+)/.exec(head)![1]!);
  assert.deepEqual(
    [journey.verdict.why, journey.verdict.says, journey.response!.status, journey.response!.bytes],
    ['rules/tarpit', 'rule 1: tarpit if path is /wp-login.php; answered with a byte each 0.5 s for 1 s', 403, 2],
  );
  assert.ok(journey.ms > 900, `it took ${journey.ms} ms`);
});

test('beyond the places of the pit refusals come at once, and whoever leaves makes room', async (t) => {
  const upstream = await answering(t, () => ok('fine'));
  const world = await stand(t, upstream.port, {
    bots: { tarpit: { hold: '10m', every: '1m', max_held: 2 } },
    // biome-ignore lint/suspicious/noThenProperty: the file's word; no setting is ever awaited.
    rates: [{ limit: '1 per hour', then: 'tarpit' }],
    workers: 1,
  });
  const ask = async () => {
    const wire = await world.client();
    wire.send('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    return { wire, head: await wire.take('\r\n\r\n') };
  };
  assert.match((await ask()).head, /^HTTP\/1\.1 200/);
  const held = [await ask(), await ask()];
  for (const { head } of held) assert.match(head, /^HTTP\/1\.1 429 [\s\S]*Content-Length: 10\r\n/);
  const third = await world.get('/');
  assert.equal(third.status, 429);
  const told = await world.journey(third.headers.get('x-request-id')!);
  assert.match(told.verdict.says, /; all 2 places of the tarpit are taken, answered at once$/);
  held[0]!.wire.socket.destroy();
  const id = /X-Request-Id: (\S+)/.exec(held[0]!.head)![1]!;
  assert.deepEqual((await world.journey(id)).verdict.why, 'rates/tarpit');
  await eventually(async () => (await ask()).head.includes('Content-Length: 10\r\n'), 'there is room again');
});

test('over HTTP/2 other requests of the connection are answered meanwhile', async (t) => {
  const upstream = await answering(t, () => ok('fine'));
  const world = await stand(t, upstream.port, { bots: { tarpit: quick }, rules: ['tarpit if path is /slow'] });
  const client = http2.connect(`http://127.0.0.1:${world.port}`);
  t.after(() => client.destroy());
  const slow = client.request({ ':path': '/slow' });
  const [fields] = await once(slow, 'response');
  assert.equal(fields[':status'], 403);
  const [other] = await once(client.request({ ':path': '/' }), 'response');
  assert.equal(other[':status'], 200);
  let body = '';
  slow.setEncoding('latin1').on('data', (piece: string) => {
    body += piece;
  });
  await once(slow, 'close');
  assert.equal(body, '..');
});

test('a gate that leaves waits for nobody in the pit', async (t) => {
  const upstream = await answering(t, () => ok('fine'));
  const world = await stand(t, upstream.port, {
    bots: { tarpit: { hold: '10m', every: '1m' } },
    rules: ['tarpit if path is /slow'],
    limits: { drain_timeout: '1h' },
  });
  const wire = await world.client();
  wire.send('GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await wire.take('\r\n\r\n');
  const journeys = await world.stopAndReadJournal();
  assert.deepEqual(
    journeys.map(({ verdict }) => verdict.why),
    ['rules/tarpit'],
  );
});

// Tasks for browsers over real sockets: by a rule and by a limit, for clients who do them and clients who do not.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { answering, ok, type Standing, stand } from './world.ts';

const browser = 'Accept: text/html\r\n';

function solve(page: string): string {
  const task = /data-task="([^"]+)"/.exec(page)![1]!;
  for (let number = 0; ; number++) {
    const digest = createHash('sha256').update(`${task}.${number}`).digest();
    if (digest[0] === 0) return `/.well-known/portcullis/proof?task=${task}&answer=${number}`;
  }
}

async function post(world: Standing, target: string, port = world.port, secure = false) {
  const wire = secure ? await world.secureClient() : await world.client(port);
  wire.send(`POST ${target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n`);
  const message = await wire.message();
  wire.socket.destroy();
  return message;
}

test('a rule sets browsers a task; whoever did it passes, and the journey says so', async (t) => {
  const upstream = await answering(t, () => ok('fine'));
  const world = await stand(t, upstream.port, {
    bots: { challenge: { difficulty: 8 } },
    rules: ['block if path is under /admin', 'challenge if path is not /health'],
  });
  assert.equal((await world.get('/health', browser)).status, 200);
  const posed = await world.get('/page?q=1', browser);
  assert.equal(posed.status, 403);
  assert.match(posed.headers.get('content-security-policy')!, /^default-src 'none'; script-src 'sha256-/);
  assert.equal(posed.headers.get('cache-control'), 'no-store');
  const journey = await world.journey(posed.headers.get('x-request-id')!);
  assert.deepEqual(
    [journey.verdict.station, journey.verdict.why, journey.verdict.rule],
    ['rules', 'rules/challenged', 'rule 2'],
  );
  const place = solve(posed.body.toString());
  const proven = await post(world, place);
  assert.equal(proven.status, 204);
  const cookie = proven.headers.get('set-cookie')!.split(';')[0]!;
  const told = await world.journey(proven.headers.get('x-request-id')!);
  assert.deepEqual([told.verdict.station, told.verdict.why], ['bots', 'bots/proven']);
  assert.equal((await world.get('/page', `${browser}Cookie: a=b; ${cookie}\r\n`)).status, 200);
  assert.equal((await world.get('/admin', `Cookie: ${cookie}\r\n`)).status, 403, 'other rules hold all the same');
  assert.equal((await world.get('/page', `Cookie: ${cookie}x\r\n`)).status, 403, 'a forged one');
  assert.equal((await post(world, place.replace(/answer=\d+/, 'answer=x'))).status, 403);
  const text = await world.get('/page', 'Accept: */*\r\n');
  assert.deepEqual([text.status, text.headers.get('content-type')], [403, 'text/plain; charset=utf-8']);
  assert.match(text.body.toString(), /Open it in a browser/);
});

test('the key is kept: a cookie holds for the gate that comes after', async (t) => {
  const upstream = await answering(t, () => ok('fine'));
  const words = { bots: { challenge: { difficulty: 8 } }, rules: ['challenge if path is /x'] };
  const world = await stand(t, upstream.port, words);
  const cookie = (await post(world, solve((await world.get('/x', browser)).body.toString()))).headers.get(
    'set-cookie',
  )!;
  await world.gate.stop();
  const next = await stand(t, upstream.port, { ...words, data_directory: world.directory });
  assert.equal((await next.get('/x', `Cookie: ${cookie.split(';')[0]}\r\n`)).status, 200);
});

test('a limit sets a task to whoever is over it, and lets whoever did it ask ten times as much', async (t) => {
  const upstream = await answering(t, () => ok('fine'));
  const world = await stand(t, upstream.port, {
    bots: { challenge: { difficulty: 8 } },
    // biome-ignore lint/suspicious/noThenProperty: the file's word; no setting is ever awaited.
    rates: [{ limit: '2 per hour', then: 'challenge' }],
  });
  const statuses: number[] = [];
  for (let number = 0; number < 3; number++) statuses.push((await world.get('/', browser)).status);
  assert.deepEqual(statuses, [200, 200, 429]);
  const posed = await world.get('/', browser);
  assert.ok(Number(posed.headers.get('retry-after')) > 0);
  assert.equal((await world.journey(posed.headers.get('x-request-id')!)).verdict.why, 'rates/challenged');
  const proven = await post(world, solve(posed.body.toString()));
  assert.equal(proven.status, 204);
  const cookie = `Cookie: ${proven.headers.get('set-cookie')!.split(';')[0]}\r\n`;
  // The answer itself was one of the twenty.
  for (let number = 0; number < 17; number++) assert.equal((await world.get('/', cookie)).status, 200, String(number));
  const over = await world.get('/', cookie);
  assert.equal(over.status, 429);
  assert.equal((await world.journey(over.headers.get('x-request-id')!)).verdict.why, 'rates/over-limit');
  assert.deepEqual(((await world.ask({ ask: 'bans' })) as { bans: unknown[] }).bans, []);
});

test('HEAD has no page, and a redirect to https comes before a task', async (t) => {
  const upstream = await answering(t, () => ok('fine'));
  const world = await stand(t, upstream.port, {
    listen: [
      { address: '127.0.0.1', port: 0, tls: true },
      { address: '127.0.0.1', port: 0, redirect: 'https' },
    ],
    tls: { local_names: ['localhost'] },
    rules: ['challenge if path is /'],
  });
  const plain = await world.client(world.redirectPort);
  plain.send(`GET / HTTP/1.1\r\nHost: localhost\r\n${browser}\r\n`);
  assert.equal((await plain.message()).status, 301);
  const wire = await world.secureClient();
  wire.send(`HEAD / HTTP/1.1\r\nHost: localhost\r\n${browser}\r\n`);
  const head = await wire.message(true);
  assert.equal(head.status, 403);
  assert.equal(wire.bytes.length, 0);
});

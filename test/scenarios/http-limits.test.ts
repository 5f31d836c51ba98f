// Every bound on a request, to the byte where it has one, and every deadline: what the client is told, and what the journey says.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answering, eventually, ok, type Standing, stand, type Wire } from './world.ts';

const get = (target: string, extra = ''): string => `GET ${target} HTTP/1.1\r\nHost: localhost\r\n${extra}\r\n`;

/** Every `why` that was told so far, with how often. */
async function whysOf(world: Standing): Promise<Record<string, number>> {
  const { requests } = (await world.ask({ ask: 'status' })) as { requests: { refusedByWhy: Record<string, number> } };
  return requests.refusedByWhy;
}

/** Sends and gives the status of the answer; where it is a refusal of the codec the connection ends with it. */
async function statusOf(world: Standing, bytes: string): Promise<number> {
  const wire = await world.client();
  wire.send(bytes);
  const { status } = await wire.message();
  if (status >= 400) assert.equal(await wire.ended(), 'fin', 'the answer arrives whole before the connection ends');
  wire.socket.destroy();
  return status;
}

test('bounds on a request: 8 KiB of request line, 32 KiB of fields, 100 fields, the body of the site', async (t) => {
  const upstream = await answering(t, () => ok('x'));
  const world = await stand(t, upstream.port, { limits: { max_body: '64KiB' } });
  // A request line is counted up to the end of its target.
  const line = 8192 - 'GET /'.length;
  const fields = 32_768 - 'Host: localhost\r\nX: \r\n\r\n'.length;
  const lines = (count: number) => Array.from({ length: count }, (_, index) => `X-${index}: y\r\n`).join('');
  const post = (framing: string, body: string) =>
    `POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/octet-stream\r\n${framing}\r\n\r\n${body}`;
  const long = 'x'.repeat(65_536);
  const rows: readonly (readonly [number, string, string])[] = [
    [200, '', get(`/${'a'.repeat(line)}`)],
    [414, 'http/target-too-long', get(`/${'a'.repeat(line + 1)}`)],
    [414, 'http/target-too-long', `GET /${'a'.repeat(100_000)}`],
    [200, '', get('/', `X: ${'y'.repeat(fields)}\r\n`)],
    [431, 'http/header-too-long', get('/', `X: ${'y'.repeat(fields + 1)}\r\n`)],
    [431, 'http/header-too-long', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'y'.repeat(100_000)}`],
    [200, '', get('/', lines(99))],
    [431, 'http/too-many-fields', get('/', lines(100))],
    [200, '', post('Content-Length: 65536', long)],
    [413, 'http/body-too-long', post('Content-Length: 65537', '')],
    [413, 'http/body-too-long', post('Content-Length: 65537', `${long}x`)],
    [200, '', post('Transfer-Encoding: chunked', `10000\r\n${long}\r\n0\r\n\r\n`)],
    [413, 'http/body-too-long', post('Transfer-Encoding: chunked', `10000\r\n${long}\r\n1\r\nx\r\n0\r\n\r\n`)],
    [413, 'http/body-too-long', post('Content-Length: 999999999999999', 'x')],
  ];
  const expected: Record<string, number> = {};
  for (const [status, why, bytes] of rows) {
    assert.equal(await statusOf(world, bytes), status, `${bytes.length} bytes: ${bytes.slice(0, 80)}`);
    if (why !== '') expected[why] = (expected[why] ?? 0) + 1;
  }
  await eventually(
    async () => Object.values(await whysOf(world)).reduce((sum, count) => sum + count, 0) >= 9,
    'all are told',
  );
  assert.deepEqual(await whysOf(world), expected);
});

test('a refused client that goes on sending still gets its answer (RFC 9112 9.6)', async (t) => {
  const upstream = await answering(t, () => ok('x'));
  const world = await stand(t, upstream.port, { limits: { max_body: '1KiB' } });
  const wire = await world.client();
  wire.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\n${'x'.repeat(900_000)}`);
  assert.equal((await wire.message()).status, 413);
  assert.equal(await wire.ended(), 'fin');
});

test('the last request that a connection may carry is told so', async (t) => {
  const upstream = await answering(t, () => ok('x'));
  const world = await stand(t, upstream.port);
  const wire = await world.client();
  const rounds = 10;
  const inRound = 100;
  for (let round = 0; round < rounds; round++) {
    wire.send(get('/').repeat(inRound));
    for (let count = 0; count < inRound; count++) {
      const answer = await wire.message();
      const isLast = round === rounds - 1 && count === inRound - 1;
      assert.equal(answer.headers.get('connection'), isLast ? 'close' : undefined, `${round * inRound + count + 1}`);
    }
  }
  assert.equal(await wire.ended(), 'fin');
});

test('every deadline: silence, half a head, half a body, idleness, an answer nobody reads', async (t) => {
  const large = 'x'.repeat(8_000_000);
  const upstream = await answering(t, ({ first }) => ok(first.includes('/large') ? large : 'x'));
  const limits = {
    header_timeout: '200ms',
    idle_timeout: '300ms',
    min_body_grace: '200ms',
    min_body_bytes_per_second: 1000,
  };
  const world = await stand(t, upstream.port, { limits });
  const clients = await Promise.all(Array.from({ length: 7 }, () => world.client()));
  const [silent, half, dribbled, again, body, idle, deaf] = clients as [Wire, Wire, Wire, Wire, Wire, Wire, Wire];
  deaf.socket.pause();
  deaf.send(get('/large'));
  half.send('GET / HTTP/1.1\r\nHost: a\r\n');
  dribbled.send('G');
  dribbled.send('E');
  again.send(`${get('/')}GET /again`);
  body.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/octet-stream\r\nContent-Length: 9000\r\n\r\nslow');
  idle.send(get('/'));

  assert.equal(await silent.ended(), 'fin');
  assert.equal(silent.text, '', 'nothing was asked, nothing is answered');
  silent.socket.end();
  for (const wire of [half, dribbled]) {
    assert.equal((await wire.message()).status, 408);
    assert.equal(await wire.ended(), 'fin');
  }
  assert.deepEqual([(await again.message()).status, (await again.message()).status], [200, 408]);
  const slow = await body.message();
  assert.equal(slow.status, 408);
  assert.equal((await world.journey(slow.headers.get('x-request-id')!)).verdict.why, 'http/body-too-slow');
  assert.equal((await idle.message()).status, 200);
  assert.equal(await idle.ended(), 'fin');
  assert.equal(idle.text, '', 'an idle connection ends without a word');
  // Who closes is told by its own side: the deaf client hears nothing until it reads.
  const isOver = (whys: Record<string, number>) => whys['http/slow-reader'] === 1 && whys['http/no-request'] === 1;
  await eventually(async () => isOver(await whysOf(world)), 'the deaf client is given up');
  assert.deepEqual(await whysOf(world), {
    'http/no-request': 1,
    'http/header-timeout': 3,
    'http/body-too-slow': 1,
    'http/slow-reader': 1,
  });
});

test('limits of a site and of its paths: bodies, waits for answers, slow bodies', async (t) => {
  const upstream = await answering(t, ({ first, body }) =>
    first.includes('/silent') ? null : ok(`${body.length} bytes`),
  );
  const world = await stand(t, upstream.port, {
    limits: { max_body: '1KiB', min_body_grace: '200ms', min_body_bytes_per_second: 1000 },
    sites: [
      {
        host: '*',
        to: upstream.port,
        paths: [
          { path: '/up', max_body: '2KiB', answer_timeout: '100ms' },
          { path: '/up/slow', min_body_bytes_per_second: 0 },
        ],
      },
    ],
  });
  const post = (path: string, length: number) =>
    `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/octet-stream\r\nContent-Length: ${length}\r\n\r\n${'x'.repeat(length)}`;
  for (const [status, path, length] of [
    [200, '/', 1024],
    [413, '/', 1025],
    [200, '/up', 2048],
    [200, '/%75p/./slow', 2048],
    [413, '/up/slow', 2049],
    [413, '/upper', 1025],
  ] as const)
    assert.equal(await statusOf(world, post(path, length)), status, `${path} with ${length}`);
  const asking = await world.client();
  asking.send(post('/up/silent', 1));
  assert.equal((await asking.message()).status, 504);
  const whys = { 'http/body-too-long': 3, 'proxy/answer-timeout': 1 };
  await eventually(async () => (await whysOf(world))['http/body-too-long'] === 3, 'all are told');
  assert.deepEqual(await whysOf(world), whys);

  // Of two that are as slow, one may be.
  const [slow, patient] = [await world.client(), await world.client()];
  slow.send(post('/up', 2000).slice(0, -1));
  patient.send(post('/up/slow', 2000).slice(0, -1));
  assert.equal((await slow.message()).status, 408);
  patient.send('x');
  assert.equal((await patient.message()).body.toString(), '2000 bytes');
});

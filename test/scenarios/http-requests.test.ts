// Conversations in HTTP/1.1 through a real gate: what a client says, what the upstream hears, and what the client gets.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answering, type Message, ok, scripted, stand } from './world.ts';

const get = (target: string, extra = ''): string => `GET ${target} HTTP/1.1\r\nHost: localhost\r\n${extra}\r\n`;
const attack = '/users?id=1;DROP%20TABLE%20users;--';

test('a connection carries one request after the other, and each has its journey', async (t) => {
  const upstream = await answering(t, ({ first }) => ok(first));
  const world = await stand(t, upstream.port);
  const wire = await world.client();
  const answers: Message[] = [];
  for (const target of ['/1', '/2', '/3']) {
    wire.send(get(target));
    answers.push(await wire.message());
  }
  assert.deepEqual(
    answers.map(({ status, body }) => [status, String(body)]),
    [1, 2, 3].map((number) => [200, `GET /${number} HTTP/1.1`]),
  );
  const journeys = await Promise.all(answers.map(({ headers }) => world.journey(headers.get('x-request-id')!)));
  assert.deepEqual(
    journeys.map(({ connection, request }) => [connection.reused, request?.target]),
    [
      [false, '/1'],
      [true, '/2'],
      [true, '/3'],
    ],
  );
  assert.equal(new Set(journeys.map(({ connection }) => connection.id)).size, 1);
});

test('pipelined requests are answered in order, a refused one among them in its place', async (t) => {
  const heard: string[] = [];
  const upstream = await answering(t, ({ first, body }) => {
    heard.push(first);
    return ok(`${first.split(' ')[1]} ${body}`);
  });
  const world = await stand(t, upstream.port, { waf: { mode: 'block' } });
  const wire = await world.client();
  const post = 'POST /2 HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello';
  const chunked =
    'POST /4 HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nbye\r\n0\r\n\r\n';
  wire.send(
    `${get('/1')}${post}${get(attack)}${get(attack)}${chunked}${get('/5', 'Connection: close\r\n')}${get('/never')}`,
  );
  const answers: Message[] = [];
  for (let count = 0; count < 6; count++) answers.push(await wire.message());
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 403, 403, 200, 200],
  );
  assert.deepEqual(
    [0, 1, 4, 5].map((index) => String(answers[index]!.body)),
    ['/1 ', '/2 hello', '/4 bye', '/5 '],
  );
  assert.equal(await wire.ended(), 'fin');
  assert.equal(wire.text, '', 'nothing behind the last answer');
  assert.deepEqual(heard, ['GET /1 HTTP/1.1', 'POST /2 HTTP/1.1', 'POST /4 HTTP/1.1', 'GET /5 HTTP/1.1']);
});

test('garbage behind good requests is answered in its turn, with a journey, and ends the connection', async (t) => {
  const upstream = await answering(t, () => ok('x'));
  const world = await stand(t, upstream.port);
  const wire = await world.client();
  wire.send(`${get('/1')}${get('/2')}G@RBAGE\r\n\r\n${get('/3')}`);
  assert.deepEqual([(await wire.message()).status, (await wire.message()).status], [200, 200]);
  const refused = await wire.message();
  assert.equal(refused.status, 400);
  assert.equal(refused.headers.get('connection'), 'close');
  const journey = await world.journey(refused.headers.get('x-request-id')!);
  assert.deepEqual(
    [journey.verdict.station, journey.verdict.why, journey.request],
    ['http', 'http/bad-request-line', null],
  );
  assert.equal(await wire.ended(), 'fin');
});

test('a client that says no more still hears all that it asked for (RFC 9112 9.6)', async (t) => {
  const upstream = await answering(t, ({ first }) => ok(first.split(' ')[1]!));
  const world = await stand(t, upstream.port, { waf: { mode: 'block' }, proxy: { client_close: 'finish' } });
  for (const [sent, statuses] of [
    [get('/1'), [200]],
    [`${get('/1')}${get('/2')}${get('/3')}`, [200, 200, 200]],
    [`${get('/1')}${get(attack)}${get('/3')}`, [200, 403, 200]],
    [`${get(attack)}${get(attack)}`, [403, 403]],
    [`${get('/1')}POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf`, [200, 400]],
    [`${get('/1')}GET /half HTT`, [200]],
    [`${get('/1')}\x00`, [200, 400]],
  ] as const) {
    const wire = await world.client();
    wire.socket.end(sent, 'latin1');
    const heard: number[] = [];
    for (const _ of statuses) heard.push((await wire.message()).status);
    assert.deepEqual(heard, statuses, JSON.stringify(sent));
    assert.equal(await wire.ended(), 'fin');
    assert.equal(wire.text, '');
  }
});

test('a body that was announced and waited for: 100 first, and the upstream hears nothing of it (RFC 9110 10.1.1)', async (t) => {
  const requests: Message[] = [];
  const upstream = await answering(t, (request) => {
    requests.push(request);
    return ok('done');
  });
  const world = await stand(t, upstream.port, { limits: { max_body: '1KiB' } });
  const wire = await world.client();
  wire.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n');
  assert.equal((await wire.message()).first, 'HTTP/1.1 100 Continue');
  wire.send('hello');
  assert.equal((await wire.message()).status, 200);
  assert.deepEqual(
    [requests.length, String(requests[0]!.body), requests[0]!.headers.has('expect')],
    [1, 'hello', false],
  );
  wire.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2000\r\nExpect: 100-continue\r\n\r\n');
  assert.equal((await wire.message()).status, 413, 'a body that is not wanted is refused before it comes');
  assert.equal(await wire.ended(), 'fin');
  assert.equal(requests.length, 1);
});

test('answers without a body leave the connection in step (RFC 9112 6.3)', async (t) => {
  const upstream = await answering(t, ({ first }) => {
    const [method, target] = first.split(' ');
    if (method === 'HEAD')
      return target === '/chunked'
        ? 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
        : 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n';
    if (target === '/204') return 'HTTP/1.1 204 No Content\r\n\r\n';
    if (target === '/304') return 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nETag: "x"\r\n\r\n';
    return ok('hello');
  });
  const world = await stand(t, upstream.port);
  const wire = await world.client();
  wire.send(
    `HEAD / HTTP/1.1\r\nHost: a\r\n\r\nHEAD /chunked HTTP/1.1\r\nHost: a\r\n\r\n${get('/204')}${get('/304')}${get('/')}`,
  );
  const [head, chunked] = [await wire.message(true), await wire.message(true)];
  assert.deepEqual(
    [head.status, head.headers.get('content-length'), chunked.headers.get('content-length')],
    [200, '5', undefined],
  );
  const none = await wire.message();
  assert.deepEqual(
    [none.status, none.headers.has('content-length'), none.headers.has('transfer-encoding')],
    [204, false, false],
  );
  assert.deepEqual([(await wire.message()).status, String((await wire.message()).body)], [304, 'hello']);
  assert.equal(upstream.wires.length, 1, 'one connection to the upstream is enough');
});

test('HTTP/1.0: an answer it can read, and a connection that lives only where it asked', async (t) => {
  const upstream = await answering(t, ({ first }) =>
    first.includes('/chunked')
      ? 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'
      : ok('hello'),
  );
  const world = await stand(t, upstream.port, { waf: { mode: 'block' } });
  const plain = await world.client();
  plain.send('GET / HTTP/1.0\r\n\r\n');
  const first = await plain.message();
  assert.deepEqual([first.framing, String(first.body), first.headers.get('connection')], ['length', 'hello', 'close']);
  assert.equal(await plain.ended(), 'fin');
  const chunked = await world.client();
  chunked.send('GET /chunked HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
  const second = await chunked.message();
  assert.deepEqual([second.framing, String(second.body), second.isWhole], ['close', 'hello', true]);
  const kept = await world.client();
  for (let count = 0; count < 2; count++) {
    kept.send('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
    const answer = await kept.message();
    assert.deepEqual([answer.status, answer.headers.get('connection')], [200, 'keep-alive']);
  }
  kept.send(`GET ${attack} HTTP/1.0\r\nConnection: keep-alive\r\n\r\n`);
  const refused = await kept.message();
  assert.equal(refused.status, 403);
  assert.ok(
    ['keep-alive', 'close'].includes(refused.headers.get('connection') ?? ''),
    'it is told whether to wait for the end',
  );
});

test('chunked bodies with trailers go both ways, framed anew', async (t) => {
  const requests: Message[] = [];
  const upstream = await answering(t, (request) => {
    requests.push(request);
    return 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n3;a=b\r\nabc\r\n003\r\ndef\r\n0\r\nX-Sum: 6\r\n\r\n';
  });
  const world = await stand(t, upstream.port);
  const wire = await world.client();
  wire.send(
    'POST / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nTransfer-Encoding: chunked\r\n\r\n5;x="y"\r\nhello\r\n1\r\n!\r\n0\r\nDigest: z\r\n\r\n',
  );
  const answer = await wire.message();
  assert.deepEqual([answer.framing, String(answer.body), answer.trailers], ['chunked', 'abcdef', 'X-Sum: 6\r\n']);
  assert.deepEqual(
    [requests[0]!.framing, String(requests[0]!.body), requests[0]!.trailers],
    ['chunked', 'hello!', 'Digest: z\r\n'],
  );
  assert.deepEqual(
    [requests[0]!.headers.get('te'), requests[0]!.headers.get('connection')],
    ['trailers', 'TE'],
    'RFC 9110 10.1.4',
  );
});

test('a target in absolute form reaches the upstream in origin form, with the Host it names', async (t) => {
  const requests: Message[] = [];
  const upstream = await answering(t, (request) => {
    requests.push(request);
    return ok('x');
  });
  const world = await stand(t, upstream.port);
  const wire = await world.client();
  for (const [target, version, host] of [
    ['http://Example.com:81/a?b', '1.1', 'Example.com:81'],
    ['http://example.com?b', '1.1', 'example.com'],
    ['http://example.com/c', '1.0', null],
  ] as const) {
    wire.send(`GET ${target} HTTP/${version}\r\n${host === null ? '' : `Host: ${host}\r\n`}\r\n`);
    assert.equal((await wire.message()).status, 200);
  }
  assert.deepEqual(
    requests.map(({ first, headers }) => [first, headers.get('host')]),
    [
      ['GET /a?b HTTP/1.1', 'Example.com:81'],
      ['GET /?b HTTP/1.1', 'example.com'],
      ['GET /c HTTP/1.1', 'example.com'],
    ],
  );
});

test('nothing that ends at the gate reaches the upstream or the client (RFC 9110 7.6.1)', async (t) => {
  let heard = '';
  const upstream = await scripted(t, async (wire) => {
    heard = await wire.take('\r\n\r\n');
    wire.send(
      'HTTP/1.1 200 OK\r\nConnection: keep-alive, X-Inner\r\nX-Inner: 1\r\nKeep-Alive: timeout=9\r\nProxy-Authenticate: x\r\nX-Outer: 2\r\nX-Request-Id: theirs\r\nContent-Length: 1\r\n\r\nx',
    );
  });
  const world = await stand(t, upstream.port);
  const wire = await world.client();
  wire.send(
    get(
      '/',
      'Connection: keep-alive, X-Mine\r\nX-Mine: 1\r\nKeep-Alive: 9\r\nProxy: http://evil\r\nProxy-Authorization: x\r\nTE: gzip\r\nUpgrade: h2c\r\nX-Forwarded-For: 1.2.3.4\r\nX-Real-IP: 1.2.3.4\r\nX-Request-Id: mine\r\nX-Kept: 1\r\n',
    ),
  );
  const answer = await wire.message();
  const names = heard
    .split('\r\n')
    .slice(1, -2)
    .map((line) => line.split(':')[0]!.toLowerCase());
  for (const name of ['connection', 'x-mine', 'keep-alive', 'proxy', 'proxy-authorization', 'te', 'upgrade'])
    assert.ok(!names.includes(name), name);
  assert.ok(names.includes('x-kept'));
  assert.ok(!heard.includes('1.2.3.4') && !heard.includes('mine'), heard);
  assert.deepEqual(
    ['x-inner', 'keep-alive', 'proxy-authenticate', 'x-outer'].map((name) => answer.headers.get(name)),
    [undefined, undefined, undefined, '2'],
  );
  assert.notEqual(answer.headers.get('x-request-id'), 'theirs');
});

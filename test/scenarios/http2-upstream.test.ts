// Upstreams that speak HTTP/2 in the clear (h2c://), played by node:http2 and frame by frame, for clients of both versions.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import http2, { type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import * as h2 from '../../src/http/h2-frames.ts';
import { ask, data, frame, Http2Wire, headers, hello, literals } from '../http2-wire.ts';
import { answering, closedPort, eventually, ok, type Standing, scripted, stand, type Wire } from './world.ts';

type Answering = (stream: ServerHttp2Stream, fields: IncomingHttpHeaders) => void;

/** A gate before a server of node:http2. `sessions` are those that the gate opened. */
async function world(t: TestContext, answer: Answering, words: Parameters<typeof stand>[2] = {}, settings = {}) {
  const server = http2.createServer({ settings });
  const sessions: ServerHttp2Session[] = [];
  server.on('session', (session) => {
    sessions.push(session);
    session.on('error', () => {});
  });
  server.on('stream', (stream: ServerHttp2Stream, fields: IncomingHttpHeaders) => {
    stream.on('error', () => {});
    answer(stream, fields);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  t.after(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  return { gate: await gateTo(t, port, words), sessions };
}

function gateTo(t: TestContext, port: number, words: Parameters<typeof stand>[2] = {}): Promise<Standing> {
  return stand(t, port, { sites: [{ host: '*', to: [`h2c://127.0.0.1:${port}`] }], ...words });
}

/** A gate before a server that follows a script of frames. */
async function scriptedWorld(t: TestContext, script: (server: Http2Wire, number: number) => unknown, words = {}) {
  const upstream = await scripted(t, async (wire: Wire, number) => {
    await wire.take(h2.preface);
    wire.send(h2.settingsFrame([]));
    await script(new Http2Wire(wire), number);
  });
  return { gate: await gateTo(t, upstream.port, words), upstream };
}

test('an HTTP/1.1 client and an HTTP/2 upstream: head, body, trailers, and what is told of who asks', async (t) => {
  const { gate } = await world(t, async (stream, fields) => {
    let body = '';
    stream.on('data', (piece) => {
      body += piece;
    });
    stream.respond({ ':status': 200, 'x-up': '1', 'set-cookie': ['a=1', 'b=2'] }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': String(body.length) }));
    await once(stream, 'end');
    const { ':method': method, ':path': path, ':authority': authority, ':scheme': scheme } = fields;
    stream.end(
      JSON.stringify({ method, path, authority, scheme, body, xff: fields['x-forwarded-for'], a: fields['x-a'] }),
    );
  });
  const client = await gate.client();
  client.send(
    'POST /p?q=1 HTTP/1.1\r\nHost: App.test\r\nX-A:  padded \r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
  );
  const answer = await client.message();
  assert.deepEqual(JSON.parse(String(answer.body)), {
    method: 'POST',
    path: '/p?q=1',
    authority: 'App.test',
    scheme: 'http',
    body: 'abc',
    xff: '127.0.0.1',
    a: 'padded',
  });
  assert.equal(answer.first, 'HTTP/1.1 200 OK');
  assert.deepEqual(
    [answer.framing, answer.trailers, answer.headers.get('set-cookie')],
    ['chunked', 'x-sum: 3\r\n', 'a=1, b=2'],
  );
});

test('HEAD, 204, 304, empty bodies and lengths are right for HTTP/1.1', async (t) => {
  const { gate } = await world(t, (stream, fields) => {
    const path = String(fields[':path']);
    if (path === '/204') stream.respond({ ':status': 204 }, { endStream: true });
    else if (path === '/304') stream.respond({ ':status': 304, etag: '"a"' }, { endStream: true });
    else if (path === '/empty') stream.respond({ ':status': 200 }, { endStream: true });
    else if (fields[':method'] === 'HEAD') stream.respond({ ':status': 200, 'content-length': 5 }, { endStream: true });
    else {
      stream.respond({ ':status': 200, 'content-length': 5 });
      stream.end('hello');
    }
  });
  const client = await gate.client();
  const get = async (path: string, method = 'GET') => {
    client.send(`${method} ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
    const { status, headers: fields, body } = await client.message(method === 'HEAD');
    return [status, fields.get('content-length'), String(body)];
  };
  assert.deepEqual(await get('/'), [200, '5', 'hello']);
  assert.deepEqual(await get('/', 'HEAD'), [200, '5', '']);
  assert.deepEqual(await get('/204'), [204, undefined, '']);
  assert.deepEqual(await get('/304'), [304, undefined, '']);
  assert.deepEqual(await get('/empty'), [200, '0', '']);
  assert.deepEqual(await get('/'), [200, '5', 'hello'], 'and the client’s connection goes on');
});

test('many clients share one connection, and a further one is opened where the upstream allows no more streams', async (t) => {
  const open: ServerHttp2Stream[] = [];
  const { gate, sessions } = await world(t, (stream) => open.push(stream), {}, { maxConcurrentStreams: 3 });
  const first = await gate.client();
  first.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await eventually(() => open.length === 1, 'the first is asked');
  const clients = [first];
  for (let count = 1; count < 5; count++) {
    const client = await gate.client();
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    clients.push(client);
  }
  await eventually(() => open.length === 5, 'all are asked');
  assert.equal(sessions.length, 2);
  for (const stream of open) {
    stream.respond({ ':status': 200, 'content-length': 2 });
    stream.end('ok');
  }
  for (const client of clients) assert.equal(String((await client.message()).body), 'ok');
});

test('bodies of a megabyte both ways', async (t) => {
  const { gate } = await world(
    t,
    (stream) => {
      stream.respond({ ':status': 200 });
      stream.pipe(stream);
    },
    { waf: { mode: 'off' } },
  );
  const client = await gate.client();
  const sent = Buffer.alloc(1_000_000, 'to and fro ');
  client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${sent.length}\r\n\r\n`);
  client.send(sent);
  assert.ok((await client.message()).body.equals(sent));
});

test('a client that does not read holds back its own answer and nobody else’s', async (t) => {
  let sent = 0;
  const { gate, sessions } = await world(t, (stream, fields) => {
    if (fields[':path'] === '/small') {
      stream.respond({ ':status': 200, 'content-length': 5 });
      stream.end('small');
      return;
    }
    stream.respond({ ':status': 200 });
    const piece = Buffer.alloc(65_536);
    const send = (): void => {
      while (stream.write(piece)) sent += piece.length;
      sent += piece.length;
    };
    stream.on('drain', send);
    send();
  });
  const stuck = await gate.client();
  stuck.socket.pause();
  stuck.send('GET /big HTTP/1.1\r\nHost: a\r\n\r\n');
  let before = -1;
  await eventually(() => {
    const isStill = before === sent && sent > 200_000;
    before = sent;
    return isStill;
  }, 'it comes to rest');
  assert.ok(sent < 64 * 1024 * 1024, `${sent} bytes were taken`);
  for (let count = 0; count < 50; count++) assert.equal(String((await gate.get('/small')).body), 'small');
  assert.equal(sessions.length, 1);
});

test('requests that the upstream did not look at are sent again, whatever their method', async (t) => {
  let refused = 0;
  const { gate } = await world(t, (stream) => {
    if (refused < 1) {
      refused++;
      stream.close(http2.constants.NGHTTP2_REFUSED_STREAM);
      return;
    }
    stream.respond({ ':status': 200 });
    stream.end('taken');
  });
  const client = await gate.client();
  client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi');
  assert.equal(String((await client.message()).body), 'taken');
});

test('GOAWAY: what is above its last stream goes over another connection, what is below is answered', async (t) => {
  const { gate, upstream } = await scriptedWorld(t, async (server, number) => {
    await server.until(h2.HEADERS);
    if (number > 1) return server.send(headers(1, [[':status', '200']], false), data(1, 'second', true));
    await server.until(h2.HEADERS);
    server.send(h2.goawayFrame(1, 0, 'restarting'), headers(1, [[':status', '200']], false), data(1, 'first', true));
  });
  const wire = new Http2Wire(await gate.client());
  wire.send(
    hello,
    headers(1, ask('/1', 'POST'), false),
    data(1, '', true),
    headers(3, ask('/3', 'POST'), false),
    data(3, '', true),
  );
  assert.deepEqual([(await wire.answer(1)).body, (await wire.answer(3)).body], ['first', 'second']);
  assert.equal(upstream.wires.length, 2);
});

const broken: readonly (readonly [string, number, string, (server: Http2Wire) => void])[] = [
  ['a reset before the answer', 502, 'proxy/reset', (server) => server.send(h2.resetFrame(1, h2.INTERNAL_ERROR))],
  ['an end of the connection', 502, 'proxy/reset', (server) => server.wire.socket.destroy()],
  ['no :status', 502, 'proxy/bad-answer', (server) => server.send(headers(1, [['a', 'b']]))],
  ['a status of two digits', 502, 'proxy/bad-answer', (server) => server.send(headers(1, [[':status', '20']]))],
  ['101', 502, 'proxy/bad-answer', (server) => server.send(headers(1, [[':status', '101']]))],
  [
    'CRLF in a field',
    502,
    'proxy/bad-answer',
    (server) =>
      server.send(
        headers(1, [
          [':status', '200'],
          ['a', 'b\r\nSet-Cookie: x'],
        ]),
      ),
  ],
  [
    'Connection',
    502,
    'proxy/bad-answer',
    (server) =>
      server.send(
        headers(1, [
          [':status', '200'],
          ['connection', 'close'],
        ]),
      ),
  ],
  [
    'Transfer-Encoding',
    502,
    'proxy/bad-answer',
    (server) =>
      server.send(
        headers(
          1,
          [
            [':status', '200'],
            ['transfer-encoding', 'chunked'],
          ],
          false,
        ),
      ),
  ],
  [
    'two lengths',
    502,
    'proxy/bad-answer',
    (server) =>
      server.send(
        headers(
          1,
          [
            [':status', '200'],
            ['content-length', '1'],
            ['content-length', '1'],
          ],
          false,
        ),
      ),
  ],
  [
    'a length and no body',
    502,
    'proxy/bad-answer',
    (server) =>
      server.send(
        headers(1, [
          [':status', '200'],
          ['content-length', '1'],
        ]),
      ),
  ],
  ['a body before its head', 502, 'proxy/bad-answer', (server) => server.send(data(1, 'abc'))],
  [
    'more fields than the limit',
    502,
    'proxy/bad-answer',
    (server) =>
      server.send(headers(1, [[':status', '200'], ...Array.from({ length: 101 }, (): [string, string] => ['a', 'b'])])),
  ],
  [
    'interim answers without end',
    502,
    'proxy/bad-answer',
    (server) => server.send(headers(1, [[':status', '103']], false).repeat(9)),
  ],
  [
    'PUSH_PROMISE',
    502,
    'proxy/reset',
    (server) => server.send(frame(h2.PUSH_PROMISE, 4, 1, `\0\0\0\x02${literals(ask())}`)),
  ],
  ['HTTP/1.1', 502, 'proxy/reset', (server) => server.wire.send('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ['silence', 504, 'proxy/answer-timeout', () => {}],
];

test('each trouble has its status and its name, and the next request is answered', async (t) => {
  for (const [says, status, why, trouble] of broken) {
    let isTrouble = true;
    const { gate } = await scriptedWorld(
      t,
      async (server) => {
        for (;;) {
          const { id } = await server.until(h2.HEADERS);
          if (isTrouble && id === 1) trouble(server);
          else
            server.send(
              headers(
                id,
                [
                  [':status', '200'],
                  ['content-length', '4'],
                ],
                false,
              ),
              data(id, 'fine', true),
            );
          isTrouble = false;
        }
      },
      { proxy: { answer_timeout: '300ms' } },
    );
    const client = await gate.client();
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n');
    let answer = await client.message();
    while (answer.status < 200) answer = await client.message();
    assert.equal(answer.status, status, says);
    const journey = await gate.journey(answer.headers.get('x-request-id')!);
    assert.equal(journey.verdict.why, why, `${says}: ${journey.verdict.says}`);
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    assert.equal(String((await client.message()).body), 'fine', says);
  }
});

test('an answer cut short is never whole', async (t) => {
  for (const end of [
    (server: Http2Wire) => server.send(h2.resetFrame(1, h2.INTERNAL_ERROR)),
    (server: Http2Wire) => server.wire.socket.destroy(),
    (server: Http2Wire) => server.send(data(1, '', true)),
  ]) {
    const { gate } = await scriptedWorld(t, async (server) => {
      await server.until(h2.HEADERS);
      server.send(
        headers(
          1,
          [
            [':status', '200'],
            ['content-length', '10'],
          ],
          false,
        ),
        data(1, 'part'),
      );
      end(server);
    });
    const client = await gate.client();
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    assert.equal((await client.message()).isWhole, false);
  }
});

test('a client that leaves is a cancelled stream; the connection lives on', async (t) => {
  const codes: number[] = [];
  const { gate, sessions } = await world(t, (stream, fields) => {
    if (fields[':path'] === '/slow') stream.on('close', () => codes.push(stream.rstCode));
    else {
      stream.respond({ ':status': 200 });
      stream.end('fine');
    }
  });
  const client = await gate.client();
  client.send('GET /slow HTTP/1.1\r\nHost: a\r\n\r\n');
  await eventually(() => sessions.length === 1, 'it is asked');
  await gate.get('/');
  client.socket.resetAndDestroy();
  await eventually(() => codes.length === 1, 'the stream is closed');
  assert.equal(codes[0], h2.CANCEL);
  assert.equal(String((await gate.get('/')).body), 'fine');
  assert.equal(sessions.length, 1);
});

test('HTTP/2 under TLS (h2://), with the certificate verified: one gate before another', async (t) => {
  const app = await answering(t, ({ first, body }) => ok(`${first} ${body}`));
  const inner = await stand(t, app.port, { listen: [{ address: '127.0.0.1', port: 0, tls: true }] });
  const outer = await stand(t, 1, {
    sites: [
      { host: '*', to: [{ url: `h2://localhost:${inner.tlsPort}`, tls: { ca: inner.gate.caCertificatePath! } }] },
    ],
  });
  const client = await outer.client();
  client.send('POST /through HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc');
  const answer = await client.message();
  assert.equal(String(answer.body), 'POST /through HTTP/1.1 abc');
  const [journey] = (await inner.stopAndReadJournal()).filter(({ request }) => request !== null);
  assert.deepEqual([journey?.request?.version, journey?.tls?.alpn], ['2.0', 'h2']);
  const wary = await stand(t, 1, { sites: [{ host: '*', to: [`h2://localhost:${inner.tlsPort}`] }] });
  assert.equal((await wary.get('/')).status, 502, 'a certificate of nobody known is none');
});

test('an idle connection is ended in order, and another is opened when it is needed', async (t) => {
  const { gate, sessions } = await world(
    t,
    (stream) => {
      stream.respond({ ':status': 200 });
      stream.end('fine');
    },
    { proxy: { idle: '0s' } },
  );
  await gate.get('/');
  await eventually(() => sessions[0]?.closed === true || sessions[0]?.destroyed === true, 'it is closed');
  assert.equal(String((await gate.get('/')).body), 'fine');
  assert.equal(sessions.length, 2);
});

test('where nobody listens, the next endpoint is asked; where there is none, it is 502', async (t) => {
  const closed = await closedPort();
  const dead = await gateTo(t, closed);
  const refused = await dead.get('/');
  assert.equal(refused.status, 502);
  assert.equal((await dead.journey(refused.headers.get('x-request-id')!)).verdict.why, 'proxy/refused');
  const other = await answering(t, () => ok('the other'));
  const gate = await gateTo(t, closed, {
    sites: [{ host: '*', to: [`h2c://127.0.0.1:${closed}`, `127.0.0.1:${other.port}`] }],
  });
  for (let count = 0; count < 4; count++) assert.equal(String((await gate.get('/')).body), 'the other');
});

test('property of both codecs against nghttp2: fields pass from a client to a server and back as they are', async (t) => {
  const { gate } = await world(
    t,
    (stream, fields) => {
      const kept = Object.entries(fields).filter(([name]) => name.startsWith('x-n'));
      stream.respond({ ':status': 200, ...Object.fromEntries(kept) });
      stream.end();
    },
    { waf: { mode: 'off' } },
  );
  const client = http2.connect(`http://127.0.0.1:${gate.port}`);
  t.after(() => client.destroy());
  let seed = 7;
  const next = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed % below;
  };
  for (let round = 0; round < 300; round++) {
    const sent: Record<string, string> = {};
    for (let count = next(12); count >= 0; count--) {
      const length = 1 + next(next(10) === 0 ? 900 : 30);
      const value = Array.from({ length }, () => String.fromCharCode(33 + next(94))).join('');
      sent[`x-n${next(40)}`] = round % 3 === 0 ? `stable ${count}` : value;
    }
    const stream = client.request({ ':path': '/', ...sent });
    stream.resume();
    const [got] = await once(stream, 'response');
    for (const [name, value] of Object.entries(sent)) assert.equal(got[name], value, `${name} in round ${round}`);
  }
});

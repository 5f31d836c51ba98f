// HTTP/2 through the gate: what clients that are not ours get, and what happens to those that mean harm.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import http2, { type ClientHttp2Session, type ClientHttp2Stream, type IncomingHttpHeaders } from 'node:http2';
import { type TestContext, test } from 'node:test';
import * as h2 from '../../src/http/h2-frames.ts';
import { ask, data, frame, Http2Wire, headers, hello, literals, type Pairs } from '../http2-wire.ts';
import { answering, eventually, ok, type ScriptedUpstream, type Standing, scripted, stand } from './world.ts';

const listen = [
  { address: '127.0.0.1', port: 0 },
  { address: '127.0.0.1', port: 0, tls: true },
];

/** A session of node:http2 (nghttp2) with the gate's TLS port. */
function session(t: TestContext, gate: Standing, settings: http2.Settings = {}): ClientHttp2Session {
  const client = http2.connect(`https://localhost:${gate.tlsPort}`, { rejectUnauthorized: false, settings });
  client.on('error', () => {});
  t.after(() => client.destroy());
  return client;
}

interface Got {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly trailers: IncomingHttpHeaders;
}

async function answerTo(stream: ClientHttp2Stream): Promise<Got> {
  let body = '';
  let trailers: IncomingHttpHeaders = {};
  stream.setEncoding('latin1');
  stream.on('data', (piece: string) => {
    body += piece;
  });
  stream.on('trailers', (fields) => {
    trailers = fields;
  });
  const [fields] = await once(stream, 'response');
  await once(stream, 'close');
  return { headers: fields, body, trailers };
}

/** A client that says what it likes, on the plain port (prior knowledge). */
async function raw(gate: Standing): Promise<Http2Wire> {
  const wire = new Http2Wire(await gate.client());
  wire.send(hello);
  return wire;
}

test('node:http2 over TLS: requests at once, each answered, and their journeys say so', async (t) => {
  const upstream = await answering(t, (request) => ok(`${request.first}|${request.body}`, 'X-Up: 1\r\n'));
  const gate = await stand(t, upstream.port, { listen });
  const client = session(t, gate);
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) => answerTo(client.request({ ':path': `/p/${index}` }))),
  );
  for (const [index, { headers: fields, body }] of answers.entries()) {
    assert.equal(fields[':status'], 200);
    assert.equal(fields['x-up'], '1');
    assert.equal(body, `GET /p/${index} HTTP/1.1|`);
  }
  const journey = await gate.journey(String(answers[0]!.headers['x-request-id']));
  assert.deepEqual(
    [journey.request?.version, journey.tls?.alpn, journey.request?.host, journey.response?.status],
    ['2.0', 'h2', 'localhost', 200],
  );
  assert.equal(client.alpnProtocol, 'h2');
});

test('bodies both ways, of every length around a frame', async (t) => {
  const upstream = await answering(t, ({ body }) => ok(body.toString('latin1')));
  const gate = await stand(t, upstream.port, { listen, waf: { mode: 'off' } });
  const client = session(t, gate);
  for (const length of [0, 1, 16_383, 16_384, 16_385, 70_000, 1_000_000]) {
    const sent = Buffer.alloc(length, 'portcullis');
    const stream = client.request({ ':method': 'POST', ':path': '/' });
    stream.end(sent);
    assert.equal((await answerTo(stream)).body, sent.toString('latin1'), String(length));
  }
});

test('a client with a window of one byte gets its answer byte by byte', async (t) => {
  const upstream = await answering(t, () => ok('slowly but surely'));
  const gate = await stand(t, upstream.port, { listen });
  const client = session(t, gate, { initialWindowSize: 1 });
  assert.equal((await answerTo(client.request({ ':path': '/' }))).body, 'slowly but surely');
});

test('trailers and interim answers pass', async (t) => {
  const upstream = await scripted(t, async (wire) => {
    await wire.message();
    wire.send('HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n');
    wire.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 7\r\n\r\n');
  });
  const gate = await stand(t, upstream.port, { listen });
  const stream = session(t, gate).request({ ':path': '/', te: 'trailers' });
  const interim = once(stream, 'headers');
  const { body, trailers } = await answerTo(stream);
  assert.equal((await interim)[0][':status'], 103);
  assert.deepEqual([body, trailers['x-sum']], ['abc', '7']);
});

test('request trailers reach an HTTP/1.1 upstream behind the last chunk', async (t) => {
  const upstream = await answering(t, ({ body, trailers }) => ok(`${body}|${trailers}`));
  const gate = await stand(t, upstream.port, { listen });
  const wire = await raw(gate);
  wire.send(headers(1, ask('/', 'POST'), false), data(1, 'abc'), headers(1, [['x-sum', '7']]));
  assert.equal((await wire.answer(1)).body, 'abc|x-sum: 7\r\n');
});

test('the WAF judges head, body, cookies in crumbs and trailers as in HTTP/1.1', async (t) => {
  const upstream = await answering(t, () => ok('passed'));
  const gate = await stand(t, upstream.port, { listen });
  const attack = "1' OR 1=1;DROP TABLE users;--";
  const wire = await raw(gate);
  wire.send(headers(1, ask(`/?id=${encodeURIComponent(attack)}`)));
  const form: Pairs = [...ask('/', 'POST'), ['content-type', 'application/x-www-form-urlencoded']];
  wire.send(headers(3, form, false), data(3, `id=${encodeURIComponent(attack)}`, true));
  wire.send(headers(5, [...ask(), ['cookie', 'a=<script>alert(1)'], ['cookie', 'b=2']]));
  wire.send(headers(7, form, false), data(7, 'id=1'), headers(7, [['x-evil', attack]]));
  wire.send(headers(9, [...ask(), ['cookie', 'a=1'], ['cookie', 'b=2']]));
  for (const id of [1, 3, 5, 7]) assert.equal((await wire.answer(id)).status, 403, String(id));
  assert.equal((await wire.answer(9)).body, 'passed', 'the others on the connection go on');
  assert.equal(upstream.wires.length, 1);
});

test('rates, sites and redirects speak to HTTP/2, too', async (t) => {
  const upstream = await answering(t, () => ok('fine'));
  const gate = await stand(t, upstream.port, {
    listen: [
      { address: '127.0.0.1', port: 0 },
      { address: '127.0.0.1', port: 0, tls: true },
      { address: '127.0.0.1', port: 0, redirect: 'https' },
    ],
    sites: [
      { host: 'localhost', to: [`127.0.0.1:${upstream.port}`], rates: [{ limit: '1 per minute' }] },
      { host: 'moved', to: [`127.0.0.1:${upstream.port}`] },
    ],
  });
  const wire = await raw(gate);
  wire.send(
    headers(1, ask()),
    headers(3, ask()),
    headers(5, [
      [':method', 'GET'],
      [':scheme', 'http'],
      [':authority', 'else'],
      [':path', '/'],
    ]),
  );
  assert.deepEqual(
    [(await wire.answer(1)).status, (await wire.answer(3)).status, (await wire.answer(5)).status],
    [200, 429, 404],
  );
  const redirected = new Http2Wire(await gate.client(gate.redirectPort));
  redirected.send(
    hello,
    headers(1, [
      [':method', 'GET'],
      [':scheme', 'http'],
      [':authority', 'moved'],
      [':path', '/a?b=1'],
    ]),
  );
  const answer = await redirected.answer(1);
  assert.equal(answer.status, 301);
  assert.match(answer.fields.get('location') ?? '', /^https:\/\/moved(:\d+)?\/a\?b=1$/);
});

test('HEAD, 204 and 304 have no body, and end at their head', async (t) => {
  const upstream = await answering(t, ({ first }) => {
    if (first.startsWith('HEAD')) return 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n';
    return first.includes('/204')
      ? 'HTTP/1.1 204 No Content\r\n\r\n'
      : 'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n';
  });
  const gate = await stand(t, upstream.port, { listen });
  const wire = await raw(gate);
  wire.send(headers(1, ask('/', 'HEAD')), headers(3, ask('/204')), headers(5, ask('/304')));
  const seen = [await wire.answer(1), await wire.answer(3), await wire.answer(5)];
  assert.deepEqual(
    seen.map(({ status, body }) => [status, body]),
    [
      [200, ''],
      [204, ''],
      [304, ''],
    ],
  );
  assert.equal(seen[0]!.fields.get('content-length'), '10');
  assert.equal(wire.frames.filter(({ type }) => type === h2.DATA).length, 0);
});

test('an upstream that dies within its answer is a reset of one stream', async (t) => {
  const upstream = await scripted(t, async (wire) => {
    const { first } = await wire.message();
    if (!first.includes('/dies')) return wire.send(ok('lives'));
    wire.send('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart');
    wire.socket.destroy();
  });
  const gate = await stand(t, upstream.port, { listen });
  const wire = await raw(gate);
  wire.send(headers(1, ask('/dies')), headers(3, ask()));
  assert.equal((await wire.answer(1)).resetCode, h2.INTERNAL_ERROR);
  assert.equal((await wire.answer(3)).body, 'lives');
});

test('a malformed stream is answered 400, and the others go on', async (t) => {
  const upstream = await answering(t, () => ok('fine'));
  const gate = await stand(t, upstream.port, { listen });
  const wire = await raw(gate);
  wire.send(headers(1, [...ask(), ['x', 'a\r\nb: c']]), headers(3, ask()));
  assert.equal((await wire.answer(1)).status, 400);
  assert.equal((await wire.answer(3)).body, 'fine');
  assert.equal(upstream.wires.length, 1);
});

test('bodies that are not as long as they say never reach the end of a request', async (t) => {
  const seen: string[] = [];
  const upstream = await answering(t, ({ first, body }) => {
    seen.push(`${first} ${body}`);
    return ok('fine');
  });
  const gate = await stand(t, upstream.port, { listen });
  const wire = await raw(gate);
  const post = (path: string, length: string): Pairs => [...ask(path, 'POST'), ['content-length', length]];
  wire.send(headers(1, post('/long', '3'), false), data(1, 'abcd', true));
  wire.send(headers(3, post('/short', '3'), false), data(3, 'ab', true));
  wire.send(headers(5, post('/none', '0'), false), data(5, 'a', true));
  wire.send(headers(7, post('/right', '3'), false), data(7, 'abc', true));
  wire.send(headers(9, post('/empty', '0'), false), data(9, '', true));
  for (const id of [1, 3, 5]) assert.equal((await wire.answer(id)).status, 400, String(id));
  for (const id of [7, 9]) assert.equal((await wire.answer(id)).status, 200, String(id));
  assert.deepEqual(seen.sort(), ['POST /empty HTTP/1.1 ', 'POST /right HTTP/1.1 abc']);
});

test('a client that cancels takes its upstream connection with it, and its journey says who left', async (t) => {
  const upstream = await scripted(t, async (wire) => void (await wire.message()));
  const gate = await stand(t, upstream.port, { listen });
  const wire = await raw(gate);
  wire.send(headers(1, ask('/slow')));
  await eventually(() => upstream.wires.length === 1, 'the upstream is asked');
  wire.send(h2.resetFrame(1, h2.CANCEL));
  await upstream.wires[0]!.ended();
  wire.wire.socket.destroy();
  const [journey] = (await gate.stopAndReadJournal()).filter(({ request }) => request !== null);
  assert.equal(journey?.verdict.why, 'http/client-gone');
});

test('an upload that nobody takes stops at the windows', async (t) => {
  const upstream = await scripted(t, (wire) => void wire.socket.pause());
  const gate = await stand(t, upstream.port, { listen, waf: { mode: 'off' }, limits: { max_body: '1GiB' } });
  const stream = session(t, gate).request({ ':method': 'POST', ':path': '/' });
  let sent = 0;
  const piece = Buffer.alloc(65_536);
  const send = (): void => {
    while (stream.write(piece)) sent += piece.length;
    sent += piece.length;
  };
  stream.on('drain', send);
  send();
  await eventually(() => upstream.wires.length === 1, 'the upstream is asked');
  // Kernel buffers of two sockets and our windows; nothing grows beyond them.
  let before = -1;
  await eventually(() => {
    const isStill = before === sent;
    before = sent;
    return isStill && sent > 131_072;
  }, 'it comes to rest');
  assert.ok(sent < 32 * 1024 * 1024, `${sent} bytes were taken`);
  upstream.wires[0]!.socket.resume();
  await eventually(() => sent > before * 2, 'and goes on when it is taken');
});

test('a download that nobody reads holds the upstream back', async (t) => {
  let sent = 0;
  const upstream = await scripted(t, async (wire) => {
    await wire.message();
    wire.send('HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n');
    const piece = Buffer.alloc(65_536);
    const send = (): void => {
      while (wire.socket.write(piece)) sent += piece.length;
      sent += piece.length;
    };
    wire.socket.on('drain', send);
    send();
  });
  const gate = await stand(t, upstream.port, { listen });
  const wire = await raw(gate);
  wire.givesBack = false;
  wire.send(headers(1, ask()));
  let before = -1;
  await eventually(() => {
    const isStill = before === sent && sent > 100_000;
    before = sent;
    return isStill;
  }, 'it comes to rest');
  assert.ok(sent < 32 * 1024 * 1024, `${sent} bytes were taken`);
});

const abuses: readonly (readonly [string, string, (wire: Http2Wire) => void])[] = [
  [
    'rapid reset',
    'http/h2-rapid-reset',
    (wire) => {
      for (let id = 1; id < 900; id += 2) wire.send(headers(id, ask('/slow')), h2.resetFrame(id, h2.CANCEL));
    },
  ],
  [
    'streams that have us reset them',
    'http/h2-rapid-reset',
    (wire) => {
      for (let id = 1; id < 900; id += 2) wire.send(headers(id, [...ask(), ['connection', 'close']]));
    },
  ],
  [
    'CONTINUATION flood',
    'http/h2-continuation-flood',
    (wire) => wire.send(frame(h2.HEADERS, 0, 1, literals(ask())), frame(h2.CONTINUATION, 0, 1).repeat(1000)),
  ],
  ['SETTINGS flood', 'http/h2-settings-flood', (wire) => wire.send(h2.settingsFrame([]).repeat(3000))],
  ['PING flood', 'http/h2-ping-flood', (wire) => wire.send(frame(h2.PING, 0, 0, '12345678').repeat(3000))],
  ['WINDOW_UPDATE flood', 'http/h2-window-flood', (wire) => wire.send(h2.windowFrame(0, 1).repeat(3000))],
  [
    'empty DATA flood',
    'http/h2-empty-frame-flood',
    (wire) => wire.send(headers(1, ask('/', 'POST'), false), data(1, '').repeat(3000)),
  ],
  [
    'PRIORITY flood',
    'http/h2-priority-flood',
    (wire) => wire.send(frame(h2.PRIORITY, 0, 3, '\0\0\0\0\x10').repeat(3000)),
  ],
  ['unknown frames', 'http/h2-unknown-flood', (wire) => wire.send(frame(77, 0, 0).repeat(3000))],
  [
    'HPACK bomb',
    'http/h2-hpack-bomb',
    (wire) => wire.send(frame(h2.HEADERS, 5, 1, `\x40\x01x\x7f\xa9\x1e${'v'.repeat(4008)}${'\xbe'.repeat(10_000)}`)),
  ],
  ['not HPACK', 'http/h2-compression', (wire) => wire.send(frame(h2.HEADERS, 5, 1, '\xff\xff\xff\xff\xff'))],
  ['a frame too long', 'http/h2-frame-size', (wire) => wire.send(`\x10\0\0${'\0'.repeat(6)}`)],
  ['a window too large', 'http/h2-flow-control', (wire) => wire.send(h2.windowFrame(0, 2 ** 31 - 1))],
  ['a frame out of place', 'http/h2-protocol', (wire) => wire.send(data(0, 'x'))],
];

test('each abuse ends its own connection with its name, and another client does not notice', async (t) => {
  const upstream = await answering(t, ({ first }) => (first.includes('/slow') ? null : ok('fine')));
  const gate = await stand(t, upstream.port, { listen });
  const other = await raw(gate);
  let next = 1;
  for (const [says, why, abuse] of abuses) {
    const wire = await raw(gate);
    abuse(wire);
    assert.equal(await wire.end(), why, says);
    other.send(headers(next, ask()));
    assert.equal((await other.answer(next)).body, 'fine', says);
    next += 2;
  }
  other.wire.socket.destroy();
  const told = (await gate.stopAndReadJournal())
    .filter(({ request }) => request === null)
    .map(({ verdict }) => verdict.why);
  for (const [says, why] of abuses) assert.ok(told.includes(why), `${says}: no journey says ${why}`);
});

test('time: silence, half a header block, a body that drips, a reader that does not read', async (t) => {
  const upstream = await answering(t, ({ first }) => (first.includes('/big') ? ok('x'.repeat(200_000)) : ok('fine')));
  const limits = { header_timeout: '100ms', idle_timeout: '100ms', min_body_grace: '100ms' };
  const gate = await stand(t, upstream.port, { listen, limits });
  const silent = new Http2Wire(await gate.client());
  const half = await raw(gate);
  half.send(frame(h2.HEADERS, 0, 1, literals(ask())));
  const idle = await raw(gate);
  const drips = await raw(gate);
  drips.send(headers(1, ask('/', 'POST'), false), data(1, 'a'));
  const stuck = await raw(gate);
  stuck.givesBack = false;
  stuck.send(headers(1, ask('/big')));
  await silent.end();
  assert.equal(await half.end(), 'http/header-timeout');
  await idle.end();
  assert.equal((await drips.answer(1)).status, 408);
  assert.equal((await stuck.answer(1)).resetCode, h2.CANCEL);
  const told = (await gate.stopAndReadJournal()).map(({ verdict }) => verdict.why);
  for (const why of ['http/header-timeout', 'http/body-too-slow', 'http/slow-reader', 'http/no-request'])
    assert.ok(told.includes(why), `${why} in ${told}`);
});

test('drain: what runs is answered, nothing further is taken, and the connection ends', async (t) => {
  let release = (): void => {};
  const upstream = await scripted(t, async (wire) => {
    await wire.message();
    await new Promise<void>((resolve) => {
      release = resolve;
    });
    wire.send(ok('at last'));
  });
  const gate = await stand(t, upstream.port, { listen });
  const wire = await raw(gate);
  const idle = await raw(gate);
  await idle.until(h2.SETTINGS);
  wire.send(headers(1, ask()));
  await eventually(() => upstream.wires.length === 1, 'the upstream is asked');
  const stopped = gate.gate.stop();
  assert.equal(await idle.end(), '');
  assert.equal(idle.goaways.at(-1)?.code, 0);
  await wire.until(h2.GOAWAY);
  assert.equal(wire.goaways[0]?.last, 2 ** 31 - 1);
  await wire.until(h2.GOAWAY);
  assert.equal(wire.goaways[1]?.last, 1);
  release();
  assert.equal((await wire.answer(1)).body, 'at last');
  await wire.end();
  await stopped;
});

test('after the last request that a connection may make it is told to go', async (t) => {
  const upstream = await answering(t, () => ok('fine'));
  const gate = await stand(t, upstream.port, { listen, limits: { max_requests_per_connection: 2 } });
  const wire = await raw(gate);
  wire.send(headers(1, ask()), headers(3, ask()));
  await wire.end();
  assert.deepEqual([wire.streams.get(1)?.body, wire.streams.get(3)?.body], ['fine', 'fine']);
  assert.equal(wire.goaways.at(-1)?.code, 0);
});

/** An upstream that opens a WebSocket tunnel and echoes what comes through it. */
function echoing(t: TestContext): Promise<ScriptedUpstream> {
  return scripted(t, async (wire) => {
    const { headers: fields } = await wire.message();
    assert.match(fields.get('sec-websocket-key') ?? '', /^[A-Za-z0-9+/]{22}==$/);
    wire.send(
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\nSec-WebSocket-Protocol: chat\r\n\r\n',
    );
    for (;;) wire.send(await wire.takeBytes(1));
  });
}

test('WebSocket over extended CONNECT becomes an upgrade at the upstream (RFC 8441)', async (t) => {
  const upstream = await echoing(t);
  const gate = await stand(t, upstream.port, { listen });
  const wire = await raw(gate);
  const connect: Pairs = [
    [':method', 'CONNECT'],
    [':protocol', 'websocket'],
    [':scheme', 'http'],
    [':authority', 'localhost'],
    [':path', '/chat'],
  ];
  wire.send(headers(1, [...connect, ['sec-websocket-version', '13'], ['sec-websocket-protocol', 'chat']], false));
  await wire.until(h2.HEADERS);
  const answer = wire.streams.get(1)!;
  assert.deepEqual(
    [answer.status, answer.fields.get('sec-websocket-protocol'), answer.fields.has('sec-websocket-accept')],
    [200, 'chat', false],
  );
  wire.send(data(1, 'hello'));
  while (answer.body !== 'hello') await wire.next();
  wire.send(headers(3, ask('/x')), data(1, '!', true));
  assert.equal((await wire.answer(1)).body, 'hello!');
});

test('settings say what clients may do', async (t) => {
  const upstream = await answering(t, () => ok('fine'));
  const gate = await stand(t, upstream.port, { listen, limits: { max_concurrent_streams: 7 } });
  const client = session(t, gate);
  await once(client, 'remoteSettings');
  assert.equal(client.remoteSettings.maxConcurrentStreams, 7);
  assert.equal(client.remoteSettings.enableConnectProtocol, true);
  assert.equal(client.remoteSettings.maxHeaderListSize, 32_768);
});

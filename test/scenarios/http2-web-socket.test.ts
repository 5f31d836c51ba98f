// WebSockets for upstreams that speak HTTP/2: over a stream where their settings allow it (RFC 8441), over HTTP/1.1 where they do not, with
// the real library on both sides.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import http2, { type ServerHttp2Session } from 'node:http2';
import net, { type AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import * as h2 from '../../src/http/h2-frames.ts';
import { frame, Http2Wire, headers } from '../http2-wire.ts';
import { eventually, listening, type Standing, scripted, stand, type Wire } from './world.ts';

const handshake =
  'GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

/** An HTTP/1.1 server that echoes messages, and says what it was asked with. */
function echo(t: TestContext) {
  const http = createServer((_, response) => response.end('plain'));
  const server = new WebSocketServer({ server: http, maxPayload: 8 * 1024 * 1024 });
  const seen: string[] = [];
  const closes: number[] = [];
  server.on('connection', (socket, request) => {
    seen.push(`${request.url} ${request.headers.host} ${request.headers['x-forwarded-for']}`);
    socket.on('error', () => {});
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
    socket.on('close', (code) => closes.push(code));
  });
  t.after(() => {
    for (const socket of server.clients) socket.terminate();
    http.closeAllConnections();
    http.close();
  });
  return { http, seen, closes };
}

/** Messages of all sizes go there and back, a ping is answered, and a close code arrives. */
async function converse(t: TestContext, gate: Standing, closes: readonly number[]): Promise<void> {
  const socket = new WebSocket(`ws://127.0.0.1:${gate.port}/ws?x=1`, { maxPayload: 8 * 1024 * 1024 });
  t.after(() => socket.terminate());
  await once(socket, 'open');
  for (const message of ['hello', 'é'.repeat(70_000), Buffer.alloc(1024 * 1024, 0xa5)]) {
    socket.send(message);
    const [data, isBinary] = (await once(socket, 'message')) as [Buffer, boolean];
    assert.equal(isBinary, Buffer.isBuffer(message));
    assert.ok(data.equals(Buffer.from(message)));
  }
  socket.ping('are you there');
  const [pong] = await once(socket, 'pong');
  assert.equal(String(pong), 'are you there');
  const before = closes.length;
  socket.close(4123, 'done');
  const [code] = await once(socket, 'close');
  assert.equal(code, 4123);
  await eventually(() => closes.length === before + 1, 'the application hears of the end');
  assert.equal(closes.at(-1), 4123);
}

for (const secure of [false, true])
  test(`over a stream of HTTP/2${secure ? ' under TLS' : ''}: one gate before another, which allows it`, async (t) => {
    const { http, seen, closes } = echo(t);
    const inner = await stand(t, await listening(http), {
      listen: [
        { address: '127.0.0.1', port: 0 },
        { address: '127.0.0.1', port: 0, tls: true },
      ],
    });
    const to = secure
      ? { url: `h2://localhost:${inner.tlsPort}`, tls: { ca: inner.gate.caCertificatePath! } }
      : { url: `h2c://127.0.0.1:${inner.port}` };
    const outer = await stand(t, 1, { sites: [{ host: '*', to: [to] }] });
    // The first of them waits for the settings, the others know them; both share the connection with what is no WebSocket.
    for (let round = 0; round < 3; round++) {
      await converse(t, outer, closes);
      assert.equal(String((await outer.get('/')).body), 'plain');
    }
    assert.match(seen[0]!, /^\/ws\?x=1 127\.0\.0\.1:\d+ 127\.0\.0\.1/);
    const journeys = (await inner.stopAndReadJournal()).filter(({ request }) => request?.target.startsWith('/ws'));
    assert.deepEqual([...new Set(journeys.map(({ request }) => request?.version))], ['2.0']);
    assert.equal(new Set(journeys.map(({ connection }) => connection.id)).size, 1, 'one connection carries all');
  });

/** Both versions in the clear on one port, HTTP/2 without WebSockets. */
async function bothVersions(t: TestContext, http: Server): Promise<number> {
  const sessions: ServerHttp2Session[] = [];
  const second = http2.createServer((_, response) => response.end('second'));
  second.on('session', (session) => sessions.push(session));
  await once(second.listen(0, '127.0.0.1'), 'listening');
  const ports = { first: await listening(http), second: (second.address() as AddressInfo).port };
  const front = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', (beginning) => {
      const isSecond = String(beginning).startsWith('PRI ');
      const behind = net.connect(isSecond ? ports.second : ports.first, '127.0.0.1').on('error', () => {});
      behind.write(beginning);
      socket.pipe(behind).pipe(socket);
    });
  });
  await once(front.listen(0, '127.0.0.1'), 'listening');
  t.after(() => {
    for (const session of sessions) session.destroy();
    second.close();
    front.close();
  });
  return (front.address() as AddressInfo).port;
}

test('over HTTP/1.1 where the settings do not allow it, beside requests over HTTP/2', async (t) => {
  const { http, closes } = echo(t);
  const port = await bothVersions(t, http);
  const gate = await stand(t, port, { sites: [{ host: '*', to: [`h2c://127.0.0.1:${port}`] }] });
  for (let round = 0; round < 2; round++) {
    await converse(t, gate, closes);
    assert.equal(String((await gate.get('/')).body), 'second');
  }
});

test('where neither is possible the answer says so', async (t) => {
  const server = http2.createServer();
  server.on('session', (session) => session.on('error', () => {}));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const gate = await stand(t, port, { sites: [{ host: '*', to: [`h2c://127.0.0.1:${port}`] }] });
  for (let round = 0; round < 2; round++) {
    const client = await gate.client();
    client.send(handshake);
    const answer = await client.message();
    assert.equal(answer.status, 502);
    const { verdict } = await gate.journey(answer.headers.get('x-request-id')!);
    assert.equal(verdict.why, 'proxy/no-websocket');
    assert.match(verdict.says ?? '', /^it takes WebSockets neither over HTTP\/2 .* nor over HTTP\/1\.1: /);
  }
});

test('what is asked and answered on the stream: no nonce, a proof of ours, a refusal as it is, an end that is cut', async (t) => {
  const blocks: string[] = [];
  const upstream = await scripted(t, async (wire: Wire) => {
    await wire.take(h2.preface);
    wire.send(h2.settingsFrame([[h2.ENABLE_CONNECT_PROTOCOL, 1]]));
    const server = new Http2Wire(wire);
    for (const status of ['403', '200']) {
      const { id } = await server.until(h2.HEADERS);
      blocks.push([...server.streams.get(id)!.trailers].map(([name, value]) => `${name}: ${value}`).join('\n'));
      if (status === '403') server.send(headers(id, [[':status', '403']], true));
      else {
        const protocol = ['sec-websocket-protocol', 'chat'] as const;
        server.send(headers(id, [[':status', '200'], protocol], false), frame(h2.RST_STREAM, 0, id, '\0\0\0\x08'));
      }
    }
  });
  const gate = await stand(t, upstream.port, { sites: [{ host: '*', to: [`h2c://127.0.0.1:${upstream.port}`] }] });
  const client = await gate.client();
  client.send(handshake);
  assert.equal((await client.message()).status, 403);
  assert.match(
    blocks[0]!,
    /^:method: CONNECT\n:scheme: http\n:authority: localhost\n:path: \/ws\n:protocol: websocket\n/,
  );
  assert.doesNotMatch(blocks[0]!, /sec-websocket-key|upgrade|connection/);
  assert.match(blocks[0]!, /\nsec-websocket-version: 13\n/);
  const other = await gate.client();
  other.send(handshake);
  const opened = await other.message();
  assert.equal(opened.status, 101);
  // The proof of RFC 6455 1.3 for its own example.
  assert.equal(opened.headers.get('sec-websocket-accept'), 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
  assert.equal(opened.headers.get('sec-websocket-protocol'), 'chat');
  await other.ended();
});

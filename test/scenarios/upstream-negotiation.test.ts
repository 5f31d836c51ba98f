// What is spoken with an upstream where its owner left that to the two: HTTP/2 or HTTP/1.1 by ALPN, and HTTP/2 over a Unix socket.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http2, { type ServerHttp2Session } from 'node:http2';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { WebSocketServer } from 'ws';
import { answering, ok, stand } from './world.ts';

const listen = [{ address: '127.0.0.1', port: 0, tls: true }];

test('protocol: auto speaks HTTP/2 where the upstream agrees to it', async (t) => {
  const app = await answering(t, ({ first, body }) => ok(`${first} ${body}`));
  const inner = await stand(t, app.port, { listen });
  const tls = { ca: inner.gate.caCertificatePath! };
  const to = [{ url: `https://localhost:${inner.tlsPort}`, protocol: 'auto' as const, tls }];
  const outer = await stand(t, 1, { sites: [{ host: '*', to }] });
  for (let round = 0; round < 3; round++) assert.equal(String((await outer.get('/a')).body), 'GET /a HTTP/1.1 ');
  const journeys = (await inner.stopAndReadJournal()).filter(({ request }) => request !== null);
  assert.deepEqual([...new Set(journeys.map(({ request }) => request?.version))], ['2.0']);
  assert.equal(new Set(journeys.map(({ connection }) => connection.id)).size, 1);
});

test('protocol: auto speaks HTTP/1.1 where it does not, keeps connections, and asks anew after a failure', async (t) => {
  const lender = await stand(t, 1, { listen });
  const ca = lender.gate.caCertificatePath!;
  const of = (name: string) => readFileSync(join(dirname(ca), name));
  const identity = { cert: of('local.crt'), key: of('local.key') };
  const seen: string[] = [];
  let connections = 0;
  const first = https.createServer(identity, (request, response) => {
    seen.push(`${request.httpVersion} ${request.url}`);
    request.on('data', () => {}).on('end', () => response.end('first'));
  });
  first.on('secureConnection', () => connections++);
  new WebSocketServer({ server: first }).on('connection', (socket) =>
    socket.on('message', (data) => socket.send(data)),
  );
  await once(first.listen(0, '127.0.0.1'), 'listening');
  const { port } = first.address() as AddressInfo;
  t.after(() => first.close());
  const to = [{ url: `https://localhost:${port}`, protocol: 'auto' as const, tls: { ca } }];
  const outer = await stand(t, 1, { sites: [{ host: '*', to, retries: { max: 2 } }] });
  const client = await outer.client();
  // A body that comes later than its head is not lost on the way from the one to the other.
  client.send('POST /late HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n');
  client.send('hello');
  assert.equal(String((await client.message()).body), 'first');
  for (let round = 0; round < 3; round++) assert.equal(String((await outer.get('/b')).body), 'first');
  assert.deepEqual([...new Set(seen)], ['1.1 /late', '1.1 /b']);
  assert.equal(connections, 2, 'one to ask, and one that is kept');
  client.send(
    'GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
  assert.equal((await client.message()).status, 101);
  client.socket.destroy();

  const closed = once(first, 'close');
  first.close();
  first.closeAllConnections();
  await closed;
  assert.equal((await outer.get('/c')).status, 502);
  const sessions: ServerHttp2Session[] = [];
  const second = http2.createSecureServer(identity, (_, response) => response.end('second'));
  second.on('session', (session) => sessions.push(session));
  await once(second.listen(port, '127.0.0.1'), 'listening');
  t.after(() => {
    for (const session of sessions) session.destroy();
    second.close();
  });
  assert.equal(String((await outer.get('/d')).body), 'second');
  assert.equal(sessions.length, 1);
});

test('HTTP/2 over a Unix socket', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'portcullis-socket-'));
  const path = join(directory, 'app.sock');
  const sessions: ServerHttp2Session[] = [];
  const server = http2.createServer((request, response) => response.end(`${request.httpVersion} ${request.url}`));
  server.on('session', (session) => sessions.push(session));
  await once(server.listen(path), 'listening');
  t.after(() => {
    for (const session of sessions) session.destroy();
    server.close();
    rmSync(directory, { recursive: true });
  });
  const gate = await stand(t, 1, { sites: [{ host: '*', to: [`h2c+unix:${path}`] }] });
  for (let round = 0; round < 2; round++) assert.equal(String((await gate.get('/x')).body), '2.0 /x');
  assert.equal(sessions.length, 1);
});

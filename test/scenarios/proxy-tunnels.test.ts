// WebSocket through the gate: the real library on both sides, and raw bytes where it is too polite.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type TestContext, test } from 'node:test';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import { answering, eventually, listening, ok, type Standing, scripted, stand, type Wire } from './world.ts';

const tls = { listen: [{ address: '127.0.0.1', port: 0, tls: true }] };
const handshake =
  'GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
const accepted =
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n';

/** A WebSocket server that echoes, and closes with the code that it is told. */
async function echo(
  t: TestContext,
): Promise<{ port: number; closes: { code: number; reason: string }[]; server: WebSocketServer }> {
  const http = createServer((_, response) => response.end('plain'));
  const server = new WebSocketServer({ server: http, maxPayload: 8 * 1024 * 1024 });
  const closes: { code: number; reason: string }[] = [];
  server.on('connection', (socket) => {
    socket.on('error', () => {});
    socket.on('message', (data: RawData, isBinary) => {
      const text = data.toString();
      if (text.startsWith('close ')) socket.close(Number(text.slice(6)), 'because');
      else socket.send(data, { binary: isBinary });
    });
    socket.on('close', (code, reason) => closes.push({ code, reason: reason.toString() }));
  });
  const port = await listening(http);
  t.after(() => {
    for (const socket of server.clients) socket.terminate();
    http.closeAllConnections();
    http.close();
  });
  return { port, closes, server };
}

function open(t: TestContext, world: Standing, secure: boolean): Promise<WebSocket> {
  const address = secure ? `wss://127.0.0.1:${world.tlsPort}/ws` : `ws://127.0.0.1:${world.port}/ws`;
  const socket = new WebSocket(address, { rejectUnauthorized: false, maxPayload: 8 * 1024 * 1024 });
  t.after(() => socket.terminate());
  socket.on('error', () => {});
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve(socket));
    socket.once('error', reject);
  });
}

for (const secure of [false, true])
  test(`messages, pings and close codes go both ways${secure ? ' under TLS' : ''}`, async (t) => {
    const upstream = await echo(t);
    const world = await stand(t, upstream.port, secure ? tls : {});
    const socket = await open(t, world, secure);

    for (const message of ['hello', 'é'.repeat(70_000), Buffer.alloc(1024 * 1024, 0xa5)]) {
      socket.send(message);
      const [data, isBinary] = (await once(socket, 'message')) as [Buffer, boolean];
      assert.equal(isBinary, typeof message !== 'string');
      assert.ok(Buffer.from(message as string).equals(data));
    }
    socket.ping('are you there');
    assert.equal(String((await once(socket, 'pong'))[0]), 'are you there');
    const pinged = once(socket, 'ping');
    for (const one of upstream.server.clients) one.ping('and you');
    assert.equal(String((await pinged)[0]), 'and you');

    const { rows } = (await world.ask({ ask: 'connections' })) as {
      rows: { stage: string; requests: number; bytesIn: number }[];
    };
    assert.deepEqual(
      rows.map(({ stage, requests }) => [stage, requests]),
      [['tunnel', 1]],
    );
    assert.ok(rows[0]!.bytesIn > 1024 * 1024);

    socket.close(4001, 'bye');
    assert.equal((await once(socket, 'close'))[0], 4001);
    await eventually(() => upstream.closes.length === 1, 'the server hears of the close');
    assert.deepEqual(upstream.closes, [{ code: 4001, reason: 'bye' }]);

    const other = await open(t, world, secure);
    other.send('close 4002');
    const [code, reason] = (await once(other, 'close')) as [number, Buffer];
    assert.deepEqual([code, reason.toString()], [4002, 'because']);

    await eventually(
      async () => ((await world.ask({ ask: 'connections' })) as { total: number }).total === 0,
      'the table is empty',
    );
    const journeys = await world.stopAndReadJournal();
    assert.equal(journeys.length, 2);
    for (const { response, verdict, request } of journeys) {
      assert.equal(response?.status, 101);
      assert.deepEqual([verdict.action, verdict.why], ['pass', '']);
      assert.ok(request !== null);
    }
    const [large] = journeys;
    assert.ok(
      large!.request!.bytes > 1024 * 1024 && large!.response!.bytes > 1024 * 1024,
      'the bytes of the tunnel are counted',
    );
  });

test('a client that breaks off is told to the server, and a server that dies to the client', async (t) => {
  const upstream = await echo(t);
  const world = await stand(t, upstream.port);
  const socket = await open(t, world, false);
  socket.terminate();
  await eventually(() => upstream.closes.length === 1, 'the server hears of the end');
  assert.equal(upstream.closes[0]!.code, 1006);
  const other = await open(t, world, false);
  const closed = once(other, 'close');
  for (const one of upstream.server.clients) one.terminate();
  assert.equal((await closed)[0], 1006);
});

test('an upstream that answers an upgrade with an ordinary answer is heard, and the connection goes on', async (t) => {
  const upstream = await answering(t, ({ first, headers }) =>
    ok(`${first.split(' ')[1]} ${headers.get('upgrade') ?? 'none'}`),
  );
  const world = await stand(t, upstream.port);
  const client = await world.client();
  client.send(handshake);
  assert.equal((await client.message()).body.toString(), '/ws websocket');
  client.send('GET /next HTTP/1.1\r\nHost: localhost\r\n\r\n');
  assert.equal((await client.message()).body.toString(), '/next none');
});

test('what only looks like a handshake opens no tunnel', async (t) => {
  let asked = 0;
  const upstream = await answering(t, () => {
    asked++;
    return accepted;
  });
  const world = await stand(t, upstream.port);
  for (const fake of [
    handshake.replace('GET', 'POST'),
    handshake.replace('Sec-WebSocket-Version: 13\r\n', ''),
    handshake.replace('Version: 13', 'Version: 12'),
    handshake.replace('dGhlIHNhbXBsZSBub25jZQ==', 'short'),
    handshake.replace(/Sec-WebSocket-Key: \S+\r\n/, ''),
    handshake.replace('\r\n\r\n', '\r\nContent-Length: 3\r\n\r\nabc'),
  ]) {
    const client = await world.client();
    client.send(fake);
    assert.equal((await client.message()).status, 400, fake);
    assert.equal(await client.ended(), 'fin');
  }
  assert.equal(asked, 0);
  const client = await world.client();
  client.send(handshake.replace('Upgrade: websocket', 'Upgrade: h2c'));
  assert.equal((await client.message()).status, 502, 'another protocol is not asked for, and its 101 is nonsense');
});

/** A tunnel of raw bytes; gives both ends. */
async function tunnel(t: TestContext, secure = false): Promise<{ world: Standing; client: Wire; server: Wire }> {
  const upstream = await scripted(t, async (wire) => {
    await wire.take('\r\n\r\n');
    wire.send(accepted);
  });
  upstream.server.removeAllListeners('end');
  const world = await stand(t, upstream.port, secure ? tls : {});
  const client = secure ? await world.secureClient() : await world.client();
  client.send(handshake);
  await client.take('\r\n\r\n');
  return { world, client, server: upstream.wires[0]! };
}

for (const secure of [false, true])
  test(`the last bytes of a tunnel arrive, however slowly its client reads${secure ? ' under TLS' : ''}`, async (t) => {
    const { client, server } = await tunnel(t, secure);
    client.socket.pause();
    const bytes = 3 * 1024 * 1024;
    for (let sent = 0; sent < bytes; sent += 65_536) server.send(Buffer.alloc(65_536, 0x62));
    server.socket.end('last');
    await eventually(() => server.socket.writableLength === 0, 'all is on its way');
    client.socket.resume();
    assert.equal(await client.ended(), 'fin');
    assert.equal(client.bytes.length, bytes + 4);
    assert.ok(client.text.endsWith('last'));
  });

test('a client that has nothing more to say still hears', async (t) => {
  const { client, server } = await tunnel(t);
  client.socket.end('done');
  await server.take('done');
  assert.equal(await server.ended(), 'fin');
});

test('a client that ended before its tunnel stood leaves none behind', async (t) => {
  let accept: () => void = () => {};
  const upstream = await scripted(t, async (wire) => {
    await wire.take('\r\n\r\n');
    accept = () => wire.send(accepted);
  });
  const world = await stand(t, upstream.port);
  const client = await world.client();
  client.socket.end(handshake);
  await eventually(async () => {
    const { rows } = (await world.ask({ ask: 'connections' })) as { rows: { stage: string }[] };
    return rows[0]?.stage === 'waiting' && upstream.wires.length === 1;
  }, 'the upgrade is asked for');
  // The client's end is on its way since it asked, and one more question takes longer than that.
  await world.ask({ ask: 'status' });
  accept();
  assert.equal(await upstream.wires[0]!.ended(), 'fin');
  assert.equal(await client.ended(), 'fin');
});

test('bytes that come with the handshake reach the upstream, more than is kept of a pipeline among them', async (t) => {
  const early = Buffer.alloc(400_000, 0x63);
  let seen = 0;
  const upstream = await scripted(t, async (wire) => {
    await wire.take('\r\n\r\n');
    // The gate has all it will keep by now, or is about to.
    await new Promise((resolve) => setTimeout(resolve, 50));
    wire.send(accepted);
    seen = (await wire.takeBytes(early.length)).length;
    wire.send('seen');
  });
  const world = await stand(t, upstream.port);
  const client = await world.client();
  client.send(handshake);
  client.send(early);
  await client.take('\r\n\r\n');
  await client.take('seen');
  assert.equal(seen, early.length);
});

for (const side of ['client', 'server'] as const)
  test(`a tunnel whose ${side} does not read holds the other side back`, async (t) => {
    const { client, server } = await tunnel(t);
    const [reader, writer] = side === 'client' ? [client, server] : [server, client];
    reader.socket.pause();
    let pushed = 0;
    let isStuck = false;
    const total = 64 * 1024 * 1024;
    const piece = Buffer.alloc(65_536, 0x64);
    const pushing = (async () => {
      while (pushed < total) {
        pushed += piece.length;
        if (writer.socket.write(piece)) continue;
        isStuck = true;
        await once(writer.socket, 'drain');
        isStuck = false;
      }
    })();
    let before = -1;
    await eventually(() => {
      const isSame = isStuck && pushed === before;
      before = pushed;
      return isSame;
    }, 'held back');
    assert.ok(pushed < 24 * 1024 * 1024, `${pushed} bytes were taken`);
    let seen = 0;
    reader.socket.removeAllListeners('data').on('data', (bytes: Buffer) => {
      seen += bytes.length;
    });
    reader.socket.resume();
    await pushing;
    await eventually(() => seen === total, 'every byte arrives');
  });

test('tunnels end where the gate drains, after the time that it gives them', async (t) => {
  const { world, client, server } = await tunnel(t);
  const journeys = await world.stopAndReadJournal();
  await client.ended();
  await server.ended();
  assert.deepEqual(
    journeys.map(({ response, verdict }) => [response?.status, verdict.why]),
    [[101, 'http/drained']],
  );
});

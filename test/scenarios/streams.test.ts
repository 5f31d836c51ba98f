// Streams with the WAF on: events, long polls and WebSocket messages pass at once, which is shown by order and not by time: whoever
// sends the second piece has heard that the first one arrived.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';
import zlib from 'node:zlib';
import { WebSocket, WebSocketServer } from 'ws';
import { listening, scripted, stand, type Wire } from './world.ts';

const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n';
const waf = { mode: 'block' } as const;
const get = (target: string, more = '') => `GET ${target} HTTP/1.1\r\nHost: localhost\r\n${more}\r\n`;

/** Sends events one by one: each only when the client has told, through the gate, that it has the one before. */
async function sendEvents(
  stream: Wire,
  count: number,
  confirmed: (number: number) => Promise<void>,
  isChunked: boolean,
) {
  stream.send(`${head}${isChunked ? 'Transfer-Encoding: chunked\r\n' : ''}\r\n`);
  for (let number = 1; number <= count; number++) {
    const event = `id: ${number}\ndata: x\n\n`;
    stream.send(isChunked ? `${event.length.toString(16)}\r\n${event}\r\n` : event);
    await confirmed(number);
  }
  if (isChunked) stream.send('0\r\n\r\n');
  else stream.socket.end();
}

for (const isChunked of [true, false])
  for (const compress of [undefined, { types: ['text/*'], min_size: 0 }])
    test(`events ${isChunked ? 'in chunks' : 'until the close'}${compress === undefined ? '' : ', on a site that compresses'}`, async (t) => {
      const waiting = new Map<number, () => void>();
      const confirmed = (number: number) => new Promise<void>((resolve) => waiting.set(number, resolve));
      const upstream = await scripted(t, async (wire) => {
        for (;;) {
          const { first } = await wire.message();
          const target = first.split(' ')[1]!;
          if (target === '/events') {
            await sendEvents(wire, 5, confirmed, isChunked);
            if (!isChunked) return;
          } else {
            waiting.get(Number(target.slice('/have/'.length)))!();
            wire.send('HTTP/1.1 204 No Content\r\n\r\n');
          }
        }
      });
      const site = { host: '*', to: [`127.0.0.1:${upstream.port}`], ...(compress === undefined ? {} : { compress }) };
      const world = await stand(t, upstream.port, { waf, sites: [site] });
      const client = await world.client();
      client.send(get('/events', 'Accept: text/event-stream\r\nAccept-Encoding: gzip\r\n'));
      const answer = await client.take('\r\n\r\n');
      assert.doesNotMatch(answer, /content-encoding/i);
      const teller = await world.client();
      for (let number = 1; number <= 5; number++) {
        await client.take(`id: ${number}\ndata: x\n\n`);
        teller.send(get(`/have/${number}`));
        assert.equal((await teller.message()).status, 204);
      }
      await client.take('0\r\n\r\n');
    });

test('a page that grows is compressed and still passes piece by piece', async (t) => {
  for (const [coding, open] of [
    ['gzip', zlib.createGunzip],
    ['br', zlib.createBrotliDecompress],
    ['zstd', zlib.createZstdDecompress],
  ] as const) {
    let confirm = () => {};
    const upstream = await scripted(t, async (wire) => {
      await wire.message();
      wire.send('HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nETag: "v"\r\nTransfer-Encoding: chunked\r\n\r\n');
      for (let number = 1; number <= 5; number++) {
        const heard = new Promise<void>((resolve) => {
          confirm = resolve;
        });
        const text = `<p>${number} ${'x'.repeat(number * 10_000)}</p>\n`;
        wire.send(`${text.length.toString(16)}\r\n${text}\r\n`);
        await heard;
      }
      wire.send('0\r\n\r\n');
    });
    const site = { host: '*', to: [`127.0.0.1:${upstream.port}`], compress: {} };
    const world = await stand(t, upstream.port, { waf, sites: [site] });
    const client = await world.client();
    client.send(get('/page', `Accept-Encoding: ${coding}\r\n`));
    const fields = await client.take('\r\n\r\n');
    assert.match(fields, new RegExp(`content-encoding: ${coding}\r\n`, 'i'));
    assert.match(fields, /etag: W\/"v"\r\n/i);
    assert.match(fields, /vary: accept-encoding\r\n/i);
    assert.match(fields, /transfer-encoding: chunked\r\n/i);
    const decoder = open();
    let seen = '';
    let wake = () => {};
    decoder.on('data', (piece: Buffer) => {
      seen += piece.toString();
      wake();
    });
    const pumped = (async () => {
      for (;;) {
        const size = Number.parseInt((await client.take('\r\n')).slice(0, -2), 16);
        if (size === 0) return;
        decoder.write(await client.takeBytes(size));
        await client.take('\r\n');
      }
    })();
    for (let number = 1; number <= 5; number++) {
      while (!seen.includes(`<p>${number} ${'x'.repeat(number * 10_000)}</p>\n`))
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      confirm();
    }
    await pumped;
    decoder.destroy();
  }
});

test('a long poll is held as long as the application holds it, and others pass meanwhile', async (t) => {
  let arrived = () => {};
  let release = () => {};
  const upstream = await scripted(t, async (wire) => {
    for (;;) {
      const { first } = await wire.message();
      if (first.includes('/poll')) {
        const released = new Promise<void>((resolve) => {
          release = resolve;
        });
        arrived();
        await released;
      } else release();
      wire.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    }
  });
  const world = await stand(t, upstream.port, { waf });
  for (let round = 0; round < 3; round++) {
    const polling = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const client = await world.client();
    client.send(get('/poll'));
    await polling;
    assert.equal(client.bytes.length, 0);
    assert.equal((await world.get('/publish')).body.toString(), 'ok');
    assert.equal((await client.message()).body.toString(), 'ok');
    client.socket.destroy();
  }
});

test('WebSocket through the gate: compression, messages of 1 MB both ways, pings, close codes, each in its order', async (t) => {
  const server = createServer();
  const sockets = new WebSocketServer({ server, perMessageDeflate: { threshold: 0 }, maxPayload: 4 << 20 });
  sockets.on('connection', (socket) => {
    socket.on('message', (data, isBinary) => {
      if (data.toString().startsWith('close')) socket.close(4321, 'as asked');
      else socket.send(data, { binary: isBinary });
    });
  });
  const port = await listening(server);
  t.after(() => {
    for (const one of sockets.clients) one.terminate();
    server.close();
  });
  const world = await stand(t, port, { waf });
  for (const perMessageDeflate of [true, false]) {
    const client = new WebSocket(`ws://localhost:${world.port}/chat`, { perMessageDeflate });
    await once(client, 'open');
    assert.equal(client.extensions.includes('permessage-deflate'), perMessageDeflate);
    for (let index = 0; index < 5; index++) {
      const text = `${index} <script>alert(1)</script> `.repeat(40_000).slice(0, 1_000_000);
      client.send(text);
      const [echo] = (await once(client, 'message')) as [Buffer];
      assert.ok(echo.toString() === text, `message ${index}`);
    }
    const noise = Buffer.from(
      Array.from({ length: 1_000_000 }, (_, index) => (Math.imul(index, 2_654_435_761) >>> 13) & 255),
    );
    client.send(noise);
    const [echo, isBinary] = (await once(client, 'message')) as [Buffer, boolean];
    assert.ok(isBinary && echo.equals(noise));
    client.ping('are you there');
    const [pong] = (await once(client, 'pong')) as [Buffer];
    assert.equal(pong.toString(), 'are you there');
    client.send('close');
    const [code, reason] = (await once(client, 'close')) as [number, Buffer];
    assert.deepEqual([code, reason.toString()], [4321, 'as asked']);
  }
});

// Compressed request bodies through a whole gate: judged by what is in them, and forwarded as they came, to the byte.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import zlib from 'node:zlib';
import { answering, ok, stand, type Wire } from './world.ts';

const attack = JSON.stringify({ name: "x' OR '1'='1' --" });
const good = JSON.stringify({ name: 'Ann', list: Array.from({ length: 5000 }, (_, index) => index) });
const noise = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 2_654_435_761) % 251));

const encoders: readonly (readonly [string, (text: string | Buffer) => Buffer])[] = [
  ['gzip', (text) => zlib.gzipSync(text)],
  ['deflate', (text) => zlib.deflateSync(text)],
  ['br', (text) => zlib.brotliCompressSync(text)],
  ['zstd', (text) => zlib.zstdCompressSync(text)],
];

function send(wire: Wire, coding: string, type: string, body: Buffer, isChunked: boolean): void {
  const framing = isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${body.length}`;
  wire.send(
    `POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${type}\r\nContent-Encoding: ${coding}\r\n${framing}\r\n\r\n`,
  );
  if (!isChunked) wire.send(body);
  else {
    const middle = body.length >> 1;
    for (const piece of [body.subarray(0, middle), body.subarray(middle)]) {
      wire.send(`${piece.length.toString(16)}\r\n`);
      wire.send(piece);
      wire.send('\r\n');
    }
    wire.send('0\r\n\r\n');
  }
}

test('what is in a compressed body is judged, and the application gets what was sent', async (t) => {
  const seen: Buffer[] = [];
  const upstream = await answering(t, (request) => {
    assert.ok(request.headers.has('content-encoding'));
    seen.push(request.body);
    return ok('done');
  });
  const gate = await stand(t, upstream.port);
  for (const [coding, encode] of encoders)
    for (const isChunked of [false, true]) {
      const rows: readonly (readonly [string, Buffer, number, string])[] = [
        ['application/json', encode(good), 200, ''],
        ['application/octet-stream', encode(noise), 200, ''],
        ['application/json', encode(attack), 403, 'waf/sql-injection'],
        ['application/json', encode(good).subarray(0, -1), 400, 'waf/broken-encoding'],
        ['application/json', encode(Buffer.alloc(4 << 20, 32)), 413, 'waf/body-too-long-to-inspect'],
      ];
      for (const [type, body, status, why] of rows) {
        seen.length = 0;
        const wire = await gate.client();
        send(wire, coding, type, body, isChunked);
        const answer = await wire.message();
        assert.equal(answer.status, status, `${coding} ${type} ${why}`);
        const journey = await gate.journey(answer.headers.get('x-request-id')!);
        assert.equal(journey.verdict.why ?? '', why, coding);
        assert.equal(seen.length, status === 200 ? 1 : 0, coding);
        if (status === 200) assert.ok(seen[0]!.equals(body), coding);
        wire.socket.destroy();
      }
    }
});

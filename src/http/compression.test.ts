// Compression of answers: which are, what their heads then say, and that every piece can be read as soon as it was flushed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import zlib from 'node:zlib';
import { answerOf } from '../../test/http-reading.ts';
import { Headers } from '../traffic/headers.ts';
import type { AnswerHead } from '../traffic/wire.ts';
import { Compression } from './compression.ts';
import { type AnswerCoding, Compressor } from './compressor.ts';

const compression = new Compression({
  codings: ['zstd', 'br', 'gzip'],
  types: ['text/*', 'application/json'],
  minBytes: 100,
  level: 3,
});

const wish = (acceptEncoding: string | null, method = 'GET', ...more: [string, string][]) => ({
  method,
  version: '1.1',
  headers: Headers.from([...(acceptEncoding === null ? [] : [['accept-encoding', acceptEncoding] as const]), ...more]),
});

function headOf(lines: string, status = '200 OK'): AnswerHead {
  const head = answerOf(`HTTP/1.1 ${status}\r\n${lines.replace(/\n/g, '\r\n')}\r\n\r\n`);
  assert.ok(head !== null && 'forwarded' in head, lines);
  return head;
}

test('an answer that is compressed says so, and nothing that is no longer true', () => {
  const head = headOf(
    'Content-Type: text/html; charset=utf-8\nContent-Length: 5000\nETag: "a"\nAccept-Ranges: bytes\nX: y',
  );
  const planned = compression.plan(wish('gzip'), head);
  assert.equal(
    planned?.head.forwarded,
    'Content-Type: text/html; charset=utf-8\r\nETag: W/"a"\r\nX: y\r\nVary: Accept-Encoding\r\nContent-Encoding: gzip\r\n',
  );
  assert.deepEqual([planned.head.framing, planned.head.contentLength, planned.head.status], ['chunked', -1, 200]);
  assert.equal(head.contentLength, 5000, 'the head that came is left alone');
  planned.compressor?.close();
});

test('what a cache must know is said of every answer that could have been another', () => {
  const rows: readonly (readonly [ReturnType<typeof wish>, string, string])[] = [
    [wish(null), 'Content-Type: text/html\nContent-Length: 500', 'Vary: Accept-Encoding\r\n'],
    [wish('identity'), 'Content-Type: text/html\nContent-Length: 500', 'Vary: Accept-Encoding\r\n'],
    [wish(null), 'Content-Type: text/html\nContent-Length: 500\nVary: Origin, accept-encoding', ''],
    [wish(null), 'Content-Type: text/html\nContent-Length: 500\nVary: *', ''],
    [
      wish('gzip', 'GET', ['cache-control', 'no-transform']),
      'Content-Type: text/html\nContent-Length: 500',
      'Vary: Accept-Encoding\r\n',
    ],
  ];
  for (const [one, lines, added] of rows) {
    const head = headOf(lines);
    const planned = compression.plan(one, head);
    assert.equal(planned?.compressor, null, lines);
    assert.equal(planned?.head.forwarded, head.forwarded + added, lines);
    assert.equal(planned?.head.contentLength, 500);
  }
  const toHead = compression.plan(
    wish('br', 'HEAD'),
    headOf('Content-Type: text/html\nContent-Length: 500\nETag: "a"'),
  );
  assert.equal(
    toHead?.head.forwarded,
    'Content-Type: text/html\r\nETag: W/"a"\r\nVary: Accept-Encoding\r\nContent-Encoding: br\r\n',
  );
  assert.deepEqual([toHead?.head.framing, toHead?.head.contentLength, toHead?.compressor], ['none', -1, null]);
});

test('what is never compressed', () => {
  const rows: readonly (readonly [string, string?])[] = [
    ['Content-Type: text/event-stream'],
    ['Content-Type: Text/Event-Stream; charset=utf-8'],
    ['Content-Type: application/grpc'],
    ['Content-Type: image/png\nContent-Length: 5000'],
    ['Content-Length: 5000'],
    ['Content-Type: text/html\nContent-Length: 99'],
    ['Content-Type: text/html\nContent-Length: 5000\nContent-Encoding: gzip'],
    ['Content-Type: text/html\nContent-Length: 5000\nContent-Encoding: identity, br'],
    ['Content-Type: text/html\nContent-Length: 5000\nCache-Control: public, No-Transform'],
    ['Content-Type: text/html\nContent-Length: 5000\nContent-Range: bytes 0-4999/9000', '206 Partial Content'],
    ['Content-Type: text/html\nContent-Length: 5000\nContent-Digest: sha-256=:x:'],
    ['Content-Type: text/html\nETag: "x"', '304 Not Modified'],
    ['Content-Type: text/html', '204 No Content'],
  ];
  for (const [lines, status] of rows)
    assert.equal(compression.plan(wish('gzip, br'), headOf(lines, status)), null, lines);
});

const decoders: Readonly<Record<AnswerCoding, (bytes: Uint8Array) => Buffer>> = {
  gzip: zlib.gunzipSync,
  br: zlib.brotliDecompressSync,
  zstd: zlib.zstdDecompressSync,
};

for (const coding of ['gzip', 'br', 'zstd'] as const)
  for (const level of [1, 3, 9])
    test(`${coding}, level ${level}: the whole is what went in, and each flush lets out all that came`, async () => {
      const compressor = new Compressor(coding, level);
      const out: Buffer[] = [];
      const sink = (piece: Buffer) => out.push(Buffer.from(piece));
      const stream = { gzip: zlib.createGunzip, br: zlib.createBrotliDecompress, zstd: zlib.createZstdDecompress }[
        coding
      ]();
      let seen = '';
      let wake = () => {};
      stream.on('data', (piece: Buffer) => {
        seen += piece.toString('latin1');
        wake();
      });
      let sent = '';
      for (let index = 0; index < 40; index++) {
        const text = index % 7 === 0 ? 'x'.repeat(50_000) : `event ${index} ${Math.imul(index, 2_654_435_761)}\n`;
        sent += text;
        compressor.write(Buffer.from(text), sink);
        compressor.flush(sink);
        const had = out.length;
        compressor.flush(sink);
        assert.equal(out.length, had, 'nothing came since the last flush');
        for (const piece of out.splice(0)) stream.write(piece);
        while (seen.length < sent.length)
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        assert.ok(seen === sent, `event ${index}`);
      }
      compressor.close();
      stream.destroy();
    });

for (const coding of ['gzip', 'br', 'zstd'] as const)
  test(`${coding}: large and small pieces without a flush`, () => {
    const compressor = new Compressor(coding, 3);
    const out: Buffer[] = [];
    const text = Array.from({ length: 30_000 }, (_, index) => `row ${index}\n`).join('');
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += 30_011)
      compressor.write(bytes.subarray(at, at + 30_011), (piece) => out.push(Buffer.from(piece)));
    compressor.end((piece) => out.push(Buffer.from(piece)));
    compressor.close();
    const whole = Buffer.concat(out);
    assert.ok(whole.length < bytes.length / 3);
    assert.ok(decoders[coding](whole).equals(bytes));
  });

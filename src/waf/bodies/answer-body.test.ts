// Answers that are encoded are read as far as rules look, broken ones as far as they go.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { contentCodings } from '../../http/http.ts';
import { readAnswer } from './answer-body.ts';

const text = 'root:x:0:0:root:/root:/bin/sh\n'.repeat(40);
const read = (body: Buffer, codings: string[], isCut = false, maxBytes = 10_000) =>
  readAnswer(body, isCut, codings, contentCodings, maxBytes);

test('a body without coding is what came', () => {
  assert.deepEqual(read(Buffer.from('a\xff', 'latin1'), []), { text: 'a\xff', isCut: false });
});

test('gzip, deflate, brotli and zstd are undone, one behind another too', () => {
  assert.deepEqual(read(gzipSync(text), ['gzip']), { text, isCut: false });
  assert.deepEqual(read(deflateSync(text), ['deflate']), { text, isCut: false });
  assert.deepEqual(read(brotliCompressSync(text), ['br']), { text, isCut: false });
  assert.deepEqual(read(zstdCompressSync(text), ['zstd']), { text, isCut: false });
  assert.deepEqual(read(gzipSync(zstdCompressSync(text)), ['zstd', 'gzip']), { text, isCut: false });
});

test('no more is read than rules look at, however well it is packed', () => {
  const bomb = gzipSync(Buffer.alloc(5_000_000, 'a'));
  assert.deepEqual(read(bomb, ['gzip'], false, 100), { text: 'a'.repeat(100), isCut: true });
  const packed = zstdCompressSync(Buffer.alloc(5_000_000, 'a'));
  assert.deepEqual(read(packed, ['zstd'], false, 100), { text: 'a'.repeat(100), isCut: true });
});

test('what is cut short or broken is read as far as it goes', () => {
  const whole = gzipSync(Buffer.from(Array.from({ length: 9000 }, (_, at) => (at * 7919) % 251)));
  const { text: some, isCut } = read(whole.subarray(0, whole.length >> 1), ['gzip'], true);
  assert.ok(isCut);
  assert.ok(some.length > 0 && some.length < 9000, String(some.length));
  assert.deepEqual(read(Buffer.from('no gzip at all'), ['gzip']), { text: '', isCut: false });
  assert.deepEqual(read(Buffer.from('no zstd at all'), ['zstd']), { text: '', isCut: false });
});

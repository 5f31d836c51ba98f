import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { bearerOf, cookieOf, maxBodyBytes, queryOf, readBody } from './request.ts';

test('cookies are found by their whole name', () => {
  const header = 'xportcullis=1; portcullis=two; portcullis=three';
  assert.equal(cookieOf(header, 'portcullis'), 'two');
  assert.equal(cookieOf('portcullis', 'portcullis'), '');
  assert.equal(cookieOf(undefined, 'portcullis'), '');
});

test('bearer tokens', () => {
  assert.deepEqual(['Bearer abc', 'bearer  abc ', 'Basic abc', '', undefined].map(bearerOf), [
    'abc',
    'abc',
    '',
    '',
    '',
  ]);
});

test('a query holds no surprise', () => {
  assert.deepEqual({ ...queryOf(new URL('http://x/?a=1&a=2&__proto__=3')) }, { a: '2', ['__proto__']: '3' });
});

function sent(pieces: readonly string[], headers: Record<string, string> = {}) {
  const stream = Readable.from(pieces.map((piece) => Buffer.from(piece)));
  return readBody(
    Object.assign(stream, {
      headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    }) as unknown as IncomingMessage,
  );
}

test('a body is JSON, and not too long', async () => {
  assert.deepEqual(await sent(['{"a"', ':1}']), { value: { a: 1 } });
  assert.deepEqual(await sent(['{']), { status: 400, says: 'the body is not JSON' });
  assert.equal(((await sent(['{}'], { 'content-type': 'text/plain' })) as { status: number }).status, 415);
  assert.equal(((await sent([' '.repeat(maxBodyBytes), '{}'])) as { status: number }).status, 413);
  assert.equal(
    ((await sent(['{}'], { 'content-length': String(maxBodyBytes + 1) })) as { status: number }).status,
    413,
  );
});

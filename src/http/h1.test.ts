// The client's side of a connection: the same bytes are the same requests, however they are cut and whenever they are answered.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { chanceFrom, generate } from '../../test/agree/generate.ts';
import { bytesOf, cutAt, limits, readAll } from '../../test/http-reading.ts';

const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const post = 'POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello';
const chunked = 'POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n\r\n';

function targets(text: string, isLate = false, bounds = limits) {
  const { messages, fault, ended } = readAll([bytesOf(text)], isLate, bounds);
  return [...messages.map(({ target, body }) => target + body), fault, ended];
}

test('pipelined requests are read one after the other, answered at once or late', () => {
  for (const isLate of [false, true]) {
    assert.deepEqual(targets(get + post + chunked + get, isLate), ['/', '/bhello', '/chello', '/', '', 'between']);
    assert.deepEqual(targets(`${get}${post}GARB@GE\r\n`, isLate), ['/', '/bhello', 'http/bad-request-line', 'closed']);
    assert.deepEqual(targets(`${get}\r\n${post}\r\n${get}`, isLate), ['/', '/bhello', '/', '', 'between']);
  }
});

test('behind the last request that a connection may carry nothing is read', () => {
  const bounds = { ...limits, maxRequestsPerConnection: 2 };
  assert.deepEqual(targets(get + post + get, false, bounds), ['/', '/bhello', '', 'closed']);
  assert.deepEqual(targets(get + post + get, true, bounds), ['/', '/bhello', '', 'closed']);
});

test('one empty line may stand before each request, also where the network cuts it in two', () => {
  for (const pieces of [['\r', '\n', get], ['\r', `\n${get}`], ['\r\n', get], [`\r\n${get}`]]) {
    assert.equal(readAll(pieces.map(bytesOf)).messages.length, 1, JSON.stringify(pieces));
  }
  for (const pieces of [
    ['\r\n', '\r\n', get],
    ['\r\n\r\n', get],
    ['\r', '\n\r', `\n${get}`],
  ]) {
    const { messages, fault } = readAll(pieces.map(bytesOf));
    assert.deepEqual([messages.length, fault], [0, 'http/bad-request-line'], JSON.stringify(pieces));
  }
});

test('the same bytes are the same requests, however they are cut', () => {
  const stream = fc.nat(0xffff).map((seed) => `${generate(chanceFrom(seed))}\r\n\r\n\r\n\r\n`);
  fc.assert(
    fc.property(stream, fc.array(fc.nat(1000), { maxLength: 12 }), fc.boolean(), (text, cuts, isLate) => {
      const bytes = bytesOf(text);
      assert.deepEqual(readAll(cutAt(bytes, cuts), isLate), readAll([bytes]));
    }),
    { numRuns: 1500 },
  );
});

test('byte by byte is the same, too', () => {
  const text = `\r\n${get}${chunked}${post}\r\n${chunked}`;
  const bytes = bytesOf(text);
  const every = Array.from({ length: bytes.length }, (_, at) => at);
  assert.deepEqual(readAll(cutAt(bytes, every)), readAll([bytes]));
  assert.deepEqual(readAll(cutAt(bytes, every), true), readAll([bytes]));
  assert.equal(readAll([bytes]).messages.length, 4);
});

test('a request is read when its last byte has come, wherever it was cut in two or three', () => {
  for (const text of [get, post, chunked, `\r\n${get}`]) {
    const bytes = bytesOf(text);
    for (let first = 1; first < bytes.length; first++)
      for (const second of [first, first + 1, bytes.length - 1]) {
        const { messages, ended } = readAll(cutAt(bytes, [first, second]));
        assert.deepEqual([messages.length, messages[0]?.whole, ended], [1, true, 'between'], `${first} ${second}`);
      }
  }
});

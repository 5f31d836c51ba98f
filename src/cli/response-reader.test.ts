import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ResponseReader } from './response-reader.ts';

function read(text: string, method = 'GET', pieces = [text.length]): ResponseReader {
  const reader = new ResponseReader(method);
  const bytes = Buffer.from(text, 'latin1');
  let at = 0;
  for (const size of pieces) {
    reader.push(bytes.subarray(at, at + size));
    at += size;
  }
  reader.push(bytes.subarray(at));
  return reader;
}

const ok = 'HTTP/1.1 200 OK\r\n';

test('how an answer ends', () => {
  for (const [text, method, ended, bodyBytes] of [
    [`${ok}Content-Length: 5\r\n\r\nhello`, 'GET', 'length', 5],
    [`${ok}Content-Length: 5\r\n\r\nhello and more`, 'GET', 'length', 5],
    [`${ok}Content-Length: 0\r\n\r\n`, 'GET', 'length', 0],
    [`${ok}Content-Length: 5\r\n\r\n`, 'HEAD', 'none', 0],
    ['HTTP/1.1 204 No Content\r\n\r\n', 'GET', 'none', 0],
    ['HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n', 'GET', 'none', 0],
    ['HTTP/1.1 101 Switching Protocols\r\n\r\n\x81\x00', 'GET', 'upgraded', 0],
    [`${ok}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`, 'GET', 'chunked', 5],
    [`${ok}Transfer-Encoding: gzip, Chunked\r\n\r\nA;x=y\r\n0\r\n\r\n01234\r\n0\r\nT: 1\r\n\r\n`, 'GET', 'chunked', 10],
    [`${ok}\r\nuntil the end`, 'GET', null, 13],
    [`${ok}Content-Length: 9\r\n\r\nhello`, 'GET', null, 5],
  ] as const) {
    const reader = read(text, method);
    assert.deepEqual([reader.fault, reader.ended, reader.bodyBytes], ['', ended, bodyBytes], text);
  }
});

test('a close ends what has no other end, and breaks the rest', () => {
  for (const [text, ended, fault] of [
    [`${ok}\r\nabc`, 'close', ''],
    [`${ok}Content-Length: 9\r\n\r\nabc`, null, 'it closed before the end of the body'],
    [`${ok}Transfer-Encoding: chunked\r\n\r\n5\r\nhe`, null, 'it closed before the end of the body'],
    ['', null, 'it closed without an answer'],
    [ok, null, 'it closed inside the head'],
  ] as const) {
    const reader = read(text);
    reader.close();
    assert.deepEqual([reader.ended, reader.fault], [ended, fault], text);
  }
});

test('the head is kept, interim answers are counted', () => {
  const reader = read(
    `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${ok}X-Request-Id:  7 \r\nnonsense\r\n\r\n`,
  );
  assert.deepEqual(reader.interim, [100, 103]);
  assert.deepEqual([reader.version, reader.status, reader.reason], ['HTTP/1.1', 200, 'OK']);
  assert.deepEqual(reader.fields, [['x-request-id', '7']]);
  assert.deepEqual([reader.field('x-request-id'), reader.field('link')], ['7', '']);
});

test('nonsense and excess are faults', () => {
  for (const [text, fault] of [
    ['SSH-2.0-x\r\n', 'what it answers is not HTTP/1'],
    ['\x15\x03\x01\x00\x02\x02\x46', 'what it answers is not HTTP/1'],
    ['HTTP/2 200\r\n\r\n', 'what it answers is not HTTP/1'],
    ['HTTP/1.1 OK\r\n\r\n', 'the status line has no status code of three digits'],
    ['HTTP/1.1 99 x\r\n\r\n', 'the status line has no status code of three digits'],
    ['HTTP/1.1 0x1 x\r\n\r\n', 'the status line has no status code of three digits'],
    [`${ok}A: ${'x'.repeat(70_000)}`, 'the head is longer than 65536 bytes'],
    [`${ok}Content-Length: -1\r\n\r\n`, 'Content-Length is not a number'],
    [`${ok}Content-Length: five\r\n\r\n`, 'Content-Length is not a number'],
    ['HTTP/1.1 100 Continue\r\n\r\n'.repeat(21), 'more than 20 interim answers'],
    [`${ok}Transfer-Encoding: chunked\r\n\r\nxyz\r\n`, 'a chunk has no size'],
    [`${ok}Transfer-Encoding: chunked\r\n\r\n\r\n`, 'a chunk has no size'],
    [`${ok}Transfer-Encoding: chunked\r\n\r\n${'1'.repeat(5000)}`, 'a line between chunks has no end'],
  ] as const)
    assert.equal(read(text).fault, fault, text.slice(0, 60));
});

test('in whatever pieces it comes, it reads the same', () => {
  const text = fc.oneof(
    fc.constantFrom(
      `${ok}Content-Length: 5\r\n\r\nhello`,
      `HTTP/1.1 100 Continue\r\n\r\n${ok}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\na: b\r\n\r\n`,
      `${ok}\r\nabc`,
      `${ok}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nq\r\n`,
    ),
    fc.string({ unit: 'binary-ascii' }).map((rest) => ok + rest),
    fc.string({ unit: 'binary-ascii' }),
  );
  fc.assert(
    fc.property(text, fc.array(fc.integer({ min: 1, max: 9 })), (answer, pieces) => {
      const facts = (reader: ResponseReader) => {
        reader.close();
        const { status, fields, interim, bodyBytes, ended, fault } = reader;
        return { status, fields, interim, bodyBytes, ended, fault };
      };
      assert.deepEqual(facts(read(answer, 'GET', pieces)), facts(read(answer)));
    }),
  );
});

// What an upstream's answer head is read as, and what makes it a broken one.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { answerOf, bytesOf, limits, outcome, pairsOf } from '../../test/http-reading.ts';
import { Fault } from '../traffic/fault.ts';
import { codeOf } from '../traffic/field-names.ts';
import { Headers } from '../traffic/headers.ts';
import { notToClient } from '../traffic/hop-fields.ts';
import { AnswerHead } from '../traffic/wire.ts';
import { readAnswerHead } from './answer-head.ts';
import { SeenFields } from './fields.ts';

test('an answer head is read as what it says (RFC 9112 4, 6.3)', () => {
  const rows: readonly (readonly [string, string, Partial<AnswerHead>])[] = [
    [
      'GET',
      'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n',
      { status: 200, reason: 'OK', version: '1.1', framing: 'length', contentLength: 5, keepAlive: true, bytes: 38 },
    ],
    ['GET', 'HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n', { reason: '', framing: 'none', contentLength: 0 }],
    ['GET', 'HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n', { status: 200, reason: '' }],
    [
      'GET',
      'HTTP/1.1 404 Nicht gefunden \xfc\r\n\r\n',
      { status: 404, reason: 'Nicht gefunden \xfc', framing: 'until-close', contentLength: -1 },
    ],
    ['GET', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', { framing: 'chunked', contentLength: -1 }],
    ['GET', 'HTTP/1.0 200 OK\r\n\r\n', { version: '1.0', framing: 'until-close', keepAlive: false }],
    [
      'GET',
      'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\n',
      { version: '1.0', framing: 'length', keepAlive: true },
    ],
    [
      'GET',
      'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\n',
      { framing: 'length', keepAlive: false },
    ],
    ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', { framing: 'none', contentLength: 5 }],
    ['HEAD', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', { framing: 'none', contentLength: -1 }],
    ['HEAD', 'HTTP/1.1 200 OK\r\n\r\n', { framing: 'none' }],
    ['GET', 'HTTP/1.1 204 No Content\r\n\r\n', { framing: 'none' }],
    ['GET', 'HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n', { framing: 'none' }],
    ['GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n', { framing: 'none', contentLength: 5 }],
    ['GET', 'HTTP/1.1 100 Continue\r\n\r\n', { status: 100, framing: 'none' }],
    [
      'GET',
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
      { status: 101, framing: 'none' },
    ],
    ['GET', 'HTTP/1.1 599 X\r\nContent-Length: 1\r\n\r\n', { status: 599 }],
  ];
  for (const [method, text, expected] of rows) {
    const head = answerOf(text, method);
    assert.ok(head instanceof AnswerHead, `${outcome(head)} ${JSON.stringify(text)}`);
    const actual = Object.fromEntries(Object.keys(expected).map((key) => [key, head[key as keyof AnswerHead]]));
    assert.deepEqual(actual, expected, JSON.stringify(text));
  }
});

test('an answer that two readers could read differently is a fault', () => {
  const ok = 'HTTP/1.1 200 OK\r\n';
  const rows: readonly (readonly [string, string])[] = [
    ['http/bad-status-line', 'HTTP/2 200\r\n\r\n'],
    ['http/bad-status-line', 'HTTP/2.0 200 OK\r\n\r\n'],
    ['http/bad-status-line', 'HTTP/1.2 200 OK\r\n\r\n'],
    ['http/bad-status-line', 'http/1.1 200 OK\r\n\r\n'],
    ['http/bad-status-line', ' HTTP/1.1 200 OK\r\n\r\n'],
    ['http/bad-status-line', '\r\nHTTP/1.1 200 OK\r\n\r\n'],
    ['http/bad-status-line', 'HTTP/1.1  200 OK\r\n\r\n'],
    ['http/bad-status-line', 'HTTP/1.1\t200 OK\r\n\r\n'],
    ['http/bad-status-line', 'HTTP/1.1 20 OK\r\n\r\n'],
    ['http/bad-status-line', 'HTTP/1.1 2000 OK\r\n\r\n'],
    ['http/bad-status-line', 'HTTP/1.1 099 OK\r\n\r\n'],
    ['http/bad-status-line', 'HTTP/1.1 600 OK\r\n\r\n'],
    ['http/bad-status-line', 'HTTP/1.1 2x0 OK\r\n\r\n'],
    ['http/bad-status-line', 'HTTP/1.1 -20 OK\r\n\r\n'],
    ['http/bad-status-line', 'HTTP/1.1 200OK\r\n\r\n'],
    ['http/bad-status-line', 'HTTP/1.1 200\tOK\r\n\r\n'],
    ['http/bad-status-line', 'HTTP/1.1 200 OK\n\r\n'],
    ['http/bad-status-line', 'HTTP/1.1 200 OK\rX\r\n\r\n'],
    ['http/bad-status-line', 'HTTP/1.1 200 O\x00K\r\n\r\n'],
    ['http/bad-status-line', `HTTP/1.1 200 ${'x'.repeat(513)}\r\n\r\n`],
    ['http/bad-status-line', '220 mail.example ESMTP\r\n'],
    ['http/bad-status-line', '<html>'],
    ['http/two-lengths', `${ok}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n`],
    ['http/repeated-length', `${ok}Content-Length: 5\r\nContent-Length: 5\r\n\r\n`],
    ['http/bad-length', `${ok}Content-Length: 5, 5\r\n\r\n`],
    ['http/bad-length', `${ok}Content-Length: -1\r\n\r\n`],
    ['http/transfer-encoding', `${ok}Transfer-Encoding: gzip\r\n\r\n`],
    ['http/transfer-encoding', `${ok}Transfer-Encoding: gzip, chunked\r\n\r\n`],
    ['http/chunked-in-1.0', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['http/body-where-none', 'HTTP/1.1 204 X\r\nContent-Length: 5\r\n\r\n'],
    ['http/body-where-none', 'HTTP/1.1 204 X\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['http/body-where-none', 'HTTP/1.1 103 X\r\nContent-Length: 5\r\n\r\n'],
    ['http/body-where-none', 'HTTP/1.1 101 X\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['http/folded-field', `${ok}X: y\r\n z\r\n\r\n`],
    ['http/space-before-colon', `${ok}Content-Length : 5\r\n\r\n`],
    ['http/bare-lf', `${ok}X: y\n\r\n`],
    ['http/bare-cr', `${ok}X: y\rSet-Cookie: z\r\n\r\n`],
    ['http/bad-value', `${ok}X: \x00\r\n\r\n`],
    ['http/connection-nominates', `${ok}Connection: Set-Cookie\r\nSet-Cookie: a\r\n\r\n`],
    ['http/too-many-fields', `${ok}${'X: y\r\n'.repeat(101)}\r\n`],
    ['http/header-too-long', `${ok}X: ${'y'.repeat(32_768)}\r\n\r\n`],
    ['http/header-too-long', `${ok}X: ${'y'.repeat(40_000)}`],
  ];
  for (const [why, text] of rows) assert.equal(outcome(answerOf(text)), why, JSON.stringify(text.slice(0, 100)));
});

test('what travels on to the client is every field but those that end here', () => {
  const head = answerOf(
    'HTTP/1.1 200 OK\r\nServer: x\r\nConnection: X-Mine\r\nx-mine: 1\r\nKeep-Alive: timeout=5\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nContent-Length: 1\r\nX-Request-Id: 7\r\nDate: d\r\n\r\n',
  );
  assert.ok(head instanceof AnswerHead);
  assert.equal(head.forwarded, 'Server: x\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nDate: d\r\n');
});

test('a prefix of an answer is incomplete, or a fault for the same reason as the whole', () => {
  const samples = [
    'HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: 1\r\n\r\n',
    'HTTP/1.1 200\r\n\r\n',
    'HTTP/1.1 2x0 OK\r\n\r\n',
    'HTTP/3.1 200 OK\r\n\r\n',
    'HTTP/1.1 200 OK\n\r\n',
    'HTTP/1.1 200 OK\r\nX : y\r\n\r\n',
    'HTTP/1.1 204 OK\r\nContent-Length: 1\r\n\r\n',
  ];
  for (const text of samples) {
    const whole = outcome(answerOf(text));
    assert.notEqual(whole, 'incomplete');
    for (let length = 0; length < text.length; length++) {
      const part = outcome(answerOf(text.slice(0, length)));
      assert.ok(
        part === 'incomplete' || part === whole,
        `${part} is not ${whole}: ${JSON.stringify(text.slice(0, length))}`,
      );
    }
  }
});

test('a generated answer is read as what it was made of, and nothing hop-by-hop travels on', () => {
  const field = fc.tuple(
    fc.oneof(
      fc.stringMatching(/^[A-Za-z-]{1,10}$/),
      fc.constantFrom('Keep-Alive', 'TE', 'Upgrade', 'proxy-authenticate', 'Set-Cookie', 'X-Request-Id'),
    ),
    fc.stringMatching(/^([!-~\xa0-\xff]([ \t!-~]{0,10}[!-~])?)?$/),
  );
  const reason = fc.stringMatching(/^[ -~]{0,20}$/);
  const special = ['connection', 'content-length', 'transfer-encoding'];
  const list = fc
    .array(field, { maxLength: 8 })
    .map((pairs) => pairs.filter(([name]) => !special.includes(name.toLowerCase())));
  fc.assert(
    fc.property(fc.integer({ min: 200, max: 599 }), reason, list, fc.boolean(), (status, phrase, pairs, isSplit) => {
      const text = `HTTP/1.1 ${status} ${phrase}\r\n${pairs.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
      const bytes = bytesOf(`${isSplit ? 'xx' : ''}${text}rest`);
      const head = readAnswerHead(bytes, isSplit ? 2 : 0, bytes.length, 'GET', limits, new SeenFields());
      assert.ok(head instanceof AnswerHead, outcome(head));
      assert.deepEqual([head.status, head.reason, head.bytes], [status, phrase, text.length]);
      assert.deepEqual(pairsOf(head.headers), pairs);
      for (const name of new Headers(head.forwarded).names)
        assert.ok(codeOf(name) < 0 || notToClient[codeOf(name)] === 0, name);
    }),
  );
});

test('random bytes never throw', () => {
  const scraps = fc.constantFrom(
    'HTTP/1.1 ',
    '200 ',
    'OK',
    '\r\n',
    'X: y',
    ':',
    'Content-Length: 1',
    'Transfer-Encoding: chunked',
    '\0',
    '\xff',
  );
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 100 }).map((array) => Buffer.from(array)),
    fc.array(scraps, { maxLength: 20 }).map((parts) => bytesOf(parts.join(''))),
  );
  fc.assert(
    fc.property(bytes, (buffer) => {
      const result = readAnswerHead(buffer, 0, buffer.length, 'GET', limits, new SeenFields());
      assert.ok(result === null || result instanceof AnswerHead || result instanceof Fault);
    }),
    { numRuns: 500 },
  );
});

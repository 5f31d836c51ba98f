// What a request head is read as, and what no head is.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bytesOf, limits, outcome, pairsOf, requestOf } from '../../test/http-reading.ts';
import { Fault } from '../traffic/fault.ts';
import { codeOf } from '../traffic/field-names.ts';
import { Headers } from '../traffic/headers.ts';
import { notToUpstream } from '../traffic/hop-fields.ts';
import { RequestHead } from '../traffic/wire.ts';
import { SeenFields } from './fields.ts';
import { readRequestHead } from './request.ts';

function headOf(text: string): RequestHead {
  const head = requestOf(text);
  assert.ok(head instanceof RequestHead, `${outcome(head)}: ${JSON.stringify(text)}`);
  return head;
}

const websocket =
  'Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';

test('a head is read as what it says', () => {
  const rows: readonly (readonly [string, Partial<RequestHead>])[] = [
    [
      'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
      {
        method: 'GET',
        target: '/',
        path: '/',
        query: '',
        version: '1.1',
        host: 'a',
        authority: 'a',
        framing: 'none',
        contentLength: -1,
        keepAlive: true,
        bytes: 27,
      },
    ],
    ['GET /a?b?c HTTP/1.1\r\nHost: A.b:80\r\n\r\n', { path: '/a', query: 'b?c', host: 'a.b', authority: 'A.b:80' }],
    ['GET /a? HTTP/1.1\r\nHost: a.\r\n\r\n', { path: '/a', query: '', host: 'a', authority: 'a.' }],
    ['GET / HTTP/1.0\r\n\r\n', { version: '1.0', host: '', authority: '', keepAlive: false }],
    ['GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n', { version: '1.0', keepAlive: true }],
    [
      'GET http://a.b:8/c?d HTTP/1.1\r\nHost: a.B:8\r\n\r\n',
      { target: 'http://a.b:8/c?d', path: '/c', query: 'd', host: 'a.b', authority: 'a.b:8' },
    ],
    ['GET http://a HTTP/1.1\r\nHost: a\r\n\r\n', { path: '/', query: '' }],
    ['GET http://a?b HTTP/1.1\r\nHost: a\r\n\r\n', { path: '/', query: 'b' }],
    ['GET http://a/ HTTP/1.0\r\n\r\n', { host: 'a', authority: 'a' }],
    ['OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n', { target: '*', path: '*', query: '' }],
    ['GET / HTTP/1.1\r\nHost: [2001:DB8::7]:80\r\n\r\n', { host: '[2001:db8::7]', authority: '[2001:DB8::7]:80' }],
    ['POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 005\r\n\r\n', { framing: 'length', contentLength: 5 }],
    ['POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n', { framing: 'none', contentLength: 0 }],
    [
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 999999999999999\r\n\r\n',
      { framing: 'length', contentLength: 999_999_999_999_999 },
    ],
    ['POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n', { framing: 'chunked', contentLength: -1 }],
    ['POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-Continue\r\n\r\n', { expectsContinue: true }],
    ['GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n', { expectsContinue: false }],
    ['POST / HTTP/1.0\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n', { expectsContinue: false }],
    ['GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\n\r\n', { takesTrailers: true }],
    ['GET / HTTP/1.1\r\nHost: a\r\nTE: gzip;q=0.5\r\n\r\n', { takesTrailers: false }],
    ['GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', { keepAlive: false }],
    ['GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\nConnection: Close\r\n\r\n', { keepAlive: false }],
    [`GET / HTTP/1.1\r\nHost: a\r\n${websocket}\r\n`, { isWebSocket: true, keepAlive: true }],
    ['GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n', { isWebSocket: false }],
    [
      'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n',
      { isWebSocket: false },
    ],
  ];
  for (const [text, expected] of rows) {
    const head = headOf(text);
    const actual = Object.fromEntries(Object.keys(expected).map((key) => [key, head[key as keyof RequestHead]]));
    assert.deepEqual(actual, expected, JSON.stringify(text));
  }
});

test('what travels on is every field but those that end here, as it stood', () => {
  const rows: readonly (readonly [string, string])[] = [
    ['', ''],
    ['X: y\r\n', 'X: y\r\n'],
    ['x:  y \t\r\nZ:\r\n', 'x:  y \t\r\nZ:\r\n'],
    ['Connection: keep-alive\r\nX: y\r\n', 'X: y\r\n'],
    ['X: y\r\nConnection: z\r\nZ: 1\r\nW: 2\r\n', 'X: y\r\nW: 2\r\n'],
    ['Connection: Z\r\nz: 1\r\nZ: 2\r\nX:y\r\n', 'X: y\r\n'],
    ['Keep-Alive: 5\r\nTE: trailers\r\nA: b\r\nUpgrade: x\r\nExpect: 100-continue\r\nC: d\r\n', 'A: b\r\nC: d\r\n'],
    ['Proxy: http://evil\r\nProxy-Authorization: x\r\nProxy-Connection: x\r\nHTTP2-Settings: x\r\n', ''],
    [
      'X-Forwarded-For: 1\r\nForwarded: for=1\r\nX-Real-IP: 1\r\nX-Request-Id: 1\r\nX-Forwarded-Host: b\r\nX-Forwarded-Proto: x\r\nX-Forwarded-Port: 1\r\n',
      '',
    ],
    ['Cookie: a\r\nCookie: b\r\n', 'Cookie: a\r\nCookie: b\r\n'],
  ];
  for (const [lines, forwarded] of rows) {
    assert.equal(headOf(`GET / HTTP/1.1\r\nHost: a\r\n${lines}\r\n`).forwarded, forwarded, lines);
    assert.equal(headOf(`GET / HTTP/1.1\r\n${lines}Host: a\r\n\r\n`).forwarded, forwarded, lines);
  }
});

test('limits hold to the byte', () => {
  const bounds = { ...limits, maxRequestLineBytes: 100, maxHeaderBytes: 60, maxHeaders: 3 };
  const of = (line: string, fields: string) => requestOf(`${line} HTTP/1.1\r\n${fields}\r\n`, bounds);
  const rows: readonly (readonly [string, string, string, number])[] = [
    [`GET /${'a'.repeat(95)}`, 'Host: a\r\n', 'ok', 0],
    [`GET /${'a'.repeat(96)}`, 'Host: a\r\n', 'http/target-too-long', 414],
    ['GET /', `Host: a\r\nX: ${'y'.repeat(44)}\r\n`, 'ok', 0],
    ['GET /', `Host: a\r\nX: ${'y'.repeat(45)}\r\n`, 'http/header-too-long', 431],
    ['GET /', 'Host: a\r\nX: y\r\nX: y\r\n', 'ok', 0],
    ['GET /', 'Host: a\r\nX: y\r\nX: y\r\nX: y\r\n', 'http/too-many-fields', 431],
    [`${'A'.repeat(20)} /`, 'Host: a\r\n', 'ok', 0],
    [`${'A'.repeat(21)} /`, 'Host: a\r\n', 'http/bad-method', 501],
    ['get /', 'Host: a\r\n', 'http/bad-method', 501],
  ];
  for (const [line, fields, why, status] of rows) {
    const result = of(line, fields);
    assert.equal(outcome(result), why, line);
    if (result instanceof Fault) assert.equal(result.status, status);
  }
  // Without an end in sight they hold, too.
  assert.equal(outcome(requestOf(`GET /${'a'.repeat(96)}`, bounds)), 'http/target-too-long');
  assert.equal(outcome(requestOf(`GET / HTTP/1.1\r\nX: ${'y'.repeat(60)}`, bounds)), 'http/header-too-long');
  assert.equal(outcome(requestOf('A'.repeat(21), bounds)), 'http/bad-method');
  assert.equal(outcome(requestOf('a'.repeat(21), bounds)), 'http/bad-method');
});

test('each refusal has the status that RFC 9110 15 names', () => {
  const statuses: readonly (readonly [string, number])[] = [
    ['GET / HTTP/2.0\r\n', 505],
    ['CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n', 501],
    ['TRACE / HTTP/1.1\r\nHost: a\r\n\r\n', 501],
    ['POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n', 501],
    ['POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n', 400],
    ['POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n', 400],
    ['POST / HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n', 417],
    ['GET / HTTP/1.1\r\n\r\n', 400],
  ];
  for (const [text, status] of statuses) {
    const fault = requestOf(text);
    assert.ok(fault instanceof Fault, text);
    assert.equal(fault.status, status, text);
    assert.match(fault.says, /RFC \d+/, 'a refusal names its source');
  }
});

test('offsets other than 0, and bytes behind the head, change nothing', () => {
  const text = `GET /a HTTP/1.1\r\nHost: b\r\nContent-Length: 3\r\nX: y\r\n\r\n`;
  const bytes = bytesOf(`garbage${text}abcGET /`);
  const head = readRequestHead(bytes, 7, bytes.length, limits, new SeenFields());
  assert.deepEqual(head, headOf(text));
});

// ---- properties

const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,12}$/);
const value = fc.stringMatching(/^([!-~\x80-\xff]([ \t!-~\x80-\xff]{0,20}[!-~\x80-\xff])?)?$/);
const blanks = fc.constantFrom('', ' ', '\t', '  ', ' \t ');
const fields = fc
  .array(fc.tuple(name, value, blanks, blanks), { maxLength: 8 })
  .map((list) => list.filter(([key]) => codeOf(key.toLowerCase()) < 0));
const method = fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'PROPFIND');
const path = fc.stringMatching(/^\/[!-"$-~]{0,20}$/);

test('a generated request is read as what it was made of', () => {
  fc.assert(
    fc.property(method, path, fields, fc.constantFrom('1.0', '1.1'), (verb, target, list, version) => {
      const lines = list.map(([key, text, before, after]) => `${key}:${before}${text}${after}\r\n`).join('');
      const text = `${verb} ${target} HTTP/${version}\r\nhost: a.example\r\n${lines}\r\n`;
      const head = headOf(text);
      assert.equal(head.method, verb);
      assert.equal(head.target, target);
      assert.equal(head.path + (target.includes('?') ? `?${head.query}` : ''), target);
      assert.equal(head.version, version);
      assert.equal(head.bytes, text.length);
      assert.deepEqual(pairsOf(head.headers), [['host', 'a.example'], ...list.map(([key, text]) => [key, text])]);
      assert.equal(head.forwarded, lines);
    }),
  );
});

test('nothing hop-by-hop, no framing and nothing nominated travels on', () => {
  const codes = [...notToUpstream.keys()].filter((code) => notToUpstream[code] === 1);
  const dropped = fc.constantFrom(
    'Keep-Alive',
    'proxy-connection',
    'TE',
    'Upgrade',
    'PROXY',
    'http2-settings',
    'X-Forwarded-For',
    'forwarded',
    'X-REAL-IP',
    'x-request-id',
  );
  const mixed = fc.array(fc.tuple(fc.oneof(name, dropped), fc.constantFrom('1', 'a, b')), { maxLength: 12 });
  assert.ok(codes.length >= 20);
  fc.assert(
    fc.property(mixed, fc.array(name, { maxLength: 4 }), (list, nominated) => {
      const connection = nominated.length === 0 ? '' : `Connection: ${nominated.join(' , ')}\r\n`;
      const lines = list.map(([key, text]) => `${key}: ${text}\r\n`).join('');
      const head = requestOf(`POST / HTTP/1.1\r\nHost: a\r\n${lines}${connection}Content-Length: 1\r\n\r\n`);
      if (!(head instanceof RequestHead)) return;
      const banned = nominated.map((option) => option.toLowerCase());
      const left = new Headers(head.forwarded);
      for (const key of left.names) {
        const code = codeOf(key);
        assert.ok(code < 0 || notToUpstream[code] === 0, key);
        assert.ok(!banned.includes(key), `${key} was nominated`);
      }
      const kept = head.headers.names.filter(
        (key) => !banned.includes(key) && (codeOf(key) < 0 || notToUpstream[codeOf(key)] === 0),
      );
      assert.deepEqual(left.names, kept);
    }),
  );
});

test('a prefix of a head is incomplete, or refused for the same reason as the whole', () => {
  const samples = [
    `GET /a HTTP/1.1\r\nHost: a\r\nX: y\r\n${websocket}\r\n`,
    'GET / HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n',
    'get /a HTTP/1.1\r\nHost: a\r\n\r\n',
    'G@T /a HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET /a HTTP/2.0\r\nHost: a\r\n\r\n',
    'GET /a HTTP/1.1 \r\nHost: a\r\n\r\n',
    'GET /a HTTP/1.1\nHost: a\r\n\r\n',
    'GET /a HTTP/1.1\r\nHost: a\n\r\n',
    'GET /a HTTP/1.1\r\nHost: a\r\rX: y\r\n\r\n',
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n',
  ];
  for (const text of samples) {
    const whole = outcome(requestOf(text));
    for (let length = 0; length < text.length; length++) {
      const part = outcome(requestOf(text.slice(0, length)));
      assert.ok(
        part === 'incomplete' || part === whole,
        `${part} is not ${whole}: ${JSON.stringify(text.slice(0, length))}`,
      );
    }
    assert.notEqual(whole, 'incomplete');
  }
});

test('random bytes never throw', () => {
  const scraps = fc.constantFrom(
    'GET ',
    '/',
    ' HTTP/1.1',
    '\r\n',
    'Host: a',
    ':',
    'Content-Length: 1',
    'Transfer-Encoding: chunked',
    '\0',
    '\xff',
    'Connection: ',
    '[::1',
    'http://',
  );
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)),
    fc.array(scraps, { maxLength: 20 }).map((list) => bytesOf(list.join(''))),
  );
  const seen = new SeenFields();
  fc.assert(
    fc.property(bytes, (buffer) => {
      const result = readRequestHead(buffer, 0, buffer.length, limits, seen);
      assert.ok(result === null || result instanceof RequestHead || /^http\/[a-z0-9.-]+$/.test(result.why));
    }),
    { numRuns: 500 },
  );
});

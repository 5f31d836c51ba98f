// Requests in HTTP/2: what RFC 9113 8 calls malformed, and what a well-formed one becomes.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '../../test/http-reading.ts';
import { ask, literals, type Pairs } from '../../test/http2-wire.ts';
import { Fault } from '../traffic/fault.ts';
import { Headers } from '../traffic/headers.ts';
import type { RequestHead } from '../traffic/wire.ts';
import { DecoderScratch, HeaderDecoder } from './h2-decoder.ts';
import { readHttp2Request, readHttp2Trailers } from './h2-request.ts';

function blockOf(fields: Pairs): HeaderDecoder {
  const decoder = new HeaderDecoder(limits.maxHeaderBytes, new DecoderScratch());
  const text = literals(fields);
  assert.ok(decoder.read(Buffer.from(text, 'latin1'), 0, text.length));
  return decoder;
}

function read(fields: Pairs, isEnd = true): RequestHead | Fault {
  return readHttp2Request(blockOf(fields), isEnd, 50, limits);
}

function headOf(fields: Pairs, isEnd = true): RequestHead {
  const head = read(fields, isEnd);
  assert.ok(!(head instanceof Fault), head instanceof Fault ? head.says : '');
  return head;
}

/** The ordinary request with one field put in place of its namesake, or behind the others. */
function but(...changed: Pairs): Pairs {
  const names = new Set(changed.map(([name]) => name));
  const kept = ask('/a?b=1').filter(([name]) => !names.has(name));
  return [
    ...changed.filter(([name]) => name.startsWith(':')),
    ...kept,
    ...changed.filter(([name]) => !name.startsWith(':')),
  ];
}

const without = (name: string): Pairs => ask().filter(([other]) => other !== name);

const malformed: readonly (readonly [string, string, Pairs])[] = [
  ['no :method', 'http/h2-malformed', without(':method')],
  ['no :scheme', 'http/h2-malformed', without(':scheme')],
  ['no :path', 'http/h2-malformed', without(':path')],
  ['nobody is asked', 'http/no-host', without(':authority')],
  ['an empty :path', 'http/h2-malformed', but([':path', ''])],
  ['two :method', 'http/h2-malformed', [[':method', 'GET'], ...ask()]],
  ['two :authority', 'http/h2-malformed', [[':authority', 'a'], ...ask()]],
  ['a pseudo-field behind others', 'http/h2-malformed', [['a', 'b'], ...ask()]],
  [':status in a request', 'http/h2-malformed', [[':status', '200'], ...ask()]],
  ['a pseudo-field of nobody', 'http/h2-malformed', [[':foo', '1'], ...ask()]],
  ['a capital letter in a name', 'http/h2-malformed', but(['X-A', '1'])],
  ['an empty name', 'http/h2-malformed', but(['', '1'])],
  ['a colon in a name', 'http/h2-malformed', but(['a:b', '1'])],
  ['a space in a name', 'http/h2-malformed', but(['a b', '1'])],
  ['CRLF in a name', 'http/h2-malformed', but(['a\r\nb', '1'])],
  ['CRLF in a value', 'http/h2-malformed', but(['a', '1\r\nb: 2'])],
  ['LF in a value', 'http/h2-malformed', but(['a', '1\nb: 2'])],
  ['CR in a value', 'http/h2-malformed', but(['a', '1\rb: 2'])],
  ['NUL in a value', 'http/h2-malformed', but(['a', '1\0'])],
  ['a space before a value', 'http/h2-malformed', but(['a', ' 1'])],
  ['a tab behind a value', 'http/h2-malformed', but(['a', '1\t'])],
  ['CRLF in :path', 'http/h2-malformed', but([':path', '/ HTTP/1.1\r\nHost: b\r\n\r\n'])],
  ['a space in :path', 'http/bad-target', but([':path', '/ HTTP/1.1'])],
  ['a # in :path', 'http/bad-target', but([':path', '/a#b'])],
  ['a byte above ASCII in :path', 'http/bad-target', but([':path', '/\xe9'])],
  ['a whole URL in :path', 'http/bad-target', but([':path', 'http://evil/'])],
  ['a :path of no slash', 'http/bad-target', but([':path', 'a'])],
  ['* for GET', 'http/asterisk-form', but([':path', '*'])],
  ['a :path beyond the limit', 'http/target-too-long', but([':path', `/${'a'.repeat(8192)}`])],
  ['a space in :method', 'http/bad-method', but([':method', 'GET /x'])],
  ['CRLF in :method', 'http/h2-malformed', but([':method', 'GET\r\n'])],
  ['a small :method', 'http/bad-method', but([':method', 'get'])],
  ['a long :method', 'http/bad-method', but([':method', 'A'.repeat(21)])],
  ['CONNECT', 'http/connect', but([':method', 'CONNECT'])],
  ['TRACE', 'http/trace', but([':method', 'TRACE'])],
  ['another scheme', 'http/bad-target', but([':scheme', 'ftp'])],
  ['a scheme that is more', 'http/bad-target', but([':scheme', 'https://evil/'])],
  ['an authority with a path', 'http/bad-host', but([':authority', 'a/b'])],
  ['an authority with user information', 'http/bad-host', but([':authority', 'u@a'])],
  ['an empty authority', 'http/bad-host', but([':authority', ''])],
  ['a Host that is not the :authority', 'http/authority-mismatch', but(['host', 'other'])],
  ['two Host', 'http/repeated-host', but(['host', 'localhost'], ['host', 'localhost'])],
  ['Connection', 'http/h2-connection-field', but(['connection', 'close'])],
  ['Transfer-Encoding', 'http/h2-connection-field', but(['transfer-encoding', 'chunked'])],
  ['Upgrade', 'http/h2-connection-field', but(['upgrade', 'h2c'])],
  ['Keep-Alive', 'http/h2-connection-field', but(['keep-alive', '1'])],
  ['Proxy-Connection', 'http/h2-connection-field', but(['proxy-connection', 'close'])],
  ['TE: gzip', 'http/h2-connection-field', but(['te', 'gzip'])],
  ['two Content-Length', 'http/repeated-length', but(['content-length', '0'], ['content-length', '0'])],
  ['a Content-Length that is a sum', 'http/bad-length', but(['content-length', '1+1'])],
  ['a Content-Length and no body', 'http/h2-malformed', but(['content-length', '5'])],
  ['a name for CGI', 'http/ambiguous-name', but(['content_length', '5'])],
  ['an expectation of something', 'http/expectation', but(['expect', 'more'])],
  ['101 fields', 'http/too-many-fields', [...ask(), ...Array.from({ length: 97 }, () => ['a', 'b'] as const)]],
  [
    'fields beyond the limit',
    'http/header-too-long',
    [...ask(), ...Array.from({ length: 9 }, () => ['a', 'b'.repeat(4000)] as const)],
  ],
  [':protocol without CONNECT', 'http/h2-malformed', [[':protocol', 'websocket'], ...ask()]],
  [
    'a WebSocket whose stream has ended',
    'http/websocket-handshake',
    [[':protocol', 'websocket'], ...but([':method', 'CONNECT'], ['sec-websocket-version', '13'])],
  ],
];

test('what is malformed has its reason', () => {
  for (const [says, why, fields] of malformed) {
    const outcome = read(fields);
    assert.equal(outcome instanceof Fault ? outcome.why : 'a request', why, says);
  }
});

test('what becomes of an ordinary request', () => {
  const head = headOf(but(['x-a', '1'], ['te', 'trailers'], ['x-forwarded-for', '1.2.3.4'], ['accept', '*/*']));
  assert.deepEqual(
    [head.method, head.path, head.query, head.host, head.authority, head.version, head.framing, head.contentLength],
    ['GET', '/a', 'b=1', 'localhost', 'localhost', '2.0', 'none', -1],
  );
  assert.equal(head.forwarded, 'x-a: 1\r\naccept: */*\r\n');
  assert.equal(head.takesTrailers, true);
  assert.equal(head.headers.get('host'), 'localhost', 'whoever looks for Host finds it');
  assert.equal(head.headers.get('x-forwarded-for'), '1.2.3.4', 'the resolver of clients sees it');
});

test('a Host in place of :authority', () => {
  const head = headOf([...without(':authority'), ['host', 'A.Test:8080']]);
  assert.deepEqual([head.host, head.authority], ['a.test', 'A.Test:8080']);
});

test('cookie crumbs are one field again (RFC 9113 8.2.3)', () => {
  const head = headOf(but(['cookie', 'a=1'], ['x', 'y'], ['cookie', 'b=2'], ['cookie', 'c=3; d=4']));
  assert.deepEqual(head.headers.all('cookie'), ['a=1; b=2; c=3; d=4']);
  assert.equal(head.forwarded, 'x: y\r\ncookie: a=1; b=2; c=3; d=4\r\n');
});

test('bodies: with a length, without, and one that is said to be empty', () => {
  const of = (fields: Pairs): (string | number | boolean)[] => {
    const { framing, contentLength, isDeclaredEmpty } = headOf(fields, false);
    return [framing, contentLength, isDeclaredEmpty];
  };
  assert.deepEqual(of(but(['content-length', '5'])), ['length', 5, false]);
  assert.deepEqual(of(but()), ['chunked', -1, false]);
  assert.deepEqual(of(but(['content-length', '0'])), ['chunked', -1, true]);
  assert.equal(headOf(but(['content-length', '0'])).contentLength, 0);
});

test('gRPC is what says so, and gRPC-Web is not', () => {
  for (const [type, isGrpc] of [
    ['application/grpc', true],
    ['application/grpc+proto', true],
    ['application/grpc;x=y', true],
    ['application/grpc-web', false],
    ['application/json', false],
  ] as const)
    assert.equal(headOf(but(['content-type', type]), false).isGrpc, isGrpc, type);
});

test('a WebSocket is asked for with extended CONNECT (RFC 8441)', () => {
  const fields: Pairs = [[':protocol', 'websocket'], ...but([':method', 'CONNECT'], ['sec-websocket-version', '13'])];
  const head = headOf(fields, false);
  assert.deepEqual([head.method, head.isWebSocket, head.framing], ['GET', true, 'none']);
  const outcome = (more: Pairs): string => {
    const result = read([...fields, ...more], false);
    return result instanceof Fault ? result.why : 'ok';
  };
  assert.equal(outcome([['content-length', '3']]), 'http/websocket-handshake');
  assert.equal(outcome([['sec-websocket-key', 'x']]), 'http/websocket-handshake');
});

test('trailers: fields that frame, route or authenticate have no place there', () => {
  const of = (fields: Pairs): string => {
    const outcome = readHttp2Trailers(blockOf(fields), limits);
    return outcome instanceof Fault ? outcome.why : outcome instanceof Headers ? `${outcome.names}` : 'none';
  };
  assert.equal(
    of([
      ['grpc-status', '0'],
      ['x-sum', '1'],
    ]),
    'grpc-status,x-sum',
  );
  assert.equal(of([]), 'none');
  assert.equal(of([[':path', '/']]), 'http/h2-malformed');
  assert.equal(of([['a', '1\r\n']]), 'http/h2-malformed');
  assert.equal(of([['content-length', '1']]), 'http/forbidden-trailer');
  assert.equal(of([['transfer-encoding', 'chunked']]), 'http/forbidden-trailer');
  assert.equal(of([['x', 'y'.repeat(33_000)]]), 'http/trailers-too-long');
});

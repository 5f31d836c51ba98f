// How long a body is, what Connection may ask for, and which names are taken for others.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../traffic/fault.ts';
import { Headers } from '../traffic/headers.ts';
import { notToUpstream } from '../traffic/hop-fields.ts';
import { ambiguousName, bodyLengthOf, listTokens, readConnection, withoutNominated } from './framing.ts';

test('the length of a body, or why there is none', () => {
  const rows: readonly (readonly [number, string, number, string, '1.0' | '1.1', number | string])[] = [
    [0, '', 0, '', '1.1', -2],
    [0, '', 0, '', '1.0', -2],
    [1, '0', 0, '', '1.1', 0],
    [1, '5', 0, '', '1.0', 5],
    [1, '000000000000005', 0, '', '1.1', 5],
    [1, '999999999999999', 0, '', '1.1', 999_999_999_999_999],
    [1, '0000000000000005', 0, '', '1.1', '400 http/bad-length'],
    [1, '', 0, '', '1.1', '400 http/bad-length'],
    [1, '5 5', 0, '', '1.1', '400 http/bad-length'],
    [1, '٥', 0, '', '1.1', '400 http/bad-length'],
    [2, '5', 0, '', '1.1', '400 http/repeated-length'],
    [0, '', 1, 'chunked', '1.1', -1],
    [0, '', 1, 'CHUNKED', '1.1', -1],
    [0, '', 1, 'chunked', '1.0', '400 http/chunked-in-1.0'],
    [1, '5', 1, 'chunked', '1.1', '400 http/two-lengths'],
    [1, '5', 1, 'chunked', '1.0', '400 http/two-lengths'],
    [2, '5', 1, 'chunked', '1.1', '400 http/two-lengths'],
    [0, '', 2, 'chunked', '1.1', '400 http/transfer-encoding'],
    [0, '', 1, '', '1.1', '400 http/transfer-encoding'],
    [0, '', 1, 'identity', '1.1', '400 http/transfer-encoding'],
    [0, '', 1, 'chunked, gzip', '1.1', '400 http/transfer-encoding'],
    [0, '', 1, 'x, chunked', '1.1', '400 http/transfer-encoding'],
    [0, '', 1, 'gzip, chunked', '1.1', '501 http/transfer-encoding'],
    [0, '', 1, 'gzip,deflate,compress,chunked', '1.1', '501 http/transfer-encoding'],
    [0, '', 1, 'gzip,gzip,gzip,gzip,chunked', '1.1', '400 http/transfer-encoding'],
    [0, '', 2, 'gzip, chunked', '1.1', '400 http/transfer-encoding'],
  ];
  for (const [lengths, length, codings, coding, version, expected] of rows) {
    const result = bodyLengthOf(lengths, length, codings, coding, version);
    const actual = result instanceof Fault ? `${result.status} ${result.why}` : result;
    assert.equal(actual, expected, JSON.stringify([lengths, length, codings, coding, version]));
  }
});

test('a list of tokens is split at commas, empty elements left out, and is no list where anything else stands', () => {
  const rows: readonly (readonly [string, string[] | null])[] = [
    ['', []],
    [' , ,\t,', []],
    ['a', ['a']],
    ['A , b,\tC\t', ['a', 'b', 'c']],
    ['a,b,c,d', null],
    ['a b', null],
    ['a;b', null],
    ['"a"', null],
    ['a\xa0', null],
    ['\x85', null],
  ];
  for (const [value, tokens] of rows) assert.deepEqual(listTokens(value, 3), tokens, JSON.stringify(value));
});

test('what Connection says', () => {
  const read = (...values: string[]) => {
    const result = readConnection(
      Headers.from(values.map((value) => ['Connection', value] as const)),
      values.length,
      values.at(-1) ?? '',
    );
    if (result === null) return null;
    if (result instanceof Fault) return result.why;
    const { close, keepAlive, upgrade, nominated } = result;
    return [close, keepAlive, upgrade, nominated];
  };
  assert.equal(read(), null);
  assert.deepEqual(read('keep-alive'), [false, true, false, null]);
  assert.deepEqual(read('Keep-Alive'), [false, true, false, null]);
  assert.deepEqual(read('KEEP-ALIVE'), [false, true, false, null]);
  assert.deepEqual(read('close'), [true, false, false, null]);
  assert.deepEqual(read('close, keep-alive, Upgrade, X, y'), [true, true, true, ['x', 'y']]);
  assert.deepEqual(read('keep-alive', 'close', 'x'), [true, true, false, ['x']]);
  assert.deepEqual(read(''), [false, false, false, null]);
  for (const name of [
    'host',
    'Content-Length',
    'cookie',
    'Authorization',
    'X-Forwarded-For',
    'x-request-id',
    'set-cookie',
  ])
    assert.equal(read(`close, ${name}`), 'http/connection-nominates', name);
  assert.equal(read('x', 'host'), 'http/connection-nominates');
  assert.equal(read('a b'), 'http/connection-field');
  assert.ok(Array.isArray(read('a,'.repeat(16))));
  assert.equal(read('a,'.repeat(17)), 'http/connection-field');
});

test('what was nominated does not travel on, and neither does what never does', () => {
  const headers = Headers.from([
    ['Host', 'a'],
    ['X-Mine', '1'],
    ['Y', '2'],
    ['x-mine', '3'],
    ['TE', 'x'],
  ]);
  assert.equal(withoutNominated(headers, ['x-mine'], notToUpstream), 'Y: 2\r\n');
});

test('names that applications take for others', () => {
  const rows: readonly (readonly [string, boolean])[] = [
    ['content_length', true],
    ['content.length', true],
    ['Transfer~Encoding', true],
    ['x-forwarded_for', true],
    ['x_request_id', true],
    ['content-length', false],
    ['x_mine', false],
    ['ho_st', false],
    ['_host', false],
  ];
  for (const [name, isAmbiguous] of rows) {
    const fault = ambiguousName(
      Headers.from([
        ['X', 'y'],
        [name, 'z'],
      ]),
    );
    assert.equal(fault?.why ?? '', isAmbiguous ? 'http/ambiguous-name' : '', name);
  }
});

// Content-Type: what is clear, what is not, and what the parameters are.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Headers } from '../../traffic/headers.ts';
import { parseMediaType, readMediaType } from './media-type.ts';

const clear: readonly [string, string, Record<string, string>][] = [
  ['text/plain', 'text/plain', {}],
  ['Application/JSON;charset=UTF-8', 'application/json', { charset: 'UTF-8' }],
  ['multipart/form-data; boundary="a b"', 'multipart/form-data', { boundary: 'a b' }],
  ['text/html ; a=1;\tb="2;3"', 'text/html', { a: '1', b: '2;3' }],
  ['text/plain;', 'text/plain', {}],
];

const unclear: readonly string[] = [
  '',
  'text',
  'text/',
  '/plain',
  'text/plain, text/html',
  'text/plain charset=utf-8',
  'text/plain; charset',
  'text/plain; charset=',
  'text/plain; charset = utf-8',
  'text/plain; a=1; A=2',
  'text/plain; a="1',
  'text/plain; a="1\\"2"',
  'text/plain; a="1"2',
  'text /plain',
];

test('clear types', () => {
  for (const [value, type, parameters] of clear) {
    const read = parseMediaType(value);
    assert.equal(read?.type, type, value);
    assert.deepEqual(Object.fromEntries(read?.parameters ?? []), parameters, value);
  }
});

test('unclear types', () => {
  for (const value of unclear) assert.equal(parseMediaType(value), null, value);
  assert.equal(readMediaType(Headers.from([])).isClear, false);
  assert.equal(readMediaType(Headers.from([['Content-Type', `text/plain; a=${'x'.repeat(600)}`]])).isClear, false);
});

test('any text is read without a throw, and what is written strictly is read back', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      parseMediaType(text);
    }),
  );
  const token = fc.stringMatching(/^[a-z0-9!#$%&'*+.^_`|~-]{1,9}$/);
  fc.assert(
    fc.property(token, token, fc.uniqueArray(fc.tuple(token, token), { selector: ([name]) => name }), (a, b, pairs) => {
      const read = parseMediaType(`${a}/${b}${pairs.map(([name, value]) => `; ${name}="${value}"`).join('')}`);
      assert.equal(read?.type, `${a}/${b}`);
      assert.deepEqual([...(read?.parameters ?? [])], pairs);
    }),
  );
});

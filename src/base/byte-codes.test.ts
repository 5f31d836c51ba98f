// The codes of a text are those of its characters, BEYOND for what is beyond latin1.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BEYOND, codesOf } from './byte-codes.ts';

function expected(text: string): number[] {
  return Array.from({ length: text.length }, (_, at) => (text.charCodeAt(at) < 256 ? text.charCodeAt(at) : BEYOND));
}

const texts: readonly string[] = [
  '',
  'abc',
  'Müller',
  '日本語',
  'a😀b',
  '\ud800',
  'x\udfff',
  '\u0100\u07ff\u0800\uffff',
  '\xff\x80',
];

test('codes are those of the characters, of one text after the other', () => {
  for (const text of [...texts, ...texts.map((one) => one.repeat(3000)), 'é'.repeat(140_000)])
    assert.deepEqual([...codesOf(text).subarray(0, text.length)], expected(text));
});

test('the same for any text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) =>
      assert.deepEqual([...codesOf(text).subarray(0, text.length)], expected(text)),
    ),
  );
});

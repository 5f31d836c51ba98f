// Joined tables have every row, and no word twice.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { joined } from './catalogue.ts';

test('one table of all, which nobody changes', () => {
  const all = joined({ a: 1 }, {}, { b: 2, c: 3 });
  assert.deepEqual({ ...all }, { a: 1, b: 2, c: 3 });
  assert.ok(Object.isFrozen(all));
});

test('a word in two tables stops the start', () => {
  assert.throws(() => joined({ a: 1 }, { b: 2, a: 1 }), /two tables have a row for a/);
});

test('words that objects are born with are words like any other', () => {
  assert.equal('toString' in joined({ a: 1 }), false);
  assert.deepEqual(Object.keys(joined({ constructor: 1 }, { toString: 2 })), ['constructor', 'toString']);
});

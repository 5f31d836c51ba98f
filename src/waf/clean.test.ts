// The memory of clean values: bounded, and the values in use survive.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CleanValues } from './clean.ts';

test('it never holds more than its bound, and keeps what is asked for', () => {
  const clean = new CleanValues(10, 20);
  clean.add('in use');
  for (let index = 0; index < 1000; index++) {
    assert.equal(clean.has('in use'), true);
    clean.add(`value ${index}`);
    assert.ok(clean.size <= 10);
  }
  assert.equal(clean.has('value 0'), false);
  assert.equal(clean.has('value 999'), true);
});

test('long values are not kept', () => {
  const clean = new CleanValues(10, 4);
  clean.add('12345');
  assert.equal(clean.has('12345'), false);
  assert.equal(clean.size, 0);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { partOf } from './part.ts';

test('parts of a bound: together the whole, each one at least', () => {
  const partsOf = (whole: number, crew: number) => Array.from({ length: crew }, (_, at) => partOf(whole, at + 1, crew));
  assert.deepEqual(partsOf(256, 3), [86, 85, 85]);
  assert.deepEqual(partsOf(2, 3), [1, 1, 1]);
  assert.deepEqual(partsOf(0, 3), [0, 0, 0]);
  fc.assert(
    fc.property(fc.nat(5000), fc.integer({ min: 1, max: 64 }), (whole, crew) => {
      const sum = partsOf(whole, crew).reduce((a, b) => a + b, 0);
      assert.equal(sum, whole === 0 ? 0 : Math.max(whole, crew));
    }),
  );
});

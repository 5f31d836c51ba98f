// The arithmetic of the flood bench, and that a table of limits is as large behind a hundred thousand keys as before.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { childSeconds, lineOf, millionKeys } from './flood.ts';

test('seconds of children, and the ratio', () => {
  assert.equal(childSeconds('x\n0m0.00s 0m0.01s\n0m1.50s 1m2.25s\n'), 63.75);
  const line = lineOf({ name: 'refused', flooderSeconds: 3, gateSeconds: 2, answered: 100_000 });
  assert.match(line, /^refused +100000 answers +flooder +30\.0 µs +gate +20\.0 µs +flooder\/gate 1\.50$/);
  assert.match(lineOf({ name: 'a', flooderSeconds: 1, gateSeconds: 0, answered: 0 }), /flooder\/gate ∞$/);
});

test('keys do not grow the tables', () => {
  const { bytesBefore, bytesAfter, staysOver } = millionKeys(100_000);
  assert.equal(bytesBefore, bytesAfter);
  assert.ok(staysOver);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { full, pour, waitMs } from './bucket.ts';

/** Pours at each time and says which drops fitted. */
function poured(times: readonly number[], dropMs: number, maxDrops: number): boolean[] {
  let state = 0;
  return times.map((at) => {
    const next = pour(state, at, dropMs, maxDrops);
    if (next !== full) state = next;
    return next !== full;
  });
}

test('as many drops fit at once as the bucket holds, and not one more', () => {
  assert.deepEqual(poured([1000, 1000, 1000, 1000], 100, 3), [true, true, true, false]);
});

test('a drop that leaked away makes room for one', () => {
  assert.deepEqual(poured([1000, 1000, 1000, 1100, 1100], 100, 2), [true, true, false, true, false]);
});

test('refused drops do not lengthen the wait', () => {
  const refused = Array.from({ length: 1000 }, () => 1000);
  assert.equal(poured([1000, ...refused, 1100], 100, 1).at(-1), true);
});

test('the wait is until the next drop fits', () => {
  let state = 0;
  for (let drop = 0; drop < 3; drop++) state = pour(state, 1000, 100, 3);
  assert.equal(waitMs(state, 1000, 100, 3), 100);
  assert.equal(waitMs(state, 1040, 100, 3), 60);
  assert.equal(waitMs(0, 1000, 100, 3), 0);
});

test('in any time no more fit than the bucket holds and leaks', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(300), { maxLength: 200 }),
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 1, max: 20 }),
      (gaps, dropMs, maxDrops) => {
        let at = 1000;
        const times = gaps.map((gap) => (at += gap));
        const fitted = times.filter((_, index) => poured(times, dropMs, maxDrops)[index]);
        for (let from = 0; from < fitted.length; from++)
          for (let to = from; to < fitted.length; to++)
            assert.ok(to - from + 1 <= maxDrops + (fitted[to]! - fitted[from]!) / dropMs + 0.01);
      },
    ),
    { numRuns: 50 },
  );
});

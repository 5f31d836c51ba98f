import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { pauseMs, retryAfterMs } from './retry-after.ts';

const now = Date.UTC(2026, 10, 25, 12, 0, 0);

for (const [field, ms] of [
  ['120', 120_000],
  [' 0 ', 0],
  ['-5', 0],
  ['Wed, 25 Nov 2026 12:01:00 GMT', 60_000],
  ['Wed, 25 Nov 2026 11:00:00 GMT', 0],
  ['99999999999', 7 * 86_400_000],
  ['soon', null],
  ['', null],
] as const)
  test(`Retry-After "${field}" is ${ms}`, () => assert.equal(retryAfterMs(field, now), ms));

test('pauses double from a minute to a day, with up to half on top, and never end before the CA allows', () => {
  assert.deepEqual(
    [1, 2, 3, 11, 12, 500].map((failures) => pauseMs(failures, null, 0) / 60_000),
    [1, 2, 4, 1024, 1440, 1440],
  );
  assert.equal(pauseMs(1, 7_200_000, 0), 7_200_000);
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1000 }),
      fc.nat(1e9),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (n, asked, by) => {
        const ms = pauseMs(n, asked, by);
        const least = Math.max(asked, pauseMs(n, null, 0));
        assert.ok(ms >= least && ms <= least * 1.5 + 1);
      },
    ),
  );
});

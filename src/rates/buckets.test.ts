import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Buckets } from './buckets.ts';

/** Passes a request of one key where a token is left. */
function pass(buckets: Buckets, burst: number, nowMs: number): boolean {
  const row = buckets.find(1, 1);
  if (row >= 0 && buckets.used(row, nowMs) >= burst) return false;
  buckets.add(1, 1, row, nowMs);
  return true;
}

test('a burst at once, then one request for each token that came back', () => {
  const buckets = new Buckets(100, 5, 64, 0);
  for (let request = 0; request < 5; request++) assert.ok(pass(buckets, 5, 1000));
  assert.equal(pass(buckets, 5, 1000), false);
  assert.equal(pass(buckets, 5, 1099), false);
  assert.equal(pass(buckets, 5, 1100), true);
  assert.equal(pass(buckets, 5, 1199), false);
  const row = buckets.find(1, 1);
  assert.equal(buckets.freeInMs(row, 5, 1150), 50);
  assert.equal(buckets.wholeInMs(row, 1150), 450);
  assert.equal(buckets.used(row, 1e9), 0);
});

test('it passes what a bucket of tokens passes', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(400), { maxLength: 200 }), fc.integer({ min: 1, max: 8 }), (gaps, burst) => {
      const buckets = new Buckets(100, burst, 64, 0);
      // The reference keeps tokens in hundredths, so that both count in whole numbers.
      let tokens = burst * 100;
      let nowMs = 5000;
      for (const gap of gaps) {
        nowMs += gap;
        tokens = Math.min(burst * 100, tokens + gap);
        const mayPass = tokens >= 100;
        if (mayPass) tokens -= 100;
        assert.equal(pass(buckets, burst, nowMs), mayPass);
      }
    }),
  );
});

test('what other workers passed is taken off here', () => {
  const here = new Buckets(100, 5, 64, 0);
  const there = new Buckets(100, 5, 64, 0);
  there.isShared = true;
  for (let request = 0; request < 4; request++) assert.ok(pass(there, 5, 1000));
  here.addAll(there.takeDeltas()!, 1000);
  assert.equal(pass(here, 5, 1000), true);
  assert.equal(pass(here, 5, 1000), false);
});

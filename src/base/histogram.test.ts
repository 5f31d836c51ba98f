import assert from 'node:assert/strict';
import { test } from 'node:test';
import { array, double, assert as holds, integer, property } from 'fast-check';
import {
  addHistograms,
  bucketCount,
  bucketEnd,
  bucketOf,
  countBelow,
  Histogram,
  histogramSince,
  percentile,
} from './histogram.ts';

function of(...values: number[]) {
  const histogram = new Histogram();
  for (const value of values) histogram.add(value);
  return histogram.figures();
}

test('buckets lie side by side, and each is at most a quarter of what is in it', () => {
  for (let index = 1; index < bucketCount; index++) {
    assert.ok(bucketEnd(index) > bucketEnd(index - 1));
    assert.equal(bucketOf(bucketEnd(index - 1)), index);
    assert.equal(bucketOf(bucketEnd(index) - 1), index);
    if (index > 4) assert.ok(bucketEnd(index) - bucketEnd(index - 1) <= bucketEnd(index - 1) / 4);
  }
  assert.equal(bucketEnd(bucketCount - 1), 2 ** 31);
});

test('every duration is in the bucket that ends above it', () => {
  holds(
    property(double({ min: 0, max: 2 ** 31 - 1, noNaN: true }), (us) => {
      const index = bucketOf(us);
      return us < bucketEnd(index) && (index === 0 || us >= bucketEnd(index - 1));
    }),
  );
});

test('what is no duration is left out, and what is longer than half an hour counts as that', () => {
  assert.deepEqual(of(-1, Number.NaN), { counts: [], sum: 0 });
  assert.equal(of(2 ** 40, Number.POSITIVE_INFINITY).counts[bucketCount - 1], 2);
});

test('a percentile is at most a quarter above the value that it stands for, and never below', () => {
  holds(
    property(
      array(integer({ min: 0, max: 1e9 }), { minLength: 1, maxLength: 50 }),
      double({ min: 0, max: 1, noNaN: true }),
      (values, share) => {
        const sorted = [...values].sort((one, other) => one - other);
        const truth = sorted[Math.max(1, Math.ceil(values.length * share)) - 1]!;
        const found = percentile(of(...values), share)!;
        return found > truth && found <= truth * 1.25 + 1;
      },
    ),
  );
  assert.equal(percentile(of(), 0.5), null);
});

test('histograms add up, and tell what came since', () => {
  const [one, other] = [of(1, 100), of(5000, 100, 7)];
  const both = addHistograms(one, other);
  assert.deepEqual(both, of(1, 100, 5000, 100, 7));
  assert.equal(histogramSince(both, one).sum, other.sum);
  assert.equal(percentile(histogramSince(both, one), 1), percentile(other, 1));
  assert.equal(countBelow(both, 128), 4);
  assert.equal(countBelow(both, 2 ** 31), 5);
});

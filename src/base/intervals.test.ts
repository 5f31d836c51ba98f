// A cut space gives every point the first span that covers it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cut, Intervals4, Intervals6, type Span } from './intervals.ts';

test('where spans overlap the first wins, and neighbours with one owner are one interval', () => {
  const spans: Span[] = [
    { start: 10, end: 20, value: 1 },
    { start: 15, end: 30, value: 2 },
    { start: 20, end: 25, value: 3 },
    { start: 30, end: 40, value: 2 },
  ];
  const owned: number[] = [];
  assert.deepEqual(
    cut(0, spans, (value) => owned.push(value)),
    { starts: [0, 10, 20, 40], values: [0, 1, 2, 0] },
  );
  assert.deepEqual(owned, [1, 2, 2]);
});

test('nobody owns an empty space, one span may own all of it', () => {
  assert.equal(new Intervals4([]).find(7), 0);
  const whole = new Intervals4([{ start: 0, end: 2 ** 32, value: 9 }]);
  assert.deepEqual([whole.count, whole.find(0), whole.find(-1), whole.find(0xffffffff)], [1, 9, 9, 9]);
  assert.equal(new Intervals6([{ start: 0n, end: 1n << 128n, value: 9 }]).find(-1, -1, -1, -1), 9);
});

// Ends near the borders of words and of first bytes, where a layout goes wrong.
const bound4 = fc.oneof(
  fc.nat(0xffffffff),
  fc.nat(0xff).map((byte) => byte * 2 ** 24),
  fc.nat(300),
);
const bound6 = fc.oneof(
  fc.bigInt(0n, (1n << 128n) - 1n),
  fc.tuple(fc.nat(127), fc.bigInt(-2n, 2n)).map(([bit, by]) => {
    const near = (1n << BigInt(bit)) + by;
    return near < 0n ? 0n : near;
  }),
);

test('every IPv4 point has its first span', () => {
  const span = fc.tuple(bound4, bound4, fc.integer({ min: 1, max: 50 }));
  fc.assert(
    fc.property(fc.array(span, { maxLength: 20 }), bound4, (list, point) => {
      const spans = list.map(([a, b, value]) => ({ start: Math.min(a, b), end: Math.max(a, b) + 1, value }));
      const intervals = new Intervals4(spans);
      for (const at of [point, ...spans.flatMap(({ start, end }) => [start, end - 1, end % 2 ** 32])]) {
        const first = spans.find(({ start, end }) => start <= at && at < end)?.value ?? 0;
        assert.equal(intervals.find(at), first);
        assert.equal(intervals.find(at | 0), first);
      }
    }),
  );
});

const top = 1n << 128n;

test('every IPv6 point has its first span', () => {
  const span = fc.tuple(bound6, bound6, fc.integer({ min: 1, max: 50 }));
  fc.assert(
    fc.property(fc.array(span, { maxLength: 20 }), bound6, (list, point) => {
      const spans = list.map(([start, size, value]) => ({ start, end: start + 1n + (size % (top - start)), value }));
      const intervals = new Intervals6(spans);
      for (const at of [point, ...spans.flatMap(({ start, end }) => [start, end - 1n, end % top])]) {
        const first = spans.find(({ start, end }) => start <= at && at < end)?.value ?? 0;
        const word = (shift: bigint) => Number(BigInt.asIntN(32, at >> shift));
        assert.equal(intervals.find(word(96n), word(64n), word(32n), word(0n)), first);
      }
    }),
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Ring } from './ring.ts';

test('the newest is first, the oldest goes', () => {
  const ring = new Ring<string>(3);
  for (const word of ['a', 'b', 'c', 'd']) ring.push(word);
  assert.deepEqual(
    [0, 1, 2, 3].map((age) => ring.newest(age)),
    ['d', 'c', 'b', null],
  );
  assert.equal(
    ring.find((word) => word < 'd'),
    'c',
  );
  assert.equal(
    ring.find((word) => word === 'a'),
    null,
  );
});

test('it agrees with a list that is cut', () => {
  const pushes = fc.array(fc.record({ entry: fc.nat(), weight: fc.nat(40) }), { maxLength: 60 });
  fc.assert(
    fc.property(
      pushes,
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 0, max: 100 }),
      (entries, maxEntries, maxWeight) => {
        const ring = new Ring<number>(maxEntries, maxWeight);
        let list: { entry: number; weight: number }[] = [];
        for (const { entry, weight } of entries) {
          ring.push(entry, weight);
          list = [{ entry, weight }, ...list].slice(0, maxEntries);
          while (list.length > 1 && list.reduce((sum, each) => sum + each.weight, 0) > maxWeight) list.pop();
          assert.equal(ring.size, list.length);
          assert.equal(
            ring.weight,
            list.reduce((sum, each) => sum + each.weight, 0),
          );
          assert.deepEqual(
            list.map((_, age) => ring.newest(age)),
            list.map((each) => each.entry),
          );
        }
      },
    ),
  );
});

test('its entries go on in a ring of another size, the newest first to stay', () => {
  const ring = new Ring<string>(5, 100);
  for (const word of ['a', 'b', 'c', 'd']) ring.push(word, 10);
  const smaller = ring.copyInto(new Ring<string>(3, 25));
  assert.deepEqual([smaller.newest(0), smaller.newest(1), smaller.newest(2), smaller.weight], ['d', 'c', null, 20]);
  const larger = ring.copyInto(new Ring<string>(9));
  assert.deepEqual([larger.newest(0), larger.newest(3), larger.size], ['d', 'a', 4]);
});

// A bounded map never grows beyond its bound, and lets go of what was not touched for longest.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Bounded } from './bounded.ts';

test('the least recently touched goes first, and whoever wants to know is told', () => {
  const gone: [string, number][] = [];
  const map = new Bounded<string, number>(2, (key, value) => gone.push([key, value]));
  map.set('a', 1);
  map.set('b', 2);
  assert.equal(map.get('a'), 1);
  map.set('c', 3);
  assert.deepEqual(gone, [['b', 2]]);
  assert.equal(map.peek('a'), 1);
  map.set('d', 4);
  assert.deepEqual(
    gone,
    [
      ['b', 2],
      ['a', 1],
    ],
    'a peek is no touch',
  );
  map.set('c', 5);
  map.set('e', 6);
  assert.deepEqual(
    [...map.entries()],
    [
      ['c', 5],
      ['e', 6],
    ],
    'a set is a touch',
  );
  assert.deepEqual([map.size, map.evicted], [2, 3]);
});

test('deleted and cleared entries were not evicted', () => {
  const map = new Bounded<string, number>(2, () => assert.fail());
  map.set('a', 1);
  assert.deepEqual([map.delete('a'), map.delete('a'), map.get('a'), map.evicted], [true, false, undefined, 0]);
  map.set('b', 2);
  map.clear();
  assert.deepEqual([map.size, [...map.values()]], [0, []]);
});

test('a bound is a whole number of at least 1', () => {
  for (const bound of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])
    assert.throws(() => new Bounded(bound), RangeError, String(bound));
});

test('it behaves like a list of the last touched', () => {
  const step = fc.record({ kind: fc.constantFrom('set', 'get', 'peek', 'delete'), key: fc.nat(6), value: fc.nat() });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.array(step, { maxLength: 60 }), (bound, steps) => {
      const map = new Bounded<number, number>(bound);
      let model: [number, number][] = [];
      for (const { kind, key, value } of steps) {
        const known = model.find(([own]) => own === key);
        const others = model.filter(([own]) => own !== key);
        if (kind === 'set') {
          map.set(key, value);
          model = [...others, [key, value] as [number, number]].slice(-bound);
        } else if (kind === 'delete') {
          assert.equal(map.delete(key), known !== undefined);
          model = others;
        } else {
          assert.equal(kind === 'get' ? map.get(key) : map.peek(key), known?.[1]);
          if (kind === 'get' && known !== undefined) model = [...others, known];
        }
        assert.deepEqual([...map.entries()], model);
        assert.ok(map.size <= bound);
      }
    }),
  );
});

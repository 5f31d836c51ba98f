// Collections that last, in workers that tell each other what changed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Lasting } from './lasting.ts';

function workers(): { one: Lasting; other: Lasting; exchange: () => void } {
  const one = new Lasting(() => 0);
  const other = new Lasting(() => 0);
  one.isShared = true;
  other.isShared = true;
  const exchange = () => {
    const [first, second] = [structuredClone(one.takeDeltas()), structuredClone(other.takeDeltas())];
    if (first !== null) other.absorb(first);
    if (second !== null) one.absorb(second);
  };
  return { one, other, exchange };
}

const ip = (lasting: Lasting, site = 's') => lasting.open(site, 'ip', '203.0.113.7', 0, 60);

test('sums of several workers are added up', () => {
  const { one, other, exchange } = workers();
  ip(one).add('n', 1, 0);
  ip(one).add('n', 1, 0);
  ip(other).add('n', 3, 0);
  exchange();
  assert.deepEqual([ip(one).get('n', 0), ip(other).get('n', 0)], ['5', '5']);
  exchange();
  assert.deepEqual([ip(one).get('n', 0), ip(other).get('n', 0)], ['5', '5']);
  assert.equal(ip(other, 'another').get('n', 0), null);
});

test('what is written, added to, expires and goes is so everywhere', () => {
  const { one, other, exchange } = workers();
  ip(one).put('name', 'ann', 0);
  ip(one).put('n', '10', 0);
  ip(one).add('n', 2, 0);
  ip(one).expire('n', 1000);
  exchange();
  assert.equal(ip(other).get('name', 0), 'ann');
  assert.equal(ip(other).get('n', 999), '12');
  assert.equal(ip(other).get('n', 1000), null);
  ip(other).unset('name');
  exchange();
  assert.equal(ip(one).get('name', 0), null);
});

test('a worker that starts is told what there is', () => {
  const { one } = workers();
  ip(one).put('name', 'ann', 0);
  const late = new Lasting(() => 0);
  late.absorb(structuredClone(one.snapshot()));
  assert.equal(ip(late).get('name', 0), 'ann');
  assert.equal(new Lasting(() => 0).snapshot(), null);
});

test('a collection that is over begins anew, and is not told', () => {
  let now = 0;
  const late = new Lasting(() => now);
  const { one } = workers();
  ip(one).put('name', 'ann', 0);
  now = 60_000;
  late.absorb(structuredClone(one.takeDeltas()));
  assert.equal(late.size, 0);
});

test('a number is lowered as time passes', () => {
  const { one } = workers();
  const own = ip(one);
  own.put('n', '10', 0);
  own.lower('n', 2, 1000, 3500);
  assert.equal(own.get('n', 0), '4');
});

test('nothing is noted where nobody is to be told, and no more than a bound otherwise', () => {
  const alone = new Lasting(() => 0);
  ip(alone).put('n', '1', 0);
  assert.equal(alone.takeDeltas(), null);
  const { one } = workers();
  for (let index = 0; index < 30_000; index++) one.open('s', 'ip', String(index), 0, 60).put('n', '1', 0);
  assert.equal(one.takeDeltas()?.length, 20_000);
  assert.equal(one.snapshot()?.length, 10_000);
});

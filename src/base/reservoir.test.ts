import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Reservoir } from './reservoir.ts';

/** A generator of which the seed is known (xorshift). */
function lots(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

function offer(reservoir: Reservoir<number>, count: number): { gone: number[] } {
  const gone: number[] = [];
  for (let number = 0; number < count; number++) {
    if (!reservoir.wants) reservoir.pass();
    else {
      const one = reservoir.take(number);
      if (one !== null) gone.push(one);
    }
  }
  return { gone };
}

test('as long as there is room everything is kept', () => {
  const reservoir = new Reservoir<number>(lots(1));
  reservoir.begin(10);
  offer(reservoir, 10);
  assert.deepEqual(reservoir.begin(3), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  offer(reservoir, 2);
  assert.deepEqual(reservoir.begin(0), [0, 1]);
  offer(reservoir, 100);
  assert.equal(reservoir.offered, 100);
  assert.deepEqual(reservoir.begin(0), []);
});

test('each of many has the same chance', () => {
  const reservoir = new Reservoir<number>(lots(7));
  const [size, many, rounds] = [10, 200, 4000];
  const counts = new Array<number>(many).fill(0);
  reservoir.begin(size);
  for (let round = 0; round < rounds; round++) {
    offer(reservoir, many);
    for (const number of reservoir.begin(size)) counts[number]!++;
  }
  assert.equal(
    counts.reduce((sum, count) => sum + count),
    size * rounds,
  );
  // Each is kept 200 times, and its deviation is about 14: five of those are less than one test in a million.
  for (const count of counts) assert.ok(Math.abs(count - (size * rounds) / many) < 70, String(count));
});

test('what is replaced is told, so that nobody else holds it', () => {
  const reservoir = new Reservoir<number>(lots(3));
  reservoir.begin(5);
  const { gone } = offer(reservoir, 1000);
  const kept = reservoir.begin(5);
  assert.equal(kept.length, 5);
  assert.ok(gone.length > 5 && gone.length < 100);
  assert.equal(new Set([...gone, ...kept]).size, gone.length + kept.length);
});

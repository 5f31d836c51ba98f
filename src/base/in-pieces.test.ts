import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atOnce, inPieces, type Pieces } from './in-pieces.ts';

function* counting(to: number, done: number[]): Pieces<string> {
  for (let number = 0; number < to; number++) {
    done.push(number);
    yield;
  }
  return 'whole';
}

test('both ways do everything in its order and give the result', async () => {
  const first: number[] = [];
  assert.equal(atOnce(counting(5, first)), 'whole');
  const second: number[] = [];
  const clock = { now: () => 0, monotonicMs: () => 0 };
  assert.equal(await inPieces(counting(5, second), clock, async () => {}), 'whole');
  assert.deepEqual(first, [0, 1, 2, 3, 4]);
  assert.deepEqual(second, first);
});

test('there is a pause whenever the work has gone on for a while, and none before', async () => {
  let nowMs = 0;
  const clock = { now: () => 0, monotonicMs: () => nowMs };
  const done: number[] = [];
  const pauses: number[] = [];
  function* slow(): Pieces<null> {
    for (const piece of counting(8, done)) {
      nowMs += 2;
      yield piece;
    }
    return null;
  }
  await inPieces(slow(), clock, async () => {
    pauses.push(done.length);
    nowMs += 100;
  });
  assert.deepEqual(pauses, [2, 4, 6, 8]);
});

test('a failure on the way is the failure of the whole', async () => {
  function* broken(): Pieces<null> {
    yield;
    throw new Error('half way');
  }
  const clock = { now: () => 0, monotonicMs: () => 0 };
  assert.throws(() => atOnce(broken()), /half way/);
  await assert.rejects(
    inPieces(broken(), clock, async () => {}),
    /half way/,
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ForgottenStreams } from './h2-forgotten.ts';

test('what comes on a stream that we ended is dropped, and the peer is told to stop once', () => {
  const forgotten = new ForgottenStreams();
  forgotten.add(1, false);
  assert.deepEqual(
    [forgotten.drop(1, 20_000), forgotten.drop(1, 20_000), forgotten.drop(1, 20_000)],
    [false, true, false],
  );
  forgotten.add(3, true);
  assert.equal(forgotten.drop(3, 100_000), false, 'it was reset: the peer knows');
  assert.equal(forgotten.drop(5, 100_000), false, 'nobody ended it');
});

test('the oldest are forgotten for good', () => {
  const forgotten = new ForgottenStreams();
  for (let id = 1; id <= 2 * 257; id += 2) forgotten.add(id, true);
  assert.deepEqual([forgotten.has(1), forgotten.has(3), forgotten.has(513)], [false, true, true]);
});

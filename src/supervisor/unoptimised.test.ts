// The engine optimises again once the work is done, however it ended.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unoptimised } from './unoptimised.ts';

test('what is hot is optimised again behind the work, also where that failed', async () => {
  const seen: string[] = [];
  const note = (word: string) => seen.push(word);
  assert.equal(
    await unoptimised(async () => {
      note('work');
      return 7;
    }, note),
    7,
  );
  assert.deepEqual(seen, ['--no-opt', 'work', '--opt']);
  await assert.rejects(
    unoptimised(async () => Promise.reject(new Error('broken')), note),
    /broken/,
  );
  assert.deepEqual(seen.slice(3), ['--no-opt', '--opt']);
});

test('the engine takes both words while it runs', async () => {
  const twice = (numbers: readonly number[]) => numbers.map((one) => one * 2);
  assert.deepEqual(await unoptimised(async () => twice([1, 2])), [2, 4]);
  assert.deepEqual(twice([3]), [6]);
});

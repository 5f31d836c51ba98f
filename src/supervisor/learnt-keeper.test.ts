// What was learnt, on disk and back: parts of several workers are one, and a damaged file is nothing.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { emptyLearnt, type Learnt } from '../model/model.ts';
import { LearntKeeper, learntOf, readLearnt } from './learnt-keeper.ts';

function some(requests: number): Map<string, Learnt> {
  return new Map([['shop', { ...emptyLearnt(), requests, from: 5, to: 9 }]]);
}

test('workers add up, the file is read again, and forgotten', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-learnt-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const said: string[] = [];
  const keeper = new LearntKeeper(folder, (text) => void said.push(text));
  keeper.absorb(some(2));
  keeper.absorb(null);
  const answers = keeper.answers(async () => [some(3), null]);
  const told = learntOf(await answers.learnt!({ ask: 'learnt' }));
  assert.equal(told.get('shop')!.requests, 5);
  await keeper.settle();
  const later = new LearntKeeper(folder, () => {});
  later.absorb(some(1));
  await later.settle();
  assert.equal(readLearnt(join(folder, 'learnt.json')).get('shop')!.requests, 6);
  await later.answers(async () => []).learnt!({ ask: 'learnt', forget: true });
  await later.settle();
  assert.equal(readLearnt(join(folder, 'learnt.json')).size, 0);
  writeFileSync(join(folder, 'learnt.json'), '{');
  assert.equal(readLearnt(join(folder, 'learnt.json')).size, 0);
  assert.deepEqual(said, []);
});

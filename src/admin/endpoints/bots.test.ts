import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bots } from './bots.ts';

test('what came of tasks may be seen by whoever may only look, and is counts alone', async () => {
  const [one] = bots;
  assert.deepEqual([one!.method, one!.path, one!.role], ['GET', '/bots', 'read']);
  const told = {
    tasks: { posed: 2, done: 1, wrong: 0, bits: 16 },
    tarpit: { held: 1, refused: 3 },
    robots: [{ name: 'Googlebot', agent: 'googlebot' }],
  };
  const asked: unknown[] = [];
  const ask = async (question: unknown) => {
    asked.push(question);
    return told;
  };
  assert.deepEqual(one!.answer.parse(await one!.run({} as never, { ask } as never)), told);
  assert.deepEqual(asked, [{ ask: 'bots-overview' }]);
  assert.equal(one!.answer.safeParse({ ...told, tasks: { posed: 'many' } }).success, false);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from './command.ts';
import { learn } from './learn.ts';

async function told(
  words: string[],
  options: Record<string, string | boolean> = { json: true },
): Promise<Record<string, unknown>[]> {
  let text = '';
  const stdout = { write: (piece: string) => (text += piece) };
  await learn.run(
    { words, options },
    { stdout, stderr: stdout, env: {}, cwd: '/', stop: new AbortController().signal },
  );
  return options.json === true
    ? text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
    : [{ text }];
}

test('a crowd at one port has as many 4-tuples as connections, and is gone afterwards', async () => {
  const lines = await told(['crowd'], { json: true, count: '300' });
  const [held] = lines.filter(({ state }) => state === 'held');
  assert.equal(held!.open, 300);
  const sources = new Set((held!.tuples as string[]).map((tuple) => tuple.split(' ')[0]));
  const targets = new Set((held!.tuples as string[]).map((tuple) => tuple.split(' ')[2]));
  assert.deepEqual([sources.size, [...targets]], [6, [`127.0.0.1:${held!.port}`]]);
  assert.ok((held!.descriptors as number) > 600);
  const over = lines.at(-1)!;
  assert.deepEqual([over.state, over.open], ['over', 0]);
  assert.ok((over.descriptors as number) < 300);
});

test('threads serve as many as the loop, with a thread each', async () => {
  const [threads, loop] = await told(['threads'], { json: true, count: '5' });
  assert.deepEqual([threads!.name, loop!.name], ['a thread for each', 'one event loop']);
  assert.ok((threads!.threads as number) >= (loop!.threads as number) + 5);
});

test('what cannot be asked', async () => {
  for (const [words, options] of [
    [[], {}],
    [['dance'], {}],
    [['crowd', 'x'], {}],
    [['crowd'], { count: '0' }],
    [['crowd'], { count: '10001' }],
    [['threads'], { count: 'many' }],
  ] as [string[], Record<string, string>][])
    await assert.rejects(told(words, options), UsageError);
});

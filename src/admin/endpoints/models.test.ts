import assert from 'node:assert/strict';
import { test } from 'node:test';
import { models } from './models.ts';

const [list, learnt, forget] = models;
const asking = () => {
  const asked: unknown[] = [];
  return { asked, backend: { ask: async (question: unknown) => asked.push(question) } as never };
};

test('what is learnt may be seen by whoever may look; to forget it takes the role that may change things', () => {
  assert.deepEqual(
    models.map(({ method, path, role }) => `${method} ${path} ${role}`),
    ['GET /models read', 'GET /models/learnt read', 'DELETE /models/learnt write'],
  );
});

test('a document is of one site; what was asked for less often than ten times is left out unless it is said otherwise', async () => {
  for (const [query, wanted] of [
    [{ site: '*' }, { ask: 'model-proposal', site: '*', atLeast: 10 }],
    [
      { site: 'a', atLeast: '1' },
      { ask: 'model-proposal', site: 'a', atLeast: 1 },
    ],
    [{ site: 'a', atLeast: '0' }, null],
    [{}, null],
  ] as const) {
    const read = learnt!.input!.safeParse(query);
    assert.equal(read.success, wanted !== null, JSON.stringify(query));
    if (!read.success) continue;
    const { asked, backend } = asking();
    await learnt!.run({ input: read.data, body: null } as never, backend);
    assert.deepEqual(asked, [wanted]);
  }
  const { asked, backend } = asking();
  await forget!.run({} as never, backend);
  await list!.run({} as never, backend);
  assert.deepEqual(asked, [{ ask: 'model-forget' }, { ask: 'models-overview' }]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { records } from './records.ts';

const [list, purge] = records;
const nowMs = 1_000_000_000_000;

test('whoever may only look sees what is kept; to delete it takes the role that may change things', () => {
  assert.deepEqual([list!.role, purge!.role], ['read', 'write']);
});

test('nothing is deleted unless it is said what: a client, a time, both, or all', async () => {
  for (const [body, wanted] of [
    [{ all: true }, { ask: 'purge', all: true }],
    [{ client: '203.0.113.0/24' }, { ask: 'purge', client: '203.0.113.0/24' }],
    [{ olderThanMs: 1000 }, { ask: 'purge', until: nowMs - 1000 }],
    [
      { client: 'a', olderThanMs: 0 },
      { ask: 'purge', client: 'a', until: nowMs },
    ],
    [{}, 'name a client, a time, or both; or say all'],
    [{ all: false }, 'name a client, a time, or both; or say all'],
    [{ all: true, client: 'a' }, 'name a client, a time, or both; or say all'],
    [{ client: '' }, null],
    [{ olderThanMs: -1 }, null],
    [{ all: 'yes' }, null],
  ] as const) {
    const read = purge!.body!.safeParse(body);
    assert.equal(read.success, wanted !== null, JSON.stringify(body));
    if (!read.success) continue;
    const asked: unknown[] = [];
    const backend = { ask: async (question: unknown) => asked.push(question), clock: { now: () => nowMs } };
    const run = async () => purge!.run({ input: null, body: read.data } as never, backend as never);
    if (typeof wanted === 'string') await assert.rejects(run(), { status: 400, message: wanted });
    else {
      await run();
      assert.deepEqual(asked, [wanted]);
    }
  }
});

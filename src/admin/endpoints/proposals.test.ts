import assert from 'node:assert/strict';
import { test } from 'node:test';
import { proposals } from './proposals.ts';

/** A path, a body, and the question that the gate is asked; null for a body that is refused. */
const cases: readonly (readonly [string, object, object | null])[] = [
  ['/proposals/exclusion', { id: 'A' }, { ask: 'exclusion-proposal', id: 'A', days: 90, because: '' }],
  [
    '/proposals/exclusion',
    { id: 'A', days: 30, because: 'b' },
    { ask: 'exclusion-proposal', id: 'A', days: 30, because: 'b' },
  ],
  ['/proposals/exclusion', { id: 'A', days: 0 }, null],
  ['/proposals/exclusion', { id: '' }, null],
  ['/proposals/mode', { site: 's', mode: 'detect' }, { ask: 'mode-proposal', site: 's', mode: 'detect' }],
  ['/proposals/mode', { site: 's', mode: 'on' }, null],
  ['/replays', {}, { ask: 'replay', last: 500 }],
  ['/replays', { id: 'A', text: 't' }, { ask: 'replay', id: 'A', text: 't', last: 500 }],
  ['/replays', { last: 2001 }, null],
];

test('what is asked is read strictly, becomes one question, and takes the role that may change things', async () => {
  for (const [path, given, wanted] of cases) {
    const found = proposals.find((one) => one.path === path)!;
    assert.equal(found.role, 'write');
    const read = found.body!.safeParse(given);
    assert.equal(read.success, wanted !== null, JSON.stringify(given));
    if (!read.success) continue;
    const asked: unknown[] = [];
    const ask = async (question: unknown) => asked.push(question);
    await found.run({ input: null, body: read.data } as never, { ask } as never);
    assert.deepEqual(asked, [wanted]);
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { certificates } from './certificates.ts';

const [list, renew] = certificates;

test('whoever may only look sees how certificates are; a new one takes the role that may change things', () => {
  assert.deepEqual([list!.role, renew!.role], ['read', 'write']);
});

test('a renewal names whom, and is forced only where that is said', async () => {
  for (const [body, wanted] of [
    [{ name: 'a.example' }, { ask: 'renew', name: 'a.example', force: false }],
    [
      { name: 'a.example', force: true },
      { ask: 'renew', name: 'a.example', force: true },
    ],
    [{ name: '' }, null],
    [{ name: 'a'.repeat(254) }, null],
    [{}, null],
  ] as const) {
    const read = renew!.body!.safeParse(body);
    assert.equal(read.success, wanted !== null);
    if (!read.success) continue;
    const asked: unknown[] = [];
    await renew!.run(
      { input: null, body: read.data } as never,
      { ask: async (one: unknown) => asked.push(one) } as never,
    );
    assert.deepEqual(asked, [wanted]);
  }
});

test('an answer has the state of each, and no state that nobody knows', () => {
  const row = {
    names: ['a.example'],
    issuer: '',
    profile: '',
    authority: 'https://ca.example',
    notAfter: null,
    renewAt: null,
    explanation: '',
    state: 'failing',
    lastError: 'refused',
    triedAgainAt: '2026-11-26T09:00:00.000Z',
  };
  assert.ok(list!.answer.safeParse({ isOn: true, rows: [row] }).success);
  assert.ok(!list!.answer.safeParse({ isOn: true, rows: [{ ...row, state: 'odd' }] }).success);
});

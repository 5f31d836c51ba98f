import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changesBetween } from './changes.ts';

test('what a reload changed is told value by value, in the words of the file', () => {
  for (const [before, after, lines] of [
    [{ a: 1 }, { a: 1 }, []],
    [{ limits: { idleTimeoutMs: 60_000 } }, { limits: { idleTimeoutMs: 5 } }, ['limits.idle_timeout_ms: 60000 → 5']],
    [{ sites: [{ to: ['a:1'] }] }, { sites: [{ to: ['b:2'] }] }, ['sites[0].to: ["a:1"] → ["b:2"]']],
    [{ sites: [] }, { sites: [{ name: 'x' }] }, ['sites[0]: new, {"name":"x"}']],
    [{ sites: [{ name: 'x' }] }, { sites: [] }, ['sites[0]: gone, {"name":"x"}']],
    [{ rules: ['allow tcp 1 from any'] }, { rules: [] }, ['rules: ["allow tcp 1 from any"] → []']],
    [{ a: null }, { a: 'b' }, ['a: null → "b"']],
  ] as const)
    assert.deepEqual(changesBetween(before, after), lines);
});

test('a long value is cut, and a long list of changes is summed up', () => {
  const [line] = changesBetween({ a: 'x'.repeat(500) }, { a: '' });
  assert.ok(line!.length < 120 && line!.includes('…'));
  const many = (value: number) => Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`k${at}`, value]));
  const lines = changesBetween(many(1), many(2));
  assert.deepEqual([lines.length, lines.at(-1)], [41, 'and 60 more']);
});

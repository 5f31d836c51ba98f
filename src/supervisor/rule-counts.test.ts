import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addRules, RuleCounts } from './rule-counts.ts';

const sources = (hits: readonly number[], cpu: Readonly<Record<number, number>> | null) => ({
  firewall: { hits: Float64Array.from(hits) },
  waf: {
    bill: () =>
      cpu === null
        ? null
        : {
            phases: 0,
            sharedMs: 0,
            overruns: 0,
            rows: Object.entries(cpu).map(([id, cpuMs]) => ({ id: Number(id), at: '', hits: 0, asked: 0, cpuMs })),
          },
  },
});

test('sums never fall, whatever configuration holds', () => {
  const counts = new RuleCounts();
  const first = sources([1, 5], { 7: 2, 8: 0 });
  assert.deepEqual(counts.read(first), { hits: { 0: 1, 1: 5 }, cpuMs: { 7: 2 } });
  // What came after the last look is not lost when the next configuration holds.
  first.firewall.hits[1] = 9;
  const second = { ...sources([0, 0, 3], { 7: 1, 9: 4 }), waf: first.waf };
  assert.deepEqual(counts.read(second), { hits: { 0: 1, 1: 9, 2: 3 }, cpuMs: { 7: 2 } });
  const third = { ...second, waf: sources([], null).waf };
  assert.deepEqual(counts.read(third), { hits: { 0: 1, 1: 9, 2: 3 }, cpuMs: { 7: 2 } });
  assert.deepEqual(counts.read({ ...third, waf: sources([], { 7: 1 }).waf }).cpuMs, { 7: 3 });
});

test('workers are added up', () => {
  assert.deepEqual(addRules({ hits: { 0: 1 }, cpuMs: { 7: 1 } }, { hits: { 0: 2, 1: 1 }, cpuMs: { 8: 1 } }), {
    hits: { 0: 3, 1: 1 },
    cpuMs: { 7: 1, 8: 1 },
  });
});

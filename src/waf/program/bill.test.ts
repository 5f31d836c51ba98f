// The bill: every rule that is asked and every hit is counted; time is a sample of one phase in seventeen, reckoned up.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Bill } from './bill.ts';
import type { Program, Rule } from './program.ts';

const rule = (number: number, id: number) => ({ number, id, at: `a.conf:${id}` }) as Rule;
const program = { rules: [rule(0, 10), rule(1, 11), null, rule(3, 13)] } as unknown as Program;

test('hits are exact, time is reckoned up from the sample, and the dearest rule comes first', () => {
  const bill = new Bill(program);
  let timed = 0;
  for (let phase = 0; phase < 34; phase++) {
    const isTimed = bill.begin();
    if (isTimed) {
      timed++;
      bill.shared(0.5);
      bill.took(0, 1);
      bill.took(3, 2);
    }
    bill.asked(0);
    bill.asked(3);
    if (phase < 5) bill.hit(3);
  }
  assert.equal(timed, 2);
  assert.deepEqual(bill.read(), {
    phases: 34,
    sharedMs: 17,
    overruns: 0,
    rows: [
      { id: 13, at: 'a.conf:13', hits: 5, asked: 34, cpuMs: 68 },
      { id: 10, at: 'a.conf:10', hits: 0, asked: 34, cpuMs: 34 },
    ],
  });
});

test('of requests with two or four phases each phase is timed in turn, and a wait for the machine is not charged', () => {
  for (const phases of [2, 3, 4, 5]) {
    const bill = new Bill(program);
    const timed = new Set<number>();
    for (let request = 0; request < 40; request++)
      for (let phase = 0; phase < phases; phase++) if (bill.begin()) timed.add(phase);
    assert.equal(timed.size, phases);
  }
  const bill = new Bill(program);
  bill.begin();
  bill.shared(0);
  bill.asked(1);
  bill.took(1, 1000);
  assert.deepEqual(bill.read().rows, [{ id: 11, at: 'a.conf:11', hits: 0, asked: 1, cpuMs: 5 }]);
});

test('a bill on which nothing stands is empty', () => {
  assert.deepEqual(new Bill(program).read(), { phases: 0, sharedMs: 0, overruns: 0, rows: [] });
});

// Offences bring a ban when they come too fast, and each further ban is longer.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { maxOffenders, Offences } from './offences.ts';

test('the one that is too many within the window, and not before', () => {
  const offences = new Offences();
  const threshold = { limit: 3, windowMs: 60_000 };
  const count = (nowMs: number, caller = 'a') => offences.count('waf', caller, threshold, nowMs);
  assert.deepEqual([count(0), count(1), count(1, 'b'), count(2)], [false, false, false, true]);
  assert.deepEqual([count(3), count(4), count(5)], [false, false, true], 'the count begins anew');
  assert.equal(offences.count('rates', 'a', threshold, 6), false, 'each kind by itself');
});

test('whoever offends slower than the threshold is never banned for it', () => {
  const offences = new Offences();
  for (let time = 0; time < 1000; time++)
    assert.equal(offences.count('waf', 'a', { limit: 3, windowMs: 60_000 }, time * 20_001), false);
});

test('a threshold of one is met at once', () => {
  assert.equal(new Offences().count('waf', 'a', { limit: 1, windowMs: 1000 }, 0), true);
});

test('bans grow by the factor up to the longest, and begin anew after a long peace', () => {
  const offences = new Offences();
  const escalation = { firstMs: 1000, factor: 4, longestMs: 30_000 };
  const next = (nowMs: number) => Object.values(offences.escalate('a', escalation, nowMs));
  assert.deepEqual(
    [next(0), next(2000), next(9000), next(40_000)],
    [
      [1000, 0],
      [4000, 1],
      [16_000, 2],
      [30_000, 3],
    ],
  );
  assert.deepEqual(next(40_000 + 30_000 + 86_400_001), [1000, 0]);
  for (let time = 0; time < 500; time++) offences.escalate('b', escalation, time);
  assert.deepEqual(offences.escalate('b', escalation, 500), { lengthMs: 30_000, level: 500 });
  offences.remember('c', 2, 1000, 0);
  assert.deepEqual(offences.escalate('c', escalation, 1), { lengthMs: 30_000, level: 3 });
});

test('a flood of callers is forgotten, the oldest first', () => {
  const offences = new Offences();
  const threshold = { limit: 2, windowMs: 60_000 };
  offences.count('waf', 'first', threshold, 0);
  for (let number = 0; number < maxOffenders; number++) offences.count('waf', `caller ${number}`, threshold, 0);
  assert.equal(offences.count('waf', 'first', threshold, 0), false);
  assert.equal(offences.count('waf', `caller ${maxOffenders - 1}`, threshold, 0), true);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readWaitingMs, Silence } from './silence.ts';

test('silence counts from the last word, without the time in which a worker waited for a processor', () => {
  let waited = 5000;
  const silence = new Silence(() => waited);
  const at = (heardMs: number, nowMs: number, waitedMs: number): number => {
    waited = waitedMs;
    return silence.ms(heardMs, nowMs);
  };
  assert.equal(at(0, 999, 5999), 999, 'a short silence is not looked into');
  assert.equal(at(0, 1000, 5000), 1000);
  assert.equal(at(0, 11_000, 5000), 11_000, 'it ran, or did not want to: it hangs');
  assert.equal(at(0, 11_000, 13_000), 3000, 'it wanted to run for eight of them');
  assert.equal(at(0, 11_000, 99_000), 1100, 'not everything is excused');
  assert.equal(at(10_000, 10_500, 99_000), 500, 'it was heard of');
  assert.equal(at(10_000, 13_000, 99_000), 3000, 'what it waited before is over');
  assert.equal(at(10_000, 14_000, 99_500), 3500);
  assert.ok(at(Number.POSITIVE_INFINITY, 14_000, 0) < 0, 'one that was ended');
});

test('what the kernel tells of this process, and of none', () => {
  const before = readWaitingMs(process.pid);
  assert.ok(before >= 0 && readWaitingMs(process.pid) >= before);
  assert.equal(readWaitingMs(0), 0);
});

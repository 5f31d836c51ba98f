import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ManualClock } from '../base/clock.ts';
import type { Expiring } from '../traffic/deadline.ts';
import { Deadlines } from './deadlines.ts';

class Entry implements Expiring {
  due = 0;
  expired = 0;
  act: () => void = () => {};
  expire(): void {
    this.expired++;
    this.act();
  }
}

function wheel() {
  const clock = new ManualClock(1_000_000.25);
  const deadlines = new Deadlines(clock, 500);
  const after = (ms: number) => {
    clock.advance(ms);
    deadlines.tick();
  };
  return { clock, deadlines, after };
}

test('an entry expires once, not before its time and not two ticks after it', () => {
  for (const ms of [0, 1, 499, 500, 501, 60_000, 255_999, 256_000, 256_001, 3_600_000]) {
    const { deadlines, after } = wheel();
    const entry = new Entry();
    deadlines.set(entry, ms);
    for (let waited = 500; waited < ms; waited += 500) {
      after(500);
      assert.equal(entry.expired, 0, `${ms} ms, after ${waited}`);
    }
    after(500);
    after(500);
    after(300_000);
    assert.equal(entry.expired, 1, `${ms} ms`);
    assert.equal(entry.due, 0);
    assert.equal(deadlines.size, 0);
  }
});

test('a deadline moves later and earlier, and can be cleared', () => {
  const { deadlines, after } = wheel();
  const [later, earlier, cleared] = [new Entry(), new Entry(), new Entry()];
  for (const entry of [later, earlier, cleared]) deadlines.set(entry, 10_000);
  deadlines.set(later, 60_000);
  deadlines.set(earlier, 1000);
  deadlines.clear(cleared);
  deadlines.clear(cleared);
  assert.equal(deadlines.size, 2);
  after(1500);
  assert.deepEqual([later.expired, earlier.expired, cleared.expired], [0, 1, 0]);
  after(57_000);
  assert.equal(later.expired, 0);
  after(2500);
  assert.deepEqual([later.expired, earlier.expired, cleared.expired], [1, 1, 0]);
});

test('a time that never comes is no deadline', () => {
  const { deadlines } = wheel();
  const entry = new Entry();
  for (const never of [Number.POSITIVE_INFINITY, Number.NaN]) {
    deadlines.set(entry, 1000);
    deadlines.set(entry, never);
    assert.equal(entry.due, 0);
  }
  assert.equal(deadlines.size, 0);
});

test('a process that slept for a day wakes to every deadline', () => {
  const { deadlines, after } = wheel();
  const entries = Array.from({ length: 1000 }, () => new Entry());
  for (const [index, entry] of entries.entries()) deadlines.set(entry, index * 997);
  after(86_400_000);
  assert.ok(entries.every(({ expired }) => expired === 1));
});

test('what expires may set and clear itself and others', () => {
  const { deadlines, after } = wheel();
  const [first, second] = [new Entry(), new Entry()];
  const again = new Entry();
  for (const entry of [first, second, again]) deadlines.set(entry, 1000);
  first.act = () => deadlines.clear(second);
  second.act = () => deadlines.clear(first);
  again.act = () => deadlines.set(again, 1000);
  after(2000);
  assert.equal(first.expired + second.expired, 1);
  assert.equal(again.expired, 1);
  after(2000);
  assert.equal(again.expired, 2);
  assert.equal(deadlines.size, 1);
});

test('one that throws does not keep the others from their turn', () => {
  const { deadlines, after } = wheel();
  const entries = Array.from({ length: 5 }, () => new Entry());
  for (const entry of entries) {
    entry.act = () => {
      throw new Error('boom');
    };
    deadlines.set(entry, 100);
  }
  for (let tick = 0; tick < 5; tick++) assert.throws(() => after(500), /boom/);
  assert.ok(entries.every(({ expired }) => expired === 1));
});

type Step = { readonly what: 'set' | 'clear' | 'wait'; readonly entry: number; readonly ms: number };

const times = fc.oneof(fc.nat(700), fc.nat(20_000), fc.nat(600_000));
const step: fc.Arbitrary<Step> = fc.record({
  what: fc.constantFrom('set', 'set', 'clear', 'wait', 'wait'),
  entry: fc.nat(5),
  ms: times,
});

test('it agrees with a list of times', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const { clock, deadlines, after } = wheel();
      const startMs = clock.monotonicMs();
      const entries = Array.from({ length: 6 }, () => new Entry());
      const list = new Map<number, number>();
      const expired = entries.map(() => 0);
      let done = 0;
      for (const { what, entry, ms } of steps) {
        const sinceMs = clock.monotonicMs() - startMs;
        if (what === 'clear') {
          list.delete(entry);
          deadlines.clear(entries[entry]!);
        } else if (what === 'set') {
          list.set(entry, Math.max(done + 1, Math.ceil((sinceMs + ms) / 500)));
          deadlines.set(entries[entry]!, ms);
        } else {
          after(ms);
          done = Math.floor((sinceMs + ms) / 500);
          for (const [key, tick] of list)
            if (tick <= done) {
              list.delete(key);
              expired[key]!++;
            }
        }
        assert.deepEqual(
          entries.map((each) => each.expired),
          expired,
        );
        assert.equal(deadlines.size, list.size);
      }
    }),
    { numRuns: 300 },
  );
});

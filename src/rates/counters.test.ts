import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bytesPerKey, Counters } from './counters.ts';

const windowMs = 10_000;

/** Passes a request of one key where fewer than `limit` are inside the window. */
function pass(counters: Counters, key: number, limit: number, nowMs: number): boolean {
  const row = counters.find(key, key);
  if (row >= 0 && counters.used(row, nowMs) >= limit) return false;
  counters.add(key, key, row, nowMs);
  return true;
}

test('a burst is forgotten one window after it, and not before', () => {
  const counters = new Counters(windowMs, 64, 0);
  for (let request = 0; request < 500; request++) assert.ok(pass(counters, 1, 500, 4321));
  assert.equal(pass(counters, 1, 500, 4321), false);
  assert.equal(pass(counters, 1, 500, 14_320), false);
  assert.equal(pass(counters, 1, 500, 14_321 + counters.grainMs), true);
});

test('each request leaves in its turn', () => {
  const counters = new Counters(windowMs, 64, 0);
  for (const at of [0, 1000, 2000]) pass(counters, 1, 3, at);
  const row = counters.find(1, 1);
  assert.equal(counters.used(row, 9_999), 3);
  assert.equal(counters.used(row, 10_500), 2);
  assert.equal(counters.used(row, 11_500), 1);
  assert.equal(counters.used(row, 12_500), 0);
  assert.equal(counters.used(row, 1e9), 0);
});

test('the times until there is room and until all is forgotten', () => {
  const counters = new Counters(windowMs, 64, 0);
  for (const at of [0, 1000, 2000]) pass(counters, 1, 3, at);
  const row = counters.find(1, 1);
  const near = (actual: number, expected: number) =>
    assert.ok(actual >= expected && actual < expected + 2, `${actual}`);
  near(counters.freeInMs(row, 3, 2000), 8000);
  near(counters.freeInMs(row, 2, 2000), 9000);
  near(counters.wholeInMs(row, 2000), 10_000);
  assert.equal(counters.freeInMs(row, 4, 2000), 0);
});

/** What the table approximates: every time written down. */
class Log {
  times: number[] = [];
  passedSince(at: number): number {
    return this.times.filter((time) => time > at).length;
  }
}

test('never more than the limit in any window, and never held back by more than a slot', () => {
  const slotMs = windowMs / 28;
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.nat(50), fc.nat(1500), fc.nat(25_000)), { maxLength: 120 }),
      fc.integer({ min: 1, max: 12 }),
      fc.double({ min: 0, max: 1e6, noNaN: true }),
      (gaps, limit, startMs) => {
        const counters = new Counters(windowMs, 8, startMs);
        const log = new Log();
        let now = startMs;
        for (const gap of gaps) {
          now += gap;
          if (pass(counters, 7, limit, now)) {
            assert.ok(log.passedSince(now - windowMs + 1e-6) < limit, 'one more than the limit');
            log.times.push(now);
          } else assert.ok(log.passedSince(now - windowMs - slotMs - counters.grainMs) >= limit, 'held back too long');
        }
      },
    ),
    { numRuns: 300 },
  );
});

test('waiting as long as it says is enough', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(900), { minLength: 1, maxLength: 60 }),
      fc.integer({ min: 1, max: 5 }),
      (gaps, limit) => {
        const counters = new Counters(windowMs, 8, 0);
        let now = 0;
        for (const gap of gaps) {
          now += gap;
          if (pass(counters, 7, limit, now)) continue;
          const waitMs = counters.freeInMs(counters.find(7, 7), limit, now);
          assert.ok(waitMs > 0);
          assert.equal(counters.used(counters.find(7, 7), now + waitMs - 0.001) >= limit, true);
          assert.equal(counters.used(counters.find(7, 7), now + waitMs + 0.001) < limit, true);
        }
      },
    ),
    { numRuns: 200 },
  );
});

test('keys do not disturb each other while there is room', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(40), fc.nat(2000)), { maxLength: 200 }), (requests) => {
      const together = new Counters(windowMs, 4096, 0);
      const alone = new Map<number, Counters>();
      let now = 0;
      for (const [number, gap] of requests) {
        now += gap;
        const key = (number + 1) * 0x9e3779b1;
        const own = alone.get(number) ?? new Counters(windowMs, 8, 0);
        alone.set(number, own);
        assert.equal(pass(together, key | 0, 3, now), pass(own, key | 0, 3, now));
      }
      assert.equal(together.evicted, 0);
    }),
  );
});

test('a full table holds on to whoever counted most', () => {
  const counters = new Counters(windowMs, 8, 0);
  for (let request = 0; request < 50; request++) pass(counters, 1, 100, 0);
  for (let key = 2; key < 1000; key++) pass(counters, key, 100, key);
  assert.equal(counters.size, 8);
  assert.equal(counters.used(counters.find(1, 1), 1000), 50);
  assert.equal(counters.evicted, 999 - 8);
});

test('a key whose window is over goes before one that counts', () => {
  const counters = new Counters(windowMs, 8, 0);
  for (let request = 0; request < 50; request++) pass(counters, 1, 100, 0);
  for (let key = 2; key <= 8; key++) pass(counters, key, 100, 15_000);
  pass(counters, 9, 100, 15_000);
  assert.equal(counters.find(1, 1), -1);
  assert.equal(counters.evicted, 0);
});

test('the bytes are fixed, and never for more keys than asked for', () => {
  for (const maxKeys of [8, 9, 100, 1000, 65_536]) {
    const counters = new Counters(windowMs, maxKeys, 0);
    assert.ok(counters.maxKeys <= maxKeys && counters.maxKeys > maxKeys / 2);
    assert.equal(counters.bytes, counters.maxKeys * bytesPerKey);
  }
  assert.throws(() => new Counters(windowMs, 7, 0), /at least 8 keys/);
});

test('workers that tell each other count as one', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ worker: fc.nat(2), key: fc.integer({ min: 1, max: 5 }), after: fc.nat(900) }), {
        maxLength: 200,
      }),
      (requests) => {
        const alone = new Counters(windowMs, 64, 0);
        const workers = [0, 1, 2].map(() => new Counters(windowMs, 64, 0));
        for (const worker of workers) worker.isShared = true;
        let now = 0;
        for (const { worker, key, after } of requests) {
          now += after;
          pass(alone, key, 1e6, now);
          pass(workers[worker]!, key, 1e6, now);
          const told = workers.map((each) => each.takeDeltas());
          for (const [from, deltas] of told.entries())
            if (deltas !== null) for (const [to, each] of workers.entries()) if (to !== from) each.addAll(deltas, now);
        }
        for (const worker of workers)
          for (let key = 1; key <= 5; key++) {
            const [row, itsRow] = [alone.find(key, key), worker.find(key, key)];
            assert.equal(itsRow < 0 ? 0 : worker.used(itsRow, now), row < 0 ? 0 : alone.used(row, now));
          }
      },
    ),
  );
});

test('what was told is told once, and what others told is not told again', () => {
  const counters = new Counters(windowMs, 64, 0);
  pass(counters, 1, 9, 10);
  assert.equal(counters.takeDeltas(), null, 'nobody is there to be told');
  counters.isShared = true;
  for (const at of [20, 30]) pass(counters, 1, 9, at);
  pass(counters, 2, 9, 30);
  counters.addAll(Int32Array.of(7, 7, 3), 30);
  assert.deepEqual(counters.takeDeltas(), Int32Array.of(1, 1, 2, 2, 2, 1));
  assert.equal(counters.takeDeltas(), null);
});

test('a successor begins with what the others know', () => {
  const counters = new Counters(windowMs, 64, 0);
  for (const at of [0, 1000, 9000]) pass(counters, 1, 9, at);
  const successor = new Counters(windowMs, 64, 0);
  successor.addAll(counters.snapshot(10_500)!, 10_500);
  assert.equal(successor.used(successor.find(1, 1), 10_500), 2);
  assert.equal(counters.snapshot(1e6), null);
});

test('nonsense of another process neither throws nor grows anything', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), { maxLength: 400 }), (words) => {
      const counters = new Counters(windowMs, 64, 0);
      const { bytes } = counters;
      counters.addAll(Int32Array.from(words), 5);
      assert.ok(counters.size <= 64 && counters.bytes === bytes);
    }),
  );
});

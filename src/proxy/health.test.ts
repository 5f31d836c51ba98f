import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ByHand } from '../../test/proxy-world.ts';
import { RetryBudget } from './budget.ts';
import { type BreakerSettings, Health } from './health.ts';
import { AnswerTimes, outliers } from './outlier.ts';
import { TupleUse } from './tuple-use.ts';

const breaker: BreakerSettings = { maxFailures: 3, evenAlone: true, openMs: 10_000, statuses: [503], slowFactor: 0 };

function healthOf(settings: Partial<BreakerSettings> = {}, slowStartMs = 0) {
  const timekeeper = new ByHand();
  let told = 0;
  const tools = { timekeeper, now: () => timekeeper.clock.monotonicMs() };
  const health = new Health({ ...breaker, ...settings }, slowStartMs, tools, () => told++);
  return { health, timekeeper, told: () => told };
}

/** An exchange that fails before it is answered. */
function fail(health: Health, times = 1): void {
  for (let time = 0; time < times; time++) {
    health.began();
    health.failed('it reset the connection', false);
  }
}

test('failures in a row open it, one answer between them does not', () => {
  const { health } = healthOf();
  fail(health, 2);
  health.answered(200);
  fail(health, 2);
  assert.deepEqual([health.state, health.isAdmitting], ['up', true]);
  fail(health);
  assert.deepEqual([health.state, health.isAdmitting], ['open', false]);
  assert.equal(health.says, '3 failures in a row, the last: it reset the connection');
});

test('a status that its owner counts is a failure, others are not', () => {
  const { health } = healthOf();
  for (let time = 0; time < 9; time++) health.answered(500);
  assert.equal(health.state, 'up');
  for (let time = 0; time < 3; time++) health.answered(503);
  assert.equal(health.state, 'open');
});

test('answers that are cut short count on their own, though each began well', () => {
  const { health } = healthOf();
  for (let time = 0; time < 3; time++) {
    health.answered(200);
    health.failed('it ended within its answer', true);
  }
  assert.equal(health.state, 'open');
  const other = healthOf().health;
  for (let time = 0; time < 9; time++) {
    other.answered(200);
    if (time % 2 === 0) other.failed('it ended within its answer', true);
    else other.finished();
  }
  assert.equal(other.state, 'up');
});

test('after its time one request tries: its answer closes it, its failure opens it for twice as long', () => {
  const { health, timekeeper, told } = healthOf();
  fail(health, 3);
  assert.equal(health.retryMs, 10_000);
  timekeeper.pass(9999);
  assert.equal(health.isAdmitting, false);
  timekeeper.pass(1);
  assert.deepEqual([health.state, health.isAdmitting, told()], ['half-open', true, 1]);
  health.began();
  assert.equal(health.isAdmitting, false, 'one at a time');
  health.failed('again', false);
  assert.deepEqual([health.state, health.retryMs], ['open', 20_000]);
  timekeeper.pass(20_000);
  health.began();
  health.answered(200);
  assert.deepEqual([health.state, health.isAdmitting, health.says, timekeeper.due.size], ['up', true, '', 0]);
  fail(health, 3);
  assert.equal(health.retryMs, 10_000, 'after a good answer it begins anew');
});

test('it stays open eight times as long at most', () => {
  const { health, timekeeper } = healthOf();
  fail(health, 3);
  for (let time = 0; time < 20; time++) {
    timekeeper.pass(health.retryMs!);
    fail(health);
  }
  assert.equal(health.retryMs, 80_000);
});

test('a probe that says nothing gives its place to another, at the latest after a while', () => {
  const { health, timekeeper } = healthOf();
  fail(health, 3);
  timekeeper.pass(10_000);
  health.began();
  health.abandoned();
  assert.deepEqual([health.state, health.isAdmitting], ['half-open', true]);
  health.began();
  timekeeper.pass(10_000);
  assert.deepEqual([health.state, health.isAdmitting], ['half-open', true]);
});

/** Workers that know the same endpoint: what one finds the others hear at once. */
function crewOf(size: number) {
  const crew = Array.from({ length: size }, () => healthOf());
  for (const [index, { health }] of crew.entries()) {
    health.divide(index + 1);
    health.onFound = (found) => {
      for (const other of crew) if (other.health !== health) other.health.heard(structuredClone(found));
    };
  }
  const pass = (ms: number) => {
    for (const { timekeeper } of crew) timekeeper.pass(ms);
  };
  const states = () => crew.map(({ health }) => health.state);
  const admitting = () => crew.map(({ health }) => health.isAdmitting);
  return { healths: crew.map(({ health }) => health), pass, states, admitting };
}

test('one request tries for all workers, and what becomes of it holds for all', () => {
  const { healths, pass, states, admitting } = crewOf(4);
  const [first, second] = healths as [Health, Health];
  fail(second, 3);
  assert.deepEqual(states(), ['open', 'open', 'open', 'open']);
  pass(10_000);
  assert.deepEqual(admitting(), [true, false, false, false], 'the first goes first');
  first.began();
  pass(3000);
  assert.deepEqual(admitting(), [false, false, false, false], 'the others wait for what becomes of it');
  first.failed('again', false);
  pass(19_999);
  assert.deepEqual(admitting(), [false, false, false, false], 'all are out for twice as long');
  pass(1);
  first.began();
  first.answered(200);
  assert.deepEqual(states(), ['up', 'up', 'up', 'up']);
});

test('a worker without traffic holds nobody up for long', () => {
  const { healths, pass, admitting } = crewOf(4);
  const [, second, third] = healths as [Health, Health, Health];
  fail(second, 3);
  pass(11_500);
  assert.deepEqual(admitting(), [true, true, false, false]);
  second.began();
  assert.deepEqual(admitting(), [false, false, false, false]);
  // It ends without a word on the endpoint: whoever has the next request tries.
  second.abandoned();
  assert.deepEqual(admitting(), [false, true, false, false]);
  pass(4500);
  assert.deepEqual(admitting(), [true, true, true, true]);
  third.began();
  third.failed('again', false);
  pass(19_000);
  assert.deepEqual(admitting(), [false, false, false, false]);
});

test('a try of which nobody hears the end is another worker’s after a while', () => {
  const { healths, pass, admitting } = crewOf(2);
  const [first, second] = healths as [Health, Health];
  fail(first, 3);
  pass(10_000);
  first.began();
  // Its worker dies.
  first.onFound = null;
  pass(11_499);
  assert.equal(second.isAdmitting, false);
  pass(1);
  assert.equal(second.isAdmitting, true);
  second.began();
  second.answered(200);
  assert.deepEqual(admitting(), [true, true]);
});

test('two that open at once are out no longer for that', () => {
  const { healths, pass, admitting } = crewOf(2);
  const [first, second] = healths as [Health, Health];
  fail(first, 2);
  fail(second, 2);
  first.onFound = null;
  fail(first);
  fail(second);
  first.heard({ state: 'open', says: 'x' });
  pass(10_000);
  assert.deepEqual(admitting(), [true, false]);
});

test('where there is nobody else to go to only its owner’s word opens it', () => {
  const { health } = healthOf({ evenAlone: false });
  fail(health, 50);
  assert.equal(health.state, 'up');
  health.hasPeers = true;
  fail(health);
  assert.equal(health.state, 'open');
  const never = healthOf({ maxFailures: 0 }).health;
  fail(never, 50);
  assert.equal(never.state, 'up');
});

test('checks and breaker both have a say', () => {
  const { health, timekeeper } = healthOf();
  health.checked(false, 'check: it answered 500 to /healthz');
  assert.deepEqual([health.state, health.isAdmitting, health.retryMs], ['down', false, null]);
  health.checked(true, '');
  assert.equal(health.state, 'up');
  fail(health, 3);
  health.checked(false, 'check: nobody there');
  timekeeper.pass(10_000);
  assert.equal(health.isAdmitting, false, 'down by its checks though the breaker would let one try');
  health.checked(true, '');
  assert.deepEqual([health.state, health.isAdmitting], ['half-open', true]);
});

test('one that comes back starts slowly', () => {
  const { health, timekeeper } = healthOf({}, 10_000);
  assert.equal(health.ramp, 1, 'not at the start of the gate');
  health.checked(false, 'down');
  health.checked(true, '');
  assert.deepEqual([health.state, health.ramp], ['starting', 0.1]);
  timekeeper.pass(4500);
  assert.ok(Math.abs(health.ramp - 0.5) < 0.001);
  timekeeper.pass(5000);
  assert.deepEqual([health.state, health.ramp, timekeeper.due.size], ['up', 1, 0]);
});

test('property: whatever happens, it admits only while checks and breaker agree, and always again in the end', () => {
  const step = fc.constantFrom('began', 'ok', 'fail', 'cut', 'gone', 'down', 'up', 'time', 'eject');
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { health, timekeeper } = healthOf({}, 5000);
      for (const step of steps) {
        if (step === 'began' && health.isAdmitting) health.began();
        else if (step === 'ok') health.answered(200);
        else if (step === 'fail') health.failed('x', false);
        else if (step === 'cut') health.failed('x', true);
        else if (step === 'gone') health.abandoned();
        else if (step === 'down' || step === 'up') health.checked(step === 'up', 'x');
        else if (step === 'eject') health.eject('slow');
        else timekeeper.pass(7000);
        if (health.isAdmitting) assert.ok(['up', 'starting', 'half-open'].includes(health.state));
        if (health.state === 'down' || health.state === 'open') assert.equal(health.isAdmitting, false);
      }
      health.checked(true, '');
      timekeeper.pass(200_000);
      assert.equal(health.isAdmitting, true);
    }),
    { numRuns: 300 },
  );
});

test('outliers: much slower than the median of their peers, over a tenth of a second, half of all at most', () => {
  for (const [means, factor, found] of [
    [[10, 11, 900], 3, [2]],
    [[10, 11, 90], 3, []],
    [[10, 900], 3, [1]],
    [[900, 10], 3, [0]],
    [[10], 3, []],
    [[10, -1, -1], 3, []],
    [[10, 11, 900], 0, []],
    [[300, 310, 900], 3, []],
    [[300, 310, 950], 3, [2]],
    [[10, 10, 500, 900], 3, [3, 2]],
    [[10, 500, 600, 900], 3, []],
  ] as const)
    assert.deepEqual(outliers(means, factor), found, `${means}`);
});

test('a mean needs twenty answers, and begins anew each time', () => {
  const times = new AnswerTimes();
  for (let answers = 0; answers < 19; answers++) times.add(100);
  assert.equal(times.take(), -1);
  for (let answers = 0; answers < 20; answers++) times.add(50);
  assert.equal(times.take(), 50);
  assert.equal(times.take(), -1);
});

test('property: retries never exceed their part of the traffic by more than what is there at the start', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 3000 }), fc.integer({ min: 1, max: 100 }), (steps, percent) => {
      const budget = new RetryBudget(percent);
      let requests = 0;
      let retries = 0;
      for (const isRequest of steps)
        if (isRequest) {
          budget.earn();
          requests++;
        } else if (budget.spend()) retries++;
      assert.ok(retries <= 10 + (requests * percent) / 100 + 0.01);
    }),
    { numRuns: 50 },
  );
  const none = new RetryBudget(0);
  none.earn();
  assert.equal(none.spend(), false);
  const saved = new RetryBudget(100);
  for (let requests = 0; requests < 10_000; requests++) saved.earn();
  assert.equal(saved.left, 200, 'what is saved up is bounded');
});

test('ports that we ended count for a minute', () => {
  const pool = { open: 5, ended: 0 };
  const use = new TupleUse(pool);
  use.look(0);
  assert.equal(use.used, 5);
  pool.ended = 100;
  for (let ms = 5000; ms <= 60_000; ms += 5000) use.look(ms);
  assert.equal(use.used, 105);
  for (let ms = 65_000; ms <= 70_000; ms += 5000) use.look(ms);
  assert.equal(use.used, 5);
  for (let ms = 75_000; ms <= 1_000_000; ms += 5000) use.look(ms);
  assert.equal(use.samples.length, 60, 'five minutes are remembered');
});

// What is believed of robots: one question for many requests, answers that grow old, and bounds on all of it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../base/clock.ts';
import { Deadlines } from '../connections/connections.ts';
import { Headers } from '../traffic/headers.ts';
import type { Standing } from './reverse-lookup.ts';
import { VerifiedBots } from './verified-bots.ts';

const google = { name: 'Googlebot', agent: 'googlebot', domains: ['googlebot.com'] };

function world() {
  const clock = new ManualClock();
  const deadlines = new Deadlines(clock);
  const asked: { readonly client: string; readonly done: (standing: Standing) => void }[] = [];
  const tools = {
    lookup: (client: string, _: readonly string[], done: (standing: Standing) => void) =>
      void asked.push({ client, done }),
    timekeeper: deadlines,
    nowMs: () => clock.monotonicMs(),
  };
  const bots = new VerifiedBots([google], 1000, tools, null);
  const advance = (ms: number): void => {
    clock.advance(ms);
    deadlines.tick();
  };
  return { asked, tools, bots, advance };
}

test('who says to be a robot is told by what its agent contains', () => {
  const { bots } = world();
  const claim = (agent: string) => bots.claimOf({ headers: Headers.from([['user-agent', agent]]) })?.name;
  assert.equal(claim('Mozilla/5.0 (compatible; GoogleBot/2.1; +http://www.google.com/bot.html)'), 'Googlebot');
  assert.equal(claim('curl/8'), undefined);
  assert.equal(bots.claimOf({ headers: new Headers() }), null);
});

test('many requests wait for one question, and nobody asks again while the answer holds', () => {
  const { asked, bots, advance, tools } = world();
  let resumed = 0;
  const resume = (): void => void resumed++;
  for (let number = 0; number < 3; number++) assert.ok(bots.await(google, '192.0.2.1', resume));
  assert.equal(asked.length, 1);
  assert.equal(bots.standingOf(google, '192.0.2.1'), 'unknown');
  asked[0]!.done('verified');
  assert.equal(resumed, 3);
  assert.equal(bots.standingOf(google, '192.0.2.1'), 'verified');
  assert.ok(!bots.await(google, '192.0.2.1', resume));
  assert.equal(
    new VerifiedBots([google], 1000, tools, bots).standingOf(google, '192.0.2.1'),
    'verified',
    'after a reload',
  );
  const moved = { ...google, domains: ['example.net'] };
  assert.equal(new VerifiedBots([moved], 1000, tools, bots).standingOf(moved, '192.0.2.1'), 'unknown', 'other domains');
  advance(6 * 3_600_000);
  assert.equal(bots.standingOf(google, '192.0.2.1'), 'unknown');
  assert.ok(bots.await(google, '192.0.2.1', resume));
});

test('who waits, waits no longer than is set; the answer counts for those who come later', () => {
  const { asked, bots, advance } = world();
  let resumed = 0;
  assert.ok(bots.await(google, '192.0.2.1', () => void resumed++));
  advance(2000);
  assert.equal(resumed, 1);
  assert.ok(!bots.await(google, '192.0.2.1', () => void resumed++), 'nobody else waits for that question');
  asked[0]!.done('false');
  assert.deepEqual([resumed, bots.standingOf(google, '192.0.2.1')], [1, 'false']);
});

test('questions are bounded, at once and in a second; beyond that nobody is held', () => {
  const { asked, bots, advance } = world();
  const begin = (from: number, to: number): number => {
    let waiting = 0;
    for (let number = from; number < to; number++) if (bots.await(google, `192.0.2.${number}`, () => {})) waiting++;
    return waiting;
  };
  assert.equal(begin(0, 100), 50);
  advance(1000);
  assert.equal(begin(100, 200), 14, '64 are under way');
  for (const { done } of asked) done('unknown');
  advance(1000);
  assert.equal(begin(200, 250), 50);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Histogram } from '../base/histogram.ts';
import { Chronicle, maxPoints } from './chronicle.ts';
import type { WorkerFigures } from './messages.ts';

const own = { cpuUs: 0, rssBytes: 0 };

function look(
  atMs: number,
  requests: number,
  more: Partial<WorkerFigures> = {},
  times: readonly number[] = [],
): WorkerFigures {
  const exchange = new Histogram();
  for (const us of times) exchange.add(us);
  return {
    atMs,
    traffic: {
      exchanges: requests,
      decided: { 'app pass': requests - 1, 'waf block': 1 },
      sites: { '*': { requests, statuses: [0, 0, requests, 0, 0, 0] } },
      rules: { 1001: 1 },
      bytesIn: 0,
      bytesOut: requests * 100,
      times: { exchange: exchange.figures() },
      exemplars: [],
    },
    rules: { hits: { 0: requests }, cpuMs: {} },
    accepted: requests,
    cpuUs: atMs * 500,
    open: 3,
    rssBytes: 1000,
    descriptorsOpen: 10,
    descriptorsLimit: 100,
    queued: 0,
    ...more,
  };
}

test('a point has what all workers did a second, by their own clocks', () => {
  const chronicle = new Chronicle();
  chronicle.note(1, look(0, 10));
  chronicle.note(2, look(5000, 100));
  chronicle.tick(1_000_000, own);
  chronicle.note(1, look(1000, 30));
  chronicle.note(2, look(7000, 300, { descriptorsOpen: 90 }));
  chronicle.tick(1_001_000, { cpuUs: 250_000, rssBytes: 500 });
  const { at, columns } = chronicle.series(10);
  assert.deepEqual(at, [1000, 1001]);
  assert.deepEqual(columns.requests, [0, 120]);
  assert.deepEqual(columns['pass.app'], [0, 120]);
  assert.deepEqual(columns['block.waf'], [0, 0]);
  assert.deepEqual(columns.cpuCores, [0, 1.25]);
  assert.deepEqual(columns.rssBytes, [2000, 2500]);
  assert.deepEqual(columns.descriptorsLeft, [90, 10]);
  assert.deepEqual(columns.open, [6, 6]);
});

test('percentiles are those of the last second alone, and nothing where nothing came', () => {
  const chronicle = new Chronicle();
  chronicle.note(1, look(0, 3, {}, [1000, 1000, 1000]));
  chronicle.tick(0, own);
  chronicle.note(1, look(1000, 4, {}, [1000, 1000, 1000, 64_000]));
  chronicle.tick(1000, own);
  assert.deepEqual(chronicle.series(2).columns.exchangeP50Ms, [null, 65.536]);
});

test('what a worker did stays counted when it is gone, and its successor begins at nothing', () => {
  const chronicle = new Chronicle();
  assert.equal(chronicle.totals(), null);
  chronicle.note(1, look(1000, 30));
  chronicle.forget(1);
  chronicle.note(2, look(1000, 5));
  const { traffic, accepted } = chronicle.totals()!;
  assert.equal(traffic.exchanges, 35);
  assert.equal(accepted, 35);
  assert.deepEqual(traffic.decided, { 'app pass': 33, 'waf block': 2 });
  assert.deepEqual(traffic.sites['*'], { requests: 35, statuses: [0, 0, 35, 0, 0, 0] });
});

test('a worker that says nothing is left out, and points are bounded', () => {
  const chronicle = new Chronicle();
  chronicle.note(1, look(0, 0));
  chronicle.note(1, look(1000, 10));
  for (let second = 0; second < maxPoints + 10; second++) chronicle.tick(second * 1000, own);
  const { at, columns } = chronicle.series(maxPoints);
  assert.equal(at.length, maxPoints);
  assert.equal(columns.requests!.at(-1), 0);
});

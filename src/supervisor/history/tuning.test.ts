import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { batchOf, keptJourney, refusedJourney } from '../../../test/history-sample.ts';
import { ManualClock } from '../../base/clock.ts';
import { lastLines } from './search.ts';
import { HistoryStore } from './store.ts';
import { tuningOf } from './tuning.ts';

const directory = mkdtempSync(join(tmpdir(), 'portcullis-tuning-'));
const store = new HistoryStore(join(directory, 'history.sqlite'), 2 ** 30, new ManualClock());
after(() => {
  store.close();
  rmSync(directory, { recursive: true });
});

/** A journey in which the WAF found this. */
function found(number: number, client: string, target: string, rules: readonly object[], isBlocked = true) {
  const facts = { client, path: target.split('?')[0]!, verdict: isBlocked ? 'block' : 'detect' } as const;
  const kept = refusedJourney(number, facts);
  const journey = JSON.parse(kept.journey);
  const waf = { action: 'block', score: 5, threshold: 5, rules, us: 1 };
  const time = new Date(1_800_000_000_000 + number).toISOString();
  return {
    ...kept,
    journey: JSON.stringify({ ...journey, time, request: { ...journey.request, target }, waf }),
  };
}
const rule = (id: number, variable: string, more: object = {}) => ({
  id,
  detector: 'sql-injection',
  message: 'm',
  variable,
  value: 'v',
  score: 5,
  ...more,
});

const ask = (more: object = {}) =>
  store.read((database) => tuningOf(database, { ask: 'history-tuning', limit: 50, ...more }));

test('nothing gives nothing', () => {
  assert.deepEqual(ask(), { rows: [], looked: 0 });
  assert.deepEqual(
    store.read((database) => lastLines(database, { ask: 'history-lines' })),
    [],
  );
});

test('what ordinary clients met comes first, by rule, place and route; an attacker brings nothing up', () => {
  const good = ['10.9.0.1', '10.9.0.2'];
  const journeys = good.flatMap((client, index) =>
    Array.from({ length: 4 }, (_, turn) => keptJourney(index * 10 + turn, { client })),
  );
  const twice = [rule(1042100, 'ARGS:q'), rule(1042100, 'ARGS:q')];
  journeys.push(
    found(100, good[0]!, '/search?q=1', twice),
    found(101, good[1]!, '/search?q=2', [rule(1042100, 'ARGS:q')], false),
    // Neither scored, nor is it a rule of ours.
    found(102, good[0]!, '/own', [rule(7, 'ARGS:x', { detector: 'own-rule' }), rule(8, 'ARGS:x', { score: 0 })]),
    ...Array.from({ length: 30 }, (_, turn) =>
      found(200 + turn, '10.66.0.1', '/a', [rule(1030001, 'REQUEST_FILENAME')]),
    ),
  );
  store.write(batchOf(journeys));
  const { rows, looked } = ask();
  assert.equal(looked, 33);
  assert.deepEqual(
    rows.map(({ rule: id, place, path, events, clients, ordinary }) => [id, place, path, events, clients, ordinary]),
    [
      [1042100, 'ARGS:q', '/search', 2, 2, 2],
      [1030001, 'REQUEST_FILENAME', '/a', 30, 1, 0],
    ],
  );
  assert.deepEqual([rows[0]!.sample, rows[0]!.value, rows[0]!.method], [journeys[9]!.id, 'v', 'GET']);
  assert.equal(ask({ limit: 1 }).rows.length, 1);
  assert.deepEqual(ask({ site: 'b.example' }).rows, []);
  const lines = store.read((database) => lastLines(database, { ask: 'history-lines', limit: 2 }));
  assert.deepEqual(
    lines.map((line) => JSON.parse(line).id),
    journeys
      .slice(-2)
      .reverse()
      .map(({ id }) => id),
  );
});

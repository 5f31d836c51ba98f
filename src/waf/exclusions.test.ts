import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Problem } from '../base/problem.ts';
import { type ExclusionSettings, Exclusions } from './exclusions.ts';

const day = Date.parse('2026-11-25T12:00:00Z');

function covers(settings: ExclusionSettings, more: Partial<Parameters<Exclusions['cover']>[3]> = {}): boolean {
  const problems: Problem[] = [];
  const exclusions = Exclusions.compile([settings], ['sql-injection'], [], problems);
  assert.deepEqual(problems, []);
  const request = { path: '/search', placingPath: '/search', method: 'GET', startedAt: day, ...more };
  return exclusions.cover('sql-injection', 1042120, 'ARGS:q', request);
}

test('each part that is written narrows it', () => {
  assert.equal(covers({}), true);
  assert.equal(covers({ detector: '1042120', place: 'ARGS:q', path: '/search', method: 'GET' }), true);
  assert.equal(covers({ detector: '1042121' }), false);
  assert.equal(covers({ place: 'ARGS:p' }), false);
  assert.equal(covers({ path: '/searching' }), false);
  assert.equal(covers({ method: 'POST' }), false);
});

test('it holds to the end of its last day', () => {
  assert.equal(covers({ until: '2026-11-25' }), true);
  assert.equal(covers({ until: '2026-11-25' }, { startedAt: Date.parse('2026-11-25T23:59:59.999Z') }), true);
  assert.equal(covers({ until: '2026-11-25' }, { startedAt: Date.parse('2026-11-26T00:00:00Z') }), false);
});

test('what is no day is told', () => {
  for (const until of ['2026-13-01', 'tomorrow', '26-11-2025']) {
    const problems: Problem[] = [];
    Exclusions.compile([{ until }], [], ['exclude'], problems);
    assert.deepEqual(problems, [
      {
        path: ['exclude', 0, 'until'],
        code: 'waf/bad-day',
        says: `"${until}" is no day`,
        instead: 'the last day on which it holds, such as 2026-12-31',
      },
    ]);
  }
});

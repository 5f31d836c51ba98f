import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from './command.ts';
import { filtersOf } from './log-filters.ts';

const now = Date.UTC(2026, 10, 25, 22, 0);
const of = (options: Record<string, string | string[]>) => filtersOf({ options }, now);

test('filters go on as they are, and times as ms', () => {
  assert.deepEqual(of({}), {});
  assert.deepEqual(
    of({ client: '203.0.113.0/24', path: '/a*', rule: '1', status: '4xx', verdict: ['block', 'fail'] }),
    {
      client: '203.0.113.0/24',
      path: '/a*',
      rule: '1',
      status: '4xx',
      verdict: ['block', 'fail'],
    },
  );
  for (const [since, from] of [
    ['90s', now - 90_000],
    ['10m', now - 600_000],
    ['1.5h', now - 5_400_000],
    ['3d', now - 259_200_000],
    ['2026-11-25T21:00Z', now - 3_600_000],
  ] as const)
    assert.deepEqual(of({ since }), { from }, since);
  assert.deepEqual(of({ until: '1m' }), { until: now - 60_000 });
});

test('what is no time and no verdict is told', () => {
  for (const [options, says] of [
    [
      { since: 'yesterday' },
      /--since is a time ago such as 10m, 2h or 3d, or a time such as 2026-11-25T22:30, not "yesterday"/,
    ],
    [{ until: 'm' }, /--until is a time ago/],
    [{ since: '-5m' }, /--since is a time ago/],
    [{ verdict: ['blocked'] }, /--verdict is one of pass, detect, block, fail, not "blocked"/],
  ] as const)
    assert.throws(
      () => of(options as never),
      (error: Error) => error instanceof UsageError && says.test(error.message),
    );
});

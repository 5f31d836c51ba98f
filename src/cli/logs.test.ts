// `logs` against a gate that answers as it is told: pages, following, JSON, and what it refuses to ask.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type ControlQuestion, listenControl } from '../supervisor/control.ts';
import type { HistoryPage, HistoryRow } from '../traffic/history.ts';
import type { Arguments } from './command.ts';
import { logs } from './logs.ts';

function row(n: number): HistoryRow {
  return {
    n,
    id: `id${n}`,
    at: 1_800_000_000_000 + n,
    client: '203.0.113.7',
    from: '203.0.113.7:50000',
    method: 'GET',
    host: 'a.example',
    site: 'a.example',
    path: `/${n}`,
    status: 200,
    verdict: 'pass',
    layer: 'app',
    why: '',
    rule: '',
    says: '',
    score: 0,
    ms: 1,
    bytes: 1,
  };
}

/** A gate that gives these pages one after the other, and the command until it was told `until`. */
async function run(t: TestContext, pages: readonly HistoryPage[], options: Arguments['options'], until = /$^/) {
  const directory = await mkdtemp(join(tmpdir(), 'portcullis-logs-'));
  t.after(() => rm(directory, { recursive: true }));
  const asked: ControlQuestion[] = [];
  const control = await listenControl(join(directory, 'control.sock'), {
    history: (question) => {
      asked.push(question);
      return pages[Math.min(asked.length, pages.length) - 1];
    },
    'history-groups': (question) => {
      asked.push(question);
      return { groups: [], total: 0 };
    },
  });
  t.after(() => control.close());
  let told = '';
  const stop = new AbortController();
  const stdout = {
    write: (text: string) => {
      told += text;
      if (until.test(told)) stop.abort();
    },
  };
  const world = { stdout, stderr: { write: () => true }, env: {}, cwd: directory, stop: stop.signal };
  const code = await logs.run({ words: [], options: { 'data-dir': directory, ...options } }, world);
  return { code, told, asked };
}

const page = (rows: readonly HistoryRow[], more: Partial<HistoryPage> = {}): HistoryPage => ({
  rows,
  next: null,
  newest: rows[0]?.n ?? 0,
  isWhole: true,
  ...more,
});

test('the newest stands below, and pages are asked for until there are enough', async (t) => {
  const pages = [page([row(9), row(8)], { next: 8 }), page([], { next: 5, isWhole: false }), page([row(3)])];
  const { told, asked } = await run(t, pages, { client: '203.0.113.0/24', verdict: ['pass'], limit: '10' });
  assert.deepEqual(
    told.split('\n').map((line) => /a\.example\/(\d)/.exec(line)?.[1]),
    ['3', '8', '9', undefined],
  );
  assert.deepEqual(asked, [
    { ask: 'history', client: '203.0.113.0/24', verdict: ['pass'], limit: 10 },
    { ask: 'history', client: '203.0.113.0/24', verdict: ['pass'], limit: 8, before: 8 },
    { ask: 'history', client: '203.0.113.0/24', verdict: ['pass'], limit: 8, before: 5 },
  ]);
});

test('--follow goes on behind the newest that there was, whether it was wanted or not', async (t) => {
  const pages = [
    page([row(4)], { newest: 7 }),
    page([row(8), row(9)], { next: 9, newest: 12 }),
    page([row(11)], { newest: 12 }),
    page([row(13)]),
  ];
  const { told, asked } = await run(t, pages, { follow: true, limit: '1', json: true }, /"n":13/);
  assert.deepEqual(
    told
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as HistoryRow).n),
    [4, 8, 9, 11, 13],
  );
  assert.deepEqual(
    asked.map(({ after }) => after),
    [undefined, 7, 9, 12],
  );
});

test('nothing found is said, and is an empty list for programs', async (t) => {
  assert.equal((await run(t, [page([])], {})).told, 'nothing of that kind\n');
  assert.equal((await run(t, [page([])], { json: true })).told, '[]\n');
  assert.equal((await run(t, [], { group: true, verdict: ['block'] })).told, 'nothing of that kind\n');
});

test('what does not go together is told', async (t) => {
  for (const [options, says] of [
    [{ follow: true, group: true }, /--group counts what was, --follow shows what comes/],
    [{ group: true, client: '203.0.113.7' }, /--client chooses single requests, and --group has none/],
    [{ limit: '0' }, /--limit is a whole number from 1 to 100000/],
    [{ limit: '501', group: true }, /--limit is a whole number from 1 to 500/],
  ] as const)
    await assert.rejects(run(t, [page([])], options as never), says);
});

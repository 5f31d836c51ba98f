import assert from 'node:assert/strict';
import { test } from 'node:test';
import { constantFrom, assert as holds, property, record, string } from 'fast-check';
import type { GroupCount, HistoryRow } from '../traffic/history.ts';
import { groupTable, logLine } from './log-lines.ts';

const paper = { stdout: { write: () => true } };
const terminal = (columns: number) => ({ stdout: { write: () => true, isTTY: true, columns } });

const row: HistoryRow = {
  n: 1,
  id: '01JDX3M8RN',
  at: Date.UTC(2026, 10, 25, 22, 31, 5),
  client: '203.0.113.7',
  from: '203.0.113.7:50000',
  method: 'GET',
  host: 'a.example',
  site: 'a.example',
  path: '/users',
  status: 403,
  verdict: 'block',
  layer: 'waf',
  why: 'waf/sql-injection',
  rule: '1000001',
  says: 'the value closes the quote',
  score: 5,
  ms: 1.26,
  bytes: 512,
};
const group: GroupCount = {
  ...row,
  prefix: '203.0.113.0/24',
  count: 10_000,
  firstAt: row.at,
  lastAt: row.at,
  sample: row.id,
};

test('a journey is a line', () => {
  assert.equal(
    logLine(row, paper, false),
    '2026-11-25 22:31:05Z  block   waf          403     1.3 ms  203.0.113.7      GET a.example/users  waf/sql-injection rule 1000001  01JDX3M8RN\n',
  );
  const silent = {
    ...row,
    method: '',
    path: '',
    host: '',
    status: 0,
    layer: 'firewall',
    why: 'firewall/denied',
    rule: '4',
    says: 'denied by rule 4',
  };
  assert.match(
    logLine(silent, paper, false),
    /firewall +- +1\.3 ms {2}203\.0\.113\.7 {6}denied by rule 4 {2}firewall\/denied rule 4 /,
  );
});

test('on a terminal the path is cut so that the line fits, and the outcome has its colour', () => {
  const long = { ...row, path: `/${'x'.repeat(500)}` };
  for (const columns of [140, 160, 200]) {
    const line = logLine(long, terminal(columns), false);
    assert.equal([...line].length, columns + 1, String(columns));
    assert.ok(line.includes('…') && line.endsWith('01JDX3M8RN\n'));
  }
  assert.match(logLine(row, terminal(200), true), / {2}\x1b\[31mblock\x1b\[0m {3}waf /);
});

test('a narrow terminal gets two lines: what it was, and under it why, with its number', () => {
  const long = { ...row, path: `/${'x'.repeat(500)}` };
  for (const columns of [40, 80, 129]) {
    const [first, second, end] = logLine(long, terminal(columns), false).split('\n');
    assert.equal([...first!].length, Math.max(columns, '22:31:05  block  403  203.0.113.7  '.length + 12));
    assert.ok([...second!].length <= columns);
    assert.equal(end, '');
  }
  assert.equal(
    logLine(row, terminal(80), true),
    '22:31:05  \x1b[31mblock\x1b[0m  403  203.0.113.7  GET a.example/users\n          waf/sql-injection rule 1000001  01JDX3M8RN\n',
  );
});

test('groups are a table, and what stands for several says so', () => {
  const several = { ...group, layer: '', prefix: '', rule: '', sample: '' };
  const [head, one, other, more] = groupTable([group, several], 5, paper).split('\n');
  assert.match(head!, /^ *COUNT +VERDICT +LAYER +WHY +RULE +SITE +FROM +LAST +SAMPLE$/);
  assert.match(
    one!,
    /^10,000 +block +waf +waf\/sql-injection +1000001 +a\.example +203\.0\.113\.0\/24 +2026-11-25 22:31:05Z +01JDX3M8RN$/,
  );
  assert.match(other!, / several /);
  assert.equal(more, '5 kinds, 2 shown');
  assert.equal(groupTable([], 0, paper), 'nothing of that kind\n');
});

test('whatever the fields hold, what is printed is one line a row that steers no terminal', () => {
  const text = string({ unit: 'binary', maxLength: 12 });
  const fields = record({
    method: text,
    host: text,
    path: text,
    says: text,
    why: text,
    rule: text,
    client: text,
    id: text,
    site: text,
    layer: text,
  });
  const steering =
    /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/u;
  const narrow = terminal(100);
  holds(
    property(fields, constantFrom(paper, narrow, terminal(200)), (hostile, world) => {
      const line = logLine({ ...row, ...hostile }, world, false);
      // Two of its own where the terminal is narrow, and never one of theirs.
      const lines = world === narrow ? 3 : 2;
      assert.ok(!steering.test(line) && line.split('\n').length === lines, JSON.stringify(line));
      const table = groupTable([{ ...group, ...hostile, prefix: hostile.client, sample: hostile.id }], 1, world);
      assert.ok(!steering.test(table) && table.split('\n').length === 3, JSON.stringify(table));
    }),
    { numRuns: 60 },
  );
});

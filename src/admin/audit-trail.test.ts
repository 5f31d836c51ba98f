import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ManualClock } from '../base/clock.ts';
import { AuditTrail } from './audit-trail.ts';

function linesOf(path: string): { readonly outcome: string }[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

function inFolder(check: (path: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-trail-'));
  try {
    check(join(folder, 'audit.jsonl'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('what was changed is found again after a restart, the newest first', () =>
  inFolder((path) => {
    const clock = new ManualClock(0);
    const trail = new AuditTrail(path, clock);
    trail.open();
    trail.begin('browser 1', 'POST /bans', { target: '192.0.2.1' }).end('done');
    clock.advance(1000);
    trail
      .begin('deploy', 'POST /configuration', { text: 'key: secret', because: 'x'.repeat(1000) })
      .end('it has problems');
    appendFileSync(path, 'half a li');
    const again = new AuditTrail(path, clock);
    again.open();
    assert.deepEqual(again.list(10), [
      {
        at: '1970-01-01T00:00:01.000Z',
        who: 'deploy',
        what: 'POST /configuration',
        with: { text: '11 characters', because: `${'x'.repeat(200)}… (1000 characters)` },
        outcome: 'it has problems',
      },
      {
        at: '1970-01-01T00:00:00.000Z',
        who: 'browser 1',
        what: 'POST /bans',
        with: { target: '192.0.2.1' },
        outcome: 'done',
      },
    ]);
    assert.deepEqual(again.list(1).length, 1);
    assert.equal(statSync(path).mode & 0o777, 0o600);
  }));

test('a line feed in what was asked makes no second entry', () =>
  inFolder((path) => {
    const trail = new AuditTrail(path, new ManualClock());
    trail.begin('a', 'b', { reason: 'x\n{"at":"","who":"forged"}' }).end('done\n');
    assert.equal(readFileSync(path, 'utf8').split('\n').length, 2);
  }));

test('file and memory are bounded', () =>
  inFolder((path) => {
    const trail = new AuditTrail(path, new ManualClock());
    appendFileSync(path, 'x'.repeat(5 * 1024 * 1024));
    for (let count = 0; count < 600; count++) trail.begin('a', 'b', { count }).end('done');
    assert.equal(trail.list(10_000).length, 500);
    assert.ok(statSync(path).size < 300_000 && statSync(`${path}.1`).size > 5_000_000);
  }));

test('a change that cannot be written down does not begin', () => {
  for (const [path, trouble] of [
    ['/nowhere/at/all', /ENOENT/],
    ['/dev/full', /ENOSPC/],
  ] as const) {
    const trail = new AuditTrail(path, new ManualClock());
    assert.throws(() => trail.begin('a', 'b', null), trouble);
    assert.deepEqual(trail.list(1), []);
  }
});

test('changes stand in the order in which they began, and each says how it ended, in room that its line had before', () =>
  inFolder((path) => {
    const trail = new AuditTrail(path, new ManualClock());
    const outcomes = () => linesOf(path).map(({ outcome }) => outcome);
    const [slow, quick] = [trail.begin('a', 'slow', null), trail.begin('b', 'quick', null)];
    const { size } = statSync(path);
    assert.deepEqual(outcomes(), ['begun', 'begun']);
    quick.end('done');
    assert.deepEqual(outcomes(), ['begun', 'done']);
    slow.end('\u0000 is no target: \u{1f512}'.repeat(60));
    assert.match(outcomes()[0]!, /^\0 is no target: \u{1f512}/u);
    assert.equal(outcomes()[1], 'done');
    assert.equal(statSync(path).size, size);
    const kept = trail.list(2).map(({ what, outcome }) => [what, outcome.slice(0, 6)]);
    assert.deepEqual(kept, [
      ['quick', 'done'],
      ['slow', '\0 is n'],
    ]);
  }));

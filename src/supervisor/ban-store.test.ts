// The file of bans: what was written is there again, and whatever stands in its place the gate starts.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import { ManualClock } from '../base/clock.ts';
import type { BanRecord } from '../firewall/firewall.ts';
import { BanStore } from './ban-store.ts';

const root = mkdtempSync(join(tmpdir(), 'portcullis-store-'));
after(() => rmSync(root, { recursive: true }));
let number = 0;
function directory(): string {
  const path = join(root, String(number++));
  mkdirSync(path);
  return path;
}

const ban: BanRecord = {
  target: '203.0.113.7',
  reason: "it's a \u001b[31mtest",
  by: 'owner',
  madeAt: 1_800_000_000_000,
  lengthMs: 60_000,
  leftMs: 60_000,
  level: 2,
};

function reopened(path: string, clock: ManualClock): readonly BanRecord[] {
  const store = new BanStore(path, clock);
  const { bans, trouble } = store.open();
  assert.equal(trouble, '');
  store.close();
  return bans;
}

test('bans are there after a restart, with the time that is left of them', () => {
  const [path, clock] = [directory(), new ManualClock()];
  const store = new BanStore(path, clock);
  assert.deepEqual(store.open(), { bans: [], trouble: '' });
  store.write({ put: ban });
  store.write({ put: { ...ban, target: '192.0.2.0/24', lengthMs: null, leftMs: null, by: 'gate' } });
  store.write({ put: { ...ban, target: '192.0.2.1' } });
  store.write({ drop: '192.0.2.1' });
  assert.equal(store.flush(), '');
  store.close();
  clock.advance(20_000);
  assert.deepEqual(reopened(path, clock), [
    { ...ban, leftMs: 40_000 },
    { ...ban, target: '192.0.2.0/24', lengthMs: null, leftMs: null, by: 'gate' },
  ]);
  clock.advance(40_000);
  assert.deepEqual(
    reopened(path, clock).map(({ target }) => target),
    ['192.0.2.0/24'],
  );
});

test('a wall clock that was set back makes no ban longer than it was made', () => {
  const path = directory();
  const store = new BanStore(path, new ManualClock(1_800_000_000_000));
  store.open();
  store.write({ put: ban });
  store.flush();
  store.close();
  assert.deepEqual(
    reopened(path, new ManualClock(1_000_000_000_000)).map(({ leftMs }) => leftMs),
    [60_000],
  );
});

test('a damaged file is set aside, told, and another begun', () => {
  const damages: readonly ((file: string) => void)[] = [
    (file) => writeFileSync(file, 'this is no database, however long it goes on '.repeat(100)),
    (file) => {
      const bytes = readFileSync(file);
      bytes.fill(0xa5, 4096);
      writeFileSync(file, bytes);
    },
    (file) => writeFileSync(file, readFileSync(file).subarray(0, 5000)),
    (file) => {
      const database = new DatabaseSync(file);
      database.exec('DROP TABLE bans; CREATE TABLE bans (another INTEGER)');
      database.close();
    },
  ];
  for (const damage of damages) {
    const [path, clock] = [directory(), new ManualClock()];
    const first = new BanStore(path, clock);
    first.open();
    first.write({ put: ban });
    first.flush();
    first.close();
    damage(join(path, 'bans.sqlite'));
    const store = new BanStore(path, clock);
    const { bans, trouble } = store.open();
    assert.deepEqual(bans, []);
    assert.match(
      trouble,
      /bans\.sqlite was damaged \(.+\); it is kept as .+bans\.sqlite\.damaged-1, and bans begin anew$/,
    );
    store.write({ put: ban });
    assert.equal(store.flush(), '');
    store.close();
    assert.equal(reopened(path, clock).length, 1);
    assert.ok(readdirSync(path).includes('bans.sqlite.damaged-1'));
  }
});

test('where no file can be, bans are not kept, and nothing breaks', () => {
  const path = join(directory(), 'not there');
  const store = new BanStore(path, new ManualClock());
  const { bans, trouble } = store.open();
  assert.deepEqual(bans, []);
  assert.match(trouble, /^bans are not kept: .+bans\.sqlite cannot be made: /);
  store.write({ put: ban });
  assert.deepEqual([store.flush(), store.isKept], ['', false]);
  store.close();
});

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import { batchOf, keptJourney, refusedJourney } from '../../../test/history-sample.ts';
import { ManualClock } from '../../base/clock.ts';
import type { HistoryPage } from '../../traffic/history.ts';
import { readHistory } from './reading.ts';
import { HistoryStore } from './store.ts';

const folder = mkdtempSync(join(tmpdir(), 'portcullis-reading-'));
after(() => rmSync(folder, { recursive: true }));

function filled(name: string): { readonly directory: string; readonly path: string; readonly store: HistoryStore } {
  const directory = join(folder, name);
  mkdirSync(directory);
  const path = join(directory, 'history.sqlite');
  const store = new HistoryStore(path, 2 ** 30, new ManualClock());
  store.write(batchOf([keptJourney(1), refusedJourney(2)]));
  return { directory, path, store };
}

const ids = (directory: string) =>
  (readHistory(directory, { ask: 'history', verdict: 'block' }) as HistoryPage).rows.map(({ id }) => id);

test('what a gate left is read, and so is what one writes at the moment', () => {
  const { directory, store } = filled('good');
  const { id, journey } = refusedJourney(2);
  assert.deepEqual(ids(directory), [id]);
  store.close();
  assert.deepEqual(ids(directory), [id]);
  assert.deepEqual(readHistory(directory, { ask: 'journeys', id }), [journey]);
  assert.equal((readHistory(directory, { ask: 'history-groups' }) as { total: number }).total, 0);
  assert.throws(
    () => readHistory(directory, { ask: 'history', status: 'x' }),
    /^Error: status is a number such as 404/,
  );
});

test('what cannot be read is told in words', () => {
  assert.equal(readHistory(join(folder, 'none'), { ask: 'history' }), undefined);
  const held = filled('held');
  held.store.close();
  const other = new DatabaseSync(held.path);
  other.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  assert.throws(() => ids(held.directory), /history\.sqlite is held by another program; try again when it is done$/);
  other.close();
  const old = filled('old');
  old.store.close();
  const changed = new DatabaseSync(old.path);
  changed.exec('PRAGMA user_version = 9');
  changed.close();
  assert.throws(() => ids(old.directory), /is of another version of Portcullis \(tables 9\)$/);
  const broken = filled('broken');
  broken.store.close();
  writeFileSync(broken.path, 'no database at all, and long enough to be one, as far as its size goes. '.repeat(100));
  assert.throws(() => ids(broken.directory), /is damaged: the next gate keeps it as .*history\.sqlite\.damaged/);
});

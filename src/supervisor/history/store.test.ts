// The file of the history: it stays within its bound, what was written is there again, and whatever happens to it only costs journeys.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import { batchOf, keptJourney, refusedJourney } from '../../../test/history-sample.ts';
import { hasNoDisk, onSmallDisk } from '../../../test/small-disk.ts';
import { ManualClock } from '../../base/clock.ts';
import { packed, unpacked } from './packing.ts';
import { journeysOf, search } from './search.ts';
import { HistoryStore } from './store.ts';

const root = mkdtempSync(join(tmpdir(), 'portcullis-history-'));
after(() => rmSync(root, { recursive: true }));
let number = 0;
function fresh(maxBytes = 2 ** 26): { path: string; clock: ManualClock; store: HistoryStore } {
  const directory = join(root, String(number++));
  mkdirSync(directory);
  const [path, clock] = [join(directory, 'history.sqlite'), new ManualClock()];
  return { path, clock, store: new HistoryStore(path, maxBytes, clock) };
}

function newest(store: HistoryStore): string[] {
  return store.read((database) => search(database, { ask: 'history' })).rows.map(({ id }) => id);
}

test('what was written is there after a restart, readable by its owner alone, and places go on', () => {
  const { path, clock, store } = fresh();
  const [one, other] = [keptJourney(1), refusedJourney(2)];
  store.write(batchOf([one]));
  store.close();
  assert.equal(statSync(path).mode & 0o777, 0o600);
  // A clock that was set back must not put what is new before what is old.
  clock.advance(-3_600_000);
  const again = new HistoryStore(path, 2 ** 26, clock);
  again.write(batchOf([other]));
  assert.deepEqual(newest(again), [other.id, one.id]);
  assert.deepEqual(
    again.read((database) => journeysOf(database, { ask: '', id: one.id }, 1)),
    [one.journey],
  );
  assert.deepEqual([again.counts().journeys, again.counts().trouble], [2, '']);
  again.close();
});

test('a journey is packed to a fraction, and comes back as it was', () => {
  const { journey } = keptJourney(1);
  assert.equal(unpacked(packed(journey)), journey);
  assert.ok(packed(journey).length < journey.length / 2);
  assert.equal(unpacked(packed('')), '');
  for (const nonsense of [null, 'text', Buffer.from('nothing that inflates')]) assert.equal(unpacked(nonsense), null);
});

test('the file stays within its bound, and the first of each kind stay longer than what chance kept', () => {
  const maxBytes = 16 * 1024 * 1024;
  const { path, store } = fresh(maxBytes);
  const firsts = Array.from({ length: 500 }, (_, index) => refusedJourney(index, { isFirst: true }));
  store.write(batchOf(firsts));
  const pad = 'x'.repeat(200);
  for (let batch = 0; batch < 150; batch++)
    store.write(
      batchOf(Array.from({ length: 200 }, (_, index) => keptJourney(1000 + batch * 200 + index, { says: pad }))),
    );
  const { journeys, bytes, written, lost, trouble } = store.counts();
  assert.deepEqual([written, lost, trouble], [30_500, 0, '']);
  assert.ok(bytes < maxBytes && journeys < 25_000, `${bytes} bytes, ${journeys} journeys`);
  const onDisk = ['', '-wal'].reduce((sum, ending) => sum + statSync(path + ending).size, 0);
  assert.ok(onDisk < maxBytes, `${onDisk} bytes on disk`);
  const found = store.read((database) => search(database, { ask: 'history', verdict: 'block', limit: 500 }));
  assert.equal(found.rows.length, 500);
  assert.equal(newest(store)[0], keptJourney(1000 + 150 * 200 - 1).id);
  store.close();
});

test('what is no database is set aside, with a sentence, and another begun', () => {
  for (const spoil of [
    (path: string) =>
      writeFileSync(path, 'this is no database, but long enough to be read as the head of one '.repeat(9)),
    (path: string) => new DatabaseSync(path).exec('CREATE TABLE other (x); PRAGMA user_version = 99'),
  ]) {
    const { path, store } = fresh();
    spoil(path);
    const before = readFileSync(path);
    store.write(batchOf([keptJourney(1)]));
    assert.deepEqual(newest(store), [keptJourney(1).id]);
    assert.match(
      store.counts().trouble,
      /could not be used \(.+\); it is kept as .+history\.sqlite\.damaged, and the history begins anew/,
    );
    assert.equal(store.counts().lost, 0);
    assert.deepEqual(readFileSync(`${path}.damaged`), before);
    store.close();
  }
});

test('a file that is damaged while it is in use is set aside, too', () => {
  const { path, store } = fresh();
  store.write(batchOf(Array.from({ length: 2000 }, (_, index) => keptJourney(index))));
  store.close();
  const bytes = readFileSync(path);
  bytes.fill(0xa5, 4096, bytes.length - 4096);
  writeFileSync(path, bytes);
  rmSync(`${path}-wal`, { force: true });
  for (let batch = 0; batch < 3; batch++) store.write(batchOf([keptJourney(5000 + batch)]));
  assert.equal(newest(store)[0], keptJourney(5002).id);
  assert.ok(existsSync(`${path}.damaged`));
  store.close();
});

test('a file that another program holds is waited for, told, and used again once it is free', () => {
  const { path, clock, store } = fresh();
  store.write(batchOf([keptJourney(1)]));
  const other = new DatabaseSync(path);
  other.exec('BEGIN IMMEDIATE');
  store.write(batchOf([keptJourney(2)]));
  assert.match(store.counts().trouble, /nothing is added to .+: another program holds it \(database is locked\)/);
  assert.deepEqual(newest(store), [keptJourney(1).id]);
  other.exec('ROLLBACK');
  other.close();
  store.write(batchOf([keptJourney(3)]));
  assert.equal(store.counts().lost, 2);
  clock.advance(5000);
  store.write(batchOf([keptJourney(4)]));
  assert.deepEqual([newest(store)[0], store.counts().trouble], [keptJourney(4).id, '']);
  assert.ok(!existsSync(`${path}.damaged`));
  store.close();
});

test('where no file can be made that is told, and nothing thrown', () => {
  const store = new HistoryStore(join(root, 'not', 'there', 'history.sqlite'), 2 ** 26, new ManualClock());
  store.write(batchOf([keptJourney(1)]));
  assert.match(store.counts().trouble, /nothing is added to .+: ENOENT/);
  assert.throws(() => newest(store), /nothing is added to .+: ENOENT/);
  assert.equal(store.counts().lost, 1);
});

test('a full disk costs journeys and nothing else, and when there is room again it goes on', {
  skip: hasNoDisk,
}, () => {
  const place = join(root, 'small-disk');
  mkdirSync(place);
  const { full, written, lost, readable, after: later } = onSmallDisk(place, 'history-full-disk.ts');
  assert.match(full, /nothing is added to .+: the disk is full/);
  assert.ok(written > 0 && lost > 0 && readable === 1);
  assert.deepEqual(later, { trouble: '', newest: 'last' });
});

// Deleting where no gate runs, also on a disk that has no byte left.

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { batchOf, keptJourney } from '../../../test/history-sample.ts';
import { runToEnd } from '../../../test/portcullis-process.ts';
import { hasNoDisk, onSmallDisk } from '../../../test/small-disk.ts';
import { ManualClock } from '../../base/clock.ts';
import { purgeAtRest } from './purge-at-rest.ts';
import { readHistory } from './reading.ts';
import { HistoryStore } from './store.ts';

const leaves = '203.0.113.7';

function directoryOf(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'portcullis-purge-'));
  t.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

/** A history of that many journeys, every other one of who leaves. */
function fill(directory: string, count: number): void {
  const store = new HistoryStore(join(directory, 'history.sqlite'), 2 ** 30, new ManualClock());
  const all = Array.from({ length: count }, (_, index) =>
    keptJourney(index, { client: index % 2 === 0 ? leaves : '198.51.100.1' }),
  );
  store.write(batchOf(all));
  store.close();
}

function clientsOf(directory: string): string[] {
  const { rows } = readHistory(directory, { ask: 'history', limit: 500 }) as { rows: { client: string }[] };
  return [...new Set(rows.map(({ client }) => client))];
}

test('the file of a gate that does not run loses what the command names, slice by slice, and no byte of it is left', async (t) => {
  const directory = directoryOf(t);
  const words = ['--data-dir', directory];
  const nobody = await runToEnd(['purge', '--all', ...words]);
  assert.match(nobody.stderr, /^portcullis: no gate is running with the data directory/);
  assert.ok(!existsSync(join(directory, 'history.sqlite')), 'nothing is made where nothing is');
  fill(directory, 9000);
  const told = await runToEnd(['purge', '--client', leaves, ...words]);
  assert.deepEqual(
    [told.code, told.stderr],
    [0, `no gate is running: this is the history in ${directory}\n`],
    told.stdout,
  );
  assert.match(told.stdout, /^4,500 journeys of the history are deleted, and 0 that were remembered/);
  assert.deepEqual(clientsOf(directory), ['198.51.100.1']);
  for (const name of readdirSync(directory))
    assert.ok(!readFileSync(join(directory, name), 'latin1').includes(leaves), name);
});

test('all includes a damaged file that was set aside', (t) => {
  const directory = directoryOf(t);
  const aside = join(directory, 'history.sqlite.damaged');
  writeFileSync(aside, leaves);
  assert.equal(purgeAtRest(directory, { ask: 'purge', client: leaves }), 0);
  assert.ok(existsSync(aside));
  assert.equal(purgeAtRest(directory, { ask: 'purge', all: true }), 0);
  assert.ok(!existsSync(aside));
});

test('a question without a choice deletes nothing', (t) => {
  const directory = directoryOf(t);
  fill(directory, 2);
  assert.throws(() => purgeAtRest(directory, { ask: 'purge' }), /purge needs a client, a time, or all/);
  assert.equal(clientsOf(directory).length, 2);
});

test('on a full disk part of it is refused with what to do, and all of it goes', {
  skip: hasNoDisk,
}, (t) => {
  const directory = directoryOf(t);
  const { kept, part, all, after } = onSmallDisk(directory, 'history-purge-full-disk.ts');
  assert.match(part, /has no room to delete in: free some 8 MiB of its disk, or purge --all$/);
  assert.ok(kept > 1000);
  assert.equal(all, kept);
  assert.deepEqual(after, { journeys: 1, trouble: '' });
});

// `logs` and `explain` where no gate runs: what lies on disk is asked, and who says so is told.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { batchOf, keptJourney, refusedJourney } from '../../test/history-sample.ts';
import { runToEnd } from '../../test/portcullis-process.ts';
import { ManualClock } from '../base/clock.ts';
import { listenControl } from '../supervisor/control.ts';
import { HistoryStore } from '../supervisor/history/store.ts';
import { NoGate } from './ask.ts';
import { askHistory, onDisk } from './ask-history.ts';

test('the gate answers where one runs, else the disk, else nobody', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'portcullis-ask-'));
  t.after(() => rmSync(directory, { recursive: true }));
  await assert.rejects(askHistory(directory, { ask: 'history' }), NoGate);
  assert.equal(await onDisk(directory, { ask: 'history' }), undefined);
  const store = new HistoryStore(join(directory, 'history.sqlite'), 2 ** 30, new ManualClock());
  const [passed, refused] = [keptJourney(1), refusedJourney(2)];
  store.write(batchOf([passed, refused]));
  store.close();
  const { source } = await askHistory(directory, { ask: 'history' });
  assert.equal(source, 'disk');

  const words = ['--data-dir', directory];
  const listed = await runToEnd(['logs', '--verdict', 'block', ...words]);
  assert.equal(listed.code, 0);
  assert.equal(listed.stderr, `no gate is running: this is the history in ${directory}\n`);
  assert.match(listed.stdout, /waf\/sql-injection/);
  assert.ok(!listed.stdout.includes('/items/1 '));
  const grouped = await runToEnd(['logs', '--group', '--json', ...words]);
  assert.deepEqual([grouped.code, JSON.parse(grouped.stdout).total], [0, 0]);
  const followed = await runToEnd(['logs', '--follow', ...words]);
  assert.deepEqual([followed.code, followed.stderr.startsWith('portcullis: no gate is running')], [1, true]);
  const explained = await runToEnd(['explain', passed.id, '--json', ...words]);
  assert.deepEqual([explained.code, JSON.parse(explained.stdout).id], [0, passed.id]);
  const unknown = await runToEnd(['explain', '01JNOBODY', ...words]);
  assert.match(unknown.stderr, /the history in \S+ \(no gate is running\) knows no request with the id 01JNOBODY/);

  writeFileSync(
    join(directory, 'history.sqlite'),
    'nothing that SQLite could read, whatever its size is. '.repeat(100),
  );
  const damaged = await runToEnd(['logs', ...words]);
  assert.equal(damaged.code, 1);
  assert.match(damaged.stderr, /^portcullis: no gate is running, and its history cannot be asked: \S+ is damaged/);

  const control = await listenControl(join(directory, 'control.sock'), { history: () => 'from the gate' });
  t.after(() => control.close());
  assert.deepEqual(await askHistory(directory, { ask: 'history' }), { answer: 'from the gate', source: 'gate' });
});

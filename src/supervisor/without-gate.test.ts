// The owner's commands about bans where no gate runs: kept for the next start, with the same refusals.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadSettings } from '../config/config.ts';
import { askWithoutGate } from './without-gate.ts';

test('bans are listed, made and taken off in the data directory, and whoever must get in is not banned', async (t) => {
  const cwd = mkdtempSync(join(tmpdir(), 'portcullis-without-'));
  t.after(() => rmSync(cwd, { recursive: true }));
  const lines = [
    'listen: [{ port: 8443 }]',
    'sites: [{ host: a, to: 3000 }]',
    'data_directory: data',
    'bans: { never: [192.0.2.7] }',
  ];
  writeFileSync(join(cwd, 'portcullis.yaml'), `${lines.join('\n')}\n`);
  const { settings } = await loadSettings({ options: {} }, { cwd, env: {} });
  const asking = (question: { ask: string }) =>
    askWithoutGate(settings, question, () => assert.fail('nothing is wrong'));
  assert.equal(await asking({ ask: 'bans' }), undefined, 'there is no data directory');
  const there = { ...settings, dataDirectory: cwd };
  const ask = (question: { ask: string; target?: string; lengthMs?: number }) =>
    askWithoutGate(there, question, () => {});
  await ask({ ask: 'ban', target: '203.0.113.7', lengthMs: 3_600_000 });
  await ask({ ask: 'ban', target: '203.0.113.8' });
  await ask({ ask: 'unban', target: '203.0.113.8' });
  await assert.rejects(ask({ ask: 'ban', target: '192.0.2.7' }), /192\.0\.2\.7 is never banned: bans\.never names it/);
  const { bans, kept } = (await ask({ ask: 'bans' })) as { bans: { target: string; leftMs: number }[]; kept: boolean };
  assert.deepEqual([kept, bans.map(({ target }) => target)], [true, ['203.0.113.7']]);
  assert.ok(bans[0]!.leftMs <= 3_600_000);
});

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { OwnCommands } from './own-commands.ts';

test('a command says what it says as JSON, also where it found problems; else what it complained', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-own-'));
  try {
    const commands = new OwnCommands(['--data-dir', folder], folder);
    const { problems } = (await commands.json(['check', '--config', 'missing.yaml'])) as {
      problems: { code: string }[];
    };
    assert.equal(problems.length, 1);
    await assert.rejects(commands.json(['status']), /^Error: no gate is running with the data directory/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('no more wait than may', async () => {
  const commands = new OwnCommands([], '/');
  const all = await Promise.allSettled(Array.from({ length: 12 }, () => commands.json(['nothing'])));
  const reasons = all.map((one) => (one.status === 'rejected' ? String(one.reason) : 'done'));
  assert.equal(reasons.filter((reason) => reason.includes('too much is asked at once')).length, 4);
});

test('lines are heard as they are said', async () => {
  const heard: unknown[] = [];
  await new OwnCommands([], '/').lines(['learn', 'crowd', '--count', '5'], (line) => heard.push(line));
  assert.deepEqual(
    heard.map((line) => (line as { state: string }).state),
    ['growing', 'held', 'over'],
  );
  await assert.rejects(
    new OwnCommands([], '/').lines(['learn', 'dance'], () => {}),
    /"dance" is neither crowd nor threads/,
  );
});

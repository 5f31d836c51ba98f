import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { loadSettings } from '../config/config.ts';
import { ConfigurationDesk } from './configuration-desk.ts';
import { OwnCommands } from './own-commands.ts';

const good = `listen: [{ address: 127.0.0.1, port: 0 }]
firewall: { rules: ['allow tcp 80 from any'] }
sites: [{ to: 3000 }]
`;

let folder: string;
let file: string;
let reload: () => Promise<unknown>;
let answers: ReturnType<ConfigurationDesk['answers']>;

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'portcullis-desk-'));
  file = join(folder, 'portcullis.yaml');
});
beforeEach(async () => {
  writeFileSync(file, good);
  chmodSync(file, 0o640);
  reload = async () => 'reloaded';
  const load = (name: string) => loadSettings({ options: { config: name } }, { env: {}, cwd: folder });
  const { settings } = await load(file);
  let now = 1000;
  const desk = new ConfigurationDesk({
    file,
    dataDirectory: join(folder, 'data'),
    commands: new OwnCommands([], folder),
    now: () => ++now,
    settings: () => settings,
    load,
    reload: () => reload(),
  });
  answers = desk.answers();
});
after(() => rmSync(folder, { recursive: true }));

const ask = (name: string, more: Record<string, unknown> = {}) =>
  answers[name]!({ ask: name, ...more }) as Promise<never>;
const revision = async () => ((await ask('configuration')) as { revision: string }).revision;

test('a text is judged as if it stood in the file, and the file stays as it is', async () => {
  assert.deepEqual(((await ask('configuration-check', { text: good })) as { ok: boolean }).ok, true);
  const { ok, problems } = (await ask('configuration-check', { text: `${good}sitez: 1\n` })) as {
    ok: boolean;
    problems: { at: string; says: string }[];
  };
  assert.equal(ok, false);
  assert.match(problems[0]!.at, /portcullis\.yaml:4$/);
  assert.deepEqual(
    [readFileSync(file, 'utf8'), readdirSync(folder).filter((name) => name.startsWith('.'))],
    [good, []],
  );
});

test('a plan tells what would change, for settings and for packets', async () => {
  const text = good.replace('tcp 80 from any', 'tcp 80,81 from any');
  const { changes, packets } = (await ask('configuration-plan', { text })) as {
    changes: string[];
    packets: { says: string }[];
  };
  assert.ok(
    changes.some((line) => line.startsWith('firewall.rules')),
    changes.join(),
  );
  assert.match(packets[0]!.says, /opens.*81/);
});

test('what is applied takes the place of the file, with its mode, and the former text is kept', async () => {
  const text = good.replace('3000', '3001');
  assert.equal(await ask('configuration-apply', { text, revision: await revision() }), 'reloaded');
  assert.deepEqual([readFileSync(file, 'utf8'), statSync(file).mode & 0o777], [text, 0o640]);
  const [kept] = (await ask('configuration-history')) as { number: number }[];
  assert.deepEqual(await ask('configuration-version', { number: kept!.number }), { text: good });
});

test('nothing is changed by a text with problems, over a text of somebody else, or where the gate does not go on', async () => {
  await assert.rejects(
    ask('configuration-apply', { text: 'listen: 1', revision: await revision() }),
    /it has problems, and nothing was changed/,
  );
  await assert.rejects(ask('configuration-apply', { text: good, revision: 'x' }), /changed by somebody else meanwhile/);
  reload = async () => {
    throw new Error('the port is taken');
  };
  await assert.rejects(
    ask('configuration-apply', { text: good.replace('3000', '3001'), revision: await revision() }),
    /does not go on with it, and the file is as it was: the port is taken/,
  );
  assert.equal(readFileSync(file, 'utf8'), good);
});

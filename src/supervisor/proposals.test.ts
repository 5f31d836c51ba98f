import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { settingsFrom } from '../config/config.ts';
import type { Answers } from './control.ts';
import { Proposals } from './proposals.ts';

const folder = mkdtempSync(join(tmpdir(), 'portcullis-proposals-'));
after(() => rmSync(folder, { recursive: true }));

const text = 'sites:\n  - host: a.example\n    to: 3000\n';
const proof = {
  site: 'a.example',
  exclusions: [{ detector: '1', place: 'ARGS:q', path: '/', until: '2027-01-01', because: 'b' }],
};

/** Questions answered with everything that was asked of commands, and what they found in the journal they were given. */
function desk({ why = '', journey = { id: 'A' } as object | null, lines = ['{"id":"B"}'] } = {}) {
  const commands: string[][] = [];
  const seen: string[] = [];
  const answers: Answers = {
    configuration: () => ({ file: '/f.yaml', text, revision: 'r', why }),
    'configuration-plan': () => ({ changes: ['changed'] }),
    explain: () => ({ journey }),
    'history-lines': () => lines,
  };
  const proposals = new Proposals({
    dataDirectory: folder,
    commands: {
      json: async (words) => {
        commands.push([...words]);
        if (words[0] === 'replay') seen.push(readFileSync(words[1]!, 'utf8'));
        return words[0] === 'replay' ? { same: 1 } : proof;
      },
    },
    answers,
    load: async () => settingsFrom({ sites: [{ host: 'a.example', to: [3000] }] } as never),
    beside: async (given, look) => {
      seen.push(given);
      return look('/beside.yaml');
    },
  });
  const ask = (name: string, more: object = {}) => proposals.answers()[name]!({ ask: name, ...more }) as Promise<never>;
  return { ask, commands, seen };
}

test('an exclusion is proposed with its proof, and nothing is written', async () => {
  const { ask, commands } = desk();
  const told = (await ask('exclusion-proposal', { id: 'A', days: 30, because: '-x' })) as Record<string, unknown>;
  assert.deepEqual(commands, [['waf', 'exclude', 'A', '--for=30d', '--because=-x']]);
  assert.deepEqual([told.before, told.revision, told.changes, told.proof], [text, 'r', ['changed'], proof]);
  assert.match(String(told.after), /exclude:\n +# request A\n +- \{ detector: '1', place: 'ARGS:q'/);
  await assert.rejects(desk().ask('exclusion-proposal', { id: '--write', days: 1 }), /no request/);
});

test('a mode is proposed for a site that there is, in a file that may be written', async () => {
  const told = (await desk().ask('mode-proposal', { site: 'a.example', mode: 'detect' })) as { after: string };
  assert.equal(told.after, `${text}    waf:\n      mode: detect\n`);
  await assert.rejects(desk().ask('mode-proposal', { site: 'b', mode: 'detect' }), /no site "b"/);
  await assert.rejects(
    desk({ why: 'it may not be written' }).ask('mode-proposal', { site: 'a.example', mode: 'off' }),
    /^Error: it may not be written$/,
  );
});

test('one request or the last ones are decided once more, from a journal that is gone afterwards', async () => {
  const one = desk();
  assert.deepEqual(await one.ask('replay', { id: 'A' }), { same: 1 });
  assert.deepEqual(one.seen, [text, '{"id":"A"}\n']);
  assert.deepEqual(
    [one.commands[0]![0], one.commands[0]![2], one.commands[0]![3]],
    ['replay', '--with', '/beside.yaml'],
  );
  const last = desk();
  await last.ask('replay', { last: 10, text: 'sites: []' });
  assert.deepEqual(last.seen, ['sites: []', '{"id":"B"}\n']);
  assert.deepEqual(readdirSync(folder), []);
  await assert.rejects(desk({ journey: null }).ask('replay', { id: 'A' }), /no request with the id A/);
  await assert.rejects(desk({ lines: [] }).ask('replay', { last: 10 }), /no request is in the history/);
});

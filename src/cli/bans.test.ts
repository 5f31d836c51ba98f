// `bans` by a gate that answers: what is asked of it, what is shown of it, and that no reason steers a terminal.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { bans } from './bans.ts';
import { UsageError } from './command.ts';

let directory = '';
let gate: Server;
let answer: unknown = {};
const questions: unknown[] = [];

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'portcullis-bans-'));
  gate = createServer((socket) => {
    socket.on('data', (bytes) => {
      questions.push(JSON.parse(bytes.toString()));
      socket.end(`${JSON.stringify(answer)}\n`);
    });
  });
  await new Promise<void>((resolve) => gate.listen(join(directory, 'control.sock'), resolve));
});
after(async () => {
  gate.close();
  await rm(directory, { recursive: true });
});

async function run(words: string[], options: Record<string, string | boolean> = {}, env: Record<string, string> = {}) {
  let stdout = '';
  const world = {
    stdout: { write: (text: string) => (stdout += text) },
    stderr: { write: () => undefined },
    env,
    cwd: directory,
    stop: new AbortController().signal,
  };
  const code = await bans.run({ words, options: { 'data-dir': directory, ...options } }, world);
  return { code, stdout };
}

const never = [{ target: '127.0.0.0/8', why: "it is this machine's loopback" }];

test('list shows bans and blocklists, whatever their reasons hold', async () => {
  answer = {
    ok: true,
    value: {
      total: 3,
      kept: false,
      spared: 2,
      never,
      bans: [
        { target: '203.0.113.7', reason: '\u001b[2Jgone\u202e', by: 'owner', madeAt: 0, leftMs: null },
        { target: '2001:db8::/64', reason: 'scans', by: 'gate', madeAt: 0, leftMs: 600_000 },
      ],
      blocklists: [
        {
          name: 'drop',
          from: 'https://lists.example/',
          entries: 12_345,
          broken: 2,
          loadedAt: 1_800_000_000_000,
          problem: 'the server answered 503',
          isStale: true,
        },
      ],
    },
  };
  const { code, stdout } = await run(['list']);
  assert.equal(code, 0);
  assert.equal(
    stdout,
    'Banned         By     Left      Reason\n' +
      '203.0.113.7    owner  for good  \\x1b[2Jgone\\u{202e}\n' +
      '2001:db8::/64  gate   10 m      scans\n' +
      'and 1 more\n' +
      'bans are not kept across restarts: their file cannot be written\n' +
      '2 times somebody who is never banned would have been (bans list --never)\n' +
      '\n' +
      'Blocklist  Entries  Broken  Loaded                State                          From\n' +
      'drop        12,345       2  2027-01-15T08:00:00Z  STALE the server answered 503  https://lists.example/\n',
  );
  assert.equal(
    (await run(['list'], { never: true })).stdout,
    "Never banned  Because\n127.0.0.0/8   it is this machine's loopback\n",
  );
});

test('add sends who, how long, why, and where the owner is', async () => {
  answer = {
    ok: true,
    value: {
      ban: { target: '203.0.113.0/24', leftMs: 1 },
      spared: ['203.0.113.7: \u001b it is an upstream'],
      kept: true,
    },
  };
  const { stdout } = await run(
    ['add', '203.0.113.0/24'],
    { for: '12h', because: 'x' },
    { SSH_CONNECTION: '198.51.100.1 5000 192.0.2.1 22' },
  );
  assert.equal(stdout, '203.0.113.0/24 is banned for 12 h\n  but not 203.0.113.7: \\x1b it is an upstream\n');
  assert.deepEqual(questions.at(-1), {
    ask: 'ban',
    target: '203.0.113.0/24',
    reason: 'x',
    lengthMs: 43_200_000,
    caller: '198.51.100.1',
  });
  answer = { ok: false, says: '127.0.0.1 is never banned: it is an upstream (127.0.0.1)' };
  await assert.rejects(
    run(['add', '127.0.0.1']),
    /^Error: 127\.0\.0\.1 is never banned: it is an upstream \(127\.0\.0\.1\)$/,
  );
});

test('wrong words are told before a gate is asked', async () => {
  const before_ = questions.length;
  const cases: readonly (readonly [string[], Record<string, string | boolean>, string])[] = [
    [[], {}, 'say `list`, `add` or `remove`'],
    [['ad'], {}, '"ad" is neither list, add nor remove'],
    [['add'], {}, 'say whom: bans add 203.0.113.7'],
    [['add', 'x', 'y'], {}, '"y" is not expected behind "x"; a reason stands behind --because'],
    [['list', 'x'], {}, '"x" is not expected behind "list"'],
    [['list'], { for: '1h' }, '--for and --because belong to `bans add`'],
    [['add', 'x'], { for: '10' }, '--for "10" is no duration of a second or more; write 10m, 12h or 30d'],
    [['add', 'x'], { for: '10ms' }, '--for "10ms" is no duration of a second or more; write 10m, 12h or 30d'],
  ];
  for (const [words, options, says] of cases) await assert.rejects(run(words, options), new UsageError(says));
  assert.equal(questions.length, before_);
});

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { listenControl } from '../supervisor/control.ts';
import type { Arguments } from './command.ts';
import { connections } from './connections.ts';

const row = {
  number: 7,
  from: '203.0.113.7:52431',
  to: '198.51.100.1:443',
  listener: ':443 tls',
  rule: 1,
  stage: 'idle',
  tls: 'TLSv1.3',
  requests: 3,
  bytesIn: 1536,
  bytesOut: 4_194_304,
  ageMs: 61_000,
};

/** A gate with these rows, and a world that writes down what it is told; it stops once it was told `looks` times. */
async function watch(t: TestContext, rows: readonly object[], options: Arguments['options'], looks = 1, isTTY = false) {
  const directory = await mkdtemp(join(tmpdir(), 'portcullis-connections-'));
  t.after(() => rm(directory, { recursive: true }));
  const asked: unknown[] = [];
  const control = await listenControl(join(directory, 'control.sock'), {
    connections: (question) => {
      asked.push(question);
      return { total: rows.length === 0 ? 0 : 10_001, rows };
    },
  });
  t.after(() => control.close());
  const told: string[] = [];
  const stop = new AbortController();
  const stdout = {
    isTTY,
    columns: 200,
    write: (text: string) => {
      told.push(text);
      if (told.length >= looks) stop.abort();
    },
  };
  const world = { stdout, stderr: stdout, env: {}, cwd: directory, stop: stop.signal };
  const code = await connections.run({ words: [], options: { 'data-dir': directory, ...options } }, world);
  return { code, told, asked };
}

test('connections stand by their 4-tuple', async (t) => {
  const { code, told, asked } = await watch(t, [row, { ...row, number: 8, from: '203.0.113.7:52432', tls: null }], {
    client: '203.0.113.7',
    limit: '2',
  });
  assert.equal(code, 0);
  assert.deepEqual(asked, [{ ask: 'connections', limit: 2, client: '203.0.113.7' }]);
  assert.equal(
    told.join(''),
    `NUMBER  FROM               TO                LISTENER  RULE  STAGE  TLS      REQUESTS       IN      OUT   AGE
     7  203.0.113.7:52431  198.51.100.1:443  :443 tls     1  idle   TLSv1.3         3  1.5 KiB  4.0 MiB  61 s
     8  203.0.113.7:52432  198.51.100.1:443  :443 tls     1  idle   -               3  1.5 KiB  4.0 MiB  61 s
10001 open, 2 shown
`,
  );
});

test('--watch redraws a terminal until it is stopped', async (t) => {
  const { code, told } = await watch(t, [], { watch: true }, 2, true);
  assert.equal(code, 0);
  assert.deepEqual(told, ['\x1b[H\x1b[2J0 open\n', '\x1b[H\x1b[2J0 open\n']);
});

test('--watch --json writes a line for each look', async (t) => {
  const { told } = await watch(t, [], { watch: true, json: true });
  assert.deepEqual(told, ['{"total":0,"rows":[]}\n']);
});

test('--sort has the busiest first, and asks for more than it shows', async (t) => {
  const busy = { ...row, number: 9, from: '203.0.113.9:1', bytesIn: 9_000_000, requests: 1 };
  const { told, asked } = await watch(t, [row, busy], { sort: 'in', limit: '1' });
  assert.deepEqual(asked, [{ ask: 'connections', limit: 10_000 }]);
  assert.match(told.join(''), /203\.0\.113\.9:1/);
  assert.ok(!told.join('').includes('203.0.113.7:'));
  await assert.rejects(watch(t, [], { sort: 'size' }), /--sort is one of age, in, out, requests, rate/);
  await assert.rejects(watch(t, [], { sort: 'rate' }), /--sort rate compares two looks: it needs --watch/);
});

test('--watch tells what each connection carries a second, from the second look on', async (t) => {
  const rows = [{ ...row }];
  const { told } = await watch(t, rows, { watch: true }, 2);
  assert.match(told[0]!, /AGE +RATE\n.+61 s +-\n/);
  assert.match(told[1]!, / 0 B\/s\n/);
});

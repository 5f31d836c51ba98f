import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { listenControl } from '../supervisor/control.ts';
import { ask, dataDirectoryOf, NoGate } from './ask.ts';
import { Trouble } from './command.ts';

async function place(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'portcullis-ask-'));
  t.after(() => rm(directory, { recursive: true }));
  return directory;
}

/** A gate of which only the answers are real. */
async function gate(t: TestContext, serve: (socket: Socket) => void): Promise<string> {
  const directory = await place(t);
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    t.after(() => socket.destroy());
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(join(directory, 'control.sock'), resolve));
  t.after(() => server.close());
  return directory;
}

test('a running gate answers', async (t) => {
  const directory = await place(t);
  const big = 'x'.repeat(1_000_000);
  const control = await listenControl(join(directory, 'control.sock'), {
    status: ({ deep }) => ({ deep, big }),
    fails: () => {
      throw new Error('not while draining');
    },
  });
  t.after(() => control.close());
  assert.deepEqual(await ask(directory, { ask: 'status', deep: true }), { deep: true, big });
  await assert.rejects(ask(directory, { ask: 'fails' }), new Trouble('not while draining'));
});

test('where no gate runs, the way to one is told', async (t) => {
  const directory = await place(t);
  await assert.rejects(ask(directory, { ask: 'status' }), (error) => {
    assert.ok(error instanceof NoGate);
    assert.equal(
      error.message,
      `no gate is running with the data directory ${directory}\n  start one with \`portcullis run\`, or name the data directory of the one that runs: --data-dir DIRECTORY`,
    );
    return true;
  });
  await assert.rejects(ask(join(directory, 'x'.repeat(120)), { ask: 'status' }), Trouble);
});

test('a gate that is silent, talks nonsense or hangs up is a trouble, not a hang', async (t) => {
  const silent = await gate(t, () => undefined);
  await assert.rejects(
    ask(silent, { ask: 'status' }, 50),
    new Trouble(`the gate at ${silent} did not answer within 50 ms`),
  );
  const mad = await gate(t, (socket) => socket.end('hello\n'));
  await assert.rejects(ask(mad, { ask: 'status' }), new Trouble(`the gate at ${mad} gave an answer that is not JSON`));
  const rude = await gate(t, (socket) => socket.end());
  await assert.rejects(ask(rude, { ask: 'status' }), new Trouble(`the gate at ${rude} ended before it had answered`));
});

test('the data directory is the option, then the environment', () => {
  const world = { env: { PORTCULLIS_DATA: '/env' }, cwd: '/work' };
  assert.equal(dataDirectoryOf({ options: { 'data-dir': 'mine' } }, world), '/work/mine');
  assert.equal(dataDirectoryOf({ options: {} }, world), '/env');
});

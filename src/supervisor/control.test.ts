import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Answers, ControlTrouble, listenControl } from './control.ts';

/** A data directory that does not exist yet, and a socket path in it. */
async function place(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'portcullis-control-'));
  t.after(() => rm(directory, { recursive: true }));
  return join(directory, 'data', 'control.sock');
}

async function open(t: TestContext, path: string, answers: Answers = {}) {
  const control = await listenControl(path, answers);
  t.after(() => control.close());
  return control;
}

/** What comes back for raw bytes. */
function send(path: string, bytes: string | Buffer, ends = false): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect({ path }, () => (ends ? socket.end(bytes) : socket.write(bytes)));
    socket.on('data', (piece: Buffer) => {
      text += piece.toString();
    });
    socket.on('error', (error: NodeJS.ErrnoException) =>
      error.code === 'ECONNRESET' || error.code === 'EPIPE' ? resolve(text) : reject(error),
    );
    socket.on('close', () => resolve(text));
  });
}

test('a question gets its answer, a wrong one a sentence', async (t) => {
  const path = await place(t);
  await open(t, path, {
    echo: (question) => question.what,
    later: async () => ({ a: 1 }),
    nothing: () => undefined,
    fails: () => {
      throw new Error('the table is gone');
    },
    cycle: () => {
      const one: Record<string, unknown> = {};
      one.self = one;
      return one;
    },
  });
  for (const [line, answer] of [
    ['{"ask":"echo","what":[1,"é"]}', { ok: true, value: [1, 'é'] }],
    ['{"ask":"later"}', { ok: true, value: { a: 1 } }],
    ['{"ask":"nothing"}', { ok: true, value: null }],
    ['{"ask":"pid"}', { ok: true, value: process.pid }],
    ['{"ask":"fails"}', { ok: false, says: 'the table is gone' }],
    ['{"ask":"who"}', { ok: false, says: 'this gate does not know the question "who"' }],
    ['{"ask":"__proto__"}', { ok: false, says: 'this gate does not know the question "__proto__"' }],
    ['{"ask":1}', { ok: false, says: 'a question is one line of JSON such as {"ask":"status"}' }],
    ['null', { ok: false, says: 'a question is one line of JSON such as {"ask":"status"}' }],
    ['GET / HTTP/1.1\r', { ok: false, says: 'a question is one line of JSON such as {"ask":"status"}' }],
    ['', { ok: false, says: 'a question is one line of JSON such as {"ask":"status"}' }],
  ] as const)
    assert.deepEqual(JSON.parse(await send(path, `${line}\n`)), answer, line);
  assert.match(await send(path, '{"ask":"cycle"}\n'), /^\{"ok":false,"says":"the answer cannot be written: /);
});

test('garbage, half a question and too long a question leave the gate answering', async (t) => {
  const path = await place(t);
  await open(t, path);
  assert.equal(await send(path, '{"ask":', true), '');
  assert.match(await send(path, Buffer.alloc(70_000, 0x61)), /a question has at most 65536 bytes/);
  assert.match(await send(path, Buffer.from([0xff, 0xfe, 0x00, 0x0a])), /one line of JSON/);
  assert.match(await send(path, '{"ask":"pid"}\n{"ask":"pid"}\n'), /^\{"ok":true,"value":\d+\}\n$/);
});

test('only the owner may ask: the socket is 0600 in a directory made 0700', async (t) => {
  const path = await place(t);
  await open(t, path);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.equal((await stat(join(path, '..'))).mode & 0o777, 0o700);
});

test('the socket of a dead gate is replaced, that of a living one is not', async (t) => {
  const path = await place(t);
  const first = await listenControl(path, {});
  await assert.rejects(listenControl(path, {}), {
    message: `a gate already runs with this data directory (pid ${process.pid}): ${join(path, '..')}\n  stop it, or give this one a directory of its own: --data-dir DIRECTORY`,
  });
  await first.close();
  await assert.rejects(stat(path), { code: 'ENOENT' });
  await leaveSocket(path);
  await open(t, path);
  assert.match(await send(path, '{"ask":"pid"}\n'), /"ok":true/);
});

/** A socket that nobody listens on: bound by a process that was killed. */
async function leaveSocket(path: string): Promise<void> {
  const { spawn } = await import('node:child_process');
  const child = spawn(process.execPath, [
    '-e',
    `require('net').createServer().listen(${JSON.stringify(path)}, () => console.log('up'))`,
  ]);
  await new Promise((resolve) => child.stdout.once('data', resolve));
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('exit', resolve));
  assert.ok((await stat(path)).isSocket());
}

test('a stranger on the socket counts as a gate that does not say its pid', async (t) => {
  const path = await place(t);
  await mkdir(join(path, '..'));
  const stranger = createServer((socket) => socket.on('error', () => undefined).end('hello\n'));
  await new Promise<void>((resolve) => stranger.listen(path, resolve));
  t.after(() => stranger.close());
  await assert.rejects(listenControl(path, {}), /a gate already runs with this data directory: /);
});

test('a place that cannot be used is a trouble that says why', async (t) => {
  const path = await place(t);
  const long = join(path, '..', 'd'.repeat(100), 'control.sock');
  const trouble = (message: RegExp) => (error: unknown) =>
    error instanceof ControlTrouble && message.test(error.message);
  await assert.rejects(
    listenControl(long, {}),
    trouble(/has a name of \d+ bytes, and a Unix socket holds 107\n {2}choose a shorter/),
  );
  await writeFile(join(path, '..', '..', 'file'), '');
  await assert.rejects(
    listenControl(join(path, '..', '..', 'file', 'control.sock'), {}),
    trouble(/a file of that name is in the way/),
  );
  await mkdir(join(path, '..'));
  await writeFile(path, '');
  await assert.rejects(listenControl(path, {}), trouble(/is in the way: it is no socket/));
  await chmod(join(path, '..'), 0o777);
  await assert.rejects(listenControl(path, {}), trouble(/everybody may write there/));
});

test('what a gate that starts cannot answer yet is asked again', async (t) => {
  const path = await place(t);
  let isStarting = true;
  const control = await listenControl(path, {}, false, () => isStarting);
  t.after(() => control.close());
  const told = async () => JSON.parse(await send(path, '{"ask":"dashboard"}\n')).says;
  assert.equal(await told(), 'the gate is starting and cannot answer "dashboard" yet: ask again in a moment');
  isStarting = false;
  assert.equal(await told(), 'this gate does not know the question "dashboard"');
});

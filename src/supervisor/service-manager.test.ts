import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { runProgram, ServiceManager, type ServiceTools } from './service-manager.ts';

/** A socket of datagrams, as systemd has one, and what came over it. Python has what Node.js lacks. */
async function notifySocket(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'portcullis-notify-'));
  const path = join(directory, 'notify');
  const script = `import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('bound', flush=True)
while True:
    print(repr(s.recv(4096).decode()), flush=True)`;
  const listener = spawn('python3', ['-c', script, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  listener.stdout.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
  });
  t.after(async () => {
    listener.kill('SIGKILL');
    await once(listener, 'close');
    rmSync(directory, { recursive: true });
  });
  const until = async (isSo: () => boolean): Promise<void> => {
    while (!isSo()) await once(listener.stdout, 'data');
  };
  await until(() => text.startsWith('bound\n'));
  return { path, heard: () => text.split('\n').slice(1, -1), until };
}

function tools(change: Partial<ServiceTools>): ServiceTools & { readonly warnings: string[] } {
  const warnings: string[] = [];
  return { env: {}, pid: 42, run: runProgram, warn: (says) => warnings.push(says), ...change, warnings };
}

test('the words arrive at a real socket of datagrams, in their order', async (t) => {
  const { path, heard, until } = await notifySocket(t);
  const { PATH = '' } = process.env;
  const service = new ServiceManager(tools({ env: { NOTIFY_SOCKET: path, PATH } }));
  void service.ready('generation 1, 2 workers', () => true);
  void service.reloading(1234.5678);
  void service.settled('generation 2, 2 workers');
  await service.stopping(30_000);
  const words = () => heard().filter((one) => !one.includes('BARRIER'));
  await until(() => words().length >= 4);
  assert.deepEqual(words(), [
    "'MAINPID=42\\nREADY=1\\nSTATUS=generation 1, 2 workers'",
    "'RELOADING=1\\nMONOTONIC_USEC=1234568'",
    "'READY=1\\nSTATUS=generation 2, 2 workers'",
    "'STOPPING=1\\nEXTEND_TIMEOUT_USEC=30000000'",
  ]);
});

test('signs of life come while the gate is well, twice in the time that systemd gives', async () => {
  const sent: string[] = [];
  let isWell = true;
  let isTold = (): void => {};
  const run = async (_program: string, words: readonly string[]) => {
    sent.push(words.join(' '));
    isTold();
  };
  const service = new ServiceManager(tools({ env: { NOTIFY_SOCKET: '/x', WATCHDOG_USEC: '4000' }, run }));
  await service.ready('well', () => isWell);
  // The timer alone does not keep the process.
  const keeper = setInterval(() => {}, 1000);
  await new Promise<void>((resolve) => {
    isTold = resolve;
  });
  assert.equal(sent[1], 'WATCHDOG=1');
  isWell = false;
  await service.tell('X=1');
  service.leave();
  clearInterval(keeper);
  assert.equal(sent.at(-1), 'X=1');
});

test('without a service manager nothing is run; where it cannot be told, that is said once', async () => {
  const runs: string[] = [];
  const run = async (program: string) => {
    runs.push(program);
    throw new Error('no such program');
  };
  const alone = new ServiceManager(tools({ run, env: { WATCHDOG_USEC: '2000' } }));
  await alone.ready('well', () => true);
  await alone.stopping(1000);
  assert.deepEqual(runs, []);
  const here = tools({ run, env: { NOTIFY_SOCKET: '/x' } });
  const deaf = new ServiceManager(here);
  await deaf.ready('well', () => true);
  await deaf.reloading(1);
  assert.deepEqual(runs, ['systemd-notify']);
  assert.match(
    here.warnings.join('|'),
    /^NOTIFY_SOCKET is set, and `systemd-notify` cannot tell it anything: no such program\n/,
  );
});

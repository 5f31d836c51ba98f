// Change under load: at least so many requests over keep-alive connections while a gate of two workers is reloaded again and again, each
// answer compared byte by byte; then a worker is killed. Prints what was lost, what was wrong, and the longest that anybody waited.
//
//   node bench/reload.ts [--requests 200000] [--clients 32] [--crs DIRECTORY] [--upgrades 0]

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ask } from '../src/cli/ask.ts';
import { freePort } from './processes.ts';

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '200000' },
    clients: { type: 'string', default: '32' },
    crs: { type: 'string' },
    upgrades: { type: 'string', default: '0' },
  },
});
const wanted = Number(values.requests);
const clients = Number(values.clients);

/** What the application answers to a path: as long as it is different from that of every other. */
function bodyOf(path: string): string {
  return createHash('sha256').update(path).digest('hex').repeat(8);
}

/** What clients met. */
class Account {
  answered = 0;
  lost = 0;
  wrong = 0;
  /** Longest wait in ms, while something was changed and while not. */
  readonly longest = { changing: 0, quiet: 0 };
  isChanging = false;

  note(path: string, text: string | null, startedMs: number, wasChanging: boolean): void {
    const ms = performance.now() - startedMs;
    const during = wasChanging || this.isChanging ? 'changing' : 'quiet';
    this.longest[during] = Math.max(this.longest[during], ms);
    if (text === null) this.lost++;
    else if (text.startsWith('HTTP/1.1 200 ') && text.endsWith(`\r\n\r\n${bodyOf(path)}`)) this.answered++;
    else this.wrong++;
  }
}

/** One client: a request after the other on one connection, and a new one where that ends, until `isOver`. */
async function run(port: number, number: number, account: Account, isOver: () => boolean): Promise<void> {
  let socket: Socket | null = null;
  for (let round = 0; !isOver(); round++) {
    if (socket === null) {
      socket = connect(port, '127.0.0.1').setNoDelay();
      await once(socket, 'connect');
      socket.on('error', () => {});
    }
    const path = `/${number}/${round}`;
    const before = performance.now();
    const wasChanging = account.isChanging;
    const text = await answerOn(socket, path);
    account.note(path, text, before, wasChanging);
    if (text !== null && !text.includes('\r\nConnection: close\r\n')) continue;
    socket.destroy();
    socket = null;
  }
  socket?.destroy();
}

function answerOn(socket: Socket, path: string): Promise<string | null> {
  return new Promise((resolve) => {
    let text = '';
    let end = 0;
    const done = (value: string | null): void => {
      socket.off('data', onData).off('close', onEnd).off('end', onEnd);
      resolve(value);
    };
    const onEnd = (): void => done(null);
    const onData = (piece: Buffer): void => {
      text += piece.toString('latin1');
      if (end === 0) {
        const head = text.indexOf('\r\n\r\n');
        if (head < 0) return;
        const length = /^content-length: (\d+)\r$/im.exec(text.slice(0, head + 2));
        end = head + 4 + Number(length?.[1] ?? 0);
      }
      if (text.length >= end) done(text);
    };
    socket.on('data', onData).once('close', onEnd).once('end', onEnd);
    if (socket.destroyed || socket.readableEnded) onEnd();
    else socket.write(`GET ${path} HTTP/1.1\r\nHost: bench.example\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n`);
  });
}

const say = (text: string) => process.stdout.write(`${text}\n`);

interface Status {
  readonly pid: number;
  readonly crew: { readonly workers: readonly { readonly pid: number }[] };
}

const directory = mkdtempSync(join(tmpdir(), 'portcullis-reload-'));
const app = createServer((asked, answer) => answer.end(bodyOf(asked.url ?? '')));
app.keepAliveTimeout = 60_000;
await once(app.listen(0, '127.0.0.1'), 'listening');
const port = await freePort();
const write = (mode: string): void =>
  writeFileSync(
    join(directory, 'portcullis.yaml'),
    `listen: [{ port: ${port}, address: 127.0.0.1 }]
data_directory: data
workers: 2
rates: []
firewall: { default: allow }
limits: { max_requests_per_connection: 100000000, max_new_connections_per_client_per_second: 100000, drain_timeout: 20s }
sites: [{ host: '*', to: ['127.0.0.1:${(app.address() as AddressInfo).port}'] }]
waf: { mode: ${mode}${values.crs === undefined ? '' : `, crs: ${values.crs}`} }\n`,
  );
write('block');
const program = join(import.meta.dirname, '../bin/portcullis');
const gate = spawn(process.execPath, [program, 'run'], { cwd: directory, stdio: ['ignore', 'pipe', 'inherit'] });
let said = '';
gate.stdout.setEncoding('utf8').on('data', (text: string) => {
  said += text;
});
while (!said.includes('Ctrl-C ends it')) await once(gate.stdout, 'data');
const asked = (question: string) => ask(join(directory, 'data'), { ask: question }, 200_000);

/** Reloads and upgrades while clients ask; gives how many there were. */
async function change(account: Account, isOver: () => boolean): Promise<{ reloads: number; ms: number[] }> {
  const ms: number[] = [];
  let upgrades = Number(values.upgrades);
  for (let number = 0; !isOver(); number++) {
    write(number % 2 === 0 ? 'detect' : 'block');
    account.isChanging = true;
    const before = performance.now();
    await asked(upgrades-- > 0 ? 'upgrade' : 'reload');
    ms.push(performance.now() - before);
    account.isChanging = false;
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  return { reloads: ms.length, ms };
}

const account = new Account();
let isOver = false;
const load = Promise.all(
  Array.from({ length: clients }, (_, number) =>
    run(port, number, account, () => isOver && account.answered >= wanted),
  ),
);
const changes = change(account, () => isOver);
while (account.answered + account.lost + account.wrong < wanted)
  await new Promise((resolve) => setTimeout(resolve, 100));
isOver = true;
const { reloads, ms } = await changes;
await load;
say(
  `${account.answered} answers over ${clients} connections, ${reloads} changes (${Math.round(Math.min(...ms))} to ${Math.round(Math.max(...ms))} ms each): ` +
    `${account.lost} lost, ${account.wrong} corrupt`,
);
const { longest } = account;
say(
  `longest wait: ${Math.round(longest.changing)} ms while it changed, ${Math.round(longest.quiet)} ms while it did not`,
);

const killed = new Account();
let isKilled = false;
const second = Promise.all(
  Array.from({ length: clients }, (_, number) => run(port, number, killed, () => isKilled && killed.answered >= 5000)),
);
while (killed.answered < 1000) await new Promise((resolve) => setTimeout(resolve, 20));
const status = (await asked('status')) as Status;
process.kill(status.crew.workers[0]!.pid, 'SIGKILL');
isKilled = true;
await second;
say(`SIGKILL of one of two workers: ${killed.lost} lost of at most ${clients} in flight, ${killed.wrong} corrupt`);

const { pid } = (await asked('status')) as Status;
process.kill(pid, 'SIGTERM');
await once(gate.stdout, 'close');
app.close();
app.closeAllConnections();
rmSync(directory, { recursive: true, force: true });
process.exitCode = account.lost + account.wrong + killed.wrong > 0 || killed.lost > clients ? 1 : 0;

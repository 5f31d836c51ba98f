// A gate of two workers before an application, and clients that count what they lose while it is changed.

import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { ask } from '../src/cli/ask.ts';
import { freePorts } from './free-ports.ts';
import { compileCache, type Running, runToEnd, start } from './portcullis-process.ts';

/** What `status` says, as far as tests look. */
export interface Status {
  readonly pid: number;
  readonly generation: number;
  readonly requests: { readonly total: number };
  readonly crew: {
    readonly deaths: number;
    readonly stalls: number;
    readonly last: { readonly says: string } | null;
    readonly workers: readonly {
      readonly worker: number;
      readonly pid: number;
      readonly open: number;
      readonly generation: number;
    }[];
  };
}

/** A gate of two workers before an application, its configuration in a file. */
export interface Place {
  readonly gate: Running;
  readonly directory: string;
  readonly ports: readonly number[];
  /** Writes the configuration; `more` are its further lines. */
  write(more: string, listen?: readonly number[]): void;
  status(): Promise<Status>;
  /** Waits until the status is as wanted. */
  until(isSo: (status: Status) => boolean): Promise<Status>;
  reload(...words: string[]): ReturnType<typeof runToEnd>;
  /** Any other command, beside the configuration. */
  command(...words: string[]): ReturnType<typeof runToEnd>;
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It is gone.
  }
}

/** Starts a gate whose configuration ends in `more`; it is gone with the test, whatever took its place. */
export async function place(
  t: TestContext,
  more: string,
  app: (asked: IncomingMessage, answer: ServerResponse) => void = (asked, answer) =>
    answer.end(`you asked ${asked.url}`),
  env: Readonly<Record<string, string>> = {},
): Promise<Place> {
  const server = createServer(app);
  server.on('upgrade', (_asked, socket: Socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
    socket.on('error', () => {}).pipe(socket);
  });
  server.keepAliveTimeout = 60_000;
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const appPort = (server.address() as AddressInfo).port;
  const directory = mkdtempSync(join(tmpdir(), 'portcullis-workers-'));
  const ports = await freePorts(3);
  const write = (lines: string, listen: readonly number[] = ports.slice(0, 1)): void =>
    writeFileSync(
      join(directory, 'portcullis.yaml'),
      `listen: [${listen.map((port) => `{ port: ${port}, address: 127.0.0.1 }`).join(', ')}]
data_directory: data
firewall: { default: allow }
sites: [{ host: '*', to: ['127.0.0.1:${appPort}'] }]
${lines}\n`,
    );
  write(more);
  const successors = new Set<number>();
  const surroundings = { cwd: directory, env: { NODE_COMPILE_CACHE: compileCache, ...env } };
  const gate = start(['run', '--journal', 'journal'], surroundings);
  t.after(async () => {
    // Whoever took its place writes to the same streams: only then have they ended.
    for (const pid of successors) if (pid !== gate.child.pid) kill(pid);
    await gate.stop('SIGKILL');
    server.close();
    server.closeAllConnections();
    rmSync(directory, { recursive: true, force: true });
  });
  await gate.says(/^Ctrl-C ends it$/m);
  const status = async () => {
    const now = (await ask(join(directory, 'data'), { ask: 'status' }, 60_000)) as Status;
    successors.add(now.pid);
    return now;
  };
  return {
    gate,
    directory,
    ports,
    write,
    status,
    until: async (isSo) => {
      for (;;) {
        const now = await status();
        if (isSo(now)) return now;
        // Asked without a pause, the gate would have no time for what is waited for.
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    reload: (...words) => runToEnd(['reload', ...words], surroundings),
    command: (...words) => runToEnd(words, surroundings),
  };
}

/** Settings in which load from one place is nothing unusual. */
export const roomy = `workers: 2
rates: []
limits: { max_requests_per_connection: 1000000, max_new_connections_per_client_per_second: 100000, drain_timeout: 10s }`;

/** What a load came to. `lost` had no whole answer, `wrong` another than its own. */
export interface Outcome {
  answered: number;
  lost: number;
  wrong: number;
}

/** Clients that ask one request after the other, each on its connection and on a new one where that ends, until `isOver`. */
export async function load(port: number, clients: number, isOver: (outcome: Outcome) => boolean): Promise<Outcome> {
  const outcome: Outcome = { answered: 0, lost: 0, wrong: 0 };
  const one = async (client: number): Promise<void> => {
    let socket: Socket | null = null;
    for (let number = 0; !isOver(outcome); number++) {
      socket ??= await opened(port);
      const path = `/${client}/${number}`;
      const text = await answerOn(socket, path);
      if (text === null) outcome.lost++;
      else if (text.startsWith('HTTP/1.1 200 ') && text.endsWith(`\r\n\r\nyou asked ${path}`)) outcome.answered++;
      else outcome.wrong++;
      if (text === null || /^connection: close\r$/im.test(text)) {
        socket.destroy();
        socket = null;
      }
    }
    socket?.destroy();
  };
  await Promise.all(Array.from({ length: clients }, (_, client) => one(client)));
  return outcome;
}

/** A connection that is open. */
export async function opened(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').setNoDelay();
  await once(socket, 'connect');
  return socket.on('error', () => {});
}

/** One answer with a length, or null where the connection ended before it was whole. */
export function answerOn(socket: Socket, path: string): Promise<string | null> {
  return new Promise((resolve) => {
    let text = '';
    const done = (value: string | null): void => {
      socket.off('data', onData).off('close', onEnd).off('end', onEnd);
      resolve(value);
    };
    const onEnd = (): void => done(null);
    const onData = (piece: Buffer): void => {
      text += piece.toString('latin1');
      const head = text.indexOf('\r\n\r\n');
      const length = /^content-length: (\d+)\r$/im.exec(text);
      if (head >= 0 && length !== null && text.length >= head + 4 + Number(length[1])) done(text);
    };
    socket.on('data', onData).once('close', onEnd).once('end', onEnd);
    if (socket.destroyed || socket.readableEnded) onEnd();
    else socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
  });
}

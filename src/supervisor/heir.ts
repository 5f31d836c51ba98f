// The old program's side of an upgrade: starts the new one, hands it everything, and goes on itself where that fails.

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { type Estate, type FromPredecessor, type FromSuccessor, handoverVariable } from './handover.ts';
import type { Bound } from './listeners.ts';
import type { Deltas } from './messages.ts';
import { GateTrouble } from './trouble.ts';

/** How this gate was started, and another is. */
export interface HeirPlan {
  /** The file of the command. */
  readonly program: string;
  /** Its arguments. */
  readonly args: readonly string[];
}

/** Longest time that a program may take to say its version, in ms. */
const versionMs = 30_000;
/** Longest time that the successor may take until its workers accept, and until it has taken over the rest, in ms. */
const readyMs = 120_000;
const standMs = 30_000;
/** Starts the words behind it as a process whose parent is gone, and says its pid; the pipe that it says that over ends with the process. A service manager takes a new main process for its
 * own, and waits for its end, only where it is its own child, which whoever has lost its parent is. */
const apart = '"$@" & echo $! >&4';
/** Most of what a broken program says that is repeated, in characters. */
const maxQuoted = 2000;

/** The version that the program says it is; rejects with `GateTrouble` where it is broken, or something else. */
export async function versionOf(program: string): Promise<string> {
  const asked = promisify(execFile)(nodeFor(program), [program, '--version'], { timeout: versionMs });
  const { stdout } = await asked.catch((error: Error & { stderr?: string }) => {
    const said = (error.stderr ?? '').trim() || error.message;
    throw new GateTrouble(`${program} cannot be started, and everything stays as it was${quoted(said)}`);
  });
  const [name, version = ''] = stdout.trim().split(' ');
  if (name === 'portcullis') return version;
  throw new GateTrouble(`${program} is another program: asked for its version it said${quoted(stdout)}`);
}

/** A process that is to take over. */
export class Heir {
  readonly #child: ChildProcess;
  readonly #pipe: Readable;
  readonly #plan: HeirPlan;
  /** Whoever waits for a word, by the word. */
  #waiting: { readonly word: string; readonly resolve: () => void; readonly reject: (trouble: Error) => void } | null =
    null;
  #trouble: GateTrouble | null = null;
  #pid = 0;

  constructor(plan: HeirPlan) {
    this.#plan = plan;
    const { program, args } = plan;
    // It writes to the same places as this one, and outlives it.
    this.#child = spawn('/bin/sh', ['-c', apart, 'sh', nodeFor(program), ...process.execArgv, program, ...args], {
      stdio: ['inherit', 'inherit', 'inherit', 'ipc', 'pipe'],
      serialization: 'advanced',
      env: { ...process.env, [handoverVariable]: '1' },
    });
    this.#child.on('message', (message) => this.#hear(message as FromSuccessor));
    this.#child.on('error', (error) => this.#fail(`${program} cannot be started: ${error.message}`));
    this.#pipe = this.#child.stdio[4] as Readable;
    this.#pipe.on('data', (text: Buffer) => {
      this.#pid = Number(text);
      // Given up before it was known who that is.
      if (this.#trouble !== null) this.abandon();
    });
    // Not the end of the channel, which Node does not tell while a socket is on its way over it.
    this.#pipe.on('close', () =>
      this.#fail('the new program ended before it had taken over: what it wrote to the log of the gate says why'),
    );
  }

  get pid(): number {
    return this.#pid;
  }

  /** Hands everything over that it needs to begin; resolves when its workers accept beside ours. */
  async start(estate: Estate, bound: readonly Bound[]): Promise<void> {
    const ready = this.#word('ready', readyMs);
    this.#send({ kind: 'estate', ...estate });
    for (const { socket, facts } of bound)
      this.#send({ kind: 'socket', key: facts.key, address: facts.address, port: facts.port }, socket.handle);
    await ready;
  }

  /** Tells it that the data directory is free; resolves when it has everything. */
  async enthrone(): Promise<void> {
    const stands = this.#word('stands', standMs);
    this.#send({ kind: 'yours' });
    await stands;
  }

  /** Tells it what was counted here since. */
  share(deltas: Deltas): void {
    this.#send({ kind: 'known', deltas });
  }

  /** It failed, or is not wanted any more. */
  abandon(): void {
    this.#fail('the upgrade was given up');
    try {
      if (this.#pid > 0) process.kill(this.#pid, 'SIGKILL');
    } catch {
      // It ended by itself.
    }
  }

  /** It is on its own from here on. */
  release(): void {
    this.#child.removeAllListeners();
    this.#pipe.removeAllListeners().destroy();
    if (this.#child.connected) this.#child.disconnect();
    this.#child.unref();
  }

  #send(message: FromPredecessor, handle?: object): void {
    if (!this.#child.connected) return;
    // Whoever waits for a word hears of the end of the process instead.
    this.#child.send(message, handle as Parameters<ChildProcess['send']>[1], {}, () => {});
  }

  #hear(message: FromSuccessor): void {
    if (message.kind === 'failed') this.#fail(message.says);
    else if (this.#waiting?.word === message.kind) {
      this.#waiting.resolve();
      this.#waiting = null;
    }
  }

  #fail(says: string): void {
    this.#trouble ??= new GateTrouble(says);
    this.#waiting?.reject(this.#trouble);
    this.#waiting = null;
  }

  #word(word: FromSuccessor['kind'], ms: number): Promise<void> {
    if (this.#trouble !== null) return Promise.reject(this.#trouble);
    const late = setTimeout(() => this.#fail(`${this.#plan.program} was not ${word} after ${ms / 1000} s`), ms);
    return new Promise<void>((resolve, reject) => {
      this.#waiting = { word, resolve, reject };
    }).finally(() => clearTimeout(late));
  }
}

/** The Node.js that npm installed beside a program, else the one that runs this. */
function nodeFor(program: string): string {
  const from = existsSync(program) ? dirname(realpathSync(program)) : dirname(program);
  for (let directory = from; ; directory = dirname(directory)) {
    const candidate = join(directory, 'node_modules', 'node', 'bin', 'node');
    if (existsSync(candidate)) return candidate;
    if (dirname(directory) === directory) return process.execPath;
  }
}

function quoted(text: string): string {
  return text
    .trim()
    .slice(0, maxQuoted)
    .split('\n')
    .map((line) => `\n  | ${line}`)
    .join('');
}

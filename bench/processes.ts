// Starting programs for a measurement, pinned to a core, and ending them by their id.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { freePorts } from '../test/free-ports.ts';
import { cpuNanoseconds, treeOf } from './proc.ts';

/** A program that serves on a port. */
export interface Serving {
  readonly pid: number;
  readonly port: number;
  /** CPU time so far of it and its descendants, in nanoseconds. */
  cpuNs(): number;
  /** The end of what it wrote to its error output. */
  said(): string;
  stop(): Promise<void>;
}

/** Something the machine lacks for a measurement; the message says how to mend it. */
export class Missing extends Error {}

/** Throws `Missing` unless every program can be found. */
export function requirePrograms(programs: Readonly<Record<string, string>>): void {
  const absent = Object.keys(programs).filter((name) => findProgram(name) === null);
  if (absent.length === 0) return;
  const packages = [...new Set(absent.map((name) => programs[name]))].join(' ');
  throw new Missing(
    `${absent.join(' and ')} not found: the peers are measured in the same run; apt-get install ${packages}`,
  );
}

/** The program's full path, or null; looks in the system folders too, because /usr/sbin is on few users' path. */
export function findProgram(name: string): string | null {
  const found = spawnSync('sh', ['-c', 'command -v "$0"', name], {
    encoding: 'utf8',
    env: { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/usr/local/sbin:/sbin` },
  });
  return found.status === 0 ? found.stdout.trim() : null;
}

/** A command line that keeps the program on one core; unchanged where the machine has one core or no `taskset`. */
export function pinned(core: number, command: readonly string[]): readonly string[] {
  if (navigator.hardwareConcurrency < 2 || findProgram('taskset') === null) return command;
  return ['taskset', '-c', String(core), ...command];
}

/** A free loopback port that nobody takes before the program that is told of it. */
export async function freePort(): Promise<number> {
  return (await freePorts(1))[0]!;
}

/** Starts a program and waits until it takes connections on `port`; its error output is shown if it does not. */
export async function serve(command: readonly string[], port: number, cwd?: string): Promise<Serving> {
  const child = spawn(command[0]!, command.slice(1), {
    stdio: ['ignore', 'ignore', 'pipe'],
    ...(cwd === undefined ? {} : { cwd }),
  });
  let said = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4000);
  });
  const gone = new Promise<never>((_, reject) => {
    child.once('error', (error) => reject(new Missing(`${command.join(' ')}: ${error.message}`)));
    child.once('exit', (code) =>
      reject(new Missing(`${command.join(' ')} ended with ${code} before it served:\n${said}`)),
    );
  });
  gone.catch(() => {});
  try {
    await Promise.race([gone, untilOpen(port)]);
  } catch (error) {
    await end(child);
    throw error;
  }
  const pid = child.pid!;
  return { pid, port, cpuNs: () => cpuNanoseconds(treeOf(pid)), said: () => said, stop: () => end(child) };
}

/** Asks the program to end, and insists after five seconds. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const insist = setTimeout(() => child.kill('SIGKILL'), 5000);
  await ended;
  clearTimeout(insist);
}

async function untilOpen(port: number): Promise<void> {
  for (let attempt = 0; attempt < 1600; attempt++) {
    if (await opens(port)) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Missing(`nothing took connections on port ${port} within 40 s`);
}

function opens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

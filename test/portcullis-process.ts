// The command as a child process, as a person or a service manager starts it, and what it said when it ended.

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

/** The command's own file. */
export const portcullis = join(import.meta.dirname, '../bin/portcullis');

/** Where Node.js keeps compiled sources between the many starts of a test run, which makes each three times as fast. */
export const compileCache = join(import.meta.dirname, '../node_modules/.cache/portcullis-tests');

/** Where and as whom it runs. */
export interface Circumstances {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Words before the command: `setpriv …`, `script …`. */
  readonly through?: readonly string[];
}

/** How it ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that goes on. */
export interface Running {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  /** What it has said on stdout so far. */
  said(): string;
  /** Fulfilled as soon as stdout matches; rejects with all it said where it ends before. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  readonly ended: Promise<Ended>;
  /** Sends the signal and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<Ended>;
}

/** Starts the command with these words. Nothing of this process's environment but PATH and HOME goes along. */
export function start(words: readonly string[], { cwd, env = {}, through = [] }: Circumstances = {}): Running {
  const [program, ...rest] = [...through, process.execPath, portcullis, ...words];
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(program!, rest, {
    cwd,
    env: { PATH, HOME, NODE_COMPILE_CACHE: compileCache, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin.on('error', () => {});
  const ended = once(child, 'close').then(([code, signal]): Ended => ({ code, signal, stdout, stderr }));
  return {
    child,
    said: () => stdout,
    says: async (pattern) => {
      for (;;) {
        const found = pattern.exec(stdout);
        if (found !== null) return found;
        const over = await Promise.race([once(child.stdout, 'data').then(() => null), ended]);
        if (over !== null && !pattern.test(stdout))
          throw new Error(`it ended (${over.code ?? over.signal}) before it said ${pattern}\n${stdout}${stderr}`);
      }
    },
    ended,
    stop: async (signal = 'SIGINT') => {
      child.kill(signal);
      return await ended;
    },
  };
}

/** Runs the command to its end. */
export function runToEnd(words: readonly string[], circumstances: Circumstances = {}): Promise<Ended> {
  const running = start(words, circumstances);
  running.child.stdin.end();
  return running.ended;
}

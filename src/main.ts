// Arguments in, exit code out; and the one place where a process becomes a `World`, or a worker.

import { runCommand } from './cli/cli.ts';
import type { ExitCode, World } from './cli/command.ts';

/** Runs the command line `argv` (without node and script) in `world`; never throws. */
export function main(argv: readonly string[], world: World): Promise<ExitCode> {
  return runCommand(argv, world);
}

/** Makes this process a worker of the one that started it, over the channel between them. */
export async function work(process: NodeJS.Process): Promise<void> {
  // Because a worker has no use for the commands, nor a command for what a worker holds.
  (await import('./supervisor/supervisor.ts')).runWorker(process);
}

/** Two signals nearer than this are one: a terminal and a parent process may both pass on the same Ctrl-C. */
const sameSignalMs = 500;

/**
 * The world of a real process. SIGINT and SIGTERM abort `stop`; a second one ends the process at once with 130. A
 * closed pipe behind stdout is quiet: `stdout.closed` becomes true.
 */
export function worldOf(process: NodeJS.Process): World {
  const stop = new AbortController();
  let stoppedAt = 0;
  const onSignal = () => {
    if (!stop.signal.aborted) {
      stoppedAt = performance.now();
      stop.abort();
    } else if (performance.now() - stoppedAt > sameSignalMs) process.exit(130);
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return {
    stdout: screenOf(process.stdout),
    stderr: screenOf(process.stderr),
    env: process.env,
    cwd: process.cwd(),
    stop: stop.signal,
  };
}

function screenOf(stream: NodeJS.WriteStream): World['stdout'] & { readonly closed: boolean } {
  let closed = false;
  stream.on('error', () => {
    closed = true;
  });
  return {
    write: (text) => (closed ? false : stream.write(text)),
    isTTY: stream.isTTY === true,
    get columns() {
      return stream.columns || 80;
    },
    get rows() {
      return stream.rows || 24;
    },
    get closed() {
      return closed;
    },
  };
}

// Starts the shop as a process of its own and ends it by its id.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** The shop's process. */
export interface ShopProcess {
  readonly pid: number;
  readonly port: number;
  /** Fulfilled with a sentence when it has ended, whoever ended it. */
  readonly ended: Promise<string>;
  stop(): Promise<void>;
}

/** Starts the shop and waits until it listens. Rejects with what it said where it does not. */
export async function startShop(): Promise<ShopProcess> {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, 'shop.ts')],
    {
      stdio: ['pipe', 'pipe', 'pipe'],
      // Because whoever injects a command may print the environment: it gets nothing worth printing.
      env: { PATH: process.env.PATH, TMPDIR: process.env.TMPDIR },
    },
  );
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2000);
  });
  child.stdin.on('error', () => {});
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`the shop cannot be started: ${error.message}`));
    child.once('close', (code, signal) =>
      resolve(`the shop ended (${signal ?? `code ${code}`})${said && `\n${said}`}`),
    );
  });
  const lines = createInterface({ input: child.stdout });
  const first = await Promise.race([once(lines, 'line').then(([line]) => String(line)), ended]);
  const ready = parseReady(first);
  if (ready === null) {
    child.kill('SIGKILL');
    throw new Error(first);
  }
  return {
    pid: child.pid!,
    port: ready.port,
    // Because a shop that was killed could not tidy up.
    ended: ended.finally(() => rmSync(ready.folder, { recursive: true, force: true })),
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

function parseReady(line: string): { port: number; folder: string } | null {
  try {
    const said = JSON.parse(line);
    return said.ready === true ? { port: Number(said.port), folder: String(said.folder) } : null;
  } catch {
    return null;
  }
}

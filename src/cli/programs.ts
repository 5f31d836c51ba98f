// Runs a program of the machine to its end, for commands that use one.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** How a program ended: what it wrote, and whether it was there and content. */
export interface Ran {
  readonly ok: boolean;
  /** The last line of what it complained of, or why it could not be run. */
  readonly says: string;
}

/** The longest that one may take, in ms. */
const timeoutMs = 60_000;

/** Runs it without a shell. A program that is missing, fails or hangs is told, never thrown. */
export async function runProgram(program: string, words: readonly string[]): Promise<Ran> {
  try {
    await promisify(execFile)(program, [...words], { timeout: timeoutMs });
    return { ok: true, says: '' };
  } catch (error) {
    const { code, stderr } = error as { code?: string | number; stderr?: string };
    if (code === 'ENOENT') return { ok: false, says: `${program} is not there` };
    const last = stderr?.trimEnd().split('\n').at(-1) ?? '';
    return { ok: false, says: last === '' ? `${program} ended with ${code ?? 'a signal'}` : last };
  }
}

// The guard: a process of its own that takes rules back when nobody confirms them in time, whatever becomes of everybody else.

import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { checkTable, type Done, type KernelTrouble, type Program } from '../../firewall/firewall.ts';
import { maxStartMs, restore } from './commit.ts';
import type { Store } from './store.ts';

/** How often a guard tries to put the former rules back, and how long it waits between two tries, in ms. */
const tries = { most: 60, apartMs: 1000 };

/** The line by which a guard says that it would be able to undo. */
export const readyLine = 'the guard is ready';

/**
 * Starts the guard of the pending generation in a session of its own: no terminal, no parent and no gate takes it
 * along. Gives its pid when it has shown that it can undo.
 */
export function startGuard(dataDirectory: string, program: readonly string[] = ownProgram()): Promise<Done<number>> {
  return new Promise((resolve) => {
    const words = [...program, 'firewall', 'guard', '--data-dir', dataDirectory];
    const child = spawn(words[0]!, words.slice(1), {
      detached: true,
      cwd: '/',
      env: environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const start = new Start(child, resolve);
    const timer = setTimeout(() => start.fail(`it was not ready within ${maxStartMs} ms`), maxStartMs);
    start.whenOver = () => clearTimeout(timer);
  });
}

/** The system's programs, and where compiled sources are kept: with them a guard is ready three times as fast. */
function environment(): Record<string, string> {
  const kept = ['HOME', 'XDG_CACHE_HOME', 'NODE_COMPILE_CACHE'].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(kept), PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };
}

function ownProgram(): string[] {
  return [process.execPath, fileURLToPath(new URL('../../../bin/portcullis', import.meta.url))];
}

/** The first moments of a guard: ready, ended, or silent. */
class Start {
  whenOver: () => void = () => {};
  readonly #child: ChildProcess;
  readonly #resolve: (done: Done<number>) => void;
  #said = '';
  #complained = '';
  #isOver = false;

  constructor(child: ChildProcess, resolve: (done: Done<number>) => void) {
    this.#child = child;
    this.#resolve = resolve;
    child.on('error', (error) => this.fail(error.message));
    child.on('close', (code) => this.fail(this.#complained.trim().split('\n')[0] || `it ended (exit code ${code})`));
    child.stdout?.on('data', (piece: Buffer) => this.#hear(piece));
    child.stderr?.on('data', (piece: Buffer) => {
      if (this.#complained.length < 2000) this.#complained += piece.toString();
    });
  }

  #hear(piece: Buffer): void {
    if (this.#said.length < 2000) this.#said += piece.toString();
    if (!this.#said.includes(readyLine)) return;
    this.#over({ ok: true, value: this.#child.pid! });
    // Because this process is to end while the guard goes on.
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
    this.#child.unref();
  }

  fail(why: string): void {
    if (this.#isOver) return;
    this.#child.kill('SIGKILL');
    const says = `the guard that would undo this cannot be started, so nothing was applied: ${why}`;
    const trouble: KernelTrouble = {
      kind: 'broken',
      says,
      instead: 'apply without --confirm-within only from the console',
      rule: 0,
    };
    this.#over({ ok: false, trouble });
  }

  #over(done: Done<number>): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.whenOver();
    this.#resolve(done);
  }
}

/** What a guard is made of. */
export interface GuardTools {
  readonly store: Store;
  readonly nft: Program;
  now(): number;
  /** Fulfilled after so many ms, or as soon as the process is told to end: then true. */
  wait(ms: number): Promise<boolean>;
  /** Says that the guard stands. */
  ready(): void;
}

/**
 * Keeps guard: waits for the deadline of the pending generation (or to be told to end: then at once) and takes it back.
 * True where something was taken back, false where it had been confirmed; the trouble where neither was possible.
 */
export async function keepGuard(tools: GuardTools): Promise<Done<boolean>> {
  const pending = await tools.store.pending();
  if (pending === null) return { ok: true, value: false };
  if (pending.former !== null) {
    const checked = await checkTable(tools.nft, pending.former);
    if (!checked.ok) return checked;
  }
  tools.ready();
  await untilDue(pending.deadline, tools);
  for (let tried = 1; ; tried++) {
    const restored = await restore(tools);
    if (restored.ok) return { ok: true, value: restored.value !== null };
    if (tried === tries.most) return restored;
    await tools.wait(tries.apartMs);
  }
}

/** How often a guard looks whether there is still something to guard, and until when, in ms. */
const lookMs = 500;

/** Waits for the deadline, which may be written anew, or to be told to end, or until nothing is pending any more. */
async function untilDue(first: number, { store, now, wait }: GuardTools): Promise<void> {
  let [deadline, since] = [first, await store.pendingSince()];
  while (now() < deadline) {
    if (await wait(Math.min(lookMs, deadline - now()))) return;
    const changed = await store.pendingSince();
    if (changed === 0) return;
    if (changed !== since) deadline = (await store.pending())?.deadline ?? 0;
    since = changed;
  }
}

/** Ends a guard that has nothing to guard any more. A process that is none of ours any more is left alone. */
export function endGuard(pid: number, cmdline: (pid: number) => string | null): void {
  const words = (cmdline(pid) ?? '').split('\0');
  if (pid <= 1 || !words.includes('guard')) return;
  try {
    process.kill(pid, 'SIGTERM');
  } catch {
    // It has ended by itself, which is what was wanted.
  }
}

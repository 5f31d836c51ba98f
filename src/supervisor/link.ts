// How a supervisor reaches a worker: over the channel to a child process, or within this one.

import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { FromWorker, ToWorker } from './messages.ts';
import { Worker } from './worker.ts';

/** How a worker ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: string | null;
  /** The last it wrote to stderr. */
  readonly stderr: string;
}

/** A worker as its supervisor reaches it. */
export interface Link {
  readonly pid: number;
  /** Whether it is a process of its own, which may die or stall while this one goes on. */
  readonly isProcess: boolean;
  /** Sends an order; one to a worker that is gone is lost, which `ended` tells. */
  send(message: ToWorker, handle?: object): void;
  /** Fulfilled once it is gone. */
  readonly ended: Promise<Ending>;
  /** Lets it go: a worker that is done ends then. */
  close(): void;
  /** Ends it at once. */
  kill(): void;
}

/** Makes worker number `slot` (from 1); `hear` is told whatever it says. */
export type Launch = (slot: number, hear: (message: FromWorker) => void) => Link;

/** Bytes of stderr that are kept of each worker. */
const maxStderrChars = 4096;

/**
 * Largest half of the part of the heap where objects begin, in MiB. Twice as much, as V8 would take, is filled by the garbage of a load of rules
 * and stays resident: a worker with the Core Rule Set at paranoia 1 is 93 MB larger than one without a WAF then, and 57 MB with this.
 */
const youngMegabytes = 16;
/** What Node is told beside the program. */
export const workerFlags: readonly string[] = [`--max-semi-space-size=${youngMegabytes}`];

const program = fileURLToPath(new URL('../../bin/portcullis', import.meta.url));

/** A worker in a process of its own. */
export const launchProcess: Launch = (slot, hear) => {
  const child = spawn(process.execPath, [...workerFlags, program, 'worker', String(slot)], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    serialization: 'advanced',
  });
  child.on('message', (message) => hear(message as FromWorker));
  const stderr = new Tail();
  child.stderr!.setEncoding('utf8').on('data', (text: string) => stderr.add(text));
  return {
    pid: child.pid ?? 0,
    isProcess: true,
    send: (message, handle) => send(child, message, handle),
    ended: endOf(child, stderr),
    close: () => {
      if (child.connected) child.disconnect();
    },
    kill: () => void child.kill('SIGKILL'),
  };
};

function send(child: ChildProcess, message: ToWorker, handle: object | undefined): void {
  if (!child.connected) return;
  // Whoever waits for a reply hears of the end of the worker instead.
  const ignore = (): void => {};
  if (handle === undefined) child.send(message, ignore);
  // The native handle of a socket that only is bound: `net` has no public class for it.
  else child.send(message, handle as Parameters<ChildProcess['send']>[1], {}, ignore);
}

/** Once it has exited and the last of stderr was read. Not `close`, which a child that was disconnected never emits. */
async function endOf(child: ChildProcess, stderr: Tail): Promise<Ending> {
  const failed = new Promise<Ending>((resolve) => {
    child.once('error', (error) => resolve({ code: null, signal: null, stderr: error.message }));
  });
  const exited = new Promise<Ending>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal, stderr: '' }));
  });
  const read = new Promise<void>((resolve) => {
    child.stderr!.once('close', () => resolve());
  });
  const whole = Promise.all([exited, read]).then(([ending]) => ({ ...ending, stderr: stderr.text }));
  return Promise.race([failed, whole]);
}

/** The end of a text that goes on. */
class Tail {
  text = '';

  add(piece: string): void {
    this.text = (this.text + piece).slice(-maxStderrChars);
  }
}

/** A worker within this process, which lives as long as it does: one for tests, and for programs that embed the gate. */
export const launchHere: Launch = (_slot, hear) => {
  const worker = new Worker((message) => queueMicrotask(() => hear(message)));
  return {
    pid: process.pid,
    isProcess: false,
    send: (message, handle) => queueMicrotask(() => worker.receive(message, handle)),
    ended: new Promise(() => {}),
    close: () => {},
    kill: () => {},
  };
};

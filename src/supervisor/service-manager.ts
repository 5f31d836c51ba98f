// Tells systemd, or whoever else listens at NOTIFY_SOCKET, how the gate is (sd_notify(3)).
//
// The socket takes datagrams, and Node.js has none over Unix sockets; systemd brings `systemd-notify`, which sends what it is given. Two
// milliseconds of another process, a few times in the life of a gate, are cheaper than a native module.

import { execFile } from 'node:child_process';

/** How the gate was started, and how it says what it has to. */
export interface ServiceTools {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  /** Runs a program to its end; rejects where it fails. */
  run(program: string, words: readonly string[], env: Readonly<Record<string, string | undefined>>): Promise<void>;
  /** Hears, once, that nobody can be told. */
  warn(says: string): void;
}

/** Longest time that one message may take, in ms: a manager that hangs must not hang the gate. */
const sendMs = 10_000;

/** Runs a program of the system. */
export function runProgram(
  program: string,
  words: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const options = { env: { ...env }, timeout: sendMs };
    execFile(program, [...words], options, (error) => (error === null ? resolve() : reject(error)));
  });
}

/** The service manager that the environment names; `warn` hears where it cannot be told. */
export function serviceManagerOf(env: ServiceTools['env'], pid: number, warn: (says: string) => void): ServiceManager {
  return new ServiceManager({ env, pid, run: runProgram, warn });
}

/** The service manager above this process, or nobody: then everything here does nothing. */
export class ServiceManager {
  readonly #tools: ServiceTools;
  /** Messages go out one after the other: `RELOADING=1` and `READY=1` must not overtake each other. */
  #last: Promise<void> = Promise.resolve();
  #watchdog: ReturnType<typeof setInterval> | null = null;
  #isMute: boolean;

  constructor(tools: ServiceTools) {
    this.#tools = tools;
    this.#isMute = (tools.env.NOTIFY_SOCKET ?? '') === '';
  }

  /** Sends assignments such as `READY=1`, each a word; resolves when they are out, and never rejects. */
  tell(...words: readonly string[]): Promise<void> {
    if (this.#isMute) return Promise.resolve();
    this.#last = this.#last.then(() => this.#send(words));
    return this.#last;
  }

  /** The gate stands, and this process is the one to watch: also where another was before. Signs of life follow while it `isWell`. */
  ready(status: string, isWell: () => boolean): Promise<void> {
    const everyMs = Number(this.#tools.env.WATCHDOG_USEC ?? 0) / 2000;
    if (everyMs > 0 && !this.#isMute)
      this.#watchdog ??= setInterval(() => {
        if (isWell()) void this.tell('WATCHDOG=1');
      }, everyMs).unref();
    return this.tell(`MAINPID=${this.#tools.pid}`, 'READY=1', `STATUS=${status}`);
  }

  /** The configuration is loaded anew; `ready` or `settled` follows. */
  reloading(monotonicMs: number): Promise<void> {
    return this.tell('RELOADING=1', `MONOTONIC_USEC=${Math.round(monotonicMs * 1000)}`);
  }

  /** What was begun is over, well or not. */
  settled(status: string): Promise<void> {
    return this.tell('READY=1', `STATUS=${status}`);
  }

  /** The gate ends, and may take so long about it. */
  stopping(ms: number): Promise<void> {
    this.leave();
    return this.tell('STOPPING=1', `EXTEND_TIMEOUT_USEC=${ms * 1000}`);
  }

  /** Another process speaks from here on. */
  leave(): void {
    if (this.#watchdog !== null) clearInterval(this.#watchdog);
    this.#watchdog = null;
  }

  async #send(words: readonly string[]): Promise<void> {
    const { run, env, warn } = this.#tools;
    if (this.#isMute) return;
    try {
      await run('systemd-notify', words, env);
    } catch (error) {
      this.#isMute = true;
      this.leave();
      warn(
        `NOTIFY_SOCKET is set, and \`systemd-notify\` cannot tell it anything: ${(error as Error).message}\n` +
          '  install systemd, or start the gate with Type=exec',
      );
    }
  }
}

// How long a worker has said nothing, as far as that is its own affair: on a machine that is too busy it may not have run at all.

import { readFileSync } from 'node:fs';

/** Silence up to this is not looked into, in ms: workers say something ten times a second. */
const noticeMs = 1000;
/** Part of a silence that may be excused: whoever has no processor for ten times the limit serves nobody. */
const maxExcused = 0.9;

/** The silence of one worker. */
export class Silence {
  readonly #readWaitingMs: () => number;
  #heardMs = 0;
  /** What it had waited for a processor when its silence was noticed; null before. */
  #waitedMs: number | null = null;

  /** `readWaitingMs` tells how long it has waited for a processor since its start. */
  constructor(readWaitingMs: () => number) {
    this.#readWaitingMs = readWaitingMs;
  }

  /** Milliseconds since it was last heard of, without those in which it wanted to run and could not. */
  ms(heardMs: number, nowMs: number): number {
    if (heardMs !== this.#heardMs) {
      this.#heardMs = heardMs;
      this.#waitedMs = null;
    }
    const silentMs = nowMs - heardMs;
    if (silentMs < noticeMs) return silentMs;
    const waitedMs = this.#readWaitingMs();
    this.#waitedMs ??= waitedMs;
    return silentMs - Math.min(waitedMs - this.#waitedMs, silentMs * maxExcused);
  }
}

/** How long the main thread of a process has waited for a processor, in ms (second figure of `/proc/PID/schedstat`); 0 where that is not told. */
export function readWaitingMs(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'latin1').split(' ')[1]) / 1e6 || 0;
  } catch {
    return 0;
  }
}

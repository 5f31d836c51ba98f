// Time as an argument: whoever needs to know what time it is, or to be woken, is handed a clock.

/** A source of time. `now` is milliseconds since 1970 with a fraction; `monotonicMs` never goes back. */
export interface Clock {
  now(): number;
  monotonicMs(): number;
  /** CPU time of this thread in ms, where the clock can tell it: others that use the machine do not count. A look costs about a µs. */
  cpuMs?(): number;
}

/** The machine's own clock. */
export const systemClock: Clock = Object.freeze({
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  cpuMs() {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  },
});

/** A clock that a test moves by hand. */
export class ManualClock implements Clock {
  #ms: number;
  constructor(startMs = 1_800_000_000_000) {
    this.#ms = startMs;
  }
  now(): number {
    return this.#ms;
  }
  monotonicMs(): number {
    return this.#ms;
  }
  advance(ms: number): void {
    this.#ms += ms;
  }
}

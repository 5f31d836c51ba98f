// What a peer may do that costs us more than it costs the peer, counted a second at a time: each kind has its bound and its name.

/** Bounds of one connection. */
export interface AbuseLimits {
  /** Streams that the client opens and resets, or has us reset, in one second. */
  readonly maxStreamResetsPerSecond: number;
  /** Frames that ask for work and carry nothing, in one second; two more for each frame with data. */
  readonly maxControlFramesPerSecond: number;
}

/** Counts one connection's frames. */
export class AbuseCounter {
  readonly #limits: AbuseLimits;
  readonly #now: () => number;
  #second = 0;
  #resets = 0;
  #frames = 0;

  /** `now` in milliseconds, monotonic. */
  constructor(limits: AbuseLimits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
  }

  /** A stream was opened and is reset before its answer: too many of them? (CVE-2023-44487, and CVE-2025-8671 where we reset.) */
  isResetFlood(): boolean {
    this.#turn();
    return ++this.#resets > this.#limits.maxStreamResetsPerSecond;
  }

  /** A frame that carries nothing: too many of them? */
  isControlFlood(): boolean {
    this.#turn();
    return ++this.#frames > this.#limits.maxControlFramesPerSecond;
  }

  /** A frame with data went one way or the other: what it brings with it is no flood. */
  creditData(): void {
    this.#frames -= 2;
  }

  #turn(): void {
    const second = Math.floor(this.#now() / 1000);
    if (second === this.#second) return;
    this.#second = second;
    this.#resets = 0;
    this.#frames = 0;
  }
}

// How much of the 4-tuple space towards an endpoint is taken: connections that stand, and ports that wait in TIME_WAIT because we
// ended the connection first. Counted from our own doing, so that nobody reads the kernel's table of sockets every few seconds.

/** What a pool tells of itself. */
export interface Ending {
  /** Connections that stand or are on their way. */
  readonly open: number;
  /** Connections that we ended first, since the start. */
  readonly ended: number;
}

/** One look: ms of a clock that never goes back, and how many ports were taken. */
export interface Sample {
  readonly atMs: number;
  readonly used: number;
}

/** How long a port waits after its connection (TCP_TIMEWAIT_LEN, Linux include/net/tcp.h). */
const timeWaitMs = 60_000;
/** Looks that are remembered: five minutes of them. */
const maxSamples = 60;

/** The use of one endpoint's space. */
export class TupleUse {
  samples: readonly Sample[] = [];
  used = 0;
  readonly #pool: Ending;
  /** How many had been ended, and when; as old as TIME_WAIT lasts, and never more than `maxSamples`. */
  #marks: { readonly atMs: number; readonly ended: number }[] = [];

  constructor(pool: Ending) {
    this.#pool = pool;
  }

  /** Counts what is taken now. */
  count(nowMs: number): void {
    let before = 0;
    for (const { atMs, ended } of this.#marks) if (nowMs - atMs >= timeWaitMs) before = ended;
    this.used = this.#pool.open + this.#pool.ended - before;
  }

  /** Counts, and remembers. */
  look(nowMs: number): void {
    this.count(nowMs);
    this.samples = [...this.samples, { atMs: nowMs, used: this.used }].slice(-maxSamples);
    this.#marks.push({ atMs: nowMs, ended: this.#pool.ended });
    // One that is older than needed is kept, because it is what the count begins from.
    while (this.#marks.length > 1 && nowMs - this.#marks[1]!.atMs >= timeWaitMs) this.#marks.shift();
  }
}

// What experiments of the guide tell of themselves while they run. Plain data.

/** A crowd at one port, as it stands. Memory and descriptors are those of both ends, which live in one process. */
export interface Crowd {
  readonly state: 'growing' | 'held' | 'over';
  readonly open: number;
  readonly wanted: number;
  readonly port: number;
  readonly rssBytes: number;
  readonly descriptors: number;
  readonly descriptorLimit: number;
  /** Some of the 4-tuples. */
  readonly tuples: readonly string[];
  /** The ephemeral range of this machine, first and last port, and how many of it the crowd takes. */
  readonly range: readonly [number, number];
  readonly msToOpen: number;
}

/** What one way of serving visitors took. */
export interface Model {
  readonly name: 'a thread for each' | 'one event loop';
  readonly visitors: number;
  /** Threads of the process while all were served. */
  readonly threads: number;
  /** Memory that came on top, in bytes. */
  readonly grownBytes: number;
  /** From the first call until the last answer. */
  readonly ms: number;
}

// What is left in each key's bucket of tokens: a burst at once, then a steady flow.

import { KeyTable } from './key-table.ts';

/**
 * A token bucket over every key, kept as one time: the moment at which the bucket will be full again (the generic cell rate
 * algorithm, ITU-T I.371, with the same result as a bucket that is filled all the time). A request moves it by what one token
 * takes to come back; one that would move it further than `burst` tokens away is too many.
 */
export class Buckets extends KeyTable {
  readonly grainMs = 0;
  #tokenMs: number;
  #startMs: number;
  /** When the row's bucket is full, in ms since `startMs`. */
  #fullAt: Float64Array;

  /** One token comes back each `tokenMs`, up to `burst` of them. `startMs` is before every `nowMs`. */
  constructor(tokenMs: number, burst: number, maxKeys: number, startMs: number) {
    super(tokenMs * burst, maxKeys);
    this.#tokenMs = tokenMs;
    this.#startMs = startMs;
    this.#fullAt = new Float64Array(this.maxKeys);
  }

  /** Tokens that are missing; one that is on its way counts as missing. */
  used(row: number, nowMs: number): number {
    // Because a difference of two large sums is off by a hair, and a hair must not cost a token.
    return Math.max(0, Math.ceil(this.#missingMs(row, nowMs) / this.#tokenMs - 1e-6));
  }

  freeInMs(row: number, limit: number, nowMs: number): number {
    return Math.max(0, this.#missingMs(row, nowMs) - (limit - 1) * this.#tokenMs);
  }

  wholeInMs(row: number, nowMs: number): number {
    return Math.max(0, this.#missingMs(row, nowMs));
  }

  protected count(row: number, nowMs: number, count: number): void {
    const now = nowMs - this.#startMs;
    this.#fullAt[row] = Math.max(now, this.#fullAt[row]!) + count * this.#tokenMs;
  }

  protected clear(row: number): void {
    this.#fullAt[row] = 0;
  }

  protected latest(row: number): number {
    return this.#fullAt[row]!;
  }

  protected countedBytes(): number {
    return this.#fullAt.byteLength;
  }

  #missingMs(row: number, nowMs: number): number {
    return this.#fullAt[row]! - (nowMs - this.#startMs);
  }
}

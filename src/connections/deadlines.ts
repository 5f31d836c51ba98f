// Deadlines of all connections in one coarse wheel: a hundred thousand idle connections cost one timer.

import type { Clock } from '../base/clock.ts';
import type { Expiring, Timekeeper } from '../traffic/deadline.ts';

/** Slots of the wheel: with ticks of half a second it goes round in 4 minutes. */
const slotCount = 512;

/**
 * The timekeeper of a process. An entry expires at the first tick that begins after its time: never early, and less
 * than two ticks late where ticks come on time.
 *
 * `due` of an entry is the tick it expires at and the slot it hangs in, as one number. Moving a deadline later writes that
 * number and nothing else, as every request does: the entry stays where it hangs and is hung on when the wheel comes by.
 */
export class Deadlines implements Timekeeper {
  readonly resolutionMs: number;
  #clock: Clock;
  #startMs: number;
  /** Number of the last tick that was done. */
  #done = 0;
  #slots: Set<Expiring>[] = Array.from({ length: slotCount }, () => new Set());
  /** Those that expire in this tick and have not been told yet. */
  #expiring: Expiring[] = [];
  #size = 0;
  #timer: NodeJS.Timeout | null = null;

  /** A wheel whose tick lasts `resolutionMs`. */
  constructor(clock: Clock, resolutionMs = 500) {
    this.resolutionMs = resolutionMs;
    this.#clock = clock;
    this.#startMs = clock.monotonicMs();
  }

  /** Entries that have a deadline. */
  get size(): number {
    return this.#size;
  }

  /** `entry` expires in `ms` from now; a deadline that it had is replaced. A time that never comes clears it. */
  set(entry: Expiring, ms: number): void {
    if (!(ms < Number.POSITIVE_INFINITY)) {
      this.clear(entry);
      return;
    }
    const at = (this.#clock.monotonicMs() - this.#startMs + ms) / this.resolutionMs;
    const tick = Math.max(this.#done + 1, Math.ceil(at));
    const { due } = entry;
    if (due === 0) {
      this.#size++;
      this.#hang(entry, tick);
      return;
    }
    const slot = due % slotCount;
    if (tick >= this.#nextVisit(slot)) entry.due = tick * slotCount + slot;
    else {
      this.#slots[slot]!.delete(entry);
      this.#hang(entry, tick);
    }
  }

  clear(entry: Expiring): void {
    if (entry.due === 0) return;
    this.#slots[entry.due % slotCount]!.delete(entry);
    entry.due = 0;
    this.#size--;
  }

  /** Expires every entry whose time has come. Entries may be set and cleared while it runs. */
  tick(nowMs: number = this.#clock.monotonicMs()): void {
    const now = Math.floor((nowMs - this.#startMs) / this.resolutionMs);
    if (now <= this.#done) return;
    const visits = Math.min(now - this.#done, slotCount);
    const first = this.#done + 1;
    this.#done = now;
    for (let visit = 0; visit < visits; visit++) this.#collect((first + visit) % slotCount, now);
    this.#tell();
  }

  /** Begins to tick by itself; the timer does not keep the process alive. */
  start(): void {
    this.#timer ??= setInterval(() => this.tick(), this.resolutionMs).unref();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  /** Hangs `entry` where the wheel comes by at `tick`, or as far ahead as the wheel reaches. */
  #hang(entry: Expiring, tick: number): void {
    const slot = Math.min(tick, this.#done + slotCount) % slotCount;
    this.#slots[slot]!.add(entry);
    entry.due = tick * slotCount + slot;
  }

  #nextVisit(slot: number): number {
    const next = this.#done + 1;
    return next + ((slot - (next % slotCount) + slotCount) % slotCount);
  }

  #collect(slot: number, now: number): void {
    const entries = this.#slots[slot]!;
    for (const entry of entries) {
      const tick = Math.floor(entry.due / slotCount);
      if (tick <= now) this.#expiring.push(entry);
      else if (Math.min(tick, now + slotCount) % slotCount !== slot) {
        entries.delete(entry);
        this.#hang(entry, tick);
      }
    }
  }

  /** Tells those that expire. They stay hung until their turn, so that one that is cleared or moved meanwhile is spared. */
  #tell(): void {
    // Taken from the list one by one, so that the rest has its turn at the next tick should one of them throw.
    for (let entry = this.#expiring.pop(); entry !== undefined; entry = this.#expiring.pop()) {
      if (entry.due === 0 || Math.floor(entry.due / slotCount) > this.#done) continue;
      this.clear(entry);
      entry.expire();
    }
  }
}

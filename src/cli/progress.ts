// How far long work has come: a bar on stderr where that is a terminal, and nothing anywhere else.

import { setTimeout as wait } from 'node:timers/promises';
import { systemClock } from '../base/clock.ts';
import type { World } from './command.ts';
import { duration } from './figures.ts';
import { visible } from './table.ts';

/** Characters of the bar itself. */
const barLength = 24;
/** Between two drawings, in ms: a terminal is no faster, and the work is not to be held up. */
const drawMs = 100;

/** A bar that is drawn over itself. Times are handed in: `now` in ms of a clock that never goes back. */
export class Progress {
  readonly #stderr: World['stderr'];
  readonly #label: string;
  readonly #now: () => number;
  #drawnAt = Number.NEGATIVE_INFINITY;
  #isDrawn = false;

  constructor(world: Pick<World, 'stderr'>, label: string, now: () => number) {
    this.#stderr = world.stderr;
    this.#label = label;
    this.#now = now;
    // What is done within a moment needs no bar.
    this.#drawnAt = now();
  }

  /** `share` is from 0 to 1, or null where nobody knows the end; `note` says where the work is. */
  show(share: number | null, note = ''): void {
    if (this.#stderr.isTTY !== true) return;
    const now = this.#now();
    if (now - this.#drawnAt < drawMs) return;
    this.#drawnAt = now;
    this.#isDrawn = true;
    this.#stderr.write(`\r\x1b[2K${barOf(share)} ${visible(this.#label)}${note === '' ? '' : `, ${visible(note)}`}`);
  }

  /** Takes the bar away, so that what comes next begins on a clean line. */
  end(): void {
    if (!this.#isDrawn) return;
    this.#isDrawn = false;
    this.#stderr.write('\r\x1b[2K');
  }
}

/** What work gives that somebody else does, with a bar that says how long it has been waited for: of its end nobody knows. */
export async function awaited<T>(world: Pick<World, 'stderr'>, label: string, work: Promise<T>): Promise<T> {
  if (world.stderr.isTTY !== true) return work;
  const startedMs = systemClock.monotonicMs();
  const progress = new Progress(world, label, () => systemClock.monotonicMs());
  const over = new AbortController();
  const ended = work.finally(() => over.abort());
  // Whoever awaits the work hears of its failure; the bar only ends.
  ended.catch(() => undefined);
  while (!over.signal.aborted) {
    await wait(drawMs, undefined, { signal: over.signal }).catch(() => undefined);
    if (!over.signal.aborted) progress.show(null, duration(systemClock.monotonicMs() - startedMs));
  }
  progress.end();
  return ended;
}

function barOf(share: number | null): string {
  if (share === null) return `[${'·'.repeat(barLength)}]    `;
  const done = Math.round(Math.min(1, Math.max(0, share)) * barLength);
  return `[${'█'.repeat(done)}${'·'.repeat(barLength - done)}] ${String(Math.floor(share * 100)).padStart(3)} %`;
}

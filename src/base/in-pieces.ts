// Work that takes long in one go, done in pieces: whoever has other things to do as well gets a turn between them.

import type { Clock } from './clock.ts';

/** Work that may be left after each `yield`, and gives its result at the end. */
export type Pieces<T> = Generator<undefined, T, undefined>;

/** Lets others have their turn. */
export type Pause = () => Promise<void>;

/** How long the work goes on before the others have a turn, in ms: less than anybody notices, and long enough to come to an end. */
const sliceMs = 4;

/** All of it, now. */
export function atOnce<T>(pieces: Pieces<T>): T {
  for (;;) {
    const { done, value } = pieces.next();
    if (done === true) return value;
  }
}

/** All of it, with a pause whenever it has gone on for some ms. */
export async function inPieces<T>(pieces: Pieces<T>, clock: Clock, pause: Pause): Promise<T> {
  let sinceMs = clock.monotonicMs();
  for (;;) {
    const { done, value } = pieces.next();
    if (done === true) return value;
    if (clock.monotonicMs() - sinceMs < sliceMs) continue;
    await pause();
    sinceMs = clock.monotonicMs();
  }
}

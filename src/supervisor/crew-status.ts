// How the workers are, for `status`: who died, who runs, since when.

import type { Crew } from './crew.ts';

/** The part `crew` of the status; `nowMs` is of the monotonic clock. */
export function crewStatus({ history, ready }: Crew, nowMs: number) {
  const { deaths, stalls, last } = history;
  return {
    deaths,
    stalls,
    last,
    workers: ready.map(({ slot, link, open, generation, launchedMs }) => ({
      worker: slot,
      pid: link.pid,
      open,
      generation,
      upMs: Math.round(nowMs - launchedMs),
    })),
  };
}

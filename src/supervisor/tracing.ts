// What a worker's tracer needs of the outside: chance, a clock, and a way to the collector.

import { randomFillSync } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import type { TracerTools } from '../observe/observe.ts';

/** Longest time that a collector may take, in ms. */
const postMs = 3000;

/** The tools, by the clock of whoever traces. */
export function tracingTools(clock: Clock, version: string): Omit<TracerTools, 'hostname'> {
  return {
    fill: (block) => randomFillSync(block),
    now: () => clock.monotonicMs(),
    version,
    post: async (to, headers, body) => {
      const answer = await fetch(to, {
        method: 'POST',
        headers: [
          ['Content-Type', 'application/json'],
          ...headers.map(([name, value]): [string, string] => [name, value]),
        ],
        body,
        // A collector that sends elsewhere is not one that somebody named.
        redirect: 'manual',
        signal: AbortSignal.timeout(postMs),
      });
      await answer.body?.cancel();
      const after = Number(answer.headers.get('retry-after') ?? 0);
      return { status: answer.status, retryAfterSeconds: after > 0 ? after : 0 };
    },
  };
}

// Which turn of the event loop this is. What is read in the turn in which a request was sent was there before it: epoll had reported
// it already (uv_metrics_info in libuv's manual: loop_count and events).

import { performance } from 'node:perf_hooks';

/** Above this many events the lower part of the number begins again; a batch of epoll has 1,024 at most. */
const eventsRange = 2 ** 16;

/** A number that is the same only within one batch of the kernel's events. Costs some 60 ns. */
export function currentTurn(): number {
  const { loopCount, events } = performance.nodeTiming.uvMetricsInfo;
  return loopCount * eventsRange + (events % eventsRange);
}

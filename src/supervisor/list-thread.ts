// The thread that reads a long blocklist: sorting a million networks takes a second, in which nobody else has a turn.

import { parentPort, workerData } from 'node:worker_threads';
import { type ListOrder, readWhole } from './list-reader.ts';

/** Reads the list and hands it over; its memory goes along, so that nothing is copied. */
function serve(port: NonNullable<typeof parentPort>, order: ListOrder): void {
  const list = readWhole(order);
  const arrays = typeof list === 'string' ? [] : [...Object.values(list.ranges), ...Object.values(list.index)];
  port.postMessage(
    list,
    arrays.flatMap((array: Uint32Array | Float64Array | null) => (array === null ? [] : [array.buffer as ArrayBuffer])),
  );
}

if (parentPort !== null) serve(parentPort, workerData as ListOrder);

// Reads blocklists: short ones here, long ones in a thread that lives as long as it reads.

import { Worker } from 'node:worker_threads';
import { type ListFormat, ListReading, type ReadList } from '../firewall/firewall.ts';

/** A list to be read. */
export interface ListOrder {
  readonly text: string;
  readonly format: ListFormat;
}

/** Longest text that is read here, in characters: it takes a few milliseconds. */
const maxHere = 128 * 1024;

/** The list, or in one sentence why it is none. Rejects where the thread cannot be had or fails. */
export function readList(text: string, { format, column }: ListFormat): Promise<ReadList | string> {
  const order = { text, format: { format, column } };
  if (text.length <= maxHere) return Promise.resolve(readWhole(order));
  return new Promise((resolve, reject) => {
    const thread = new Worker(new URL('./list-thread.ts', import.meta.url), { workerData: order });
    thread.once('message', resolve);
    thread.once('error', reject);
    thread.once('exit', (code) => reject(new Error(`the thread that reads it ended with code ${code}`)));
    thread.unref();
  });
}

/** Reads a list from its beginning to its end. */
export function readWhole({ text, format }: ListOrder): ReadList | string {
  const reading = new ListReading(text, format);
  while (reading.more());
  return reading.result();
}

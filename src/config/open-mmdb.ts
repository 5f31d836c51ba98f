// Opens databases in MaxMind's format, and looks whether they are whole. What is asked of them, others know.

import { Reader, type Response } from 'mmdb-lib';

/** A reader of these bytes. Throws an `Error` where they are no whole database: one that is cut off says so only when it is asked. */
export function openMmdb<R extends Response>(bytes: Buffer): Reader<R> {
  const reader = new Reader<R>(bytes);
  for (const address of ['1.1.1.1', ...(reader.metadata.ipVersion === 6 ? ['2606:4700::1'] : [])]) reader.get(address);
  return reader;
}

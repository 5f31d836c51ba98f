// Work that is done once, without the engine's last stage of optimising: it would spend a third of the CPU time on code that then rests.

import { setFlagsFromString } from 'node:v8';

/**
 * What `work` gives. Code that is at its speed stays so, and what gets hot meanwhile is optimised as soon as the work is done. Measured for a load of
 * the Core Rule Set: 270 of 860 ms of CPU, none of them the load's own.
 */
export async function unoptimised<T>(
  work: () => Promise<T>,
  setFlags: (flags: string) => void = setFlagsFromString,
): Promise<T> {
  setFlags('--no-opt');
  try {
    return await work();
  } finally {
    setFlags('--opt');
  }
}

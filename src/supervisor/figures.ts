// What the process costs the machine: memory and file descriptors, as the kernel counts them.

import { readdirSync, readFileSync } from 'node:fs';

/** Open descriptors, their limit (0 where it is not known), and what is left. */
export interface Descriptors {
  readonly open: number;
  readonly limit: number;
  readonly left: number;
}

/** The descriptors of this process. */
export function readDescriptors(): Descriptors {
  let open = 0;
  let limit = 0;
  try {
    open = readdirSync('/proc/self/fd').length;
    const line = readFileSync('/proc/self/limits', 'latin1')
      .split('\n')
      .find((text) => text.startsWith('Max open files'));
    limit = Number(line?.trim().split(/ +/)[3] ?? 0) || 0;
  } catch {
    // Not Linux, or /proc is hidden: the figures are then simply not known.
  }
  return { open, limit, left: Math.max(0, limit - open) };
}

/** Resident memory in bytes. */
export function readResidentBytes(): number {
  return process.memoryUsage.rss();
}

// What the process costs the machine: memory and file descriptors, as the kernel counts them.

import { readdirSync, readFileSync } from 'node:fs';
import type { Problem } from '../base/problem.ts';
import type { Settings } from '../config/config.ts';

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

/** CPU time of this process, all its threads together, in µs. */
export function readCpuMicroseconds(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** The version in package.json, read when it is asked for; '' where it cannot be. */
export function version(): string {
  try {
    const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null && 'version' in parsed ? String(parsed.version) : '';
  } catch {
    return '';
  }
}

/** The warning that the processes cannot hold as many connections as are allowed: each that is proxied takes two descriptors. */
export function descriptorWarnings({ limits }: Settings, workers: number): Problem[] {
  const { limit } = readDescriptors();
  if (limit === 0 || limits.maxConnections < limit * workers) return [];
  const processes = workers === 1 ? 'this process may' : `each of ${workers} workers may`;
  return [
    {
      path: ['limits', 'maxConnections'],
      code: 'connections/few-descriptors',
      says: `${limits.maxConnections} connections are allowed, and ${processes} hold ${limit} file descriptors, those to upstreams included`,
      instead: `a number well below ${limit * workers}, or a higher limit (ulimit -n, LimitNOFILE)`,
    },
  ];
}

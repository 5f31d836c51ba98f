// What Linux says about a process and its descendants: CPU time, memory, open descriptors.

import { readdirSync, readFileSync } from 'node:fs';

/** A process and all its living descendants, the process first. Empty when it is gone. */
export function treeOf(pid: number): number[] {
  const childrenOf = new Map<number, number[]>();
  let alive = false;
  for (const name of readdirSync('/proc')) {
    const candidate = Number(name);
    if (!Number.isInteger(candidate)) continue;
    const parent = parentOf(candidate);
    if (parent < 0) continue;
    if (candidate === pid) alive = true;
    childrenOf.set(parent, [...(childrenOf.get(parent) ?? []), candidate]);
  }
  if (!alive) return [];
  const tree = [pid];
  for (let index = 0; index < tree.length; index++) tree.push(...(childrenOf.get(tree[index]!) ?? []));
  return tree;
}

/** Nanoseconds on a CPU so far, over all threads of all given processes (`/proc/PID/task/TID/schedstat`, first figure). */
export function cpuNanoseconds(pids: readonly number[]): number {
  let sum = 0;
  for (const pid of pids)
    for (const thread of list(`/proc/${pid}/task`))
      sum += Number(read(`/proc/${pid}/task/${thread}/schedstat`).split(' ', 1)[0]) || 0;
  return sum;
}

/** Resident memory of all given processes in bytes; shared pages count once for each process. */
export function residentBytes(pids: readonly number[]): number {
  let sum = 0;
  for (const pid of pids) sum += fieldOf(`/proc/${pid}/status`, 'VmRSS:') * 1024;
  return sum;
}

/** The process's open descriptors and the most it may have. */
export function descriptors(pid: number): { used: number; limit: number } {
  return { used: list(`/proc/${pid}/fd`).length, limit: fieldOf(`/proc/${pid}/limits`, 'Max open files') };
}

/** Kernel memory of TCP sockets of the whole machine in bytes, or 0 where the kernel does not say. */
export function tcpKernelBytes(): number {
  const words = read('/proc/net/sockstat')
    .split('\n')
    .find((line) => line.startsWith('TCP:'))
    ?.split(' ');
  return words === undefined ? 0 : Number(words[words.indexOf('mem') + 1]) * 4096;
}

function parentOf(pid: number): number {
  const stat = read(`/proc/${pid}/stat`);
  // The name stands in parentheses and may hold anything, so fields count from the last one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields.length < 2 ? -1 : Number(fields[1]);
}

function fieldOf(file: string, name: string): number {
  const line = read(file)
    .split('\n')
    .find((candidate) => candidate.startsWith(name));
  return line === undefined ? 0 : Number.parseInt(line.slice(name.length).trim(), 10) || 0;
}

/** A process may end between two looks: a file that is gone reads as ''. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

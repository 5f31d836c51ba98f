// What listens on this machine, on which address and by which process; and who holds a port that somebody wants.

import type { Reader } from './reader.ts';
import { addressOf, type Protocol, readSocketTables, type SocketRow, type SocketState } from './socket-table.ts';

/** A process as its user knows it. Both texts are printable: control characters have become '?'. */
export interface Process {
  readonly pid: number;
  /** The program's file name: `nginx`. */
  readonly name: string;
  /** Its command line, at most 200 characters. */
  readonly command: string;
}

/** From where an address can be reached: this machine only, any address of it, or one address. */
export type Scope = 'loopback' | 'all' | 'one';

/** One listening socket. `process` is null where this user may not see whose it is. */
export interface Listener {
  readonly protocol: Protocol;
  readonly address: string;
  readonly port: number;
  readonly scope: Scope;
  readonly process: Process | null;
}

/** Who holds a port, and in which state: `LISTEN`, or a connection that happens to use the port. */
export interface Holder extends Listener {
  readonly state: SocketState;
}

/** Everything that listens: TCP in state LISTEN and UDP without a peer, by port, then protocol, then address. */
export function listListening(reader: Reader): Listener[] {
  const sockets = [
    ...readSocketTables(reader, 'tcp', (state) => state === 'LISTEN').map((row) => ({ protocol: 'tcp' as const, row })),
    ...readSocketTables(reader, 'udp', (state, local, remote) => state === 'CLOSE' && local > 0 && remote === 0).map(
      (row) => ({ protocol: 'udp' as const, row }),
    ),
  ];
  const owners = findOwners(reader, new Set(sockets.map(({ row }) => row.inode)));
  return sockets.map(({ protocol, row }) => listenerOf(protocol, row, owners)).sort(byPort);
}

/**
 * Who is in the way of binding TCP `port` on `address` (any address when absent), or null. A listener is named before
 * a connection that only uses the port.
 */
export function findHolder(reader: Reader, port: number, address: string | null = null): Holder | null {
  const rows = readSocketTables(reader, 'tcp', (_state, localPort) => localPort === port);
  let best: SocketRow | null = null;
  for (const row of rows) {
    if (address !== null && !isInTheWay(addressOf(row.localHex), address)) continue;
    if (best === null || weight(row) > weight(best)) best = row;
  }
  if (best === null) return null;
  return { ...listenerOf('tcp', best, findOwners(reader, new Set([best.inode]))), state: best.state };
}

/** One clause without a full stop: `port 443 is in use by nginx (pid 812), which listens on 0.0.0.0`. */
export function sayHolder(holder: Holder): string {
  const who =
    holder.process === null
      ? 'a process that this user may not see (run as root to learn which)'
      : `${holder.process.name} (pid ${holder.process.pid})`;
  if (holder.state === 'LISTEN') return `port ${holder.port} is in use by ${who}, which listens on ${holder.address}`;
  if (holder.process === null && holder.state === 'TIME_WAIT')
    return `port ${holder.port} is in use by a connection that ended less than a minute ago (TIME_WAIT)`;
  return `port ${holder.port} is in use by ${who} as its own end of a connection (${holder.state})`;
}

/** From where `address` can be reached. */
export function scopeOf(address: string): Scope {
  if (address === '0.0.0.0' || address === '::') return 'all';
  return address.startsWith('127.') || address === '::1' ? 'loopback' : 'one';
}

// Because '::' takes IPv4 too unless a program asked for IPV6_V6ONLY, which /proc does not show.
function isInTheWay(held: string, wanted: string): boolean {
  if (held === wanted || held === '::' || wanted === '::') return true;
  if (held === '0.0.0.0') return !wanted.includes(':');
  return wanted === '0.0.0.0' && !held.includes(':');
}

function weight(row: SocketRow): number {
  return row.state === 'LISTEN' ? 2 : row.inode > 0 ? 1 : 0;
}

function listenerOf(protocol: Protocol, row: SocketRow, owners: ReadonlyMap<number, Process>): Listener {
  const address = addressOf(row.localHex);
  const process = owners.get(row.inode) ?? null;
  return { protocol, address, port: row.localPort, scope: scopeOf(address), process };
}

function byPort(a: Listener, b: Listener): number {
  if (a.port !== b.port) return a.port - b.port;
  if (a.protocol !== b.protocol) return a.protocol < b.protocol ? -1 : 1;
  return a.address < b.address ? -1 : a.address > b.address ? 1 : 0;
}

/** Which process holds which of the wanted sockets: one walk over /proc, ended when every socket has its owner. */
function findOwners(reader: Reader, wanted: ReadonlySet<number>): Map<number, Process> {
  const owners = new Map<number, Process>();
  const missing = new Set(wanted);
  missing.delete(0);
  // Because the lowest number is the oldest process: of a supervisor and its workers, the supervisor.
  const pids = reader.list('/proc').map(Number).filter(Number.isSafeInteger);
  for (const pid of pids.sort((a, b) => a - b)) {
    if (missing.size === 0) break;
    let process: Process | null = null;
    for (const descriptor of reader.list(`/proc/${pid}/fd`)) {
      const inode = inodeOfLink(reader.link(`/proc/${pid}/fd/${descriptor}`));
      if (!missing.delete(inode)) continue;
      process ??= describeProcess(reader, pid);
      owners.set(inode, process);
    }
  }
  return owners;
}

/** The inode in `socket:[1517]`, or 0. */
function inodeOfLink(link: string | null): number {
  if (link === null || !link.startsWith('socket:[') || !link.endsWith(']')) return 0;
  return Number(link.slice(8, -1)) || 0;
}

function describeProcess(reader: Reader, pid: number): Process {
  const program = (reader.link(`/proc/${pid}/exe`) ?? '').replace(' (deleted)', '');
  // Because a process chooses its own title, the name of the program's file is asked first.
  const name = program.slice(program.lastIndexOf('/') + 1) || (reader.read(`/proc/${pid}/comm`) ?? '').trim() || '?';
  const command = (reader.read(`/proc/${pid}/cmdline`) ?? '').replaceAll('\0', ' ').trim();
  return { pid, name: printable(name, 64), command: printable(command, 200) };
}

/** Without what a terminal would obey: a process may put escape sequences into its title. */
function printable(text: string, maxCharacters: number): string {
  let shown = '';
  for (const character of text.slice(0, maxCharacters)) {
    const code = character.codePointAt(0)!;
    shown += code < 0x20 || (code >= 0x7f && code < 0xa0) ? '?' : character;
  }
  return shown;
}

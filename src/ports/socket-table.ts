// The kernel's tables of sockets, /proc/net/{tcp,tcp6,udp,udp6}, as rows; one pass, no copy of what nobody asks for.

import { printAddress } from '../base/address.ts';
import type { Reader } from './reader.ts';

/** States of /proc/net/tcp, by their number (Linux include/net/tcp_states.h). */
const stateNames = [
  'UNKNOWN',
  'ESTABLISHED',
  'SYN_SENT',
  'SYN_RECV',
  'FIN_WAIT1',
  'FIN_WAIT2',
  'TIME_WAIT',
  'CLOSE',
  'CLOSE_WAIT',
  'LAST_ACK',
  'LISTEN',
  'CLOSING',
  'NEW_SYN_RECV',
  'BOUND_INACTIVE',
] as const;

export type SocketState = (typeof stateNames)[number];
export type Protocol = 'tcp' | 'udp';

/** One socket of a table. Addresses stay as the kernel's hex until `addressOf` is asked: most rows are never shown. */
export interface SocketRow {
  readonly localHex: string;
  readonly localPort: number;
  readonly remoteHex: string;
  readonly remotePort: number;
  readonly state: SocketState;
  /** 0 where no process holds it any more (TIME_WAIT). */
  readonly inode: number;
}

/** Which rows of a table are wanted; asked before a row is made. */
export type Wanted = (state: SocketState, localPort: number, remotePort: number) => boolean;

/** The rows of one table that are wanted. Lines that are not a socket's are skipped; O(length of the text). */
export function parseSocketTable(text: string, wanted: Wanted): SocketRow[] {
  const rows: SocketRow[] = [];
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    const row = parseRow(text, start, end, wanted);
    if (row !== null) rows.push(row);
    start = end + 1;
  }
  return rows;
}

/** Both families' rows of a protocol on the machine behind `reader` that are wanted. */
export function readSocketTables(reader: Reader, protocol: Protocol, wanted: Wanted): SocketRow[] {
  const four = parseSocketTable(reader.read(`/proc/net/${protocol}`) ?? '', wanted);
  const six = parseSocketTable(reader.read(`/proc/net/${protocol}6`) ?? '', wanted);
  return six.length === 0 ? four : four.concat(six);
}

// sl local:port remote:port st tx:rx tr:when retrnsmt uid timeout inode
function parseRow(text: string, start: number, end: number, wanted: Wanted): SocketRow | null {
  const number = fieldAt(text, start, end);
  const local = number && fieldAt(text, number.end, end);
  const remote = local && fieldAt(text, local.end, end);
  const state = remote && fieldAt(text, remote.end, end);
  if (!state || text.charCodeAt(number.end - 1) !== 0x3a) return null;
  const localColon = text.indexOf(':', local.start);
  const remoteColon = text.indexOf(':', remote.start);
  if (localColon >= local.end || remoteColon >= remote.end) return null;
  const localPort = hexValue(text, localColon + 1, local.end);
  const remotePort = hexValue(text, remoteColon + 1, remote.end);
  const stateNumber = hexValue(text, state.start, state.end);
  if (localPort < 0 || localPort > 65535 || remotePort < 0 || remotePort > 65535 || stateNumber < 0) return null;
  const stateName = stateNames[stateNumber] ?? 'UNKNOWN';
  if (!wanted(stateName, localPort, remotePort)) return null;
  const localHex = text.slice(local.start, localColon);
  const remoteHex = text.slice(remote.start, remoteColon);
  if (!isAddressHex(localHex) || !isAddressHex(remoteHex)) return null;
  return { localHex, localPort, remoteHex, remotePort, state: stateName, inode: inodeAfter(text, state.end, end) };
}

function inodeAfter(text: string, from: number, end: number): number {
  let field = fieldAt(text, from, end);
  for (let skipped = 0; skipped < 5 && field !== null; skipped++) field = fieldAt(text, field.end, end);
  const inode = field === null ? Number.NaN : Number(text.slice(field.start, field.end));
  return Number.isSafeInteger(inode) && inode > 0 ? inode : 0;
}

function fieldAt(text: string, from: number, end: number): { start: number; end: number } | null {
  let start = from;
  while (start < end && text.charCodeAt(start) === 0x20) start++;
  let stop = start;
  while (stop < end && text.charCodeAt(stop) !== 0x20) stop++;
  return start === stop ? null : { start, end: stop };
}

/** The value of at most 8 hex digits, or -1. */
function hexValue(text: string, start: number, end: number): number {
  if (end <= start || end - start > 8) return -1;
  let value = 0;
  for (let index = start; index < end; index++) {
    const digit = hexDigit(text.charCodeAt(index));
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

function isAddressHex(hex: string): boolean {
  if (hex.length !== 8 && hex.length !== 32) return false;
  for (let start = 0; start < hex.length; start += 8) if (hexValue(hex, start, start + 8) < 0) return false;
  return true;
}

/** Canonical text of a kernel address: each 32-bit word is in the machine's order, little-endian; `::ffff:` is IPv4. */
export function addressOf(hex: string): string {
  if (hex.length === 8) return printAddress({ family: 4, value: wordAt(hex, 0) });
  const words = [wordAt(hex, 0), wordAt(hex, 8), wordAt(hex, 16), wordAt(hex, 24)];
  if (words[0] === 0 && words[1] === 0 && words[2] === 0xffff) return printAddress({ family: 4, value: words[3]! });
  const value = words.reduce((sum, word) => (sum << 32n) | BigInt(word), 0n);
  return printAddress({ family: 6, value });
}

function wordAt(hex: string, start: number): number {
  const word = hexValue(hex, start, start + 8);
  return (word & 0xff) * 0x1000000 + ((word >>> 8) & 0xff) * 0x10000 + ((word >>> 16) & 0xff) * 0x100 + (word >>> 24);
}

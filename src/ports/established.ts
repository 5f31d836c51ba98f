// TCP connections that came in and are open: both ends, as the kernel has them.

import type { Reader } from './reader.ts';
import { addressOf, readSocketTables } from './socket-table.ts';

/** One connection that somebody made to a port of this machine. */
export interface Established {
  readonly local: string;
  readonly localPort: number;
  readonly remote: string;
  readonly remotePort: number;
}

/** Every open TCP connection to a port that something listens on; those of this machine to itself are left out. */
export function listEstablished(reader: Reader): Established[] {
  const listening = new Set(readSocketTables(reader, 'tcp', (state) => state === 'LISTEN').map((row) => row.localPort));
  const isOpen = (state: string) => state === 'ESTABLISHED' || state === 'CLOSE_WAIT' || state === 'FIN_WAIT1';
  const rows = readSocketTables(reader, 'tcp', (state, local) => isOpen(state) && listening.has(local));
  return rows
    .map(({ localHex, localPort, remoteHex, remotePort }) => {
      return { local: addressOf(localHex), localPort, remote: addressOf(remoteHex), remotePort };
    })
    .filter(({ remote }) => !remote.startsWith('127.') && remote !== '::1');
}

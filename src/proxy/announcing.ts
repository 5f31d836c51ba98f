// The PROXY header that a connection to an upstream begins with, where it asks for one (HAProxy's "The PROXY protocol", 2.1, 2.2).

import { type Address, parseAddress } from '../base/address.ts';
import type { Connection } from '../traffic/connection.ts';

/** The four parts of a client connection that an upstream is told. */
export type Announced = Pick<Connection, 'peer' | 'peerPort' | 'local' | 'localPort'>;

const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');

/** The header of this version for a client connection; null stands for the gate itself (its health checks). */
export function proxyHeader(version: 1 | 2, client: Announced | null): Buffer {
  const peer = client === null ? null : addressOf(client.peer);
  const local = client === null ? null : addressOf(client.local);
  if (client === null || peer === null || local === null)
    return version === 1 ? Buffer.from('PROXY UNKNOWN\r\n') : Buffer.concat([signature, Buffer.of(0x20, 0, 0, 0)]);
  // A balancer may announce an IPv6 client on an IPv4 connection: both then travel as IPv6, one of them mapped.
  const isFour = peer.family === 4 && local.family === 4;
  if (version === 1) {
    const [from, to] = isFour ? [client.peer, client.local] : [textOf(client.peer, peer), textOf(client.local, local)];
    return Buffer.from(`PROXY ${isFour ? 'TCP4' : 'TCP6'} ${from} ${to} ${client.peerPort} ${client.localPort}\r\n`);
  }
  const size = isFour ? 4 : 16;
  const header = Buffer.alloc(28 + 2 * (size - 4));
  signature.copy(header);
  header[12] = 0x21;
  header[13] = isFour ? 0x11 : 0x21;
  header.writeUInt16BE(2 * size + 4, 14);
  writeAddress(header, 16, peer, size);
  writeAddress(header, 16 + size, local, size);
  header.writeUInt16BE(client.peerPort, 16 + 2 * size);
  header.writeUInt16BE(client.localPort, 18 + 2 * size);
  return header;
}

function addressOf(text: string): Address | null {
  const parsed = parseAddress(text);
  return parsed.ok ? parsed.value : null;
}

function textOf(text: string, { family }: Address): string {
  return family === 4 ? `::ffff:${text}` : text;
}

function writeAddress(header: Buffer, at: number, { family, value }: Address, size: number): void {
  if (family === 6) {
    header.writeBigUInt64BE(BigInt(value) >> 64n, at);
    header.writeBigUInt64BE(BigInt.asUintN(64, BigInt(value)), at + 8);
    return;
  }
  if (size === 16) header.writeUInt16BE(0xffff, at + 10);
  header.writeUInt32BE(Number(value), at + size - 4);
}

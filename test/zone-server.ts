// DNS servers on loopback for one test: each says what it is told of a zone, all at one port and at addresses of their own.

import dgram, { type Socket } from 'node:dgram';
import type { TestContext } from 'node:test';
import { type DnsRecord, readMessage, textData, writeMessage, writeName } from '../src/acme/dns-message.ts';

/** Records by name and type: `ns.example.net A` is a list of addresses. */
export type Records = Record<string, readonly string[]>;

/** One server. It says nothing at all while `records` is null. */
export interface ZoneServer {
  readonly address: string;
  records: Records | null;
  /** `NAME TYPE` of each question. */
  readonly asked: string[];
}

const types: Readonly<Record<number, string>> = { 1: 'A', 2: 'NS', 5: 'CNAME', 16: 'TXT', 28: 'AAAA' };

/** Starts one at each address (127.0.0.x); they end after the test. */
export async function zoneServers(
  context: TestContext,
  addresses: readonly string[],
): Promise<{ readonly port: number; readonly servers: readonly ZoneServer[] }> {
  let port = 0;
  const servers: ZoneServer[] = [];
  for (const address of addresses) {
    const socket = dgram.createSocket('udp4');
    const server: ZoneServer = { address, records: {}, asked: [] };
    socket.on('message', (bytes, from) => answer(socket, server, bytes, from));
    await new Promise<void>((resolve) => socket.bind(port, address, resolve));
    ({ port } = socket.address());
    context.after(() => socket.close());
    servers.push(server);
  }
  return { port, servers };
}

function answer(socket: Socket, server: ZoneServer, bytes: Buffer, from: { port: number; address: string }): void {
  const query = readMessage(bytes)!;
  const { name, type } = query.questions[0]!;
  const key = `${name.toLowerCase()} ${types[type] ?? type}`;
  server.asked.push(key);
  if (server.records === null) return;
  const answers = (server.records[key] ?? []).map(
    (text): DnsRecord => ({ name, type, class: 1, ttl: 0, data: dataOf(type, text) }),
  );
  const reply = { ...query, flags: 0x8580, answers, authorities: [], additionals: [] };
  socket.send(writeMessage(reply), from.port, from.address);
}

function dataOf(type: number, text: string): Uint8Array {
  if (type === 1) return Buffer.from(text.split('.').map(Number));
  return type === 16 ? textData(text) : writeName(text);
}

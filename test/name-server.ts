// A DNS server on loopback (RFC 1035) that answers A, AAAA and PTR as the test says, so that names change when the test wants.

import dgram from 'node:dgram';
import type { TestContext } from 'node:test';

/** What a name leads to: IPv4 addresses or names, and their TTL; null is NXDOMAIN, and nothing at all where the server is silent. */
export interface Zone {
  [name: string]:
    | { readonly addresses?: readonly string[]; readonly ptr?: readonly string[]; readonly ttl: number }
    | null
    | undefined;
}

/** Starts one; `questions` are the names that were asked for with type A. */
export async function nameServer(t: TestContext, zone: Zone): Promise<{ address: string; questions: string[] }> {
  const socket = dgram.createSocket('udp4');
  const questions: string[] = [];
  socket.on('message', (query, from) => {
    const answer = answerTo(query, zone, questions);
    if (answer !== null) socket.send(answer, from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  t.after(() => socket.close());
  return { address: `127.0.0.1:${socket.address().port}`, questions };
}

function answerTo(query: Buffer, zone: Zone, questions: string[]): Buffer | null {
  const labels: string[] = [];
  let at = 12;
  while (query[at] !== 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + query[at]!));
    at += query[at]! + 1;
  }
  const name = labels.join('.').toLowerCase();
  const type = query.readUInt16BE(at + 1);
  if (type === 1) questions.push(name);
  const found = zone[name];
  if (found === undefined) return null;
  const rows = (type === 1 ? found?.addresses : type === 12 ? found?.ptr : undefined) ?? [];
  const head = Buffer.alloc(12);
  query.copy(head, 0, 0, 2);
  head.writeUInt16BE(found === null ? 0x8183 : 0x8180, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(rows.length, 6);
  const records = rows.map((address) => {
    const data = type === 1 ? Buffer.from(address.split('.').map(Number)) : nameBytes(address);
    const record = Buffer.alloc(12);
    record.writeUInt16BE(0xc00c, 0);
    record.writeUInt16BE(type, 2);
    record.writeUInt16BE(1, 4);
    record.writeUInt32BE(found?.ttl ?? 0, 6);
    record.writeUInt16BE(data.length, 10);
    return Buffer.concat([record, data]);
  });
  return Buffer.concat([head, query.subarray(12, at + 5), ...records]);
}

function nameBytes(name: string): Buffer {
  const labels = name.split('.').map((label) => Buffer.from(label, 'latin1'));
  return Buffer.concat([...labels.flatMap((label) => [Buffer.from([label.length]), label]), Buffer.from([0])]);
}

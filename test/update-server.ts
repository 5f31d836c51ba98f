// A primary name server for one zone that takes signed updates of TXT records over TCP, as `nsupdate` sends them.

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { type DnsMessage, dnsTypes, readMessage, writeMessage, writeName } from '../src/acme/dns-message.ts';
import { signatureFault, signMessage, type TsigKey } from '../src/acme/dns-tsig.ts';

/** The server; `texts` are the TXT records by name, `refuses` makes it answer every update with this code. */
export interface UpdateServer {
  readonly server: string;
  readonly texts: Map<string, string[]>;
  refuses: number;
  /** Whether its answers are signed. */
  signs: boolean;
  /** Hears of each change. */
  onChange: (name: string, texts: readonly string[]) => Promise<void>;
}

/** Starts one; it ends after the test. */
export async function updateServer(context: TestContext, zone: string, key: TsigKey): Promise<UpdateServer> {
  const server = createServer((socket) => serve(socket));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  context.after(() => server.close());
  const it: UpdateServer = {
    server: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    texts: new Map(),
    refuses: 0,
    signs: true,
    onChange: async () => {},
  };

  function serve(socket: Socket): void {
    let got = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.on('data', (piece: Buffer) => {
      got = Buffer.concat([got, piece]);
      while (got.length >= 2 && got.length >= 2 + got.readUInt16BE(0)) {
        const bytes = got.subarray(2, 2 + got.readUInt16BE(0));
        got = got.subarray(2 + bytes.length);
        void reply(bytes).then((answer) => {
          const length = Buffer.alloc(2);
          length.writeUInt16BE(answer.length);
          socket.write(Buffer.concat([length, answer]));
        });
      }
    });
  }

  async function reply(bytes: Buffer): Promise<Buffer> {
    const message = readMessage(bytes)!;
    const answer: DnsMessage = {
      ...message,
      flags: message.flags | 0x8000,
      answers: [],
      authorities: [],
      additionals: [],
    };
    if (((message.flags >> 11) & 0xf) === 0) {
      const soa = {
        name: zone,
        type: dnsTypes.SOA,
        class: 1,
        ttl: 60,
        data: Buffer.concat([writeName(`ns.${zone}`), writeName(`ops.${zone}`), Buffer.alloc(20)]),
      };
      // The zone itself has the record; of what is in it the server says where it belongs.
      const isZone = message.questions[0]!.name.toLowerCase() === zone;
      return writeMessage({ ...answer, ...(isZone ? { answers: [soa] } : { authorities: [soa] }) });
    }
    const now = Date.now() / 1000;
    const mac = macOf(message, key);
    if (signatureFault(bytes, key, now, null) !== '') return writeMessage({ ...answer, flags: answer.flags | 9 });
    if (it.refuses === 0) for (const record of message.authorities) await change(record);
    const whole = { ...answer, flags: answer.flags | it.refuses };
    return it.signs ? signMessage(whole, key, now, mac).bytes : writeMessage(whole);
  }

  async function change(record: DnsMessage['authorities'][number]): Promise<void> {
    const text = Buffer.from(record.data).toString('latin1', 1);
    const name = record.name.toLowerCase();
    const others = (it.texts.get(name) ?? []).filter((one) => one !== text);
    it.texts.set(name, record.class === 1 ? [...others, text] : record.class === 255 ? [] : others);
    await it.onChange(name, it.texts.get(name)!);
  }

  return it;
}

/** The MAC of a signed request, which the answer's signature goes over. */
function macOf(message: DnsMessage, { algorithm }: TsigKey): Buffer {
  const data = Buffer.from(message.additionals.at(-1)?.data ?? []);
  const at = writeName(algorithm).length + 8;
  return data.length < at + 2 ? Buffer.alloc(0) : data.subarray(at + 2, at + 2 + data.readUInt16BE(at));
}

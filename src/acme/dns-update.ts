// Sets and removes one TXT record by a dynamic update (RFC 2136), signed, over TCP with the primary server of the zone.

import { randomInt } from 'node:crypto';
import { connect } from 'node:net';
import { AddressReader } from '../base/address.ts';
import type { Clock } from '../base/clock.ts';
import { splitEndpoint } from '../traffic/connection.ts';
import {
  type DnsMessage,
  type DnsRecord,
  dnsClasses,
  dnsTypes,
  readMessage,
  textData,
  writeMessage,
} from './dns-message.ts';
import { signatureFault, signMessage, type TsigKey } from './dns-tsig.ts';

/** Where updates go, and with which key. */
export interface UpdateSettings {
  /** An address, with a port where it is not 53. */
  readonly server: string;
  readonly keyName: string;
  /** Base64. */
  readonly key: string;
  readonly algorithm: TsigKey['algorithm'];
  /** '' where the server is asked for it. */
  readonly zone: string;
  readonly ttl: number;
}

const update = 5 << 11;
const dnsPort = 53;
const exchangeMs = 10_000;
const maxAnswerBytes = 65_535;
/** Answers of name servers that people meet (RFC 1035 4.1.1, RFC 2136 2.2). */
const codes: ReadonlyMap<number, string> = new Map([
  [1, 'it does not understand the message (FORMERR)'],
  [2, 'it could not do it (SERVFAIL); see its own log'],
  [3, 'there is no such zone (NXDOMAIN)'],
  [4, 'it takes no updates (NOTIMP)'],
  [5, 'it refuses (REFUSED): let the key change this zone, or name the zone'],
  [9, 'it is not the primary of the zone, or the signature was not taken (NOTAUTH)'],
  [10, 'the name is not in the zone (NOTZONE)'],
]);

/** Adds or removes `name TXT "text"`; others of that name stay. Rejects with a sentence. */
export async function updateRecord(
  settings: UpdateSettings,
  what: 'add' | 'remove',
  name: string,
  text: string,
  clock: Clock,
): Promise<void> {
  const key: TsigKey = {
    name: settings.keyName,
    algorithm: settings.algorithm,
    secret: Buffer.from(settings.key, 'base64'),
  };
  const zone = settings.zone === '' ? await zoneOf(settings.server, name) : settings.zone;
  const isAdded = what === 'add';
  const record: DnsRecord = {
    name,
    type: dnsTypes.TXT,
    class: isAdded ? dnsClasses.IN : dnsClasses.NONE,
    ttl: isAdded ? settings.ttl : 0,
    data: textData(text),
  };
  const zoneSection = [{ name: zone, type: dnsTypes.SOA, class: dnsClasses.IN }];
  const message = messageOf(update, zoneSection, [record]);
  const { bytes, mac } = signMessage(message, key, clock.now() / 1000);
  const reply = await exchange(settings.server, bytes);
  const answer = answerOf(settings.server, reply, message.id);
  const fault = signatureFault(reply, key, clock.now() / 1000, mac);
  const code = answer.flags & 0xf;
  if (code !== 0)
    throw new Error(
      `${settings.server} did not change ${name}: ${[codes.get(code) ?? `code ${code}`, fault].filter((part) => part !== '').join('; ')}`,
    );
  // An answer that somebody else may have given says nothing of whether the record is there.
  if (fault !== '') throw new Error(`${settings.server} said it changed ${name}, but ${fault}`);
}

/** The zone that a name is in: the server's SOA for it, in the answer or beside it. */
async function zoneOf(server: string, name: string): Promise<string> {
  const query = messageOf(0, [{ name, type: dnsTypes.SOA, class: dnsClasses.IN }], []);
  const { answers, authorities } = answerOf(server, await exchange(server, writeMessage(query)), query.id);
  const soa = [...answers, ...authorities].find(({ type }) => type === dnsTypes.SOA);
  if (soa === undefined)
    throw new Error(`${server} has no zone for ${name}: name the zone under tls.acme.dns.update.zone`);
  return soa.name;
}

function messageOf(flags: number, questions: DnsMessage['questions'], authorities: readonly DnsRecord[]): DnsMessage {
  return { id: randomInt(65_536), flags, questions, answers: [], authorities, additionals: [] };
}

function answerOf(server: string, bytes: Buffer, id: number): DnsMessage {
  const answer = readMessage(bytes);
  const isAnswer = answer !== null && answer.id === id && (answer.flags & 0x8000) !== 0;
  if (!isAnswer) throw new Error(`what ${server} answered is no answer to our question`);
  return answer;
}

/** One message there and one back (RFC 1035 4.2.2). */
function exchange(server: string, bytes: Buffer): Promise<Buffer> {
  const isAddress = new AddressReader().read(server) !== 0;
  const { address, port } = isAddress ? { address: server, port: dnsPort } : splitEndpoint(server);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port });
    const fail = (says: string): void => {
      socket.destroy();
      reject(new Error(`the name server ${server} ${says}`));
    };
    socket.setTimeout(exchangeMs, () => fail(`did not answer within ${exchangeMs / 1000} s (TCP)`));
    let got = Buffer.alloc(0);
    socket.on('data', (piece: Buffer) => {
      got = Buffer.concat([got, piece]);
      if (got.length > maxAnswerBytes + 2) fail('answered more than a message');
      else if (got.length >= 2 && got.length >= 2 + got.readUInt16BE(0)) {
        socket.destroy();
        resolve(got.subarray(2, 2 + got.readUInt16BE(0)));
      }
    });
    socket.on('error', (error) => fail(`cannot be asked over TCP (${error.message})`));
    socket.on('end', () => fail('ended the connection without an answer'));
    const length = Buffer.alloc(2);
    length.writeUInt16BE(bytes.length);
    socket.write(Buffer.concat([length, bytes]));
  });
}

// Signatures of DNS messages by a shared key (TSIG, RFC 8945): made for what is sent, checked for what comes back.

import { createHmac, timingSafeEqual } from 'node:crypto';
import { type DnsMessage, dnsClasses, dnsTypes, readMessage, writeMessage, writeName } from './dns-message.ts';

/** A key. `secret` is its bytes. */
export interface TsigKey {
  readonly name: string;
  readonly algorithm: 'hmac-sha256' | 'hmac-sha384' | 'hmac-sha512';
  readonly secret: Buffer;
}

/** How far clocks may be apart, in seconds (RFC 8945 10). */
const fudgeSeconds = 300;
/** TSIG's own errors by number (RFC 8945 3). */
const errors: ReadonlyMap<number, string> = new Map([
  [16, 'the signature does not fit the key (BADSIG): is the secret that of the server?'],
  [17, 'the server does not know the key (BADKEY): is its name right?'],
  [18, 'the clocks of server and gate are too far apart (BADTIME): set the clock'],
  [22, 'the server wants a longer signature (BADTRUNC)'],
]);

/** A message with its signature; `seconds` is the time since 1970, `priorMac` that of the request for an answer. */
export function signMessage(
  message: DnsMessage,
  key: TsigKey,
  seconds: number,
  priorMac: Buffer | null = null,
): { bytes: Buffer; mac: Buffer } {
  const mac = macOf(writeMessage(message), key, timeOf(seconds), fudgeSeconds, 0, Buffer.alloc(0), priorMac);
  const fixed = Buffer.alloc(10);
  timeOf(seconds).copy(fixed, 0);
  fixed.writeUInt16BE(fudgeSeconds, 6);
  fixed.writeUInt16BE(mac.length, 8);
  const tail = Buffer.alloc(6);
  tail.writeUInt16BE(message.id, 0);
  const data = Buffer.concat([writeName(key.algorithm), fixed, mac, tail]);
  const record = { name: key.name.toLowerCase(), type: dnsTypes.TSIG, class: dnsClasses.ANY, ttl: 0, data };
  return { bytes: writeMessage({ ...message, additionals: [...message.additionals, record] }), mac };
}

/** What is wrong with the signature of a message as it came, as the end of a sentence; '' for nothing. */
export function signatureFault(bytes: Buffer, key: TsigKey, seconds: number, priorMac: Buffer | null): string {
  const message = readMessage(bytes);
  const record = message?.additionals.at(-1);
  if (message === null || record?.type !== dnsTypes.TSIG) return 'the answer is not signed';
  const parsed = partsOf(Buffer.from(record.data), key);
  if (parsed === null) return 'its signature cannot be read';
  const { time, fudge, mac, originalId, error, other } = parsed;
  if (error !== 0 && mac.length === 0) return errors.get(error) ?? `TSIG error ${error}`;
  const unsigned = writeMessage({ ...message, id: originalId, additionals: message.additionals.slice(0, -1) });
  // What the server signed may have had its names compressed: its own bytes up to the last record, with one record less.
  const cut = bytes.subarray(0, bytes.length - recordBytes(bytes, record.data.length, record.name));
  const own = Buffer.from(cut);
  own.writeUInt16BE(originalId, 0);
  own.writeUInt16BE(message.additionals.length - 1, 10);
  const expected = [own, unsigned].map((signed) => macOf(signed, key, time, fudge, error, other, priorMac));
  if (!expected.some((one) => one.length === mac.length && timingSafeEqual(one, mac)))
    return 'its signature is not that of the key';
  if (error !== 0) return errors.get(error) ?? `TSIG error ${error}`;
  return Math.abs(time.readUIntBE(0, 6) - seconds) > fudge ? 'its signature is too old' : '';
}

/** How many bytes the last record takes, whose name stands whole: nobody has another name that a key's could be shortened to, but who does is read anew. */
function recordBytes(bytes: Buffer, dataBytes: number, name: string): number {
  const whole = writeName(name).length + 10 + dataBytes;
  const begins = bytes.subarray(bytes.length - whole, bytes.length - whole + writeName(name).length);
  // A pointer of two bytes stands in place of the name.
  return begins.toString('latin1').toLowerCase() === writeName(name).toString('latin1').toLowerCase()
    ? whole
    : 12 + dataBytes;
}

function partsOf(data: Buffer, { algorithm }: TsigKey) {
  const name = writeName(algorithm);
  if (
    data.length < name.length + 16 ||
    data.subarray(0, name.length).toString('latin1').toLowerCase() !== name.toString('latin1')
  )
    return null;
  const from = name.length;
  const macBytes = data.readUInt16BE(from + 8);
  const at = from + 10 + macBytes;
  if (at + 6 > data.length) return null;
  const otherBytes = data.readUInt16BE(at + 4);
  if (at + 6 + otherBytes > data.length) return null;
  return {
    time: data.subarray(from, from + 6),
    fudge: data.readUInt16BE(from + 6),
    mac: data.subarray(from + 10, at),
    originalId: data.readUInt16BE(at),
    error: data.readUInt16BE(at + 2),
    other: data.subarray(at + 6, at + 6 + otherBytes),
  };
}

/** The MAC over a message and the variables (RFC 8945 4.3). */
function macOf(
  message: Buffer,
  key: TsigKey,
  time: Buffer,
  fudge: number,
  error: number,
  other: Buffer,
  priorMac: Buffer | null,
): Buffer {
  const hmac = createHmac(key.algorithm.slice('hmac-'.length), key.secret);
  if (priorMac !== null) hmac.update(number16(priorMac.length)).update(priorMac);
  hmac
    .update(message)
    .update(writeName(key.name.toLowerCase()))
    .update(number16(dnsClasses.ANY))
    .update(Buffer.alloc(4));
  hmac.update(writeName(key.algorithm)).update(time).update(number16(fudge)).update(number16(error));
  return hmac.update(number16(other.length)).update(other).digest();
}

function number16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function timeOf(seconds: number): Buffer {
  const bytes = Buffer.alloc(6);
  bytes.writeUIntBE(Math.floor(seconds), 0, 6);
  return bytes;
}

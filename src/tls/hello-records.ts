// Puts a ClientHello together from the records and packets it comes in (RFC 8446 5.1), within bounds, each byte looked at once.

import { type ClientHello, readClientHello } from './client-hello.ts';

/** Longest ClientHello, in bytes: those of browsers have up to 4 KiB, with a large ticket of another server 6. */
const maxHelloBytes = 16_384;
/** Most bytes until it is whole: records may be as short as one byte, each with a header of five. */
const maxRawBytes = 2 * maxHelloBytes;
const recordHeaderBytes = 5;
const messageHeaderBytes = 4;
const maxRecordBytes = 16_384;
const handshakeRecord = 22;
const clientHelloMessage = 1;

/** How far the reading is: a hello, `more` where bytes are missing, or what is wrong with those that came. */
export type HelloReading = ClientHello | 'more' | 'too-large' | 'sslv2' | 'broken';

/** The beginning of one connection, until its ClientHello is whole. */
export class HelloRecords {
  /** What came, as far as it had to be kept. */
  #raw: Buffer | null = null;
  #rawCount = 0;
  /** Where the next record begins. */
  #at = 0;
  /** The fragments of the message; not used where one record holds it whole. */
  #message: Buffer | null = null;
  #messageCount = 0;

  /** Everything that came, to be handed on to whoever does the handshake. */
  get bytes(): Buffer {
    return this.#raw === null ? Buffer.alloc(0) : this.#raw.subarray(0, this.#rawCount);
  }

  /** Keeps bytes that came behind the hello, for whoever does the handshake; false where they are too many. */
  keep(bytes: Uint8Array): boolean {
    return this.#keep(bytes);
  }

  /** Takes the next bytes of the connection (`bytes` may be used again afterwards) and reads on. */
  add(bytes: Uint8Array): HelloReading {
    return this.#keep(bytes) ? this.#read() : 'too-large';
  }

  #keep(bytes: Uint8Array): boolean {
    const needed = this.#rawCount + bytes.length;
    if (this.#raw === null || needed > this.#raw.length) {
      // Not from Node's pool: it keeps a few bytes of each connection there, and they would keep the hellos beside them.
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#raw === null ? 0 : 2 * this.#raw.length));
      this.#raw?.copy(larger, 0, 0, this.#rawCount);
      this.#raw = larger;
    }
    this.#raw.set(bytes, this.#rawCount);
    this.#rawCount = needed;
    return needed <= maxRawBytes;
  }

  #read(): HelloReading {
    const raw = this.#raw!;
    for (;;) {
      const left = this.#rawCount - this.#at;
      if (left === 0) return 'more';
      if (raw[this.#at] !== handshakeRecord) return isSslV2(raw, this.#at, left) ? 'sslv2' : 'broken';
      if (left > 1 && raw[this.#at + 1] !== 3) return 'broken';
      if (left < recordHeaderBytes) return 'more';
      const length = raw.readUInt16BE(this.#at + 3);
      if (length === 0 || length > maxRecordBytes) return 'broken';
      const from = this.#at + recordHeaderBytes;
      if (this.#messageCount === 0 && left > recordHeaderBytes && raw[from] !== clientHelloMessage) return 'broken';
      if (left < recordHeaderBytes + length) return 'more';
      this.#at = from + length;
      const reading = this.#addFragment(raw.subarray(from, this.#at));
      if (reading !== 'more') return reading;
    }
  }

  #addFragment(fragment: Buffer): HelloReading {
    if (this.#messageCount === 0 && fragment.length >= messageHeaderBytes) {
      const length = messageHeaderBytes + fragment.readUIntBE(1, 3);
      if (length > maxHelloBytes) return 'too-large';
      if (length === fragment.length) return readClientHello(fragment) ?? 'broken';
    }
    this.#message ??= Buffer.allocUnsafe(maxHelloBytes);
    if (this.#messageCount + fragment.length > maxHelloBytes) return 'too-large';
    fragment.copy(this.#message, this.#messageCount);
    this.#messageCount += fragment.length;
    if (this.#messageCount < messageHeaderBytes) return 'more';
    const length = messageHeaderBytes + this.#message.readUIntBE(1, 3);
    if (length > maxHelloBytes) return 'too-large';
    if (this.#messageCount < length) return 'more';
    // A client must not send anything behind its hello in the same record before it has heard from us.
    return this.#messageCount === length ? (readClientHello(this.#message.subarray(0, length)) ?? 'broken') : 'broken';
  }
}

/** RFC 5246 E.2: a length with its highest bit set, message type 1, and the version that is offered. */
function isSslV2(raw: Buffer, at: number, left: number): boolean {
  return at === 0 && left >= 5 && (raw[0]! & 0x80) !== 0 && raw[2] === 1 && (raw[3] === 3 || raw[3] === 0);
}

// What a ClientHello says (RFC 8446 4.1.2, RFC 5246 7.4.1.2), read from its bytes before anybody answers it. No socket in here.

/** A ClientHello. Lists keep the client's order and its GREASE values (RFC 8701). */
export interface ClientHello {
  readonly legacyVersion: number;
  /** supported_versions, or empty where the client has no such extension. */
  readonly versions: readonly number[];
  readonly ciphers: readonly number[];
  /** Types of all extensions. */
  readonly extensions: readonly number[];
  /** The host name of SNI as it was sent, read as latin1; '' for none. */
  readonly serverName: string;
  /** Application protocols, read as latin1. */
  readonly protocols: readonly string[];
  readonly signatureAlgorithms: readonly number[];
  /** The first 16 bytes of the session ticket that is shown, in TLS 1.3 of the first identity: the name of the key that sealed it (RFC 5077 4); null for none. */
  readonly ticketKeyName: Uint8Array | null;
}

/** Types of extensions that are read here (IANA, TLS ExtensionType Values). */
const extensionTypes = Object.freeze({
  serverName: 0,
  signatureAlgorithms: 13,
  protocols: 16,
  sessionTicket: 35,
  preSharedKey: 41,
  supportedVersions: 43,
});

const clientHelloType = 1;
/** Length of the name that a ticket begins with. */
export const ticketKeyNameBytes = 16;

/** Reads a handshake message with its header of 4 bytes; null where it is no whole, well-formed ClientHello. It keeps nothing of `bytes`. */
export function readClientHello(bytes: Uint8Array): ClientHello | null {
  const cursor = new Cursor(bytes);
  if (cursor.uint8() !== clientHelloType || cursor.uint24() !== bytes.length - 4) return null;
  const legacyVersion = cursor.uint16();
  cursor.skip(32);
  cursor.skip(cursor.uint8());
  const ciphers = cursor.numbers(cursor.uint16());
  cursor.skip(cursor.uint8());
  const found = new Found(legacyVersion, ciphers);
  // A client of TLS 1.2 may have no extensions at all, not even their length.
  if (cursor.left > 0) found.readExtensions(cursor);
  return cursor.isBroken || cursor.left > 0 || ciphers.length === 0 ? null : found;
}

class Found implements ClientHello {
  readonly legacyVersion: number;
  readonly ciphers: readonly number[];
  readonly extensions: number[] = [];
  versions: readonly number[] = [];
  serverName = '';
  protocols: string[] = [];
  signatureAlgorithms: readonly number[] = [];
  ticketKeyName: Uint8Array | null = null;

  constructor(legacyVersion: number, ciphers: readonly number[]) {
    this.legacyVersion = legacyVersion;
    this.ciphers = ciphers;
  }

  readExtensions(cursor: Cursor): void {
    const outer = cursor.enter(cursor.uint16());
    while (cursor.left > 0) {
      const type = cursor.uint16();
      this.extensions.push(type);
      const around = cursor.enter(cursor.uint16());
      this.#read(type, cursor);
      cursor.leave(around);
    }
    cursor.leave(outer);
  }

  #read(type: number, cursor: Cursor): void {
    switch (type) {
      case extensionTypes.serverName:
        this.#readServerName(cursor);
        break;
      case extensionTypes.signatureAlgorithms:
        this.signatureAlgorithms = cursor.numbers(cursor.uint16());
        break;
      case extensionTypes.protocols:
        this.#readProtocols(cursor);
        break;
      case extensionTypes.supportedVersions:
        this.versions = cursor.numbers(cursor.uint8());
        break;
      case extensionTypes.sessionTicket:
        this.#readTicket(cursor, cursor.left);
        break;
      case extensionTypes.preSharedKey: {
        const identities = cursor.enter(cursor.uint16());
        this.#readTicket(cursor, cursor.uint16());
        cursor.leave(identities);
        break;
      }
    }
  }

  /** RFC 6066 3: a list of names by type, of which there is only one: 0, a host name. */
  #readServerName(cursor: Cursor): void {
    const outer = cursor.enter(cursor.uint16());
    while (cursor.left > 0) {
      const type = cursor.uint8();
      const name = cursor.text(cursor.uint16());
      if (type === 0 && this.serverName === '') this.serverName = name;
    }
    cursor.leave(outer);
  }

  #readProtocols(cursor: Cursor): void {
    const outer = cursor.enter(cursor.uint16());
    while (cursor.left > 0) this.protocols.push(cursor.text(cursor.uint8()));
    cursor.leave(outer);
  }

  #readTicket(cursor: Cursor, length: number): void {
    const outer = cursor.enter(length);
    if (cursor.left >= ticketKeyNameBytes) this.ticketKeyName = cursor.copy(ticketKeyNameBytes);
    cursor.leave(outer);
  }
}

/** Reads numbers and texts one after the other. What lies beyond the end is 0 or empty, and `isBroken` then stays true. */
class Cursor {
  isBroken = false;
  readonly #bytes: Uint8Array;
  #end: number;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#end = bytes.length;
  }

  /** Bytes up to the end; 0 once it is broken, so that loops end. */
  get left(): number {
    return this.isBroken ? 0 : this.#end - this.#at;
  }

  uint8(): number {
    return this.#has(1) ? this.#bytes[this.#at++]! : 0;
  }

  uint16(): number {
    return this.uint8() * 0x100 + this.uint8();
  }

  uint24(): number {
    return this.uint16() * 0x100 + this.uint8();
  }

  skip(count: number): void {
    if (this.#has(count)) this.#at += count;
  }

  /** From here on the end is `count` bytes away, until `leave` is called with what this gives. */
  enter(count: number): number {
    const outer = this.#end;
    if (this.#has(count)) this.#end = this.#at + count;
    return outer;
  }

  /** Passes over the rest of what was entered. */
  leave(outer: number): void {
    this.#at = this.#end;
    this.#end = outer;
  }

  /** A copy of the next `count` bytes. */
  copy(count: number): Uint8Array {
    if (!this.#has(count)) return new Uint8Array();
    this.#at += count;
    return Uint8Array.prototype.slice.call(this.#bytes, this.#at - count, this.#at);
  }

  /** The next `count` bytes as numbers of two; an odd byte breaks it. */
  numbers(count: number): number[] {
    if (count % 2 !== 0 || !this.#has(count)) {
      this.isBroken = true;
      return [];
    }
    const numbers: number[] = [];
    for (let read = 0; read < count; read += 2) numbers.push(this.uint16());
    return numbers;
  }

  /** The next `count` bytes as latin1. */
  text(count: number): string {
    if (!this.#has(count)) return '';
    let text = '';
    for (const end = this.#at + count; this.#at < end; this.#at++) text += String.fromCharCode(this.#bytes[this.#at]!);
    return text;
  }

  #has(count: number): boolean {
    if (count > this.#end - this.#at) this.isBroken = true;
    return !this.isBroken;
  }
}

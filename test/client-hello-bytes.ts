// Writes ClientHellos for tests: the message, and the records it travels in.

/** What a hello says; everything may be left out. */
export interface Hello {
  readonly legacyVersion?: number;
  readonly ciphers?: readonly number[];
  /** In their order; null for a hello that ends before them. */
  readonly extensions?: readonly (readonly [type: number, body: Buffer])[] | null;
}

/** The handshake message of a ClientHello (RFC 8446 4.1.2). */
export function helloMessage({ legacyVersion = 0x0303, ciphers = [0x1301], extensions = [] }: Hello): Buffer {
  const body = Buffer.concat([
    uint16(legacyVersion),
    Buffer.alloc(32, 7),
    Buffer.from([32]),
    Buffer.alloc(32, 9),
    vector16(Buffer.concat(ciphers.map(uint16))),
    Buffer.from([1, 0]),
    extensions === null
      ? Buffer.alloc(0)
      : vector16(Buffer.concat(extensions.map(([type, content]) => Buffer.concat([uint16(type), vector16(content)])))),
  ]);
  return Buffer.concat([Buffer.from([1, body.length >> 16, (body.length >> 8) & 255, body.length & 255]), body]);
}

/** A message in records of these lengths, the last of which has the rest. */
export function inRecords(message: Buffer, lengths: readonly number[] = []): Buffer {
  const records: Buffer[] = [];
  let at = 0;
  for (const length of [...lengths, message.length]) {
    const fragment = message.subarray(at, at + length);
    if (fragment.length > 0) records.push(Buffer.from([22, 3, 1]), vector16(fragment));
    at += fragment.length;
  }
  return Buffer.concat(records);
}

/** SNI (RFC 6066 3). */
export function serverName(name: string): [number, Buffer] {
  return [0, vector16(Buffer.concat([Buffer.from([0]), vector16(Buffer.from(name, 'latin1'))]))];
}

/** ALPN (RFC 7301 3.1). */
export function protocols(...names: string[]): [number, Buffer] {
  return [16, vector16(Buffer.concat(names.map((name) => vector8(Buffer.from(name, 'latin1')))))];
}

/** supported_versions (RFC 8446 4.2.1). */
export function supportedVersions(...versions: number[]): [number, Buffer] {
  return [43, vector8(Buffer.concat(versions.map(uint16)))];
}

/** signature_algorithms (RFC 8446 4.2.3). */
export function signatureAlgorithms(...algorithms: number[]): [number, Buffer] {
  return [13, vector16(Buffer.concat(algorithms.map(uint16)))];
}

/** pre_shared_key with one identity and one binder (RFC 8446 4.2.11). */
export function preSharedKey(ticket: Buffer): [number, Buffer] {
  const identities = vector16(Buffer.concat([vector16(ticket), Buffer.alloc(4)]));
  return [41, Buffer.concat([identities, vector16(vector8(Buffer.alloc(32)))])];
}

/** Two bytes, the higher first. */
export function uint16(number: number): Buffer {
  return Buffer.from([number >> 8, number & 255]);
}

function vector16(body: Buffer): Buffer {
  return Buffer.concat([uint16(body.length), body]);
}

function vector8(body: Buffer): Buffer {
  return Buffer.concat([Buffer.from([body.length]), body]);
}

// The PROXY protocol's header, versions 1 and 2, as a receiver reads it: strictly, to its last byte, or not at all
// (HAProxy's "The PROXY protocol", 2.1 and 2.2).

import { AddressReader } from '../base/address.ts';

/** What a header announces. `local`: the sender speaks for itself (LOCAL, UNKNOWN, or a family that is no address of the internet). */
export interface Announcement {
  readonly version: 1 | 2;
  readonly kind: 'proxied' | 'local';
  /** Who connected to the sender, normalised; '' where `kind` is `local`. */
  readonly peer: string;
  readonly peerPort: number;
  /** The address the peer connected to, normalised; '' where `kind` is `local`. */
  readonly local: string;
  readonly localPort: number;
  /** Bytes of the header: what follows belongs to the connection. */
  readonly bytes: number;
}

/** `more`: the bytes are the beginning of a header. A fault is said in one sentence. */
export type HeaderReading = Announcement | 'more' | { readonly fault: string };

/** Longest version 1 header with its CRLF (2.1). */
export const maxHeader1Bytes = 107;
/** Longest version 2 header that is read, with its extensions; the protocol itself would allow 64 KiB. */
export const maxHeader2Bytes = 4096;

const signature = Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a);
const word1 = 'PROXY ';
/** Bytes of a version 2 header before its addresses. */
const head2Bytes = 16;
/** The extension that holds a checksum of the whole header (2.2.4). */
const crc32cType = 0x03;

/** Reads the header that `bytes` begin with. It never looks beyond `maxHeader2Bytes`, and an answer other than `more` stays the
 * same whatever follows. */
export function readProxyHeader(bytes: Uint8Array): HeaderReading {
  if (bytes.length === 0) return 'more';
  if (bytes[0] === signature[0]) return readVersion2(bytes);
  for (let index = 0; index < word1.length && index < bytes.length; index++)
    if (bytes[index] !== word1.charCodeAt(index)) return fault('it does not begin with a PROXY header');
  return readVersion1(bytes);
}

function readVersion1(bytes: Uint8Array): HeaderReading {
  const limit = Math.min(bytes.length, maxHeader1Bytes);
  let end = 0;
  while (end < limit && bytes[end] !== 0x0d) {
    const byte = bytes[end]!;
    // Everything that the line may hold is printable; a bare line feed, above all, is no end of a line.
    if (byte < 0x20 || byte > 0x7e) return fault('a byte of its PROXY line is not printable ASCII');
    end++;
  }
  if (end + 1 >= limit) {
    if (bytes.length < maxHeader1Bytes) return 'more';
    return fault(`its PROXY line is longer than ${maxHeader1Bytes} bytes`);
  }
  if (bytes[end + 1] !== 0x0a) return fault('its PROXY line ends in CR without LF');
  let line = '';
  for (let index = word1.length; index < end; index++) line += String.fromCharCode(bytes[index]!);
  return readLine(line, end + 2);
}

function readLine(line: string, bytes: number): HeaderReading {
  const [family, source = '', destination = '', sourcePort = '', destinationPort = '', ...rest] = line.split(' ');
  // What stands behind UNKNOWN is not to be looked at (2.1).
  if (family === 'UNKNOWN') return ofItself(1, bytes);
  if (family !== 'TCP4' && family !== 'TCP6') return fault('its PROXY line names no family that there is');
  if (rest.length > 0 || destinationPort === '') return fault('its PROXY line has not the four parts it must have');
  const peer = addressIn(source, family);
  const local = addressIn(destination, family);
  if (peer === '' || local === '') return fault(`its PROXY line has an address that is not one of ${family}`);
  const peerPort = portIn(sourcePort);
  const localPort = portIn(destinationPort);
  if (peerPort < 0 || localPort < 0) return fault('its PROXY line has a port that is none');
  return { version: 1, kind: 'proxied', peer, peerPort, local, localPort, bytes };
}

/** The address in canonical text, or ''. A family's address has its own spelling: `TCP6` with dotted decimal is refused. */
function addressIn(text: string, family: 'TCP4' | 'TCP6'): string {
  const reader = new AddressReader();
  const isColoned = text.includes(':');
  return isColoned === (family === 'TCP6') && reader.read(text) !== 0 ? reader.print() : '';
}

/** Decimal without leading zeros, 0 to 65535, or -1. */
function portIn(text: string): number {
  if (text === '' || text.length > 5 || (text.length > 1 && text.startsWith('0'))) return -1;
  for (const digit of text) if (digit < '0' || digit > '9') return -1;
  const port = Number(text);
  return port <= 65535 ? port : -1;
}

function readVersion2(bytes: Uint8Array): HeaderReading {
  for (let index = 0; index < signature.length && index < bytes.length; index++)
    if (bytes[index] !== signature[index]) return fault('it does not begin with a PROXY header');
  if (bytes.length > 12 && bytes[12]! >> 4 !== 2) return fault(`its PROXY header has version ${bytes[12]! >> 4}`);
  if (bytes.length > 12 && (bytes[12]! & 15) > 1) return fault(`its PROXY header has command ${bytes[12]! & 15}`);
  if (bytes.length < head2Bytes) return 'more';
  const length = head2Bytes + bytes[14]! * 256 + bytes[15]!;
  if (length > maxHeader2Bytes) return fault(`its PROXY header has ${length} bytes, and ${maxHeader2Bytes} are read`);
  if (bytes.length < length) return 'more';
  const header = bytes.subarray(0, length);
  // LOCAL: the whole block is to be discarded, its family included (2.2).
  return (header[12]! & 15) === 0 ? ofItself(2, length) : readAddresses(header);
}

/** Bytes of the addresses and ports of a family (2.2.2); -1 for one that does not exist, or is no stream. */
function addressBytes(family: number): number {
  switch (family) {
    case 0x00:
      return 0;
    case 0x11:
      return 12;
    case 0x21:
      return 36;
    case 0x31:
      return 216;
    default:
      return -1;
  }
}

function readAddresses(header: Uint8Array): HeaderReading {
  const family = header[13]!;
  const own = addressBytes(family);
  if (own < 0) return fault(`its PROXY header has the family and transport 0x${family.toString(16).padStart(2, '0')}`);
  if (head2Bytes + own > header.length) return fault('its PROXY header is shorter than its addresses');
  // Behind UNSPEC nothing is defined, not even extensions; the receiver takes the connection for what it is (2.2).
  if (family === 0) return ofItself(2, header.length);
  const wrong = faultOfExtensions(header, head2Bytes + own);
  if (wrong !== '') return fault(wrong);
  if (family === 0x31) return ofItself(2, header.length);
  const size = family === 0x11 ? 4 : 16;
  const ports = head2Bytes + 2 * size;
  return {
    version: 2,
    kind: 'proxied',
    peer: printBytes(header, head2Bytes, size),
    peerPort: header[ports]! * 256 + header[ports + 1]!,
    local: printBytes(header, head2Bytes + size, size),
    localPort: header[ports + 2]! * 256 + header[ports + 3]!,
    bytes: header.length,
  };
}

/** Walks type, length and value to the last byte; '' where they fit exactly and the checksum, where there is one, is right. */
function faultOfExtensions(header: Uint8Array, from: number): string {
  let at = from;
  while (at < header.length) {
    if (at + 3 > header.length) return 'an extension of its PROXY header is cut short';
    const length = header[at + 1]! * 256 + header[at + 2]!;
    if (at + 3 + length > header.length) return 'an extension of its PROXY header is longer than the header';
    if (header[at] === crc32cType && (length !== 4 || !isChecksumRight(header, at + 3)))
      return 'the checksum of its PROXY header is wrong';
    at += 3 + length;
  }
  return '';
}

function isChecksumRight(header: Uint8Array, at: number): boolean {
  const bare = Uint8Array.from(header);
  bare.fill(0, at, at + 4);
  const said = ((header[at]! << 24) | (header[at + 1]! << 16) | (header[at + 2]! << 8) | header[at + 3]!) >>> 0;
  return crc32c(bare) === said;
}

/** CRC-32C (Castagnoli, RFC 3720 B.4), bit by bit: headers are short, and most have none. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

function printBytes(bytes: Uint8Array, at: number, size: number): string {
  const reader = new AddressReader();
  const groups: string[] = [];
  if (size === 4) for (let index = 0; index < 4; index++) groups.push(String(bytes[at + index]));
  else
    for (let index = 0; index < 16; index += 2)
      groups.push((bytes[at + index]! * 256 + bytes[at + index + 1]!).toString(16));
  reader.read(groups.join(size === 4 ? '.' : ':'));
  return reader.print();
}

function ofItself(version: 1 | 2, bytes: number): Announcement {
  return { version, kind: 'local', peer: '', peerPort: 0, local: '', localPort: 0, bytes };
}

function fault(says: string): { readonly fault: string } {
  return { fault: says };
}

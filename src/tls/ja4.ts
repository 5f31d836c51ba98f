// JA4 of a ClientHello: a short text that clients of one kind share, whatever address they have (FoxIO's JA4, the TLS client part, BSD licence).

import { hash } from 'node:crypto';
import type { ClientHello } from './client-hello.ts';

const serverNameExtension = 0;
const protocolsExtension = 16;
const hashCharacters = 12;
const nothing = '0'.repeat(hashCharacters);

const versions: ReadonlyMap<number, string> = new Map([
  [0x0304, '13'],
  [0x0303, '12'],
  [0x0302, '11'],
  [0x0301, '10'],
  [0x0300, 's3'],
  [0x0002, 's2'],
]);

/** `t13d1516h2_8daaf6152771_e5627efa2ab1`: transport, version, SNI, numbers of ciphers and extensions and first protocol; then hashes of both lists. */
export function ja4Of(hello: ClientHello): string {
  const ciphers = hello.ciphers.filter(isMeant);
  const extensions = hello.extensions.filter(isMeant);
  const offered = hello.versions.filter(isMeant);
  const version = versions.get(offered.length === 0 ? hello.legacyVersion : Math.max(...offered)) ?? '00';
  const sni = hello.extensions.includes(serverNameExtension) ? 'd' : 'i';
  const head = `t${version}${sni}${twoDigits(ciphers.length)}${twoDigits(extensions.length)}${protocolMark(hello.protocols[0])}`;
  return `${head}_${cipherHash(ciphers)}_${extensionHash(extensions, hello.signatureAlgorithms.filter(isMeant))}`;
}

function cipherHash(ciphers: number[]): string {
  return ciphers.length === 0 ? nothing : hashed(sortedHex(ciphers));
}

function extensionHash(extensions: readonly number[], signatureAlgorithms: readonly number[]): string {
  if (extensions.length === 0) return nothing;
  const telling = extensions.filter((type) => type !== serverNameExtension && type !== protocolsExtension);
  const algorithms = signatureAlgorithms.length === 0 ? '' : `_${signatureAlgorithms.map(hex).join(',')}`;
  return hashed(`${sortedHex(telling)}${algorithms}`);
}

/** First and last character of the first protocol; of its hexadecimal form where one of both is no letter or digit. */
function protocolMark(protocol: string | undefined): string {
  if (protocol === undefined || protocol === '') return '00';
  const first = protocol.charCodeAt(0);
  const last = protocol.charCodeAt(protocol.length - 1);
  if (isAlphanumeric(first) && isAlphanumeric(last)) return protocol[0]! + protocol.at(-1)!;
  return `${(first >> 4).toString(16)}${(last & 15).toString(16)}`;
}

function isAlphanumeric(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a);
}

/** Not GREASE (RFC 8701): both bytes the same, each `?a`. */
function isMeant(number: number): boolean {
  return (number & 0x0f0f) !== 0x0a0a || number >> 8 !== (number & 0xff);
}

function twoDigits(count: number): string {
  return String(Math.min(count, 99)).padStart(2, '0');
}

function hex(number: number): string {
  return number.toString(16).padStart(4, '0');
}

function sortedHex(numbers: readonly number[]): string {
  return [...numbers]
    .sort((a, b) => a - b)
    .map(hex)
    .join(',');
}

function hashed(text: string): string {
  return hash('sha256', text, 'hex').slice(0, hashCharacters);
}

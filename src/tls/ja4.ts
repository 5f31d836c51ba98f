// JA4 of a ClientHello: a short text that clients of one kind share, whatever address they have (FoxIO's JA4, the TLS client part, BSD licence).

import { hash } from 'node:crypto';
import { Bounded } from '../base/bounded.ts';
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

/** Hashes that are remembered: clients of one kind have the same lists, and there are some dozens of kinds. */
const maxHashes = 1024;
/** Whole hellos that are remembered: those that shuffle their lists take the place of each other. */
const maxHellos = 256;
/** Those of browsers have some 60 numbers, and a protocol of two letters. */
const maxKeyLength = 300;

/** Gives JA4s, and remembers the hashes in them. */
export class Ja4 {
  readonly #hashes = new Bounded<string, string>(maxHashes);
  readonly #hellos = new Bounded<string, string>(maxHellos);

  /** Most clients say the same again, to the last number: then nothing is sorted. */
  of(hello: ClientHello): string {
    const key = keyOf(hello);
    if (key.length > maxKeyLength) return this.#read(hello);
    let found = this.#hellos.peek(key);
    if (found === undefined) {
      found = this.#read(hello);
      this.#hellos.set(key, found);
    }
    return found;
  }

  /** `t13d1516h2_8daaf6152771_e5627efa2ab1`: transport, version, SNI, numbers of ciphers and extensions and first protocol; then hashes of both lists. */
  #read(hello: ClientHello): string {
    const ciphers = hello.ciphers.filter(isMeant);
    const extensions = hello.extensions.filter(isMeant);
    const offered = hello.versions.filter(isMeant);
    const version = versions.get(offered.length === 0 ? hello.legacyVersion : Math.max(...offered)) ?? '00';
    const sni = hello.extensions.includes(serverNameExtension) ? 'd' : 'i';
    const head = `t${version}${sni}${twoDigits(ciphers.length)}${twoDigits(extensions.length)}${protocolMark(hello.protocols[0])}`;
    return `${head}_${this.#cipherHash(ciphers)}_${this.#extensionHash(extensions, hello.signatureAlgorithms.filter(isMeant))}`;
  }

  #cipherHash(ciphers: number[]): string {
    return ciphers.length === 0 ? nothing : this.#hashOf(ciphers, []);
  }

  #extensionHash(extensions: number[], signatureAlgorithms: readonly number[]): string {
    if (extensions.length === 0) return nothing;
    const telling = extensions.filter((type) => type !== serverNameExtension && type !== protocolsExtension);
    return this.#hashOf(telling, signatureAlgorithms);
  }

  /** The hash of one list in order of its numbers, with another as it is. */
  #hashOf(numbers: number[], ordered: readonly number[]): string {
    const sorted = Uint16Array.from(numbers).sort();
    const key = String.fromCharCode(sorted.length, ...sorted, ...ordered);
    let found = this.#hashes.get(key);
    if (found === undefined) {
      const behind = ordered.length === 0 ? '' : `_${ordered.map(hex).join(',')}`;
      found = hash('sha256', `${Array.from(sorted, hex).join(',')}${behind}`, 'hex').slice(0, hashCharacters);
      this.#hashes.set(key, found);
    }
    return found;
  }
}

/** All that a JA4 is made of as one text, which no other hello has. */
function keyOf(hello: ClientHello): string {
  const { legacyVersion, versions: offered, ciphers, extensions, signatureAlgorithms: signatures, protocols } = hello;
  const lengths = [legacyVersion, offered.length, ciphers.length, extensions.length, signatures.length];
  return String.fromCharCode(...lengths, ...offered, ...ciphers, ...extensions, ...signatures) + (protocols[0] ?? '');
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

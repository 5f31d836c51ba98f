// What a request is counted by: who the client is, the value of a header or a cookie, or the path that is asked for.

import { AddressReader, prefix64 } from '../base/address.ts';
import type { Exchange } from '../traffic/exchange.ts';
import type { KeyHash } from './hash.ts';

/** Kinds of keys; the same text of two kinds is two keys, so nobody can use up another's limit through a header. */
export const kinds = Object.freeze({ client: 1, header: 2, cookie: 3, path: 4 });

/** What a limit counts by. `name` is the header's (lower case) or the cookie's, '' otherwise. */
export interface KeySource {
  readonly kind: number;
  readonly name: string;
}

/** Reads `client`, `path`, `header:NAME` or `cookie:NAME`; null for anything else. */
export function parseKeySource(by: string): KeySource | null {
  if (by === 'client' || by === 'path') return { kind: kinds[by], name: '' };
  const colon = by.indexOf(':');
  const kind = by.slice(0, Math.max(0, colon));
  const name = by.slice(colon + 1).trim();
  if ((kind !== 'header' && kind !== 'cookie') || !isToken(name)) return null;
  return { kind: kinds[kind], name: kind === 'header' ? name.toLowerCase() : name };
}

/** Reads keys into `hash`; nothing is allocated. */
export class KeyReader {
  readonly hash: KeyHash;
  #address = new AddressReader();

  constructor(hash: KeyHash) {
    this.hash = hash;
  }

  /**
   * Puts the hash of the exchange's key into `hash` and gives the kind that was used. A header or cookie that is missing,
   * empty or sent twice says nothing about its sender: such a request counts for the client.
   */
  read(source: KeySource, exchange: Exchange, path: string): number {
    switch (source.kind) {
      case kinds.path:
        this.hash.of(kinds.path, path);
        return kinds.path;
      case kinds.header:
        if (readHeader(source.name, exchange, this.hash)) return kinds.header;
        break;
      case kinds.cookie:
        if (readCookie(source.name, exchange, this.hash)) return kinds.cookie;
    }
    this.#readClient(exchange.client);
    return kinds.client;
  }

  /** An IPv4 address alone, an IPv6 address with its /64, which one customer holds whole. */
  #readClient(client: string): void {
    const address = this.#address;
    if (client.includes(':') && address.read(client) === 6)
      this.hash.ofPair(kinds.client, address.word0, address.word1);
    else this.hash.of(kinds.client, client);
  }
}

/** The client as it is counted, for people: `203.0.113.7`, `2001:db8::/64`. */
export function clientName(client: string): string {
  return prefix64(client);
}

function readHeader(name: string, exchange: Exchange, hash: KeyHash): boolean {
  const { names, values } = exchange.headers;
  const index = names.indexOf(name);
  if (index < 0 || values[index] === '' || names.indexOf(name, index + 1) >= 0) return false;
  hash.of(kinds.header, values[index]!);
  return true;
}

function readCookie(name: string, exchange: Exchange, hash: KeyHash): boolean {
  const { names, values } = exchange.headers;
  let found = 0;
  for (let index = names.indexOf('cookie'); index >= 0; index = names.indexOf('cookie', index + 1)) {
    const text = values[index]!;
    for (let from = 0; from < text.length; ) {
      let end = text.indexOf(';', from);
      if (end < 0) end = text.length;
      while (from < end && text.charCodeAt(from) === 0x20) from++;
      const value = from + name.length + 1;
      if (value < end && text.charCodeAt(value - 1) === 0x3d && text.startsWith(name, from)) {
        hash.of(kinds.cookie, text, value, end);
        found++;
      }
      from = end + 1;
    }
  }
  return found === 1;
}

/** A placed path as limits see it: lower case and without the last slash, for applications that make no difference. */
export function foldPath(path: string): string {
  const end = path.length > 1 && path.endsWith('/') ? path.length - 1 : path.length;
  return path.slice(0, end).toLowerCase();
}

/** Whether `path` is `prefix` or under it, both folded; a `;` ends a segment too, as parameters begin there. */
export function isUnder(path: string, prefix: string): boolean {
  if (prefix === '/') return true;
  if (!path.startsWith(prefix)) return false;
  const next = path.charCodeAt(prefix.length);
  return Number.isNaN(next) || next === 0x2f || next === 0x3b;
}

/** A token (RFC 9110 5.6.2), which names of headers and cookies are. */
function isToken(text: string): boolean {
  if (text === '' || text.length > 128) return false;
  for (const character of text) {
    const code = character.charCodeAt(0);
    const letter = code | 0x20;
    const alphanumeric = (code >= 0x30 && code <= 0x39) || (letter >= 0x61 && letter <= 0x7a);
    if (!alphanumeric && !"!#$%&'*+-.^_`|~".includes(character)) return false;
  }
  return true;
}

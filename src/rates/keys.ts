// What a request is counted by: who the client is and where it comes from, a header, a cookie, a claim, or what is asked for.

import type { Buffer } from 'node:buffer';
import { AddressReader, prefix64 } from '../base/address.ts';
import type { Exchange } from '../traffic/exchange.ts';
import { formField, jsonField } from './body-field.ts';
import type { KeyHash } from './hash.ts';
import { readClaim } from './jwt-claim.ts';

/** Kinds of keys; the same text of two kinds is two keys, so nobody can use up another's limit through a header. */
export const kinds = Object.freeze({
  /** Nothing of the request is counted. */
  none: 0,
  client: 1,
  header: 2,
  cookie: 3,
  path: 4,
  host: 5,
  method: 6,
  jwt: 7,
  country: 8,
  network: 9,
  /** The /56 and the /48 of an IPv6 client. */
  wide: 10,
  wider: 11,
  several: 12,
  /** Fields of the body. */
  form: 13,
  json: 14,
});

/** What a limit counts by. `name` is the header's (lower case), the cookie's or the claim's, '' otherwise. */
export interface KeySource {
  readonly kind: number;
  readonly name: string;
  /** The keys that are counted together; empty for one alone. */
  readonly parts: readonly KeySource[];
}

/** Where an address is at home, as a database says; '' where it does not know. */
export interface Geography {
  /** ISO 3166-1 alpha-2. */
  country(address: string): string;
  /** The number of its autonomous system, as `AS64496`. */
  network(address: string): string;
}

/** What may be written after `by`, for messages. */
export const keyWords =
  'client, path, host, method, country, asn, header:NAME, cookie:NAME, jwt:CLAIM, form:NAME or json:NAME, or several of them joined by "and"';

/** Reads `client`, `path`, `header:NAME` …, or several joined by ` and `; null for anything else. */
export function parseKeySource(by: string): KeySource | null {
  const parts: KeySource[] = [];
  for (const word of by.split(' and ')) {
    const part = parseOne(word.trim());
    if (part === null || parts.some(({ kind, name }) => kind === part.kind && name === part.name)) return null;
    parts.push(part);
  }
  return parts.length === 1 ? parts[0]! : { kind: kinds.several, name: '', parts };
}

function parseOne(word: string): KeySource | null {
  switch (word) {
    case 'client':
    case 'path':
    case 'host':
    case 'method':
    case 'country':
      return { kind: kinds[word], name: '', parts: [] };
    case 'asn':
      return { kind: kinds.network, name: '', parts: [] };
  }
  const colon = word.indexOf(':');
  const kind = word.slice(0, Math.max(0, colon));
  const name = word.slice(colon + 1).trim();
  if (kind === 'form' || kind === 'json')
    return name === '' || name.length > 128 ? null : { kind: kinds[kind], name, parts: [] };
  if ((kind !== 'header' && kind !== 'cookie' && kind !== 'jwt') || !isToken(name)) return null;
  return { kind: kinds[kind], name: kind === 'header' ? name.toLowerCase() : name, parts: [] };
}

/** Whether a key of this source is the client's own, at least in part. */
export function countsClients({ kind, parts }: KeySource): boolean {
  return kind === kinds.client || kind === kinds.wide || kind === kinds.wider || parts.some(countsClients);
}

/** Whether a key of this source is in the body, at least in part. */
export function readsBody({ kind, parts }: KeySource): boolean {
  return kind === kinds.form || kind === kinds.json || parts.some(readsBody);
}

/** Whether it needs a database of countries or networks: the setting that names it, or ''. */
export function databaseOf({ kind, parts }: KeySource): '' | 'country' | 'asn' {
  if (kind === kinds.country) return 'country';
  if (kind === kinds.network) return 'asn';
  for (const part of parts) if (databaseOf(part) !== '') return databaseOf(part);
  return '';
}

/** Reads keys into `hash`. But for claims and databases nothing is allocated. */
export class KeyReader {
  readonly hash: KeyHash;
  #geography: Geography;
  #address = new AddressReader();
  /** The body of the request in hand, where it is read; null before. */
  body: Buffer | null = null;

  constructor(hash: KeyHash, geography: Geography) {
    this.hash = hash;
    this.#geography = geography;
  }

  /**
   * Puts the hash of the exchange's key into `hash` and gives the kind that was used; `none` where it has no such key at
   * all, as an IPv4 client has no /56. A header, cookie or claim that is missing, empty or sent twice, and an address that
   * no database knows, says nothing about the sender: such a request counts for the client.
   */
  read(source: KeySource, exchange: Exchange, path: string): number {
    return source.kind === kinds.several
      ? this.#readAll(source.parts, exchange, path)
      : this.#readOne(source, exchange, path);
  }

  #readAll(parts: readonly KeySource[], exchange: Exchange, path: string): number {
    const { hash } = this;
    for (let index = 0; index < parts.length; index++) {
      const { high, low } = hash;
      if (this.#readOne(parts[index]!, exchange, path) === kinds.none) return kinds.none;
      if (index > 0) hash.join(kinds.several, high, low);
    }
    return kinds.several;
  }

  #readOne({ kind, name }: KeySource, exchange: Exchange, path: string): number {
    switch (kind) {
      case kinds.path:
        return this.#readText(kind, path, exchange);
      case kinds.host:
        return this.#readText(kind, exchange.host, exchange);
      case kinds.method:
        return this.#readText(kind, exchange.method, exchange);
      case kinds.header:
        return readHeader(name, exchange, this.hash) ? kind : this.#readClient(exchange.client);
      case kinds.cookie:
        return readCookie(name, exchange, this.hash) ? kind : this.#readClient(exchange.client);
      case kinds.jwt:
        return this.#readText(kind, readClaim(exchange.headers, name), exchange);
      case kinds.form:
        return this.#readField(kind, this.body === null ? '' : formField(this.body, name));
      case kinds.json:
        return this.#readField(kind, this.body === null ? '' : jsonField(this.body, name));
      case kinds.country:
        return this.#readText(kind, this.#geography.country(exchange.client), exchange);
      case kinds.network:
        return this.#readText(kind, this.#geography.network(exchange.client), exchange);
      case kinds.wide:
        return this.#readNetwork(kind, 0xffffff00, exchange.client);
      case kinds.wider:
        return this.#readNetwork(kind, 0xffff0000, exchange.client);
    }
    return this.#readClient(exchange.client);
  }

  /** A body without the field is about no account at all. */
  #readField(kind: number, text: string): number {
    if (text === '') return kinds.none;
    this.hash.of(kind, text);
    return kind;
  }

  #readText(kind: number, text: string, exchange: Exchange): number {
    if (text === '') return this.#readClient(exchange.client);
    this.hash.of(kind, text);
    return kind;
  }

  /** An IPv4 address alone, an IPv6 address with its /64, which one customer holds whole. */
  #readClient(client: string): number {
    const address = this.#address;
    if (client.includes(':') && address.read(client) === 6)
      this.hash.ofPair(kinds.client, address.word0, address.word1);
    else this.hash.of(kinds.client, client);
    return kinds.client;
  }

  /** The wider network of an IPv6 client: `mask` is what counts of its second 32 bits. */
  #readNetwork(kind: number, mask: number, client: string): number {
    const address = this.#address;
    if (!client.includes(':') || address.read(client) !== 6) return kinds.none;
    this.hash.ofPair(kind, address.word0, address.word1 & mask);
    return kind;
  }
}

/** The client as it is counted, for people: `203.0.113.7`, `2001:db8::/64`. */
export function clientName(client: string): string {
  return prefix64(client);
}

/** The /56 or /48 that an IPv6 client belongs to, for people: `2001:db8:1::/48`. */
export function networkName(client: string, kind: number): string {
  const reader = new AddressReader();
  if (reader.read(client) !== 6) return client;
  reader.word1 &= kind === kinds.wide ? 0xffffff00 : 0xffff0000;
  reader.word2 = 0;
  reader.word3 = 0;
  return `${reader.print()}/${kind === kinds.wide ? 56 : 48}`;
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

// The one resolver of *client*: the peer itself, or whom trusted proxies vouch for in `Forwarded` or `X-Forwarded-For`.

import { AddressReader } from '../base/address.ts';
import { type Cidr, CidrSet, parseCidr } from '../base/cidr.ts';
import { embeddedIpv4 } from '../base/embedded-ipv4.ts';
import { type Built, built, failed, type Problem } from '../base/problem.ts';
import type { Headers } from '../traffic/headers.ts';

/** Most hops that are walked back; a longer chain ends at the last trusted hop within. */
const maxHops = 32;

/** Says who the client is. Read from the right, so that nothing a client sends can change what a trusted proxy wrote. */
export class ClientResolver {
  readonly #trusted: CidrSet;
  readonly #reader = new AddressReader();

  constructor(trusted: readonly Cidr[]) {
    this.#trusted = new CidrSet(trusted);
  }

  /** Whether this peer's forwarding headers are believed. `peer` is normalised text. */
  isTrusted(peer: string): boolean {
    return !this.#trusted.isEmpty && this.#trusted.has(peer);
  }

  /**
   * The client of a request that `peer` sent: the first address from the right that is not a trusted proxy's. A hop that
   * is hidden (`unknown`, `_name`) or unreadable ends the walk at the last trusted one. RFC 7239 5.2, 7.4. An IPv4 client
   * that comes through NAT64 or 6to4 is its IPv4 address.
   */
  resolve(peer: string, headers: Headers): string {
    if (!this.isTrusted(peer)) return embeddedIpv4(peer);
    return embeddedIpv4(this.#vouchedFor(peer, headers));
  }

  #vouchedFor(peer: string, headers: Headers): string {
    const hasLegacy = headers.has('x-forwarded-for');
    if (!headers.has('forwarded')) return hasLegacy ? this.#walk(peer, headers, 'x-forwarded-for') : peer;
    const client = this.#walk(peer, headers, 'forwarded');
    // Because a proxy writes one of the two and passes the other on unread, the other may be the client's invention:
    // `X-Forwarded-For` never speaks where `Forwarded` does, but where it objects nobody is believed beyond the peer.
    return !hasLegacy || this.#walk(peer, headers, 'x-forwarded-for') === client ? client : peer;
  }

  #walk(peer: string, headers: Headers, name: 'forwarded' | 'x-forwarded-for'): string {
    const { names, values } = headers;
    const isForwarded = name === 'forwarded';
    const reader = this.#reader;
    let client = peer;
    let hops = 0;
    for (let index = names.length - 1; index >= 0; index--) {
      if (names[index] !== name) continue;
      const value = values[index]!;
      let end = value.length;
      while (end >= 0) {
        const start = isForwarded ? elementStart(value, end) : end === 0 ? 0 : value.lastIndexOf(',', end - 1) + 1;
        if (++hops > maxHops || start < 0) return client;
        const isRead = isForwarded ? readElement(reader, value, start, end) : readNode(reader, value, start, end);
        if (!isRead) return client;
        client = reader.print();
        if (!this.#trusted.hasRead(reader)) return client;
        end = start - 1;
      }
    }
    return client;
  }
}

/** What forwarding fields claim, whoever wrote them: never to be believed, only to be noticed. '' where there are none. */
export function claimedClient(headers: Headers): string {
  return headers.get('x-forwarded-for') ?? headers.get('forwarded') ?? headers.get('x-real-ip') ?? '';
}

/** The resolver for these networks. A problem's path is the index in the list. */
export function buildClientResolver(trusted: readonly string[]): Built<ClientResolver> {
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  const cidrs: Cidr[] = [];
  for (let index = 0; index < trusted.length; index++) {
    const parsed = parseCidr(trusted[index]!);
    if (!parsed.ok) {
      problems.push({ path: [index], code: 'http/bad-trusted-proxy', ...parsed.fault });
      continue;
    }
    cidrs.push(parsed.value);
    if (parsed.value.prefix === 0)
      warnings.push({
        path: [index],
        code: 'http/trusts-everyone',
        says: `${trusted[index]} trusts every address, so that any client can claim to be any other`,
        instead: 'name the networks of your own proxies only',
      });
  }
  return problems.length > 0 ? failed(problems) : built(new ClientResolver(cidrs), warnings);
}

/** Where the element that ends before `end` begins, commas in quotes being none; -1 where a quote is never opened. */
function elementStart(value: string, end: number): number {
  let isQuoted = false;
  for (let index = end - 1; index >= 0; index--) {
    const code = value.charCodeAt(index);
    if (code === 34 && !(isQuoted && isEscaped(value, index))) isQuoted = !isQuoted;
    else if (code === 44 && !isQuoted) return index + 1;
  }
  return isQuoted ? -1 : 0;
}

function isEscaped(value: string, quote: number): boolean {
  let slashes = 0;
  while (quote - slashes > 0 && value.charCodeAt(quote - slashes - 1) === 92) slashes++;
  return slashes % 2 === 1;
}

/** Reads the one `for` of `value[from, to)`; false where there is none, or two, or the element is malformed. RFC 7239 4. */
function readElement(reader: AddressReader, value: string, from: number, to: number): boolean {
  let nodeFrom = -1;
  let nodeTo = -1;
  for (let index = from; index <= to; index++) {
    index = skipBlanks(value, index, to);
    const end = pairEnd(value, index, to);
    const trimmed = trimEnd(value, index, end);
    if (trimmed > index) {
      const equals = value.indexOf('=', index);
      if (equals <= index || equals >= trimmed) return false;
      if (equals - index === 3 && value.slice(index, equals).toLowerCase() === 'for') {
        if (nodeFrom >= 0) return false;
        nodeFrom = equals + 1;
        nodeTo = trimmed;
      }
    }
    index = end;
  }
  if (nodeFrom < 0) return false;
  if (value.charCodeAt(nodeFrom) !== 34) return readNode(reader, value, nodeFrom, nodeTo);
  if (nodeTo - nodeFrom < 2 || value.charCodeAt(nodeTo - 1) !== 34) return false;
  return readNode(reader, value, nodeFrom + 1, nodeTo - 1);
}

/** Where the pair that begins at `from` ends: at a `;` outside quotes, or at `to`. */
function pairEnd(value: string, from: number, to: number): number {
  let isQuoted = false;
  for (let index = from; index < to; index++) {
    const code = value.charCodeAt(index);
    if (code === 34) isQuoted = !isQuoted;
    else if (code === 92 && isQuoted) index++;
    else if (code === 59 && !isQuoted) return index;
  }
  return to;
}

/** Reads `address`, `address:port`, `[address]` or `[address]:port`, with blanks around it. RFC 7239 6. */
function readNode(reader: AddressReader, value: string, start: number, end: number): boolean {
  const from = skipBlanks(value, start, end);
  const to = trimEnd(value, from, end);
  if (value.charCodeAt(from) === 91) {
    const bracket = value.indexOf(']', from);
    if (bracket < 0 || bracket >= to || value.lastIndexOf(':', bracket) <= from) return false;
    return isPortOrNothing(value, bracket + 1, to) && reader.read(value, from + 1, bracket) !== 0;
  }
  if (reader.read(value, from, to) !== 0) return true;
  const colon = value.indexOf(':', from);
  return colon > 0 && isPortOrNothing(value, colon, to) && reader.read(value, from, colon) === 4;
}

function isPortOrNothing(value: string, from: number, to: number): boolean {
  if (from === to) return true;
  if (value.charCodeAt(from) !== 58 || to - from < 2 || to - from > 6) return false;
  for (let index = from + 1; index < to; index++) {
    const code = value.charCodeAt(index);
    if (code < 48 || code > 57) return false;
  }
  return true;
}

function skipBlanks(value: string, from: number, to: number): number {
  let index = from;
  while (index < to && isBlank(value.charCodeAt(index))) index++;
  return index;
}

function trimEnd(value: string, from: number, to: number): number {
  let end = to;
  while (end > from && isBlank(value.charCodeAt(end - 1))) end--;
  return end;
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9;
}

// Networks: `address/bits` read strictly, asked for their members one by one, and as a set that answers fast.

import { type Address, AddressReader, type Family, parseAddress, printAddress } from './address.ts';
import { fault, isDigits, type Parsed, quoted } from './address-faults.ts';
import { type Bound, Intervals4, Intervals6, type Span } from './intervals.ts';

/** One network: from `start` up to but without `end`, `prefix` bits of it fixed. */
export interface Cidr {
  readonly family: Family;
  readonly start: Bound;
  readonly end: Bound;
  readonly prefix: number;
}

/** A network from `address/bits`, or from an address alone (the one host). Bits set behind the prefix are a fault. */
export function parseCidr(text: string): Parsed<Cidr> {
  const slash = text.indexOf('/');
  const written = slash < 0 ? text : text.slice(0, slash);
  const address = parseAddress(written);
  if (!address.ok) return address;
  const { family, value } = address.value;
  // Because ::ffff:10.0.0.0/104 is 10.0.0.0/8, the 96 bits of the mapping are taken off its prefix.
  const hidden = family === 4 && written.includes(':') ? 96 : 0;
  const width = family === 4 ? 32 : 128;
  const bits = slash < 0 ? width + hidden : readBits(text.slice(slash + 1), width + hidden);
  if (bits < hidden)
    return fault(
      `${quoted(text.slice(slash))} is no prefix length`,
      `write a number from ${hidden} to ${width + hidden} behind the slash${maskHint(text.slice(slash + 1))}`,
      slash,
      text.length - slash,
    );
  const cidr = cidrAt(family, value, bits - hidden);
  if (cidr.start === value) return { ok: true, value: cidr };
  return fault(
    `${quoted(text)} has bits set behind its prefix`,
    `write ${printCidr(cidr)} for the network or ${printAddress(address.value)} for the one address`,
    0,
    text.length,
  );
}

function cidrAt(family: Family, value: Bound, prefix: number): Cidr {
  if (family === 4) {
    const size = 2 ** (32 - prefix);
    const start = Math.floor(Number(value) / size) * size;
    return { family, start, end: start + size, prefix };
  }
  const hostBits = BigInt(128 - prefix);
  const start = (BigInt(value) >> hostBits) << hostBits;
  return { family, start, end: start + (1n << hostBits), prefix };
}

function readBits(text: string, max: number): number {
  if (!isDigits(text) || text.length > 3 || (text.length > 1 && text[0] === '0')) return -1;
  return Number(text) <= max ? Number(text) : -1;
}

function maskHint(text: string): string {
  const mask = parseAddress(text);
  if (!mask.ok || mask.value.family !== 4) return '';
  const zeros = Math.log2(2 ** 32 - Number(mask.value.value));
  return Number.isInteger(zeros) ? `: the mask ${text} is /${32 - zeros}` : '';
}

/** Canonical text of a network, its length always written. */
export function printCidr(cidr: Cidr): string {
  return `${printAddress({ family: cidr.family, value: cidr.start })}/${cidr.prefix}`;
}

/** Whether the address lies in the network; never across families. */
export function contains(cidr: Cidr, address: Address): boolean {
  return cidr.family === address.family && cidr.start <= address.value && address.value < cidr.end;
}

/** A set of networks that answers in O(log n) without allocating. Not shared between threads. */
export class CidrSet {
  readonly isEmpty: boolean;
  readonly #four: Intervals4;
  readonly #six: Intervals6;
  readonly #reader = new AddressReader();

  constructor(cidrs: readonly Cidr[]) {
    this.isEmpty = cidrs.length === 0;
    this.#four = new Intervals4(spansOf(cidrs, 4, 1));
    this.#six = new Intervals6(spansOf(cidrs, 6, 1));
  }

  /** Whether the address written as `text` is in one of the networks; what is no address is in none. */
  has(text: string): boolean {
    this.#reader.read(text);
    return this.hasRead(this.#reader);
  }

  /** The same for an address that a reader holds. */
  hasRead(reader: AddressReader): boolean {
    if (reader.family === 4) return this.#four.find(reader.word0) !== 0;
    if (reader.family === 6) return this.#six.find(reader.word0, reader.word1, reader.word2, reader.word3) !== 0;
    return false;
  }
}

/** The fewest networks that together are the addresses from `start` up to but without `end`; IPv4 has at most 62, IPv6 254. */
export function coverOf(family: Family, start: Bound, end: Bound): Cidr[] {
  const width = family === 4 ? 32 : 128;
  const cidrs: Cidr[] = [];
  let at = BigInt(start);
  const last = BigInt(end);
  while (at < last) {
    let bits = at === 0n ? width : trailingZeros(at);
    while (at + (1n << BigInt(bits)) > last) bits--;
    cidrs.push(cidrAt(family, family === 4 ? Number(at) : at, width - bits));
    at += 1n << BigInt(bits);
  }
  return cidrs;
}

function trailingZeros(value: bigint): number {
  let bits = 0;
  while (((value >> BigInt(bits)) & 1n) === 0n) bits++;
  return bits;
}

/** The networks of one family as spans that belong to `value`. */
export function spansOf(cidrs: readonly Cidr[], family: Family, value: number): Span[] {
  const spans: Span[] = [];
  for (const { family: own, start, end } of cidrs) if (own === family) spans.push({ start, end, value });
  return spans;
}

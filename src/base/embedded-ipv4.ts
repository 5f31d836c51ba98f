// IPv4 addresses that travel inside IPv6 ones: whose client it is does not change with the way that its packets took.

import { AddressReader } from './address.ts';

/**
 * The public IPv4 address that a NAT64 (64:ff9b::/96, RFC 6052 2.1) or 6to4 (2002::/16, RFC 3056) address holds, as text; the
 * address itself where it holds none. `address` is normalised text, so `::ffff:` is IPv4 already.
 *
 * What is embedded but private stays as it came (RFC 6052 3.1, RFC 3056 2 forbid it): nobody may look like a neighbour by
 * writing one into an address.
 */
export function embeddedIpv4(address: string): string {
  // Two prefixes of canonical text: nothing is read for the addresses that nearly all clients have.
  const isNat64 = address.startsWith('64:ff9b::');
  if (!isNat64 && !address.startsWith('2002:')) return address;
  const reader = new AddressReader();
  if (reader.read(address) !== 6) return address;
  const { word0, word1, word2, word3 } = reader;
  if (isNat64 && (word0 !== 0x0064ff9b || word1 !== 0 || word2 !== 0)) return address;
  const value = isNat64 ? word3 >>> 0 : (((word0 & 0xffff) << 16) | (word1 >>> 16)) >>> 0;
  return isPublic(value) ? print(value) : address;
}

/** Blocks that are not globally reachable, or no host's (IANA special-purpose registry, RFC 6890): first address and prefix length. */
const special: readonly (readonly [number, number])[] = [
  [0x00000000, 8],
  [0x0a000000, 8],
  [0x64400000, 10],
  [0x7f000000, 8],
  [0xa9fe0000, 16],
  [0xac100000, 12],
  [0xc0000000, 24],
  [0xc0a80000, 16],
  [0xc6120000, 15],
  [0xe0000000, 3],
];

function isPublic(value: number): boolean {
  for (const [first, prefix] of special) if (value >>> (32 - prefix) === first >>> (32 - prefix)) return false;
  return true;
}

function print(value: number): string {
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
}

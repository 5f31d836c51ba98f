// Addresses as text that sorts like the addresses do, so that a network is a stretch of an index.

import { parseAddress } from '../../base/address.ts';
import { type Cidr, parseCidr } from '../../base/cidr.ts';
import type { Bound } from '../../base/intervals.ts';

/** The key of an address: `4` and 8 hexadecimal digits, or `6` and 32; '' for what is no address. */
export function addressKey(text: string): string {
  const address = parseAddress(text);
  return address.ok ? keyOf(address.value.family, address.value.value) : '';
}

/** The keys from the first up to the last address of a network; an `Error` for people where it is none. */
export function networkKeys(text: string): { readonly first: string; readonly last: string } {
  const cidr = parseCidr(text);
  if (!cidr.ok) throw new Error(`${cidr.fault.says}; instead: ${cidr.fault.instead}`);
  const { family, start, end } = cidr.value satisfies Cidr;
  return { first: keyOf(family, start), last: keyOf(family, BigInt(end) - 1n) };
}

function keyOf(family: 4 | 6, value: Bound): string {
  return `${family}${value.toString(16).padStart(family === 4 ? 8 : 32, '0')}`;
}

// The part of the network that an address is in, for counts that should not have a row a machine.

import { AddressReader } from './address.ts';

/** The /24 of an IPv4 address, the /48 of an IPv6 one, as text: `203.0.113.0/24`, `2001:db8::/48`; '' for what is no address. */
export function networkPrefix(text: string): string {
  if (text.includes(':')) return prefix48(text);
  const dot = text.lastIndexOf('.');
  return dot < 0 ? '' : `${text.slice(0, dot)}.0/24`;
}

function prefix48(text: string): string {
  const reader = new AddressReader();
  if (reader.read(text) !== 6) return '';
  const { word0, word1 } = reader;
  const groups = [word0 >>> 16, word0 & 0xffff, word1 >>> 16];
  while (groups.at(-1) === 0) groups.pop();
  return `${groups.map((group) => group.toString(16)).join(':')}::/48`;
}

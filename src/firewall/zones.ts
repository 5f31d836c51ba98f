// Names for networks that everybody means the same by: internet, private, loopback, link-local, any.

import { type Cidr, coverOf, parseCidr } from '../base/cidr.ts';

/** Networks of `any`: the whole of both families. */
export const anySource: readonly Cidr[] = [
  { family: 4, start: 0, end: 2 ** 32, prefix: 0 },
  { family: 6, start: 0n, end: 1n << 128n, prefix: 0 },
];

/** Addresses that no packet from the internet can have (RFC 6890 and IANA's special-purpose registry, without the ranges for examples). */
const apart4: readonly string[] = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '224.0.0.0/3',
];

/** Networks by their names. The internet of IPv6 is what is given out as global unicast (RFC 4291 2.4). */
export const zones: Readonly<Record<string, readonly Cidr[]>> = Object.freeze({
  any: anySource,
  internet: [...without(apart4), ...networks('2000::/3')],
  private: networks('10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7'),
  loopback: networks('127.0.0.0/8', '::1/128'),
  'link-local': networks('169.254.0.0/16', 'fe80::/10'),
});

function networks(...texts: readonly string[]): Cidr[] {
  return texts.flatMap((text) => {
    const parsed = parseCidr(text);
    return parsed.ok ? [parsed.value] : [];
  });
}

/** All of IPv4 but these, which are sorted and disjoint. */
function without(texts: readonly string[]): Cidr[] {
  let at = 0;
  const rest: Cidr[] = [];
  for (const { start, end } of networks(...texts)) {
    rest.push(...coverOf(4, at, start));
    at = Number(end);
  }
  return [...rest, ...coverOf(4, at, 2 ** 32)];
}

// Which names and addresses can be reached, and so certified, from everywhere: the rest is for one machine or one network.

import { AddressReader } from './address.ts';
import { CidrSet, parseCidr } from './cidr.ts';

/** Last labels that no public DNS has (RFC 2606, RFC 6761, RFC 6762, RFC 7686, RFC 9476, ICANN's `internal`). */
const privateLabels: ReadonlySet<string> = new Set([
  'alt',
  'corp',
  'example',
  'home',
  'internal',
  'invalid',
  'lan',
  'local',
  'localdomain',
  'localhost',
  'mail',
  'onion',
  'test',
]);

/** Networks whose addresses are not somebody's on the Internet (IANA's registries of special-purpose addresses). */
const specialNetworks = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
  '::/127',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/23',
  '2001:db8::/32',
  '3fff::/20',
  'fc00::/7',
  'fe80::/10',
  'ff00::/8',
];

const special = new CidrSet(specialNetworks.map(parseCidr).flatMap((one) => (one.ok ? [one.value] : [])));

/** Whether a public CA can certify the name (lower case; also `*.example.com`) or the address. */
export function isPublicName(name: string): boolean {
  const reader = new AddressReader();
  if (reader.read(name) !== 0) return isPublicAddress(name);
  const labels = name.split('.');
  // A host of one label is found by nobody else; so is what is under a name of a home network (RFC 8375).
  if (labels.length < 2 || name.endsWith('.home.arpa')) return false;
  return !privateLabels.has(labels.at(-1)!);
}

/** Whether the address is somebody's on the Internet. */
export function isPublicAddress(address: string): boolean {
  return !special.has(address);
}

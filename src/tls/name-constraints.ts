// What the local CA may certify: names and addresses that exist on machines and networks of one's own (RFC 5280 4.2.1.10). Whoever steals its key
// cannot pass for anybody else.

import { CidrSet, parseCidr } from '../base/cidr.ts';
import { objectIdentifier, sequence, tagged } from '../base/der.ts';
import { addressOctets } from '../base/x509.ts';

/** Domains that no public CA certifies (RFC 6761, RFC 6762, RFC 8375, and ICANN's `internal`), each with all below it. */
const localDomains = ['localhost', 'test', 'internal', 'local', 'home.arpa'];

/** Loopback, private and link-local addresses, and those of carriers' networks (RFC 6598), which VPNs use. */
const localNetworks = [
  '127.0.0.0/8',
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '169.254.0.0/16',
  '100.64.0.0/10',
  '::1/128',
  'fc00::/7',
  'fe80::/10',
];

/** The object identifier of the extension. */
export const nameConstraintsId = '2.5.29.30';

/** The value of the extension for a CA of local names and of these (as `readName` gives them), which are not all local. */
export function nameConstraints(names: readonly string[]): Buffer {
  const bases = [...localDomains, ...localNetworks];
  const beyond = names.map(baseOf).filter((base) => !isCovered(base, bases));
  const subtrees = [...new Set([...bases, ...beyond])].map(subtree);
  return sequence(tagged(0, Buffer.concat(subtrees), 'constructed'));
}

/** Whether a CA whose certificate has these bytes (DER) may certify a name. One without the extension may certify all. */
export function mayCertify(authority: Buffer, name: string): boolean {
  if (!authority.includes(objectIdentifier(nameConstraintsId))) return true;
  // Because we wrote it, each base stands there as we write it.
  return candidatesFor(baseOf(name)).some((base) => authority.includes(subtree(base)));
}

/** A wildcard stands for names below its domain; an address is a network of its own. */
function baseOf(name: string): string {
  const octets = addressOctets(name);
  if (octets !== null) return `${name}/${octets.length * 8}`;
  return name.startsWith('*.') ? name.slice(2) : name;
}

function isCovered(base: string, bases: readonly string[]): boolean {
  return candidatesFor(base).some((candidate) => bases.includes(candidate));
}

/** Bases that cover this one: itself, the domains above it, or the local networks around it. */
function candidatesFor(base: string): string[] {
  const slash = base.indexOf('/');
  if (slash >= 0) return [base, ...localNetworks.filter((local) => lies(base.slice(0, slash), local))];
  const labels = base.split('.');
  return labels.map((_, at) => labels.slice(at).join('.'));
}

/** A GeneralSubtree with a dNSName or an iPAddress, which has a mask here. */
function subtree(base: string): Buffer {
  if (!base.includes('/')) return sequence(tagged(2, Buffer.from(base, 'latin1'), 'primitive'));
  const slash = base.indexOf('/');
  const address = addressOctets(base.slice(0, slash))!;
  const mask = Buffer.alloc(address.length);
  const prefix = Number(base.slice(slash + 1));
  for (let bit = 0; bit < prefix; bit++) mask[bit >> 3]! |= 0x80 >> (bit & 7);
  return sequence(tagged(7, Buffer.concat([address, mask]), 'primitive'));
}

function lies(address: string, network: string): boolean {
  const cidr = parseCidr(network);
  return cidr.ok && new CidrSet([cidr.value]).has(address);
}

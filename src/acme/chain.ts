// A certificate with its chain as a CA gives it (RFC 8555 7.4.2): split, held against what was asked for, chosen among alternates.

import { type KeyObject, X509Certificate } from 'node:crypto';
import { AddressReader } from '../base/address.ts';
import { readElement, readElements } from '../base/der-reader.ts';

/** A chain as it is kept: the leaf first. Times are ms since 1970. */
export interface Chain {
  readonly pem: string;
  readonly leaf: X509Certificate;
  readonly notBefore: number;
  readonly notAfter: number;
  /** Common names of the issuers from the leaf's own to the last, which need not be in the chain. */
  readonly issuers: readonly string[];
}

const foot = '-----END CERTIFICATE-----';
/** Most certificates of one chain. */
const maxLength = 10;

/** Reads a PEM chain; null where it is none. */
export function readChain(pem: string): Chain | null {
  const parts: string[] = [];
  for (let from = 0; parts.length <= maxLength; ) {
    const start = pem.indexOf('-----BEGIN CERTIFICATE-----', from);
    const end = start < 0 ? -1 : pem.indexOf(foot, start);
    if (end < 0) break;
    from = end + foot.length;
    parts.push(pem.slice(start, from));
  }
  if (parts.length === 0 || parts.length > maxLength) return null;
  try {
    const certificates = parts.map((part) => new X509Certificate(part));
    const leaf = certificates[0]!;
    return {
      pem: `${parts.join('\n')}\n`,
      leaf,
      notBefore: leaf.validFromDate.getTime(),
      notAfter: leaf.validToDate.getTime(),
      issuers: certificates.map(({ issuer }) => commonNameOf(issuer)),
    };
  } catch {
    return null;
  }
}

/** What keeps a chain from being used for these names with this key, as the end of a sentence about it; '' for nothing. `now` is ms since
 * 1970: one that is over is good for nothing, one that begins later may be our clock's fault. */
export function faultOf({ leaf, notAfter }: Chain, names: readonly string[], key: KeyObject, now: number): string {
  if (!leaf.checkPrivateKey(key)) return 'it is not for the key that was sent';
  if (notAfter <= now) {
    const [end, clock] = [notAfter, now].map((ms) => new Date(ms).toISOString());
    return `it ended at ${end}, and the clock of this machine says ${clock}`;
  }
  const missing = names.find((name) => !covers(leaf, name));
  return missing === undefined ? '' : `it does not name ${missing}`;
}

/** The chain that ends at an issuer of this common name; the first, which the CA prefers, where none does or '' is asked for. */
export function chooseChain(chains: readonly Chain[], issuer: string): Chain {
  const wanted = issuer === '' ? undefined : chains.find(({ issuers }) => issuers.at(-1) === issuer);
  return wanted ?? chains[0]!;
}

/** How renewal information names a certificate (RFC 9773 4.1): key identifier of its issuer and serial number; '' where it has no such identifier. */
export function certificateId({ raw, serialNumber }: X509Certificate): string {
  const issuer = authorityKeyIdentifier(raw);
  if (issuer === null) return '';
  const serial = Buffer.from(serialNumber.length % 2 === 0 ? serialNumber : `0${serialNumber}`, 'hex');
  // The number as DER has it: a leading 1 bit would read as a minus.
  const whole = serial[0]! > 0x7f ? Buffer.concat([Buffer.alloc(1), serial]) : serial;
  return `${issuer.toString('base64url')}.${whole.toString('base64url')}`;
}

/** keyIdentifier of the extension authorityKeyIdentifier (RFC 5280 4.2.1.1), or null. */
function authorityKeyIdentifier(der: Buffer): Buffer | null {
  const certificate = readElement(der, 0);
  const inner = certificate === null ? null : readElement(der, certificate.from, certificate.to);
  const fields = inner === null ? null : readElements(der, inner.from, inner.to);
  const extensions = fields?.find(({ tag }) => tag === 0xa3);
  const list = extensions === undefined ? null : readElement(der, extensions.from, extensions.to);
  for (const one of (list === null ? null : readElements(der, list.from, list.to)) ?? []) {
    const parts = readElements(der, one.from, one.to);
    if (parts === null || parts.length < 2) return null;
    const [oid] = parts;
    // 2.5.29.35
    if (der.toString('hex', oid!.from, oid!.to) !== '551d23') continue;
    const value = readElement(der, parts.at(-1)!.from, parts.at(-1)!.to);
    const identifier =
      value === null ? undefined : readElements(der, value.from, value.to)?.find(({ tag }) => tag === 0x80);
    return identifier === undefined ? null : der.subarray(identifier.from, identifier.to);
  }
  return null;
}

function covers(leaf: X509Certificate, name: string): boolean {
  if (new AddressReader().read(name) !== 0) return leaf.checkIP(name) !== undefined;
  // A wildcard is held against itself: `checkHost` wants a host.
  if (name.startsWith('*.')) return `, ${leaf.subjectAltName ?? ''},`.includes(`DNS:${name},`);
  return leaf.checkHost(name, { subject: 'never' }) !== undefined;
}

function commonNameOf(issuer: string): string {
  const line = issuer.split('\n').find((one) => one.startsWith('CN='));
  return line === undefined ? issuer.replaceAll('\n', ', ') : line.slice(3);
}

// What is held against a certificate that can be read: its dates, its chain, its strength.

import { X509Certificate } from 'node:crypto';
import { rootCertificates } from 'node:tls';
import type { CertificateFiles, Fault } from './certificate-faults.ts';
import { oneLine } from './identity.ts';
import { namesOf } from './names.ts';

const dayMs = 86_400_000;
const soonDays = 14;
const minRsaBits = 2048;
const goodCurves: ReadonlySet<string> = new Set(['prime256v1', 'secp384r1', 'secp521r1']);
const renew = 'renew the certificate and reload';

/** Expired, or not valid yet; null where `now` (ms since 1970) is between its dates. */
export function faultOfTime(path: string, leaf: X509Certificate, now: number): Fault | null {
  const until = leaf.validToDate.getTime();
  if (now > until) return fault('tls/expired', `${path} expired on ${day(until)}, and clients refuse it`, renew);
  const from = leaf.validFromDate.getTime();
  if (now >= from) return null;
  const says = `${path} is not valid before ${day(from)}, and this machine's clock says ${day(now)}`;
  return fault('tls/not-yet-valid', says, "set the machine's clock, or keep the old certificate until then");
}

/** Every certificate after the first must have issued the one before it (RFC 5246 7.4.2). */
export function faultOfChain(path: string, chain: readonly X509Certificate[]): Fault | null {
  for (let index = 1; index < chain.length; index++) {
    const issued = chain[index - 1]!;
    if (hasIssued(chain[index]!, issued)) continue;
    const place = chain.findIndex((candidate, at) => at !== index - 1 && hasIssued(candidate, issued));
    if (place >= 0) {
      const says = `${path} has its chain in the wrong order: the issuer of certificate ${index} is in place ${place + 1}`;
      return fault('tls/chain-order', says, "put the server's certificate first, then each one's issuer after it");
    }
    const says = `${path} has a broken chain: certificate ${index + 1} (${oneLine(chain[index]!.subject)}) did not issue certificate ${index}`;
    return fault(
      'tls/chain-broken',
      says,
      `follow it with the certificate of ${oneLine(issued.issuer)}, or with nothing`,
    );
  }
  return null;
}

/** What makes its key or its signature too weak for today's clients. */
export function weaknessOf(path: string, leaf: X509Certificate): Fault[] {
  const weaknesses: Fault[] = [];
  const weakKey = weakKeyOf(leaf);
  if (weakKey !== '') {
    const says = `${path} has ${weakKey}, which clients refuse as too weak`;
    weaknesses.push(fault('tls/weak-key', says, 'make a new key: openssl ecparam -name prime256v1 -genkey -noout'));
  }
  const algorithm = (leaf.signatureAlgorithm ?? '').toLowerCase();
  if (algorithm.includes('sha1') || algorithm.includes('md5')) {
    const says = `${path} is signed with ${leaf.signatureAlgorithm}, which can be forged`;
    weaknesses.push(fault('tls/weak-signature', says, 'have it issued anew with SHA-256'));
  }
  return weaknesses;
}

/** What works and should still be known. `keyMode` are the permission bits of the key's file. */
export function warningsOf(
  paths: CertificateFiles,
  chain: readonly X509Certificate[],
  keyMode: number,
  now: number,
): Fault[] {
  const path = paths.certificate;
  const leaf = chain[0]!;
  const warnings: Fault[] = [];
  const daysLeft = Math.floor((leaf.validToDate.getTime() - now) / dayMs);
  if (daysLeft < soonDays) warnings.push(fault('tls/expires-soon', `${path} expires in ${daysLeft} days`, renew));
  if (namesOf(leaf).length === 0) {
    const says = `${path} names no host in subjectAltName, the only place where clients look`;
    warnings.push(fault('tls/no-names', says, 'have it issued anew with the names of the sites'));
  }
  for (const [at, issuer] of chain.entries()) {
    const until = issuer.validToDate.getTime();
    if (at === 0 || now <= until) continue;
    const says = `${path} has a chain whose certificate ${at + 1} (${oneLine(issuer.subject)}) expired on ${day(until)}, and most clients refuse it`;
    warnings.push(
      fault('tls/chain-expired', says, 'have the certificate issued anew, with the chain that its CA has now'),
    );
  }
  if (chain.length === 1 && lacksIssuer(leaf)) {
    const says = `${path} holds only the server's certificate, and its issuer (${oneLine(leaf.issuer)}) is no known root: most clients cannot tell whom to trust`;
    warnings.push(fault('tls/missing-intermediates', says, 'use the full chain (fullchain.pem with most issuers)'));
  }
  if ((keyMode & 0o004) !== 0) {
    const says = `${paths.key} can be read by every user of this machine`;
    warnings.push({ part: 'key', code: 'tls/key-exposed', says, instead: `chmod o-r ${paths.key}` });
  }
  return warnings;
}

function weakKeyOf(leaf: X509Certificate): string {
  try {
    const { asymmetricKeyType: kind, asymmetricKeyDetails: details } = leaf.publicKey;
    if (kind === 'rsa' || kind === 'rsa-pss') {
      const bits = details?.modulusLength ?? 0;
      return bits < minRsaBits ? `an RSA key of ${bits} bits` : '';
    }
    if (kind === 'ec') return goodCurves.has(details?.namedCurve ?? '') ? '' : `a key on ${details?.namedCurve}`;
    return kind === 'dsa' ? 'a DSA key' : '';
  } catch {
    return 'a key of an unknown kind';
  }
}

function lacksIssuer(leaf: X509Certificate): boolean {
  if (leaf.checkIssued(leaf)) return false;
  return !rootCertificates.some((root) => leaf.checkIssued(new X509Certificate(root)));
}

function hasIssued(issuer: X509Certificate, issued: X509Certificate): boolean {
  try {
    return issued.checkIssued(issuer) && issued.verify(issuer.publicKey);
  } catch {
    return false;
  }
}

function fault(code: string, says: string, instead: string): Fault {
  return { part: 'certificate', code, says, instead };
}

function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

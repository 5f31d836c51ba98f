// What the gate shows to be believed: a certificate with its chain and its key, and what people want to know of it.

import { X509Certificate } from 'node:crypto';
import { namesOf } from './names.ts';

/** What people are told about one certificate. `notAfter` is ms since 1970. */
export interface Description {
  /** Its first name, or its subject where it has none. */
  readonly name: string;
  readonly names: readonly string[];
  readonly issuer: string;
  readonly notAfter: number;
  readonly from: 'file' | 'acme' | 'local-ca';
}

/** A description with the PEM texts that node:tls takes: the chain beginning with the leaf, and the private key. */
export interface Identity {
  readonly description: Description;
  readonly chainPem: string;
  readonly keyPem: string;
}

/** Describes a certificate. */
export function describe(certificate: X509Certificate, from: Description['from']): Description {
  const names = namesOf(certificate);
  return {
    name: names[0] ?? oneLine(certificate.subject),
    names,
    issuer: oneLine(certificate.issuer),
    notAfter: certificate.validToDate.getTime(),
    from,
  };
}

/** A distinguished name, which node gives one attribute a line, on one line. */
export function oneLine(distinguishedName: string | undefined): string {
  return (distinguishedName ?? '').split('\n').join(', ');
}

/** The certificate of one PEM or DER, or null where it cannot be read. */
export function readCertificate(text: string): X509Certificate | null {
  try {
    return new X509Certificate(text);
  } catch {
    return null;
  }
}

/** The PEM blocks of a text in order, each with its label (`CERTIFICATE`, `PRIVATE KEY`); what follows a block without end is left out. */
export function pemBlocks(text: string): { label: string; text: string }[] {
  const blocks: { label: string; text: string }[] = [];
  for (let from = 0; ; ) {
    const start = text.indexOf('-----BEGIN ', from);
    const labelEnd = start < 0 ? -1 : text.indexOf('-----', start + 11);
    if (labelEnd < 0) return blocks;
    const label = text.slice(start + 11, labelEnd);
    const foot = `-----END ${label}-----`;
    const end = text.indexOf(foot, labelEnd);
    if (end < 0) return blocks;
    blocks.push({ label, text: `${text.slice(start, end)}${foot}\n` });
    from = end + foot.length;
  }
}

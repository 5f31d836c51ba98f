// Certificates that clients must or may show: who vouches for them, who is revoked, and what became of one that was shown.

import { createHash, type X509Certificate } from 'node:crypto';
import { createSecureContext, type TLSSocket, type TlsOptions } from 'node:tls';
import type { Path, Problem } from '../base/problem.ts';
import type { ClientIdentity } from '../traffic/connection.ts';
import { judgeCrl } from './crl-dates.ts';
import { errorCode, type Files } from './files.ts';
import { oneLine, pemBlocks, readCertificate } from './identity.ts';

/** Paths are absolute. `request` lets clients without a certificate in; one that is shown must be good either way. */
export interface ClientCertificateSettings {
  readonly ca: string;
  readonly crl: readonly string[];
  readonly mode: 'request' | 'require';
}

/** Read and found to be right. */
export interface ClientPolicy {
  /** The same for the same files and mode, and for no others: a session of one policy is none of another. */
  readonly id: string;
  readonly mode: 'request' | 'require';
  readonly options: TlsOptions;
}

/** Longest subject that is kept, in characters. */
const maxSubject = 512;

/** Reads the files of a policy, or puts what is wrong with them, below `path`, among `problems`. */
export async function loadClientPolicy(
  settings: ClientCertificateSettings,
  path: Path,
  files: Files,
  now: number,
  problems: Problem[],
  warnings: Problem[],
): Promise<ClientPolicy | null> {
  const before = problems.length;
  const ca = await readPem(settings.ca, [...path, 'ca'], 'CERTIFICATE', files, problems);
  const crl: string[] = [];
  for (const [at, name] of settings.crl.entries()) {
    const where = [...path, 'crl', at];
    const lists = await readPem(name, where, 'X509 CRL', files, problems);
    for (const text of lists) {
      const judged = judgeCrl(text, name, where, now);
      if (judged !== null) (judged.weight === 'problem' ? problems : warnings).push(judged.problem);
    }
    crl.push(...lists);
  }
  for (const text of ca) judgeAuthority(text, settings.ca, [...path, 'ca'], now, problems, warnings);
  if (problems.length > before) return null;
  const refused = refusalOf({ ca, crl });
  if (refused !== null) {
    const says = `OpenSSL refuses the files of client certificates: ${refused}`;
    problems.push({
      path,
      code: 'tls/client-ca-refused',
      says,
      instead: 'copy them again from where they were issued',
    });
    return null;
  }
  const id = createHash('sha256').update(settings.mode).update(ca.join()).update('|').update(crl.join());
  return {
    id: id.digest('hex').slice(0, 16),
    mode: settings.mode,
    // Without tickets, because one would let in again, for as long as it lives, whose certificate ended or was revoked meanwhile.
    options: { ca, ...(crl.length > 0 && { crl }), requestCert: true, rejectUnauthorized: false },
  };
}

async function readPem(name: string, path: Path, label: string, files: Files, problems: Problem[]): Promise<string[]> {
  try {
    const { text } = await files.read(name);
    const found = pemBlocks(text).filter((block) => block.label === label);
    if (found.length > 0) return found.map((block) => block.text);
    const says = `${name} has no "-----BEGIN ${label}-----"`;
    problems.push({ path, code: 'tls/client-ca-empty', says, instead: `name a PEM file with at least one ${label}` });
  } catch (error) {
    if (errorCode(error) === '') throw error;
    const says = `${name} cannot be read (${errorCode(error)}) as user ${files.user()}`;
    problems.push({ path, code: 'tls/file-unreadable', says, instead: 'name a file that this user may read' });
  }
  return [];
}

function judgeAuthority(text: string, name: string, path: Path, now: number, problems: Problem[], warnings: Problem[]) {
  const certificate = readCertificate(text);
  if (certificate === null) {
    const says = `${name} is damaged: a certificate in it cannot be decoded`;
    problems.push({
      path,
      code: 'tls/client-ca-damaged',
      says,
      instead: 'copy the file again from where it was issued',
    });
  } else if (!certificate.ca) {
    const says = `${name} holds a certificate that is no CA's: ${oneLine(certificate.subject)}`;
    problems.push({
      path,
      code: 'tls/client-ca-leaf',
      says,
      instead: 'name the certificate of the CA that issues those of clients',
    });
  } else if (now > certificate.validToDate.getTime()) {
    const says = `${name} holds a CA that ended on ${certificate.validToDate.toISOString().slice(0, 10)}: ${oneLine(certificate.subject)}`;
    warnings.push({ path, code: 'tls/client-ca-expired', says, instead: 'name the CA that followed it' });
  }
}

function refusalOf(options: { ca: string[]; crl: string[] }): string | null {
  try {
    createSecureContext({ ca: options.ca, ...(options.crl.length > 0 && { crl: options.crl }) });
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** What a client showed: who it is, nobody (null), or why that does not hold, as a name of `reasons` and words about it. */
export function judgeClient(
  tlsSocket: TLSSocket,
  { mode }: ClientPolicy,
): ClientIdentity | null | { readonly why: string; readonly about: string } {
  const certificate = tlsSocket.getPeerX509Certificate();
  if (certificate === undefined)
    return mode === 'request' ? null : { why: 'tls/client-certificate-missing', about: '' };
  if (tlsSocket.authorized) return identityOf(certificate);
  const code = String(tlsSocket.authorizationError ?? '');
  return { why: whyOfCode(code), about: `${subjectOf(certificate)}, OpenSSL: ${code}` };
}

/** Codes of OpenSSL's verification (X509_V_ERR_…). */
function whyOfCode(code: string): string {
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') return 'tls/client-certificate-expired';
  if (code === 'CERT_REVOKED') return 'tls/client-certificate-revoked';
  if (code.includes('CRL')) return 'tls/client-certificate-unchecked';
  return 'tls/client-certificate-unknown';
}

function identityOf(certificate: X509Certificate): ClientIdentity {
  return {
    subject: subjectOf(certificate),
    issuer: oneLine(certificate.issuer).slice(0, maxSubject),
    serial: certificate.serialNumber,
    fingerprint: createHash('sha256').update(certificate.raw).digest('hex'),
    notAfter: certificate.validToDate.toISOString(),
    der: certificate.raw.toString('base64'),
  };
}

/** As RFC 4514 writes names, the most specific part first; whatever is not printable ASCII is escaped, because it becomes a header field. */
function subjectOf(certificate: X509Certificate): string {
  let text = '';
  for (const character of (certificate.subject ?? '').split('\n').reverse().join(',').slice(0, maxSubject)) {
    const code = character.codePointAt(0)!;
    if (code >= 0x20 && code < 0x7f) text += character;
    else for (const byte of Buffer.from(character)) text += `\\${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return text;
}

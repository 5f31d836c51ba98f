// The local CA: made on first run and kept in the data directory, it certifies the names of a machine that has no public ones.

import type { KeyObject, X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { type Built, built, failed, type Problem } from '../base/problem.ts';
import {
  fingerprint,
  maxCommonNameLength,
  newKey,
  type Signer,
  writeAuthority,
  writeLeaf,
} from './certificate-writer.ts';
import { errorCode, type Files } from './files.ts';
import { describe, type Identity } from './identity.ts';
import { type Pair, readPair, replacePair } from './key-pair.ts';
import { mayCertify, nameConstraints } from './name-constraints.ts';
import { namesOf } from './names.ts';

const dayMs = 86_400_000;
const authorityLifeMs = 3650 * dayMs;
const leafLifeMs = 90 * dayMs;
/** A leaf with less than this left is made anew. */
const leafReserveMs = 30 * dayMs;
/** Because clients' clocks go wrong too, a certificate is valid from a little before it was made. */
const clockSkewMs = 3_600_000;
const organisation = 'O=Portcullis';
const commonNamePrefix = 'Portcullis local CA';

/** What the local CA needs of the outside. */
export interface LocalTools {
  /** Absolute; the CA lives in `ca/` below it. */
  readonly dataDirectory: string;
  /** The machine's name, which tells this CA from others in a browser's list. */
  readonly hostname: string;
  readonly clock: Clock;
  readonly files: Files;
}

/** A certificate of the local CA, and where the CA's own certificate is, for whoever wants to trust it. */
export interface LocalIdentity extends Identity {
  readonly caCertificatePath: string;
}

interface Authority extends Signer {
  readonly certificate: X509Certificate;
}

/**
 * The certificate for these names (as `readName` gives them, at least one): the stored one while it is good, else a new
 * one. A store that is damaged is a warning and is made anew, the old files staying beside with `.replaced`; a directory
 * that cannot be used is a problem.
 */
export async function issueLocally(names: readonly string[], tools: LocalTools): Promise<Built<LocalIdentity>> {
  const directory = join(tools.dataDirectory, 'ca');
  const warnings: Problem[] = [];
  try {
    const authority = await keepAuthority(directory, names, tools, warnings);
    const leaf = await keepLeaf(directory, names, authority, tools, warnings);
    const identity: LocalIdentity = {
      description: describe(leaf.certificate, 'local-ca'),
      chainPem: leaf.certificatePem,
      keyPem: leaf.keyPem,
      caCertificatePath: join(directory, 'ca.crt'),
    };
    return built(identity, warnings);
  } catch (error) {
    const code = errorCode(error);
    if (code === '') throw error;
    return failed([unusable(directory, code, tools.files.user())]);
  }
}

async function keepAuthority(
  directory: string,
  names: readonly string[],
  tools: LocalTools,
  warnings: Problem[],
): Promise<Authority> {
  const now = tools.clock.now();
  const stored = await readPair(directory, 'ca', tools.files);
  const fault = stored.fault === '' && stored.pair !== null ? faultOfAuthority(stored.pair, names, now) : stored.fault;
  if (stored.pair !== null && fault === '') {
    if ((stored.mode & 0o077) !== 0) warnings.push(exposed(directory, stored.mode));
    return { ...stored.pair, commonName: commonNameOf(stored.pair.certificate) };
  }
  if (fault !== '') {
    const instead = `trust ${join(directory, 'ca.crt')} where the old CA was trusted; its files stay beside it and end in .replaced`;
    warnings.push(remade(directory, fault, instead));
  }
  const key = newKey();
  const commonName = authorityName(tools.hostname, key);
  const statement = { commonName, notBefore: now - clockSkewMs, notAfter: now + authorityLifeMs };
  const pem = writeAuthority(statement, key, nameConstraints(names));
  return { ...(await replacePair(directory, 'ca', pem, key, fault !== '', tools.files)), commonName };
}

async function keepLeaf(
  directory: string,
  names: readonly string[],
  authority: Authority,
  tools: LocalTools,
  warnings: Problem[],
): Promise<Pair> {
  const now = tools.clock.now();
  const stored = await readPair(directory, 'local', tools.files);
  if (stored.pair !== null && isStillGood(stored.pair.certificate, names, authority, now)) return stored.pair;
  if (stored.fault !== '')
    warnings.push(remade(directory, stored.fault, 'nothing: the CA is the same, and clients notice nothing'));
  const key = newKey();
  const notAfter = Math.min(now + leafLifeMs, authority.certificate.validToDate.getTime());
  const commonName = names[0]!.length <= maxCommonNameLength ? names[0]! : 'local names';
  const pem = writeLeaf({ commonName, notBefore: now - clockSkewMs, notAfter }, names, key, authority);
  return replacePair(directory, 'local', pem, key, false, tools.files);
}

function faultOfAuthority({ certificate }: Pair, names: readonly string[], now: number): string {
  if (!certificate.ca || !isOurs(certificate)) return 'ca.crt is not a CA certificate that Portcullis made';
  if (!certificate.verify(certificate.publicKey)) return 'the signature of ca.crt does not hold';
  if (certificate.validToDate.getTime() < now + leafLifeMs) return 'ca.crt is at its end';
  const beyond = names.find((name) => !mayCertify(certificate.raw, name));
  return beyond === undefined ? '' : `ca.crt may certify local names only, and not ${beyond}`;
}

function isStillGood(leaf: X509Certificate, names: readonly string[], authority: Authority, now: number): boolean {
  const certified = new Set(namesOf(leaf));
  return (
    leaf.validToDate.getTime() - now >= leafReserveMs &&
    leaf.checkIssued(authority.certificate) &&
    leaf.verify(authority.certificate.publicKey) &&
    certified.size === new Set(names).size &&
    names.every((name) => certified.has(name))
  );
}

/** Says whose CA it is and, by the key's fingerprint, which: an earlier CA of the same machine has another name. */
function authorityName(hostname: string, key: KeyObject): string {
  const tail = ` ${fingerprint(key)}`;
  let machine = '';
  for (const character of hostname.slice(0, maxCommonNameLength - commonNamePrefix.length - tail.length - 1))
    machine += isPlain(character.charCodeAt(0)) ? character : '-';
  return `${commonNamePrefix} ${machine === '' ? 'unnamed' : machine}${tail}`;
}

function isPlain(code: number): boolean {
  const isLetter = (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a;
  return isLetter || (code >= 0x30 && code <= 0x39) || code === 0x2d || code === 0x2e || code === 0x5f;
}

function isOurs(certificate: X509Certificate): boolean {
  return certificate.subject.startsWith(`${organisation}\nCN=${commonNamePrefix} `);
}

function commonNameOf(certificate: X509Certificate): string {
  return certificate.subject.slice(organisation.length + '\nCN='.length);
}

function remade(directory: string, fault: string, instead: string): Problem {
  const says = `the local CA's store in ${directory} could not be used (${fault}) and is made anew`;
  return { path: ['localNames'], code: 'tls/local-ca-remade', says, instead };
}

function exposed(directory: string, mode: number): Problem {
  const path = join(directory, 'ca.key');
  return {
    path: ['localNames'],
    code: 'tls/key-exposed',
    says: `${path} can be read by others (mode ${mode.toString(8)}), and whoever has it can pass for any site`,
    instead: `remove ${directory} to get a new CA, or "chmod 600 ${path}" where nobody else was on this machine`,
  };
}

function unusable(directory: string, code: string, user: string): Problem {
  const cause = code === 'ENOTDIR' || code === 'EEXIST' ? 'something above it is a file, not a directory' : code;
  return {
    path: ['localNames'],
    code: 'tls/data-directory-unusable',
    says: `the local CA cannot be kept in ${directory} as user ${user} (${cause})`,
    instead: `make the directory writable for ${user}, name another data directory, or give certificate files for every name`,
  };
}

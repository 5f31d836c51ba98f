// Certificates from files: read, held against everything that would make clients turn away, and described.

import { createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { Clock } from '../base/clock.ts';
import type { Problem } from '../base/problem.ts';
import { faultOfChain, faultOfTime, warningsOf, weaknessOf } from './certificate-checks.ts';
import {
  type CertificateFiles,
  cutOff,
  damaged,
  encrypted,
  type Fault,
  mismatch,
  notPem,
  swapped,
  unreadable,
} from './certificate-faults.ts';
import { errorCode, type Files } from './files.ts';
import { describe, type Identity, pemBlocks, readCertificate } from './identity.ts';

/** What came of loading: identities in the order of the settings, and everything to be said about them. */
export interface Loaded {
  readonly identities: readonly Identity[];
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/** Loads every certificate; never throws for what is in a file. Paths of problems begin with `certificates`. */
export async function loadCertificates(
  settings: readonly CertificateFiles[],
  tools: { readonly files: Files; readonly clock: Clock },
): Promise<Loaded> {
  const loaded = { identities: [] as Identity[], problems: [] as Problem[], warnings: [] as Problem[] };
  for (const [index, paths] of settings.entries()) {
    const place = (fault: Fault): Problem => ({
      path: ['certificates', index, fault.part],
      code: fault.code,
      says: fault.says,
      instead: fault.instead,
    });
    const outcome = await load(paths, tools.files, tools.clock.now());
    loaded.problems.push(...outcome.faults.map(place));
    loaded.warnings.push(...outcome.warnings.map(place));
    if (outcome.identity !== null) loaded.identities.push(outcome.identity);
  }
  return loaded;
}

interface Outcome {
  readonly identity: Identity | null;
  readonly faults: readonly Fault[];
  readonly warnings: readonly Fault[];
}

async function load(paths: CertificateFiles, files: Files, now: number): Promise<Outcome> {
  const faults: Fault[] = [];
  const chain = await loadChain(paths.certificate, files, faults);
  const key = await loadKey(paths.key, files, faults);
  if (chain === null || key === null) return { identity: null, faults, warnings: [] };
  const leaf = chain[0]!;
  if (!leaf.checkPrivateKey(key.key)) faults.push(mismatch(paths, chain, key.key));
  else
    faults.push(...[faultOfChain(paths.certificate, chain), faultOfTime(paths.certificate, leaf, now)].filter(isFault));
  faults.push(...weaknessOf(paths.certificate, leaf));
  const identity: Identity = {
    description: describe(leaf, 'file'),
    chainPem: chain.map(String).join(''),
    keyPem: key.pem,
  };
  if (faults.length === 0) faults.push(...[refusalOf(paths.certificate, identity)].filter(isFault));
  if (faults.length > 0) return { identity: null, faults, warnings: [] };
  return { identity, faults, warnings: warningsOf(paths, chain, key.mode, now) };
}

async function loadChain(path: string, files: Files, faults: Fault[]): Promise<X509Certificate[] | null> {
  const text = await readText('certificate', path, files, faults);
  if (text === null) return null;
  const cut = cutOff('certificate', path, text.text);
  if (cut !== null) {
    faults.push(cut);
    return null;
  }
  const blocks = pemBlocks(text.text);
  const chain: X509Certificate[] = [];
  for (const block of blocks) {
    if (block.label !== 'CERTIFICATE') continue;
    const certificate = readCertificate(block.text);
    if (certificate === null) {
      faults.push(damaged('certificate', path, `certificate ${chain.length + 1} in it`));
      return null;
    }
    chain.push(certificate);
  }
  if (chain.length > 0) return chain;
  if (blocks.some((block) => block.label.endsWith('PRIVATE KEY'))) faults.push(swapped('certificate', path));
  else faults.push(notPem('certificate', path, text.text));
  return null;
}

async function loadKey(
  path: string,
  files: Files,
  faults: Fault[],
): Promise<{ key: KeyObject; pem: string; mode: number } | null> {
  const text = await readText('key', path, files, faults);
  if (text === null) return null;
  const cut = cutOff('key', path, text.text);
  if (cut !== null) {
    faults.push(cut);
    return null;
  }
  const blocks = pemBlocks(text.text);
  const block = blocks.find((candidate) => candidate.label.endsWith('PRIVATE KEY'));
  if (block === undefined) {
    faults.push(blocks.length > 0 ? swapped('key', path) : notPem('key', path, text.text));
    return null;
  }
  try {
    return { key: createPrivateKey(block.text), pem: block.text, mode: text.mode };
  } catch {
    faults.push(isEncrypted(block) ? encrypted(path) : damaged('key', path, 'the key in it'));
    return null;
  }
}

/** PKCS #8 says so in the label, the older forms in a header (RFC 1421 4.6.1.1). */
function isEncrypted(block: { label: string; text: string }): boolean {
  return block.label.startsWith('ENCRYPTED') || block.text.includes('\nProc-Type: 4,ENCRYPTED');
}

async function readText(part: Fault['part'], path: string, files: Files, faults: Fault[]) {
  try {
    return await files.read(path);
  } catch (error) {
    const code = errorCode(error);
    if (code === '') throw error;
    faults.push(unreadable(part, path, code, files.user()));
    return null;
  }
}

/** What OpenSSL itself has against the pair, asked last because its words teach little. */
function refusalOf(path: string, identity: Identity): Fault | null {
  try {
    createSecureContext({ cert: identity.chainPem, key: identity.keyPem });
    return null;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const says = `OpenSSL refuses ${path}: ${reason}`;
    return { part: 'certificate', code: 'tls/certificate-refused', says, instead: 'have the certificate issued anew' };
  }
}

function isFault(fault: Fault | null): fault is Fault {
  return fault !== null;
}

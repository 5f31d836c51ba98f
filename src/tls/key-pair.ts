// A certificate and its key side by side in one directory, `NAME.crt` and `NAME.key`, read with suspicion and replaced whole.

import { createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { keyPem } from './certificate-writer.ts';
import { errorCode, type Files, type Text } from './files.ts';
import { readCertificate } from './identity.ts';

const directoryMode = 0o700;
const keyMode = 0o600;
const certificateMode = 0o644;

/** A certificate with the key that belongs to it. */
export interface Pair {
  readonly certificate: X509Certificate;
  readonly certificatePem: string;
  readonly key: KeyObject;
  readonly keyPem: string;
}

/** What was found: a pair with its key file's mode, or a fault, or (both null and '') nothing at all. */
export interface StoredPair {
  readonly pair: Pair | null;
  readonly mode: number;
  /** What is wrong, as part of a sentence, or ''. */
  readonly fault: string;
}

/** Reads a pair; fails only with the errors of a directory or file that cannot be reached. */
export async function readPair(directory: string, name: string, files: Files): Promise<StoredPair> {
  const certificateText = await readStored(join(directory, `${name}.crt`), files);
  const keyText = await readStored(join(directory, `${name}.key`), files);
  if (certificateText === null && keyText === null) return { pair: null, mode: 0, fault: '' };
  if (certificateText === null) return broken(`${name}.crt is missing`);
  if (keyText === null) return broken(`${name}.key is missing`);
  const certificate = readCertificate(certificateText.text);
  if (certificate === null) return broken(`${name}.crt is not a certificate`);
  const key = readKey(keyText.text);
  if (key === null) return broken(`${name}.key is not a private key`);
  if (!certificate.checkPrivateKey(key)) return broken(`${name}.key is not the key of ${name}.crt`);
  const pair = { certificate, certificatePem: certificate.toString(), key, keyPem: keyPem(key) };
  return { pair, mode: keyText.mode, fault: '' };
}

/** Writes a pair, keeping what stood there beside it where it is worth a second look; gives the pair back as read. */
export async function replacePair(
  directory: string,
  name: string,
  certificatePem: string,
  key: KeyObject,
  keepsOld: boolean,
  files: Files,
): Promise<Pair> {
  const certificatePath = join(directory, `${name}.crt`);
  const keyPath = join(directory, `${name}.key`);
  await files.keepDirectory(directory, directoryMode);
  if (keepsOld) {
    await files.setAside(certificatePath, `${certificatePath}.replaced`);
    await files.setAside(keyPath, `${keyPath}.replaced`);
  }
  const pem = keyPem(key);
  // Because a crash in between must not leave a new certificate with an old key that looks whole, the key goes first.
  await files.replace(keyPath, pem, keyMode);
  await files.replace(certificatePath, certificatePem, certificateMode);
  return { certificate: readCertificate(certificatePem)!, certificatePem, key, keyPem: pem };
}

/** A private key that needs no passphrase, or null. */
function readKey(text: string): KeyObject | null {
  try {
    return createPrivateKey(text);
  } catch {
    return null;
  }
}

async function readStored(path: string, files: Files): Promise<Text | null> {
  try {
    return await files.read(path);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT') return null;
    // Because such a file is damage, not a directory that cannot be used; it reads as no certificate and no key.
    if (code === 'EFBIG') return { text: '', mode: keyMode };
    throw error;
  }
}

function broken(fault: string): StoredPair {
  return { pair: null, mode: 0, fault };
}

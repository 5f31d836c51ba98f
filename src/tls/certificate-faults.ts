// The faults that certificate and key files can have, in words that teach: what, why, and what to do instead.

import type { KeyObject, X509Certificate } from 'node:crypto';
import { maxFileBytes } from './files.ts';

/** Paths of a PEM certificate (leaf first, then intermediates) and of its PEM key, which may be the same file. */
export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

/** What is wrong with one certificate, before it is known where in the settings that stands. */
export interface Fault {
  readonly part: 'certificate' | 'key';
  readonly code: string;
  readonly says: string;
  readonly instead: string;
}

const causes: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'something on the way to it is not a directory',
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
  EINVAL: 'it is not a regular file',
  EFBIG: `it is longer than ${maxFileBytes} bytes, which no certificate is`,
  ELOOP: 'its symbolic links go round in a circle',
};

/** The file cannot be read; `code` is the system's word for why. */
export function unreadable(part: Fault['part'], path: string, code: string, user: string): Fault {
  return {
    part,
    code: 'tls/file-unreadable',
    says: `${path} cannot be read: ${causes[code] ?? code}`,
    instead:
      code === 'EACCES'
        ? `let user ${user} read it and enter the directories above it`
        : `name the PEM file of the ${part}`,
  };
}

/** Certificate and key do not belong together, or the certificate of the key is in the wrong place. */
export function mismatch(paths: CertificateFiles, chain: readonly X509Certificate[], key: KeyObject): Fault {
  const place = chain.findIndex((certificate) => certificate.checkPrivateKey(key));
  if (place > 0)
    return {
      part: 'certificate',
      code: 'tls/chain-order',
      says: `${paths.certificate} has the certificate of this key in place ${place + 1}, and clients read the first as the server's`,
      instead: 'put it first, then each certificate that issued the one before it',
    };
  return {
    part: 'key',
    code: 'tls/key-mismatch',
    says: `${paths.key} is not the key of the certificate in ${paths.certificate}`,
    instead: 'name the key that the certificate was requested with; certificate and key are renewed together',
  };
}

/** The certificate is where the key should be, or the other way round. */
export function swapped(part: Fault['part'], path: string): Fault {
  const [expected, found] = part === 'key' ? ['a private key', 'a certificate'] : ['a certificate', 'a private key'];
  return {
    part,
    code: 'tls/files-swapped',
    says: `${path} should hold ${expected} and holds ${found}`,
    instead: 'exchange the paths of certificate and key',
  };
}

/** There is no PEM in the file. */
export function notPem(part: Fault['part'], path: string, text: string): Fault {
  // Because DER begins with a SEQUENCE (0x30, '0') whose length takes two bytes or more (0x82).
  const isDer = text.charCodeAt(0) === 0x30 && text.charCodeAt(1) >= 0x81;
  const command = part === 'key' ? 'openssl pkey' : 'openssl x509';
  return {
    part,
    code: 'tls/not-pem',
    says: `${path} is not PEM${isDer ? ', it looks like DER' : ''}: it has no "-----BEGIN ${part === 'key' ? 'PRIVATE KEY' : 'CERTIFICATE'}-----"`,
    instead: isDer
      ? `convert it: ${command} -inform der -in ${path} -out FILE.pem`
      : `name the PEM file of the ${part}`,
  };
}

/** There is PEM, and what is in it cannot be decoded. */
export function damaged(part: Fault['part'], path: string, what: string): Fault {
  const code = `tls/${part}-damaged`;
  return {
    part,
    code,
    says: `${path} is damaged: ${what} cannot be decoded`,
    instead: 'copy the file again from where it was issued',
  };
}

/** A block begins in the text and does not end, as in a file that was copied in part; null where all end. */
export function cutOff(part: Fault['part'], path: string, text: string): Fault | null {
  const begin = text.lastIndexOf('-----BEGIN ');
  if (begin < 0 || text.indexOf('-----END ', begin) >= 0) return null;
  const line = text
    .slice(begin, begin + 60)
    .split('\n')[0]!
    .trim();
  return {
    part,
    code: `tls/${part}-damaged`,
    says: `${path} is cut off: "${line}" has no end`,
    instead: 'copy the file again from where it was issued',
  };
}

/** The key needs a passphrase. */
export function encrypted(path: string): Fault {
  return {
    part: 'key',
    code: 'tls/key-encrypted',
    says: `${path} is protected by a passphrase, and nobody is there to type it when the gate starts`,
    instead: `take the passphrase off and keep the file to its owner: openssl pkey -in ${path} -out FILE.key && chmod 600 FILE.key`,
  };
}

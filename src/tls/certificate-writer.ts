// Writes X.509 v3 certificates (RFC 5280) for ECDSA P-256 keys: a CA of its own, and leaves that it signs.

import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import {
  bitString,
  derTrue,
  integer,
  objectIdentifier,
  octetString,
  sequence,
  setOf,
  tagged,
  time,
  utf8String,
} from '../base/der.ts';
import { alternativeNames, extension, pemOf } from '../base/x509.ts';
import { nameConstraintsId } from './name-constraints.ts';

/** Longest common name (RFC 5280 appendix A.1, ub-common-name), in characters. */
export const maxCommonNameLength = 64;

const ecdsaWithSha256 = sequence(objectIdentifier('1.2.840.10045.4.3.2'));
const digitalSignature = { bits: 0x80, unusedBits: 7 };
const certSignAndCrlSign = { bits: 0x06, unusedBits: 1 };

/** Who signs: the common name as it stands in the signer's own certificate, and the signer's private key. */
export interface Signer {
  readonly commonName: string;
  readonly key: KeyObject;
}

/** What a certificate says. Times are ms since 1970, cut to whole seconds. */
export interface Statement {
  readonly commonName: string;
  readonly notBefore: number;
  readonly notAfter: number;
}

/** A new P-256 private key. */
export function newKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
}

/** The key as PKCS #8 PEM. */
export function keyPem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }) as string;
}

/** The first characters of a hash of the public half, in hex: two keys do not share it. */
export function fingerprint(key: KeyObject): string {
  return createHash('sha256').update(spki(key)).digest('hex').slice(0, 8);
}

/** A self-signed CA certificate (PEM) that may sign leaves but no further CA (pathlen 0); with `constraints`, the value of that extension, only
 * for what they permit. */
export function writeAuthority(statement: Statement, key: KeyObject, constraints?: Buffer): string {
  const basicConstraints = sequence(derTrue, integer(Buffer.from([0])));
  return write(statement, key, { commonName: statement.commonName, key }, [
    extension('2.5.29.19', basicConstraints, true),
    extension('2.5.29.15', bitString(Buffer.from([certSignAndCrlSign.bits]), certSignAndCrlSign.unusedBits), true),
    extension('2.5.29.14', octetString(keyIdentifier(key))),
    ...(constraints === undefined ? [] : [extension(nameConstraintsId, constraints, true)]),
  ]);
}

/** A server's certificate (PEM) for DNS names and IP addresses, which go into subjectAltName in the given order. Of `key` the public half is enough. */
export function writeLeaf(statement: Statement, names: readonly string[], key: KeyObject, signer: Signer): string {
  const serverAuth = objectIdentifier('1.3.6.1.5.5.7.3.1');
  return write(statement, key, signer, [
    extension('2.5.29.19', sequence(), true),
    extension('2.5.29.15', bitString(Buffer.from([digitalSignature.bits]), digitalSignature.unusedBits), true),
    extension('2.5.29.37', sequence(serverAuth)),
    alternativeNames(names),
    extension('2.5.29.14', octetString(keyIdentifier(key))),
    extension('2.5.29.35', sequence(tagged(0, keyIdentifier(signer.key), 'primitive'))),
  ]);
}

function write(statement: Statement, key: KeyObject, signer: Signer, extensions: readonly Buffer[]): string {
  const publicKey = spki(key);
  const validity = sequence(time(statement.notBefore), time(statement.notAfter));
  const version3 = tagged(0, integer(Buffer.from([2])), 'constructed');
  // Serial numbers need only differ within one CA: a hash of what is certified and when does, and needs no store.
  const serial = createHash('sha256').update(publicKey).update(validity).digest().subarray(0, 16);
  serial[0]! &= 0x7f;
  const toBeSigned = sequence(
    version3,
    integer(serial),
    ecdsaWithSha256,
    distinguishedName(signer.commonName),
    validity,
    distinguishedName(statement.commonName),
    publicKey,
    tagged(3, sequence(...extensions), 'constructed'),
  );
  const signature = sign('sha256', toBeSigned, signer.key);
  return pemOf('CERTIFICATE', sequence(toBeSigned, ecdsaWithSha256, bitString(signature)));
}

function distinguishedName(commonName: string): Buffer {
  const attribute = (oid: string, value: string) => setOf(sequence(objectIdentifier(oid), utf8String(value)));
  return sequence(attribute('2.5.4.10', 'Portcullis'), attribute('2.5.4.3', commonName));
}

/** RFC 7093 2 (1): 160 bits of SHA-256, as SHA-1 has no place in anything new. */
function keyIdentifier(key: KeyObject): Buffer {
  return createHash('sha256').update(spki(key)).digest().subarray(0, 20);
}

function spki(key: KeyObject): Buffer {
  return (key.type === 'public' ? key : createPublicKey(key)).export({ type: 'spki', format: 'der' });
}

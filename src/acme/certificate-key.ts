// The keys of certificates: their kinds, and the request that has a CA certify one (PKCS #10, RFC 2986).

import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { bitString, derNull, integer, objectIdentifier, sequence, setOf, tagged } from '../base/der.ts';
import { alternativeNames } from '../base/x509.ts';

/** Kinds of keys, as the settings name them. */
export type KeyKind = 'ecdsa-p256' | 'ecdsa-p384' | 'rsa-2048' | 'rsa-3072' | 'rsa-4096';

const extensionRequest = '1.2.840.113549.1.9.14';

/** A new private key. RSA takes up to some seconds of CPU. */
export function newCertificateKey(kind: KeyKind): KeyObject {
  switch (kind) {
    case 'ecdsa-p256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    case 'ecdsa-p384':
      return generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;
    default:
      return generateKeyPairSync('rsa', { modulusLength: Number(kind.slice('rsa-'.length)) }).privateKey;
  }
}

/** A request (DER) for DNS names and IP addresses, signed with the key. Its subject is empty: names stand in subjectAltName alone. */
export function certificateRequest(names: readonly string[], key: KeyObject): Buffer {
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const extensions = setOf(sequence(alternativeNames(names)));
  const attributes = tagged(0, sequence(objectIdentifier(extensionRequest), extensions), 'constructed');
  const version1 = integer(Buffer.from([0]));
  const toBeSigned = sequence(version1, sequence(), publicKey, attributes);
  const { hash, algorithm } = signatureOf(key);
  return sequence(toBeSigned, algorithm, bitString(sign(hash, toBeSigned, key)));
}

function signatureOf(key: KeyObject): { readonly hash: string; readonly algorithm: Buffer } {
  if (key.asymmetricKeyType === 'rsa')
    return { hash: 'sha256', algorithm: sequence(objectIdentifier('1.2.840.113549.1.1.11'), derNull) };
  return key.asymmetricKeyDetails?.namedCurve === 'secp384r1'
    ? { hash: 'sha384', algorithm: sequence(objectIdentifier('1.2.840.10045.4.3.3')) }
    : { hash: 'sha256', algorithm: sequence(objectIdentifier('1.2.840.10045.4.3.2')) };
}

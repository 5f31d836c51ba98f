// The self-signed certificate that answers a TLS-ALPN-01 challenge (RFC 8737 3): nobody but the CA is ever shown it.

import { createHash, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import {
  bitString,
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

const acmeIdentifier = '1.3.6.1.5.5.7.1.31';
const ecdsaWithSha256 = sequence(objectIdentifier('1.2.840.10045.4.3.2'));
const dayMs = 86_400_000;

/** Certificate and key (PEM) for one name or address, proving the key authorisation; good for a day on both sides of `now`. */
export function challengeCertificate(
  name: string,
  keyAuthorization: string,
  now: number,
): { certificate: string; key: string } {
  const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const digest = createHash('sha256').update(keyAuthorization).digest();
  const nobody = sequence(setOf(sequence(objectIdentifier('2.5.4.3'), utf8String('ACME challenge'))));
  const toBeSigned = sequence(
    tagged(0, integer(Buffer.from([2])), 'constructed'),
    integer(digest.subarray(0, 8)),
    ecdsaWithSha256,
    nobody,
    sequence(time(now - dayMs), time(now + dayMs)),
    nobody,
    createPublicKey(key).export({ type: 'spki', format: 'der' }),
    tagged(3, sequence(alternativeNames([name]), extension(acmeIdentifier, octetString(digest), true)), 'constructed'),
  );
  const signature = bitString(sign('sha256', toBeSigned, key));
  return {
    certificate: pemOf('CERTIFICATE', sequence(toBeSigned, ecdsaWithSha256, signature)),
    key: key.export({ type: 'pkcs8', format: 'pem' }) as string,
  };
}

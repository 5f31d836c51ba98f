// The parts that X.509 certificates and certificate requests are both made of, in DER (RFC 5280); nothing is signed here.

import { AddressReader } from './address.ts';
import { derTrue, objectIdentifier, octetString, sequence, tagged } from './der.ts';

/** One extension (RFC 5280 4.1): its identifier, whether it must be understood, and its DER value. */
export function extension(oid: string, value: Buffer, critical = false): Buffer {
  const identifier = objectIdentifier(oid);
  return critical ? sequence(identifier, derTrue, octetString(value)) : sequence(identifier, octetString(value));
}

/** subjectAltName (RFC 5280 4.2.1.6) with DNS names and IP addresses, in the given order. */
export function alternativeNames(names: readonly string[], critical = false): Buffer {
  return extension('2.5.29.17', sequence(...names.map(generalName)), critical);
}

/** A DNS name, or the octets of an IP address. */
export function generalName(name: string): Buffer {
  const octets = addressOctets(name);
  return octets === null ? tagged(2, Buffer.from(name, 'latin1'), 'primitive') : tagged(7, octets, 'primitive');
}

/** The 4 or 16 octets of an IP address in text, or null where it is none. */
export function addressOctets(name: string): Buffer | null {
  const reader = new AddressReader();
  const family = reader.read(name);
  if (family === 0) return null;
  const octets = Buffer.alloc(family === 4 ? 4 : 16);
  octets.writeInt32BE(reader.word0, 0);
  if (family === 6) {
    octets.writeInt32BE(reader.word1, 4);
    octets.writeInt32BE(reader.word2, 8);
    octets.writeInt32BE(reader.word3, 12);
  }
  return octets;
}

/** DER as PEM with this label (RFC 7468). */
export function pemOf(label: string, der: Uint8Array): string {
  const base64 = Buffer.from(der.buffer, der.byteOffset, der.length).toString('base64');
  let lines = '';
  for (let start = 0; start < base64.length; start += 64) lines += `${base64.slice(start, start + 64)}\n`;
  return `-----BEGIN ${label}-----\n${lines}-----END ${label}-----\n`;
}

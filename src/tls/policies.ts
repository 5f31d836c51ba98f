// Which versions, ciphers and key exchanges are spoken: Mozilla's two recommendations ("Server Side TLS"), and the machine's own bounds.

import { constants } from 'node:crypto';
import { createSecureContext, type TlsOptions } from 'node:tls';

/** `modern` is TLS 1.3 alone; `intermediate` has TLS 1.2 with forward secrecy and authenticated encryption beside it. */
export type PolicyName = 'intermediate' | 'modern';

const modernCiphers = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'];

/** Mozilla's list without the DHE ciphers that it once had, which cost much and serve nobody who lacks ECDHE. */
const intermediateCiphers = [
  ...modernCiphers,
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
];

const hybridGroup = 'X25519MLKEM768';
const classicGroups = ['X25519', 'P-256', 'P-384'];

/** What node is to be told for a policy. Mozilla lets the client choose, because all ciphers are good; scanners want the server's order. So the
 * order is ours, and a client that puts ChaCha20 first, which has no AES in hardware, is heard all the same. */
export function optionsOf(policy: PolicyName, minVersion: 'TLSv1.2' | 'TLSv1.3'): TlsOptions {
  return {
    ciphers: (policy === 'modern' ? modernCiphers : intermediateCiphers).join(':'),
    ecdhCurve: groups().join(':'),
    honorCipherOrder: true,
    minVersion: policy === 'modern' ? 'TLSv1.3' : minVersion,
    maxVersion: 'TLSv1.3',
    // Renegotiation is a gift to whoever wants our CPU. Without `dhparam` no DHE is spoken.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_PRIORITIZE_CHACHA,
  };
}

/** Key exchanges in our order; the hybrid against quantum computers first where this OpenSSL has it (3.5 and newer). */
export function groups(): readonly string[] {
  const hybridFirst = [hybridGroup, ...classicGroups];
  try {
    createSecureContext({ ecdhCurve: hybridFirst.join(':') });
    return hybridFirst;
  } catch {
    return classicGroups;
  }
}

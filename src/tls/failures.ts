// Why a handshake failed: OpenSSL's error codes read as the gate's own reasons.

import type { Reason } from '../traffic/verdict.ts';

/** Every reason for which this station ends a connection. */
export const reasons: Readonly<Record<string, Reason>> = Object.freeze({
  'tls/handshake-timeout': {
    says: 'the handshake was not complete in time',
    allow: 'raise limits.handshake_timeout where honest clients are that slow',
  },
  'tls/plain-http': {
    says: 'an HTTP request came without TLS to a TLS port',
    allow: 'use https:// in the URL, or listen on another port without tls',
  },
  'tls/protocol-too-old': {
    says: 'the client speaks only TLS versions that are no longer safe',
    allow: 'update the client; tls.min_version goes down to TLSv1.2 and no further',
  },
  'tls/no-shared-cipher': {
    says: 'client and gate share no cipher, key exchange or signature that is safe',
    allow: 'update the client, or give a certificate with the kind of key that it knows (RSA for old ones)',
  },
  'tls/alpn-refused': {
    says: 'the client offered only application protocols that the gate does not speak',
    allow: 'let the client offer http/1.1',
  },
  'tls/certificate-distrusted': {
    says: 'the client does not trust the certificate and said so',
    allow:
      'trust the local CA on the client (certificate in the data directory, ca/ca.crt), or serve a certificate of a public CA',
  },
  'tls/client-alert': {
    says: 'the client broke the handshake off with an alert',
    allow: "look into the client's own log: it found something it does not accept",
  },
  'tls/hello-too-large': {
    says: 'the ClientHello, with which every handshake begins, is longer than any honest one',
    allow: 'nothing to allow: the bound of 16 KiB is four times what browsers send',
  },
  'tls/no-certificate': {
    says: 'no certificate is there that could be shown',
    allow: 'name certificate files in tls.certificates, or wait until the one that was ordered has come (certs list)',
  },
  'tls/unknown-name': {
    says: 'no certificate serves the name that the client asked for, and tls.unknown_names is refuse',
    allow: 'add a certificate with the name, or write tls.unknown_names: default',
  },
  'tls/not-on-demand': {
    says: 'no certificate serves the name that the client asked for, and none was had on demand',
    allow:
      'have the program of tls.on_demand.ask say yes (200) to the name; the log of the gate says why it was refused',
  },
  'tls/too-many-handshakes': {
    says: 'the client begins more TLS handshakes a second than limits.max_handshakes_per_client_per_second',
    allow: 'raise limits.max_handshakes_per_client_per_second, or let the client keep its connections open',
  },
  'tls/client-certificate-missing': {
    says: 'the client showed no certificate where one is required',
    allow: 'install a client certificate in the client, or write mode: request in client_certificates',
  },
  'tls/client-certificate-unknown': {
    says: "the client's certificate was issued by nobody who is trusted for it",
    allow: 'add its CA (and the CAs between) to the file of client_certificates.ca',
  },
  'tls/client-certificate-expired': {
    says: "the client's certificate is not valid at this time",
    allow: "renew the client's certificate, or set this machine's clock",
  },
  'tls/client-certificate-revoked': {
    says: "the client's certificate is revoked",
    allow: 'nothing to allow: its CA took it back; issue another, or renew client_certificates.crl where that is old',
  },
  'tls/client-certificate-unchecked': {
    says: "the revocation list for the client's certificate is missing or out of date",
    allow: 'renew the files of client_certificates.crl (one for each CA), and reload',
  },
  'tls/misdirected': {
    says: 'the request is for a site with other rules for client certificates than those this connection was made under',
    allow: 'ask on a connection of its own, over TLS, with the name of the site as SNI',
  },
  'tls/acme-challenge': {
    says: 'a certificate authority asked for its challenge (TLS-ALPN-01), and was answered',
    allow: 'nothing to allow: this is how the authority sees that the name is yours',
  },
  'tls/garbage': {
    says: 'what came is not TLS, or is broken TLS',
    allow: 'nothing to allow: whoever speaks another protocol belongs on another port',
  },
  'tls/client-gone': {
    says: 'the connection ended before the handshake was complete',
    allow: 'nothing to allow: port scans, health checks and impatient browsers do this',
  },
});

/** Codes of node:tls and OpenSSL 3 that have one clear meaning here. */
const whyByCode: ReadonlyMap<string, string> = new Map([
  ['ERR_TLS_HANDSHAKE_TIMEOUT', 'tls/handshake-timeout'],
  ['ERR_SSL_HTTP_REQUEST', 'tls/plain-http'],
  ['ERR_SSL_HTTPS_PROXY_REQUEST', 'tls/plain-http'],
  ['ERR_SSL_UNSUPPORTED_PROTOCOL', 'tls/protocol-too-old'],
  ['ERR_SSL_VERSION_TOO_LOW', 'tls/protocol-too-old'],
  ['ERR_SSL_INAPPROPRIATE_FALLBACK', 'tls/protocol-too-old'],
  ['ERR_SSL_NO_SHARED_CIPHER', 'tls/no-shared-cipher'],
  ['ERR_SSL_NO_SUITABLE_KEY_SHARE', 'tls/no-shared-cipher'],
  ['ERR_SSL_NO_SUITABLE_GROUPS', 'tls/no-shared-cipher'],
  ['ERR_SSL_NO_SHARED_GROUPS', 'tls/no-shared-cipher'],
  ['ERR_SSL_NO_SUITABLE_SIGNATURE_ALGORITHM', 'tls/no-shared-cipher'],
  ['ERR_SSL_NO_SHARED_SIGNATURE_ALGORITHMS', 'tls/no-shared-cipher'],
  ['ERR_SSL_NO_APPLICATION_PROTOCOL', 'tls/alpn-refused'],
]);

/** The reason for an error's `code`: an alert is the client's word, other OpenSSL errors are broken TLS, system errors a lost client. */
export function whyOf(code: string): string {
  const known = whyByCode.get(code);
  if (known !== undefined) return known;
  if (code.includes('ALERT'))
    return code.includes('CERTIFICATE') || code.includes('UNKNOWN_CA')
      ? 'tls/certificate-distrusted'
      : 'tls/client-alert';
  return code.startsWith('ERR_SSL_') ? 'tls/garbage' : 'tls/client-gone';
}

/** OpenSSL's own words for a failure (from its fixed table, never from the client), or ''. */
export function sentenceOf(error: Error): string {
  return 'reason' in error && typeof error.reason === 'string' ? `OpenSSL: ${error.reason}` : '';
}

/** Alerts that are sent where OpenSSL never saw the client (RFC 8446 6). */
export const alerts = Object.freeze({ decodeError: 50, protocolVersion: 70, unrecognizedName: 112 });

/** The record of a fatal alert, in the version that every client reads. */
export function alert(description: number): Buffer {
  return Buffer.from([21, 3, 1, 0, 2, 2, description]);
}

// How an upstream can fail, each with the status a client is told and whether anything of the request may have been done.

import type { Reason } from '../traffic/verdict.ts';

/** A failure. `isUnsent`: no byte of the request left us, so that any request may be tried elsewhere. */
export class Failure {
  readonly status: 502 | 503 | 504;
  readonly why: string;
  readonly says: string;
  readonly isUnsent: boolean;
  /** Seconds for `Retry-After`, or 0 for none. */
  readonly retryAfterSeconds: number;

  constructor(status: 502 | 503 | 504, why: string, says: string, isUnsent: boolean, retryAfterSeconds = 0) {
    this.retryAfterSeconds = retryAfterSeconds;
    this.status = status;
    this.why = why;
    this.says = says;
    this.isUnsent = isUnsent;
  }
}

/** The failure that an error code of a connection attempt means. */
export function connectFailure(code: string, endpoint: string): Failure {
  switch (code) {
    case 'ECONNREFUSED':
      return new Failure(502, 'proxy/refused', `${endpoint} refused the connection: nothing listens there`, true);
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new Failure(502, 'proxy/unresolved', `the name in ${endpoint} does not resolve (${code})`, true);
    case 'ETIMEDOUT':
      return new Failure(504, 'proxy/connect-timeout', `${endpoint} did not accept the connection in time`, true);
    case 'EADDRNOTAVAIL':
    case 'EADDRINUSE':
      return new Failure(
        502,
        'proxy/no-ephemeral-port',
        `no ephemeral port is left for ${endpoint}: every 4-tuple to it is in use or in TIME_WAIT (EADDRNOTAVAIL: cannot assign requested address)`,
        true,
      );
    case 'EMFILE':
    case 'ENFILE':
      return new Failure(
        503,
        'proxy/no-descriptor',
        `no file descriptor is left for a connection to ${endpoint}`,
        true,
      );
    case 'ENOENT':
      return new Failure(502, 'proxy/refused', `there is no socket at ${endpoint} (ENOENT)`, true);
    case 'EACCES':
      return new Failure(502, 'proxy/unreachable', `this user may not connect to ${endpoint} (EACCES)`, true);
    default:
      return new Failure(502, 'proxy/unreachable', `${endpoint} cannot be reached (${code})`, true);
  }
}

/** The failure where a source address that was named is not one of this machine's. */
export function sourceFailure(address: string, endpoint: string): Failure {
  const says = `${address} is no address of this machine, so no connection to ${endpoint} can leave from it`;
  return new Failure(502, 'proxy/no-source-address', says, true);
}

/** Errors of OpenSSL, which Node names after its own. */
export function isOfTls(code: string): boolean {
  return code.startsWith('ERR_SSL_');
}

/** Errors that mean: the handshake went well, but the certificate is not one to be believed. */
const untrusted: ReadonlySet<string> = new Set([
  'CERT_CHAIN_TOO_LONG',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REVOKED',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'HOSTNAME_MISMATCH',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** The failure that an error within a TLS handshake, or a refusal of our certificate after it, means. */
export function secureFailure(code: string, message: string, endpoint: string, isUnsent = true): Failure {
  // Behind a semicolon Node gives advice about itself.
  const shown = message === '' ? code : message.split(';')[0]!.slice(0, 200);
  if (untrusted.has(code))
    return new Failure(502, 'proxy/untrusted-certificate', `the certificate of ${endpoint}: ${shown}`, isUnsent);
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG')
    return new Failure(502, 'proxy/tls-failed', `${endpoint} does not speak TLS there (${code})`, isUnsent);
  return new Failure(502, 'proxy/tls-failed', `the TLS handshake with ${endpoint} failed: ${shown}`, isUnsent);
}

/** Bytes stood on a connection before the request went out: they are another's answer, or none. */
export function unaskedFailure(endpoint: string): Failure {
  const says = `${endpoint} had sent bytes that nobody had asked for when the request went out`;
  return new Failure(502, 'proxy/reset', says, false);
}

/** What each reason of this station means and how its owner mends it. */
export const reasons: Readonly<Record<string, Reason>> = Object.freeze({
  'proxy/refused': {
    says: 'the application does not listen where the site sends its requests',
    allow: 'start the application, or correct `to` of the site',
  },
  'proxy/unresolved': {
    says: "the upstream's name does not resolve",
    allow: 'correct the name in `to`, or the resolver of this machine; the gate tries again with each request',
  },
  'proxy/unreachable': {
    says: 'the upstream cannot be reached',
    allow: 'check the route and the firewall between this machine and the upstream',
  },
  'proxy/connect-timeout': {
    says: 'the upstream did not accept the connection in time',
    allow: 'see why it does not answer, or raise `connect_timeout` of `proxy`, the site or the path',
  },
  'proxy/no-ephemeral-port': {
    says: 'all ephemeral ports towards the upstream are taken',
    allow:
      'let the application keep connections alive (and longer than `proxy.idle`), name further `proxy.source_addresses`, or widen net.ipv4.ip_local_port_range',
  },
  'proxy/no-source-address': {
    says: 'a source address that is named is not one of this machine',
    allow: 'correct `proxy.source_addresses`; `ip address` shows those that this machine has',
  },
  'proxy/untrusted-certificate': {
    says: "the upstream's certificate cannot be believed: of an unknown CA, for another name, or out of date",
    allow: 'name its CA in `to[].tls.ca` and the name that it certifies in `to[].tls.server_name`',
  },
  'proxy/tls-failed': {
    says: 'the TLS handshake with the upstream failed',
    allow: 'see that it speaks TLS on that port, and which client certificate it asks for (`to[].tls.certificate`)',
  },
  'proxy/no-upstream': {
    says: 'none of the upstreams of the site is well enough to be asked',
    allow: 'mend the upstreams: `portcullis status` says why each is out; `health` and `breaker` of the site say when',
  },
  'proxy/queue-full': {
    says: 'all upstreams have as many requests in hand as they may, and as many wait as may wait',
    allow: 'raise `max_connections` of the upstreams or `queue.length` of the site, or add upstreams',
  },
  'proxy/queue-timeout': {
    says: 'all upstreams had as many requests in hand as they may for as long as one may wait',
    allow: 'raise `max_connections` of the upstreams or `queue.wait` of the site, or add upstreams',
  },
  'proxy/no-descriptor': {
    says: 'the gate has no file descriptor left',
    allow: 'raise the limit of open files (LimitNOFILE, ulimit -n), or lower `limits.max_connections`',
  },
  'proxy/reset': {
    says: 'the upstream ended the connection before it answered',
    allow: "look into the application's log: it crashed or refused the request",
  },
  'proxy/answer-timeout': {
    says: 'the upstream did not answer in time',
    allow: 'make the answer quicker, or raise `proxy.answer_timeout`',
  },
  'proxy/bad-answer': {
    says: 'the upstream answered something that is not HTTP/1.1',
    allow: 'correct the application: the sentence names what is wrong',
  },
  'proxy/cut-short': {
    says: 'the upstream ended its answer before it was whole',
    allow: "look into the application's log",
  },
  'proxy/refused-stream': {
    says: 'the upstream took no further request on its connection, and this one could not be sent again',
    allow: 'look into its log: it is going away, or allows too few streams at once',
  },
  'proxy/no-websocket': {
    says: 'a WebSocket was asked for, and the upstream takes it neither over HTTP/2 (RFC 8441) nor over HTTP/1.1',
    allow:
      'have it allow extended CONNECT or speak HTTP/1.1 on the same port, or name another upstream for the path of the WebSocket',
  },
  'proxy/internal-error': {
    says: 'a failure in the gate itself while it passed an answer on',
    allow: 'report it with this journey',
  },
  'proxy/interim-storm': {
    says: 'the upstream sent more interim (1xx) answers than anybody needs',
    allow: 'correct the application',
  },
});

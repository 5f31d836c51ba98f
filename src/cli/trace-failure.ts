// What it means when a journey ends early: the error of a step, in words, with what to do about it.

import type { FirstBytes } from '../ports/ports.ts';

/** The steps of the journey that a client can see fail. */
export type StepName = 'dns' | 'tcp' | 'tls' | 'request' | 'response';

/** Thrown by a step that fails; `code` is the system's or OpenSSL's, or `TIMEOUT`. */
export class StepFailure extends Error {
  readonly step: StepName;
  readonly code: string;
  constructor(step: StepName, code: string, message: string) {
    super(message);
    this.step = step;
    this.code = code;
  }
}

/** A failure as it is told: at which step, what happened, what it means, what to do. */
export interface Failure {
  readonly step: StepName;
  readonly code: string;
  readonly says: string;
  readonly means: string;
  readonly instead: string;
}

/** What is known about the journey when its failure is explained. */
export interface Circumstances {
  readonly host: string;
  readonly port: number;
  /** Our own `address:port`, or '' where there was no connection. */
  readonly from: string;
  /** `address:port` that was tried last, or ''. */
  readonly to: string;
  readonly certificateNames: string;
  readonly validFrom: string;
  readonly validTo: string;
  readonly issuer: string;
}

type Explanation = (about: Circumstances) => readonly [means: string, instead: string];

const trustLocal = 'install the root certificate of that CA, or name it: --ca FILE; to look without trust: --insecure';
const atAccept =
  'the connection was accepted and ended at once, before a byte: a firewall that judges at accept (as Portcullis does) refused this address, or the server crashed';

const noAnswer =
  'the connection was accepted and ended without an answer: a firewall that judges at accept refused this address, the port speaks TLS, or the server crashed';

// Because the server's firewall can be asked about exactly this connection, unless an address was translated on the way.
function askServer({ from, port }: Circumstances): string {
  return `on the server: portcullis explain --from ${from || 'IP:PORT'} --to :${port}/tcp`;
}

/** By step and code; a code alone serves every step. */
const explanations: Readonly<Record<string, Explanation>> = {
  'dns ENOTFOUND': ({ host }) => [
    `no DNS server knows an address for ${host}`,
    'look for a typing error; for a name of this machine, add a line to /etc/hosts, or name the address: --connect IP:PORT',
  ],
  'dns EAI_AGAIN': () => ['the DNS server did not answer', 'is this machine online? see /etc/resolv.conf'],
  'dns EAI_FAIL': () => ['the DNS server answered that it cannot say', 'ask another one: see /etc/resolv.conf'],
  'dns TIMEOUT': () => ['the DNS server did not answer in time', 'is this machine online? see /etc/resolv.conf'],
  'tcp ECONNREFUSED': ({ to }) => [
    `the machine answered that nothing listens on ${to} (or a firewall rejects aloud)`,
    'is the server running, and on this port and address? on the server: portcullis ports --listening',
  ],
  'tcp ECONNRESET': (about) => [atAccept, askServer(about)],
  'tcp TIMEOUT': ({ to, port }) => [
    `nothing came back from ${to}: a firewall on the way drops such packets, or the address or port is wrong`,
    `see the rules of the firewall for this port; on the server: portcullis firewall simulate --from IP:PORT --to :${port}/tcp`,
  ],
  'tcp ENETUNREACH': ({ to }) => [`this machine has no route to ${to}`, 'is the network up? IPv6 often is not'],
  'tcp EHOSTUNREACH': ({ to }) => [`no machine answers at ${to}`, 'is the server up, and the address right?'],
  'tcp EADDRNOTAVAIL': ({ to }) => [
    `this machine has no free ephemeral port left towards ${to}`,
    'see `portcullis ports`; fewer connections, kept alive longer, need fewer ports',
  ],
  'tls TIMEOUT': () => [
    'the port took the connection and says nothing: it may not speak TLS, or it is overloaded',
    'try the URL with http://',
  ],
  'tls ECONNRESET': (about) => [atAccept, askServer(about)],
  'tls NOT_TLS': () => [
    'what listens on this port does not speak TLS',
    'write the URL with http://, or give the port TLS',
  ],
  'tls OLD_TLS': () => ['the server speaks only versions of TLS that are broken (1.1 or older)', 'renew the server'],
  'tls NO_COMMON_CIPHER': () => [
    'server and client have no version or cipher in common, or the server has no certificate for this name',
    'see the certificates and ciphers of the server',
  ],
  'tls UNRECOGNIZED_NAME': ({ host }) => [
    `the server has no certificate for ${host}`,
    'give it one, or ask for a name that it has',
  ],
  CERT_HAS_EXPIRED: ({ validTo }) => [
    `the certificate was valid until ${validTo}`,
    'renew it, and reload the server; if it was renewed, the server still holds the old one',
  ],
  CERT_NOT_YET_VALID: ({ validFrom }) => [
    `the certificate is valid from ${validFrom}`,
    'look at the clock of this machine, and of the one that issued it',
  ],
  ERR_TLS_CERT_ALTNAME_INVALID: ({ host, certificateNames }) => [
    `the certificate is for ${certificateNames || 'no name'}, not for ${host}`,
    'ask for one of its names, or issue a certificate with this name',
  ],
  DEPTH_ZERO_SELF_SIGNED_CERT: () => ['the certificate vouches for itself: no CA signed it', trustLocal],
  SELF_SIGNED_CERT_IN_CHAIN: ({ issuer }) => [`its CA (${issuer}) is not trusted on this machine`, trustLocal],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: ({ issuer }) => [
    `no trusted root leads to its issuer (${issuer}): a private CA, or the server does not send the intermediate certificate`,
    `let the server send the full chain; for a private CA, ${trustLocal}`,
  ],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: ({ issuer }) => [
    `its issuer (${issuer}) was not sent and is not trusted here: a private CA, or a missing intermediate certificate`,
    `let the server send the full chain; for a private CA, ${trustLocal}`,
  ],
  'request ECONNRESET': (about) => [noAnswer, `try the URL with https://; ${askServer(about)}`],
  'request EPIPE': (about) => [noAnswer, `try the URL with https://; ${askServer(about)}`],
  'response ECONNRESET': (about) => [noAnswer, `try the URL with https://; ${askServer(about)}`],
  'response NO_ANSWER': (about) => [noAnswer, `try the URL with https://; ${askServer(about)}`],
  'response TIMEOUT': () => [
    'the request went out whole and no answer came: the server or what is behind it is slow or stuck',
    'wait longer with --timeout SECONDS, and see the log of the server',
  ],
  'response CLIENT_CERTIFICATE': () => ['the server wants a certificate from its clients', 'trace has none to give'],
  'response SPEAKS_TLS': () => ['what listens on this port speaks TLS', 'write the URL with https://'],
  'response NOT_HTTP': () => [
    'what listens on this port does not speak HTTP/1.1',
    'see `portcullis ports PORT` for what lives there',
  ],
  'response BAD_ANSWER': () => [
    'the answer cannot be read as HTTP/1.1',
    'a proxy would answer 502 here: mend the server, or see its log',
  ],
  STOPPED: () => ['it was interrupted', 'start again'],
};

/** Explains a failure. */
export function explainFailure(failure: StepFailure, about: Circumstances): Failure {
  const { step, message } = failure;
  const code = plainCode(failure);
  const explain = explanations[`${step} ${code}`] ?? explanations[code];
  const [means, instead] = explain?.(about) ?? [`the step ended with ${code}`, 'see the log of the server'];
  return { step, code: failure.code, says: message, means, instead };
}

/** What the first bytes of something that is not an HTTP answer say about who speaks. */
export function codeOfNonsense(bytes: Uint8Array, speaks: FirstBytes): string {
  const isTlsAlert = bytes[0] === 0x15 && bytes[1] === 3;
  return isTlsAlert || speaks === 'tls' ? 'SPEAKS_TLS' : 'NOT_HTTP';
}

// Because OpenSSL's codes are many and change with its versions, they are met by the words they contain.
function plainCode({ step, code, message }: StepFailure): string {
  const text = `${code} ${message}`.toUpperCase().replaceAll(' ', '_');
  if (text.includes('CERTIFICATE_REQUIRED')) return 'CLIENT_CERTIFICATE';
  if (step !== 'tls') return code;
  const notTls = [
    'WRONG_VERSION_NUMBER',
    'PACKET_LENGTH_TOO_LONG',
    'RECORD_OVERFLOW',
    'UNEXPECTED_MESSAGE',
    'HTTP_REQUEST',
  ];
  if (notTls.some((word) => text.includes(word))) return 'NOT_TLS';
  if (text.includes('UNRECOGNIZED_NAME')) return 'UNRECOGNIZED_NAME';
  if (text.includes('UNSUPPORTED_PROTOCOL') || text.includes('PROTOCOL_VERSION')) return 'OLD_TLS';
  if (text.includes('HANDSHAKE_FAILURE') || text.includes('NO_SHARED_CIPHER')) return 'NO_COMMON_CIPHER';
  return code;
}

// How an upstream can fail, each with the status a client is told and whether anything of the request may have been done.

import type { Reason } from '../traffic/verdict.ts';

/** A failure. `isUnsent`: no byte of the request left us, so that any request may be tried elsewhere. */
export class Failure {
  readonly status: 502 | 503 | 504;
  readonly why: string;
  readonly says: string;
  readonly isUnsent: boolean;

  constructor(status: 502 | 503 | 504, why: string, says: string, isUnsent: boolean) {
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
      return new Failure(
        502,
        'proxy/no-ephemeral-port',
        `no ephemeral port is left for ${endpoint}: every 4-tuple to it is in use or in TIME_WAIT (EADDRNOTAVAIL)`,
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
    default:
      return new Failure(502, 'proxy/unreachable', `${endpoint} cannot be reached (${code})`, true);
  }
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
    allow: 'see why it does not answer, or raise `proxy.connect_timeout`',
  },
  'proxy/no-ephemeral-port': {
    says: 'all ephemeral ports towards the upstream are taken',
    allow: 'let the application keep connections alive, or widen net.ipv4.ip_local_port_range',
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
  'proxy/internal-error': {
    says: 'a failure in the gate itself while it passed an answer on',
    allow: 'report it with this journey',
  },
  'proxy/interim-storm': {
    says: 'the upstream sent more interim (1xx) answers than anybody needs',
    allow: 'correct the application',
  },
});

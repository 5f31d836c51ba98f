// Fields that do not travel as they came: hop-by-hop ones (RFC 9110 7.6.1), framing, and what only the gate itself may say.

import { codesOf } from './field-names.ts';

/** Not copied from a request to the upstream. `proxy` is CVE-2016-5385 (httpoxy). */
export const notToUpstream: Uint8Array = codesOf([
  'host',
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy',
  'te',
  'transfer-encoding',
  'content-length',
  'upgrade',
  'http2-settings',
  'expect',
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-port',
  'x-real-ip',
  'x-request-id',
  'client-cert',
  'client-cert-chain',
  'x-client-cert-subject',
  'x-client-cert-fingerprint',
]);

/** Not copied from an answer to the client. */
export const notToClient: Uint8Array = codesOf([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'te',
  'transfer-encoding',
  'content-length',
  'upgrade',
  'x-request-id',
]);

// The settings of the admin station, and the kinds of values that only they have: where it listens, and digests of tokens.

import { isIPv4, isIPv6 } from 'node:net';
import { splitEndpoint } from '../traffic/connection.ts';
import { type Found, group, list, oneOf, reading, shortName, text } from './kinds.ts';

/** The group `admin`. */
export function admin() {
  return group({
    listen: adminListen()
      .prefault('auto')
      .describe(
        'Where the dashboard and its API are served, on loopback alone: auto is 127.0.0.1:9443, or a free port.',
      ),
    hosts: list(text('a host name such as gate.internal', 255), 'a list of host names')
      .prefault([])
      .describe('Names that the dashboard may be asked under, beside localhost and its address: others are refused.'),
    tokens: list(
      group({
        name: shortName().describe('Whose it is: the audit trail names it.'),
        role: oneOf('read', 'write').prefault('read').describe('read may look, write may change things, too.'),
        sha256: tokenDigest().describe(
          'The SHA-256 of the token in hexadecimal digits, as `dashboard --new-token` prints it.',
        ),
      }),
      'a list of tokens, each with name and sha256',
    )
      .prefault([])
      .describe('Tokens for programs, sent as `Authorization: Bearer`.'),
  });
}

/** Where the dashboard listens. */
type AdminListen = { readonly address: string; readonly port: number } | 'auto' | null;

/** `auto`, `off`, or an address of the loopback with a port. What is served there is not encrypted: it may not leave the machine. */
function adminListen() {
  return reading<string, AdminListen>(
    'auto, off, or an address of the loopback and a port, such as 127.0.0.1:9443',
    { type: 'string', examples: ['auto', 'off', '127.0.0.1:9443', '[::1]:9443'] },
    (value) => readListen(String(value)),
  );
}

function readListen(written: string): Found<AdminListen> {
  if (written === 'auto') return { value: 'auto' };
  if (written === 'off') return { value: null };
  const { address, port } = splitEndpoint(written);
  if (!Number.isInteger(port) || port < 0 || port > 65_535 || (!isIPv4(address) && !isIPv6(address)))
    return { detail: {} };
  if (address === '::1' || (isIPv4(address) && address.startsWith('127.'))) return { value: { address, port } };
  return {
    detail: {
      says: `the dashboard is not encrypted, and ${address} is not this machine's loopback`,
      instead: `write 127.0.0.1:${port}; from elsewhere it is reached by ssh -L ${port}:127.0.0.1:${port}`,
    },
  };
}

/** A SHA-256 in hexadecimal digits, in lower case. */
function tokenDigest() {
  const expectation = 'the 64 hexadecimal digits that `portcullis dashboard --new-token` prints';
  return reading<string, string>(expectation, { type: 'string', pattern: '^[0-9a-fA-F]{64}$' }, (value) => {
    const digits = String(value).toLowerCase();
    const at = [...digits].findIndex((digit) => !'0123456789abcdef'.includes(digit));
    if (at >= 0) return { detail: { offset: at } };
    return digits.length === 64 ? { value: digits } : { detail: {} };
  });
}

// The settings of TLS: their kinds and defaults, in the words of the file.

import { z } from 'zod';
import { group, oneOf, oneOrMany, reading, text, whole, within } from './kinds.ts';
import { parseDuration } from './units.ts';

/** `tls.policy`. */
export function policy() {
  return oneOf('intermediate', 'modern')
    .prefault('intermediate')
    .describe("Mozilla's policy: TLS 1.2 and 1.3 with good ciphers alone, or modern, which is TLS 1.3 alone.");
}

/** `tls.unknown_names`. */
export function unknownNames() {
  return oneOf('default', 'refuse')
    .prefault('default')
    .describe('What a client gets whose name no certificate serves: the first certificate, or an alert.');
}

/** `limits.max_handshakes_per_client_per_second`. */
export function handshakesPerSecond() {
  return whole(1, 10_000_000)
    .prefault(100)
    .describe('TLS handshakes a second that one client address may begin at one worker.');
}

/** Strict-Transport-Security in seconds: true for a year, false for none, seconds, or a duration. */
export function hsts() {
  return reading<boolean | number | string, number>(
    'true, false, a number of seconds, or a duration such as 180d',
    { type: ['boolean', 'integer', 'string'] },
    (value) => {
      if (typeof value === 'boolean') return { value: value ? 31_536_000 : 0 };
      const most = 63_072_000_000;
      const found = within(typeof value === 'number' ? { value: value * 1000 } : parseDuration(value), 0, most);
      return 'value' in found ? { value: Math.trunc(found.value / 1000) } : found;
    },
  );
}

/** `sites[].hsts_for`. */
export function hstsFor() {
  return oneOf('host', 'subdomains', 'preload')
    .prefault('host')
    .describe(
      "Whom that binds: the host, all below it too, or also browsers that never came (their makers' list, for a year at least).",
    );
}

/** `client_certificates`, for all sites or for one. */
export function clientCertificates() {
  return group({
    ca: text('a file name').describe('PEM file: the CAs whose certificates are believed.'),
    crl: oneOrMany(text('a file name'), 'a file name')
      .prefault([])
      .describe('PEM files: revocation lists, one of each CA; with one of them each CA needs one.'),
    mode: oneOf('require', 'request')
      .prefault('require')
      .describe('Whether a client without a certificate is turned away, or let in as nobody.'),
  });
}

/** `sites[].client_certificates`. */
export function siteClientCertificates() {
  return z
    .union([z.literal(false), clientCertificates()], { error: 'false, or a group with ca, crl and mode' })
    .optional()
    .describe('Certificates that clients of this site have to show; false for none where all others do.');
}

/** `tls.on_demand`. */
export function onDemand() {
  return group({
    ask: text('an http(s) address').describe(
      'Asked with `?domain=NAME` before any CA: status 200 is yes, everything else no.',
    ),
    max: whole(1, 100_000).prefault(100).describe('The most names that get a certificate so in the life of the gate.'),
    per_minute: whole(1, 10_000).prefault(10).describe('How many new names a minute are asked about.'),
  });
}

// The settings of automatic certificates (`tls.acme`): their kinds and defaults, in the words of the file.

import { z } from 'zod';
import { nearest } from '../base/problem.ts';
import {
  dnsServer,
  duration,
  flag,
  group,
  host,
  list,
  oneOf,
  oneOrMany,
  reading,
  secret,
  text,
  whole,
} from './kinds.ts';

/** Directories of CAs that go by a name. */
const authorities: Readonly<Record<string, string>> = Object.freeze({
  letsencrypt: 'https://acme-v02.api.letsencrypt.org/directory',
  'letsencrypt-staging': 'https://acme-staging-v02.api.letsencrypt.org/directory',
  google: 'https://dv.acme-v02.api.pki.goog/directory',
  'google-staging': 'https://dv.acme-v02.test-api.pki.goog/directory',
  zerossl: 'https://acme.zerossl.com/v2/DV90',
});

/** Where a new name is tried first, by the directory that it is meant for. */
const stagings: ReadonlyMap<string, string> = new Map([
  [authorities.letsencrypt!, authorities['letsencrypt-staging']!],
  [authorities.google!, authorities['google-staging']!],
]);

/** Whether a directory is that of a CA which certifies public names alone. */
export function isPublicAuthority(directory: string): boolean {
  return Object.values(authorities).includes(directory);
}

/** The directory where a new name is tried first, or null. */
export function stagingOf(directory: string): string | null {
  return stagings.get(directory) ?? null;
}

/** A CA: a name that is known, or the https address of its directory. */
function authority() {
  const names = Object.keys(authorities);
  return reading<string, string>(
    `${names.join(', ')}, or the https address of a directory`,
    { type: 'string', examples: ['letsencrypt', 'https://ca.example/acme/directory'] },
    (value) => {
      const written = String(value);
      const known = authorities[written];
      if (known !== undefined) return { value: known };
      if (URL.canParse(written) && new URL(written).protocol === 'https:') return { value: new URL(written).href };
      if (written.startsWith('http://'))
        return { detail: { says: 'a CA is asked over https: alone', instead: `write https://${written.slice(7)}` } };
      const near = nearest(written, names);
      return { detail: near === null ? {} : { instead: `write ${near}` } };
    },
  );
}

function externalAccount() {
  return group({
    kid: text('the key id that the CA gave', 512).describe('The key id that the CA gave.'),
    key: secret('the key that the CA gave, in base64url').describe(
      'The key that the CA gave, in base64url, or { file: NAME } for a file that holds it.',
    ),
  });
}

const roots = () =>
  text('a file name').optional().describe('PEM file: who vouches for the HTTPS of the CA, beside the public roots.');

const update = () =>
  group({
    server: dnsServer().describe('The primary name server, such as 10.0.0.2 or 127.0.0.1:5353; it is asked over TCP.'),
    key_name: text('the name of a TSIG key', 255).describe('The name of the TSIG key.'),
    key: secret('the secret of the TSIG key, in base64').describe(
      'Its secret, in base64, or { file: NAME } for a file that holds it.',
    ),
    algorithm: oneOf('hmac-sha256', 'hmac-sha384', 'hmac-sha512')
      .prefault('hmac-sha256')
      .describe('What it signs with.'),
    zone: text('a zone such as example.com', 253)
      .optional()
      .describe('The zone that is changed; found by asking the server where missing.'),
    ttl: whole(1, 86_400).prefault(60).describe('TTL of the records, in seconds.'),
  });

const dns = () =>
  group({
    hook: list(text('a word of a command'), 'a command as a list of words')
      .optional()
      .describe('A command that sets records; it is called with `present` or `cleanup`, the name and the text.'),
    update: update().optional().describe('Dynamic updates (RFC 2136) with TSIG.'),
    propagation: duration('0s', '1h')
      .prefault('2m')
      .describe(
        "How long it is looked, at the zone's own name servers, whether all have the record; 0s for not at all.",
      ),
    wait: duration('0s', '1h')
      .prefault('10s')
      .describe('How long to wait in place of that where these name servers cannot be asked.'),
  });

/** `tls.acme`. */
export function acme() {
  return group({
    email: text('an address such as ops@example.com', 254)
      .optional()
      .describe('Where the CA may write to about the account.'),
    directory: authority()
      .prefault('letsencrypt')
      .describe('The CA: a name that is known, or the address of its directory.'),
    external_account: externalAccount()
      .optional()
      .describe('Binds our account to one at the CA, where it wants that (RFC 8555 7.3.4).'),
    roots: roots(),
    staging: z
      .union([flag(), authority()], { error: 'true, false, or a CA to try new names at' })
      .prefault(true)
      .describe('Whether a new name is tried first at the test system of the CA, or the one that is named.'),
    fallback: group({
      directory: authority().describe('The CA that is asked where the first fails or is out of budget.'),
      external_account: externalAccount().optional().describe('As above, for this CA.'),
      roots: roots(),
    })
      .optional()
      .describe('A second CA.'),
    names: oneOrMany(host(), 'a host')
      .optional()
      .describe('Names to get certificates for; those of the sites that a public CA certifies where missing.'),
    certificate_for: oneOf('name', 'site')
      .prefault('name')
      .describe('One certificate for each name, so that one that fails holds up no other, or for all names of a site.'),
    challenges: list(oneOf('tls-alpn-01', 'http-01', 'dns-01'), 'a list of tls-alpn-01, http-01 and dns-01')
      .optional()
      .describe('Which proofs are tried, in this order; all that the listeners and `dns` make possible where missing.'),
    http_port: whole(1, 65_535)
      .prefault(80)
      .describe('The port that the CA calls for http-01: 80, unless the CA is your own. Diagnoses look there.'),
    tls_port: whole(1, 65_535).prefault(443).describe('The same for tls-alpn-01: 443.'),
    dns: dns().optional().describe('How records for dns-01 are set.'),
    key: oneOf('ecdsa-p256', 'ecdsa-p384', 'rsa-2048', 'rsa-3072', 'rsa-4096')
      .prefault('ecdsa-p256')
      .describe('The kind of key of certificates.'),
    profile: text('a profile such as shortlived', 64)
      .optional()
      .describe(
        "The CA's profile, such as tlsserver or shortlived; its own choice where missing, shortlived for addresses.",
      ),
    preferred_chain: text('the common name of an issuer', 256)
      .optional()
      .describe('The common name of the root whose chain is taken, where the CA has several.'),
  });
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Configuration, ConfigurationTrouble, settingsFrom } from './config.ts';

const listen = [
  { port: 443, tls: true },
  { port: 80, redirect: 'https' as const },
];
const sites = [
  { host: ['example.com', 'www.example.com'], to: 3000 },
  { host: 'example.com', path: '/api', to: 3001 },
  { host: 'nas.local', to: 3002 },
  { host: '[2606:4700::1111]', to: 3003 },
  { host: '*', to: 3004 },
];

/** The part `tls` of the settings with these words under `acme`. */
function tlsOf(acme: object, more: object = {}) {
  const words = { listen, sites, tls: { acme }, ...more } as Configuration;
  return settingsFrom(words, '', { env: {}, cwd: '/etc/p' }).tls;
}

function said(acme: object, more: object = {}): string[] {
  try {
    tlsOf(acme, more);
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigurationTrouble);
    return error.problems.map(({ path, says, instead }) => `${path.join('.')}: ${says}; ${instead ?? ''}`);
  }
}

test('an address is all that is needed: names come from the sites, proofs from the listeners', () => {
  const { acme, localNames } = tlsOf({ email: 'ops@example.com' });
  assert.deepEqual(acme?.wanted, [['example.com'], ['www.example.com'], ['2606:4700::1111']]);
  assert.deepEqual(localNames, ['nas.local', 'localhost', '127.0.0.1', '::1']);
  assert.deepEqual(acme?.challenges, ['tls-alpn-01', 'http-01']);
  assert.deepEqual(acme?.authorities, [
    {
      directory: 'https://acme-v02.api.letsencrypt.org/directory',
      externalAccount: null,
      roots: null,
      isLimited: true,
    },
  ]);
  assert.equal(acme?.staging?.directory, 'https://acme-staging-v02.api.letsencrypt.org/directory');
  assert.deepEqual([acme?.keyKind, acme?.profile, acme?.dns], ['ecdsa-p256', '', null]);
});

test('one certificate for all names of a site, at most a hundred', () => {
  assert.deepEqual(tlsOf({ certificate_for: 'site' }).acme?.wanted[0], ['example.com', 'www.example.com']);
  const host = Array.from({ length: 150 }, (_, index) => `h${index}.example.com`);
  const { acme } = tlsOf({ certificate_for: 'site' }, { sites: [{ host, to: 3000 }] });
  assert.deepEqual(
    acme?.wanted.map(({ length }) => length),
    [100, 50],
  );
});

test('a CA of our own certifies private names too; only this machine is left out', () => {
  const { acme } = tlsOf({ directory: 'https://ca.internal/acme/directory', roots: 'ca.pem' });
  assert.deepEqual(acme?.wanted.flat(), ['example.com', 'www.example.com', 'nas.local', '2606:4700::1111']);
  assert.equal(acme?.staging, null);
  assert.equal(acme?.authorities[0]?.roots, '/etc/p/ca.pem');
});

test('everything that can be said', () => {
  const { acme } = tlsOf({
    directory: 'zerossl',
    external_account: { kid: 'k', key: 'a2V5' },
    staging: 'https://staging.example/dir',
    fallback: { directory: 'letsencrypt' },
    names: ['a.example.com', '*.example.com'],
    challenges: ['dns-01'],
    dns: { update: { server: '10.0.0.2', key_name: 'k.', key: 'c2VjcmV0' }, wait: '0s' },
    key: 'rsa-2048',
    profile: 'shortlived',
    preferred_chain: 'ISRG Root X1',
  });
  assert.deepEqual(acme, {
    email: '',
    authorities: [
      {
        directory: 'https://acme.zerossl.com/v2/DV90',
        externalAccount: { kid: 'k', macKey: 'a2V5' },
        roots: null,
        isLimited: true,
      },
      {
        directory: 'https://acme-v02.api.letsencrypt.org/directory',
        externalAccount: null,
        roots: null,
        isLimited: true,
      },
    ],
    staging: { directory: 'https://staging.example/dir', externalAccount: null, roots: null, isLimited: false },
    wanted: [['a.example.com'], ['*.example.com']],
    challenges: ['dns-01'],
    dns: {
      hook: null,
      update: { server: '10.0.0.2', keyName: 'k.', key: 'c2VjcmV0', algorithm: 'hmac-sha256', zone: '', ttl: 60 },
      waitMs: 0,
      propagationMs: 120_000,
    },
    keyKind: 'rsa-2048',
    profile: 'shortlived',
    preferredIssuer: 'ISRG Root X1',
    httpPort: 80,
    tlsPort: 443,
    resolvers: [],
  });
});

test('what cannot be is said, with what to write', () => {
  assert.deepEqual(said({ directory: 'letsencrypted' }), [
    'tls.acme.directory: expected letsencrypt, letsencrypt-staging, google, google-staging, zerossl, or the https address of a directory, found "letsencrypted"; write letsencrypt',
  ]);
  assert.deepEqual(said({ directory: 'http://ca.example/dir' }), [
    'tls.acme.directory: a CA is asked over https: alone; write https://ca.example/dir',
  ]);
  assert.deepEqual(said({ names: '*.example.com' }), [
    'tls.acme: *.example.com is proven in DNS alone, and nothing says how records are set there; add dns: { hook: [COMMAND] } or dns: { update: { … } }, or name the hosts one by one under names',
  ]);
  assert.deepEqual(said({ dns: {} }), [
    'tls.acme.dns: records are set either by a hook or by updates; write one of hook and update',
  ]);
  assert.deepEqual(said({ challenges: ['dns-01'] }), [
    'tls.acme.challenges: dns-01 is wanted, and nothing says how records are set; add dns: { hook: [COMMAND] } or dns: { update: { … } }',
  ]);
  assert.deepEqual(said({ challenges: [] }), [
    'tls.acme: no listener can answer the CA, and there is no dns; add - { port: 80, redirect: https } or - { port: 443, tls: true } under listen',
  ]);
  assert.deepEqual(said({ names: '*' }), [
    'tls.acme.names: no CA certifies every name; write the names, or *.example.com for one label under example.com',
  ]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Configuration, ConfigurationTrouble, settingsFrom } from './config.ts';

const site = (words: object) =>
  settingsFrom({ sites: [{ to: 3000, ...words }] } as Configuration, '', { env: {}, cwd: '/etc/p' }).sites[0]!;

/** What is said about a site with these words, without where it stands. */
function said(words: object): string[] {
  try {
    site(words);
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigurationTrouble);
    return error.problems.map(({ path, says, instead }) => `${path.slice(2).join('.')}: ${says}; ${instead ?? ''}`);
  }
}

test('an upstream in its long form', () => {
  const [one, two] = site({
    to: [
      'localhost:3000',
      {
        url: 'https://api.example',
        weight: 3,
        backup: true,
        max_connections: 50,
        proxy_protocol: 'v2',
        tls: { ca: 'ca.pem', server_name: 'api.internal', certificate: '/etc/a.crt', key: '/etc/a.key' },
      },
    ],
  }).to;
  assert.deepEqual(one, {
    url: 'localhost:3000',
    protocol: 'h1',
    secure: false,
    host: 'localhost',
    port: 3000,
    socketPath: '',
    weight: 1,
    isBackup: false,
    maxConnections: 0,
    proxyVersion: 0,
    tls: { ca: null, serverName: '', certificate: null, key: null, isVerified: true },
  });
  assert.deepEqual(two, {
    url: 'https://api.example:443',
    protocol: 'h1',
    secure: true,
    host: 'api.example',
    port: 443,
    socketPath: '',
    weight: 3,
    isBackup: true,
    maxConnections: 50,
    proxyVersion: 2,
    tls: {
      ca: '/etc/p/ca.pem',
      serverName: 'api.internal',
      certificate: '/etc/a.crt',
      key: '/etc/a.key',
      isVerified: true,
    },
  });
  assert.equal(site({ to: { url: 'https://a', protocol: 'auto' } }).to[0]!.protocol, 'auto');
  assert.equal(site({ to: { address: 'unix:/run/app.sock' } }).to[0]!.socketPath, '/run/app.sock');
});

test('ways of balancing, stickiness and the rest', () => {
  for (const [balance, method, by, maxLoadPercent] of [
    ['round-robin', 'round-robin', '', 0],
    ['least-connections', 'least-connections', '', 0],
    ['random-two', 'random-two', '', 0],
    ['hash client', 'hash', 'client', 0],
    ['hash header:X-User', 'hash', 'header:X-User', 0],
    [{ method: 'hash url', max_load: 125 }, 'hash', 'url', 125],
  ] as const)
    assert.deepEqual(site({ balance }).balance, { method, by, maxLoadPercent });
  assert.deepEqual(site({ sticky: true }).sticky, {
    cookie: 'portcullis_upstream',
    maxAgeSeconds: 86_400,
    sameSite: 'lax',
    secret: null,
  });
  assert.equal(site({ sticky: false }).sticky, null);
  assert.equal(site({ sticky: { cookie: 'a', max_age: '1h', same_site: 'none' } }).sticky!.maxAgeSeconds, 3600);
  assert.deepEqual(site({ health: { path: '/up', status: ['200-299', 401] } }).health!.statuses, [
    { from: 200, to: 299 },
    { from: 401, to: 401 },
  ]);
  assert.deepEqual(site({ health: { status: '200-299' } }).health!.statuses, [{ from: 200, to: 299 }]);
  const { breaker } = site({ breaker: { failures: 5 } });
  assert.deepEqual([breaker.maxFailures, breaker.evenAlone], [5, true], 'what is written holds also for a single one');
});

test('what is wrong says what to write', () => {
  const ways =
    'expected round-robin, least-connections, random-two, or hash with client, url, header:NAME or cookie:NAME, as hash client';
  for (const [words, problem] of [
    [{ balance: 'leastconn' }, 'balance: "leastconn" is what another proxy calls it; write least-connections'],
    [{ balance: 'ip_hash' }, 'balance: "ip_hash" is what another proxy calls it; write hash client'],
    [{ balance: 'best' }, `balance: ${ways}, found "best"; `],
    [{ balance: 'hash header:' }, `balance: ${ways}, found "hash header:"; `],
    [
      { to: { url: 'h2c://a:1', protocol: 'auto' } },
      'to: `protocol: auto` is for https://, and h2c://a:1 says by itself what is spoken; write https:// in the url, or leave `protocol` out',
    ],
    [{ to: { weight: 2 } }, 'to: the upstream says nowhere where it is; write url: localhost:3000'],
    [{ to: { url: 3000, address: 3000 } }, 'to: `url` and `address` are the same setting; write only one of them'],
    [{ to: [{ url: 3000, wieght: 2 }] }, 'to.0.wieght: no setting is called "wieght" here; did you mean weight?'],
    [
      { to: [{ url: 'app' }] },
      'to.0.url: the upstream "app" has no port; write host:port, such as localhost:3000 or [::1]:3000',
    ],
    [{ to: [{ url: 3000, weight: 0 }] }, 'to.0.weight: expected a whole number from 1 to 1,000, found 0; '],
    [
      { to: [{ url: 3000, tls: { ca: 'a.pem' } }] },
      'to.0.tls: localhost:3000 is spoken to without TLS; write https:// before it, or remove tls',
    ],
    [
      { to: [{ url: 'https://a', tls: { key: 'a.key' } }] },
      'to.0.tls: a certificate and its key belong together; write both',
    ],
    [
      { to: [{ url: 3000, backup: true }] },
      'to: every upstream of the site is a backup; remove backup from those that serve every day',
    ],
    [
      { health: { status: '99' } },
      'health.status: expected a status such as 503, or a range such as 200-299, found "99"; ',
    ],
    [{ health: { path: 'up' } }, 'health.path: expected a path such as /healthz, found "up"; write /up'],
    [
      { health: { path: '/up HTTP/1.1\r\nX: y' } },
      'health.path: a path has no spaces, and nothing but ASCII; write %20 for a space',
    ],
    [{ sticky: { cookie: 'a b' } }, 'sticky.cookie: expected the name of a cookie, found "a b"; '],
    [{ sticky: { secret: 'short' } }, 'sticky.secret: expected a secret of at least 16 characters, found "short"; '],
  ] as const)
    assert.deepEqual(said(words), [problem]);
});

test('source addresses and resolvers', () => {
  const proxy = (words: object) => settingsFrom({ proxy: words } as Configuration).proxy;
  assert.deepEqual(proxy({ source_addresses: '192.0.2.7' }).sourceAddresses, ['192.0.2.7']);
  assert.deepEqual(proxy({ resolvers: ['10.0.0.2', '127.0.0.1:5353', '[::1]:53'] }).resolvers, [
    '10.0.0.2',
    '127.0.0.1:5353',
    '[::1]:53',
  ]);
  assert.throws(
    () => proxy({ source_addresses: 'eth0' }),
    /expected an IP address such as 192.0.2.7, or a list|found "eth0"/,
  );
  assert.throws(() => proxy({ resolvers: 'dns.example' }), /the address of a DNS server/);
});

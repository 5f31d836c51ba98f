import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settingsFrom } from './config/config.ts';
import { build } from './generation.ts';
import { type Hypothesis, rehearse } from './rehearsal.ts';

const at = Date.UTC(2026, 0, 1);

async function standing() {
  const settings = settingsFrom({
    data_directory: '/nowhere',
    listen: [
      { port: 443, tls: true },
      { port: 80, redirect: 'https' },
    ],
    firewall: {
      default: 'deny',
      rules: ['allow tcp 443 from any', 'allow tcp 80 from 192.0.2.0/24', 'allow tcp 80 from 2001:db8::/32'],
    },
    sites: [{ host: 'app.test', to: ['127.0.0.1:1'], max_body: '1KiB' }],
    rates: [{ limit: '1 per 10s' }],
  });
  const built = await build(settings, { locate: () => '' });
  assert.ok(built.ok);
  return built.value;
}

test('a rehearsal: who comes from where, what is asked, and what becomes of it', async () => {
  const generation = await standing();
  for (const [says, hypothesis, action, why, status] of [
    ['an ordinary visitor', { target: '/' }, 'pass', '', null],
    ['only the connection', { to: ':443/tcp' }, 'pass', '', null],
    ['a port that nobody opened to him', { to: ':5432/tcp' }, 'close', 'firewall/denied', null],
    ['the other protocol', { to: ':443/udp' }, 'close', 'firewall/denied', null],
    ['an address alone', { from: '192.0.2.1', to: ':80' }, 'pass', '', null],
    ['an IPv6 address alone', { from: '2001:db8::7', to: ':80' }, 'pass', '', null],
    ['an IPv6 address in brackets', { from: '[2001:db8::7]', to: ':80' }, 'pass', '', null],
    ['an IPv6 endpoint', { from: '[2001:db8::7]:4711', to: '[::1]:80/tcp' }, 'pass', '', null],
    ['an address outside', { from: '198.51.100.1', to: ':80' }, 'close', 'firewall/denied', null],
    ['a listener that redirects', { from: '192.0.2.1:1', to: ':80', target: '/' }, 'pass', 'http/redirected', 301],
    [
      'one that redirects a form',
      { from: '192.0.2.1:1', to: ':80', target: '/', body: 'a=1' },
      'pass',
      'http/redirected',
      308,
    ],
    [
      'one that redirects an attack',
      { from: '192.0.2.1:1', to: ':80', target: "/?id=1' OR '1'='1" },
      'pass',
      'http/redirected',
      301,
    ],
    [
      'one that redirects nobody it does not know',
      { from: '192.0.2.1:1', to: ':80', target: '/', host: 'evil.test' },
      'answer',
      'http/no-site',
      404,
    ],
    ['a body too long', { target: '/', body: 'x'.repeat(2000) }, 'answer', 'http/body-too-long', 413],
    ['a host that nobody has', { target: '/', host: 'evil.test' }, 'answer', 'http/no-site', 404],
  ] as readonly (readonly [string, Hypothesis, string, string, number | null])[]) {
    const { journey, reasons } = rehearse(generation, hypothesis, at);
    assert.equal(journey.verdict.action, action, says);
    if (why.startsWith('firewall/')) assert.ok(journey.verdict.why.startsWith('firewall/'), says);
    else assert.equal(journey.verdict.why, why, says);
    assert.equal(journey.response?.status ?? null, status, says);
    if (journey.verdict.why !== '') assert.ok(journey.verdict.why in reasons, says);
  }
});

test('a rehearsal uses nothing up: the limit of one request is still whole after many', async () => {
  const generation = await standing();
  for (let index = 0; index < 5; index++)
    assert.equal(rehearse(generation, { target: '/' }, at).journey.verdict.action, 'pass');
  assert.deepEqual(
    [...generation.firewall.hits].filter((hits) => hits > 0),
    [],
  );
});

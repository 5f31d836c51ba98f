// Which hosts of sites are told to have no certificate.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settingsFrom } from '../src/config/config.ts';
import { build } from '../src/generation.ts';

async function toldOf(tls: object): Promise<string[]> {
  const settings = settingsFrom({
    data_directory: '/nonexistent',
    listen: [{ port: 443, tls: true }, { port: 80 }],
    firewall: { default: 'allow' },
    tls,
    sites: [
      { host: ['shop.example.com', 'app.localhost'], to: 3000 },
      { host: '*', to: 3000 },
    ],
  });
  const built = await build(settings, { locate: () => '' });
  assert.ok(built.ok);
  return built.warnings.filter(({ code }) => code === 'tls/name-uncovered').map(({ path }) => path.join('.'));
}

test('a host is told that neither a file, nor the local CA, nor a CA that is asked certifies', async () => {
  assert.deepEqual(await toldOf({ local_names: ['app.localhost'] }), ['sites.0.host.0']);
  assert.deepEqual(await toldOf({ local_names: ['*.localhost', 'shop.example.com'] }), []);
  assert.deepEqual(await toldOf({ acme: { email: 'ops@example.com' } }), []);
  assert.deepEqual(await toldOf({ acme: { names: ['other.example.com'] }, local_names: ['localhost'] }), [
    'sites.0.host.0',
    'sites.0.host.1',
  ]);
});

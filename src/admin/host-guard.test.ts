import assert from 'node:assert/strict';
import { test } from 'node:test';
import { introductionFault } from './host-guard.ts';

const own = { address: '127.0.0.1', port: 9443, hosts: ['gate.internal'] };
const from = (host?: string, origin?: string, fetchSite?: string) =>
  introductionFault({ host, origin, fetchSite }, own);

test('its own names are answered', () => {
  for (const host of ['127.0.0.1:9443', 'localhost:9443', 'LOCALHOST:9443', 'gate.internal:9443'])
    assert.equal(from(host), null, host);
  assert.equal(
    introductionFault(
      { host: '[::1]:1', origin: 'http://[::1]:1', fetchSite: 'none' },
      { ...own, address: '::1', port: 1 },
    ),
    null,
  );
  assert.equal(
    introductionFault({ host: 'localhost', origin: undefined, fetchSite: undefined }, { ...own, port: 80 }),
    null,
  );
});

test('any other name is that of a page that rebound its own', () => {
  for (const host of [
    undefined,
    '',
    'evil.example:9443',
    '127.0.0.1',
    '127.0.0.1:9444',
    'localhost.evil.example:9443',
    '127.0.0.1:9443.evil.example',
    'xlocalhost:9443',
  ])
    assert.equal(from(host), 'this station is not served under that name', String(host));
});

test('pages of other sites are refused, other ports of this machine among them', () => {
  const says = 'the request comes from a page of another site';
  assert.equal(from('localhost:9443', 'http://localhost:9443', 'same-origin'), null);
  assert.equal(from('localhost:9443', undefined, 'none'), null);
  for (const origin of ['http://localhost:3000', 'https://localhost:9443', 'null', 'http://evil.example', 'file://'])
    assert.equal(from('localhost:9443', origin), says, origin);
  for (const site of ['cross-site', 'same-site', 'odd'])
    assert.equal(from('localhost:9443', undefined, site), says, site);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { normalise } from '../base/address.ts';
import { readProxyHeader } from '../ports/proxy-header.ts';
import { proxyHeader } from './announcing.ts';

const client = { peer: '203.0.113.7', peerPort: 52_431, local: '192.0.2.1', localPort: 443 };
const text = (version: 1 | 2, of: typeof client | null) => proxyHeader(version, of).toString('latin1');

test('version 1', () => {
  assert.equal(text(1, client), 'PROXY TCP4 203.0.113.7 192.0.2.1 52431 443\r\n');
  assert.equal(text(1, { ...client, peer: '2001:db8::7', local: '::1' }), 'PROXY TCP6 2001:db8::7 ::1 52431 443\r\n');
  assert.equal(
    text(1, { ...client, peer: '2001:db8::7' }),
    'PROXY TCP6 2001:db8::7 ::ffff:192.0.2.1 52431 443\r\n',
    'of two families both travel as IPv6',
  );
  assert.equal(text(1, null), 'PROXY UNKNOWN\r\n');
  assert.equal(text(1, { ...client, peer: 'unix:' }), 'PROXY UNKNOWN\r\n');
});

test('version 2', () => {
  const signature = '\r\n\r\n\0\r\nQUIT\n';
  assert.equal(text(2, client), `${signature}\x21\x11\0\x0c\xcb\0\x71\x07\xc0\0\x02\x01\xcc\xcf\x01\xbb`);
  assert.equal(text(2, null), `${signature}\x20\0\0\0`, 'the gate speaks for itself');
});

test('property: what is written is what our own reader reads', () => {
  const address = fc.oneof(fc.ipV4(), fc.ipV6()).map(normalise);
  const port = fc.nat(65_535);
  fc.assert(
    fc.property(
      address,
      port,
      address,
      port,
      fc.constantFrom<1 | 2>(1, 2),
      (peer, peerPort, local, localPort, version) => {
        const header = proxyHeader(version, { peer, peerPort, local, localPort });
        assert.deepEqual(readProxyHeader(header), {
          version,
          kind: 'proxied',
          peer,
          peerPort,
          local,
          localPort,
          bytes: header.length,
        });
      },
    ),
    { numRuns: 500 },
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listenerOf } from './worker-listener.ts';

const facts = { key: 'k', name: ':443', port: 443, tls: true, redirectPort: 0, proxyProtocol: [] };

test('the address that connections come to is known beforehand where there is one', () => {
  for (const [address, local] of [
    ['127.0.0.1', '127.0.0.1'],
    ['2001:DB8:0:0::1', '2001:db8::1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['0.0.0.0', ''],
    ['::', ''],
    ['0:0:0:0:0:0:0:0', ''],
    ['::ffff:0.0.0.0', ''],
  ] as const)
    assert.equal(listenerOf({ ...facts, address }, 0).local, local, address);
});

test('a listener that is opened again goes on counting, and trusts the balancers that are named', () => {
  const listener = listenerOf({ ...facts, address: '::', proxyProtocol: ['192.0.2.0/24'] }, 7);
  assert.equal(listener.accepted, 7);
  assert.deepEqual([listener.announcers?.has('192.0.2.9'), listener.announcers?.has('198.51.100.9')], [true, false]);
  assert.equal(listenerOf({ ...facts, address: '::' }, 0).announcers, null);
});

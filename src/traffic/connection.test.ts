// Endpoints as text: what is put together comes apart again.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bracketed, endpoint, splitEndpoint } from './connection.ts';

test('an IPv6 address stands in brackets, everything else as it is', () => {
  assert.equal(endpoint('2001:db8::1', 443), '[2001:db8::1]:443');
  assert.equal(endpoint('203.0.113.7', 52431), '203.0.113.7:52431');
  assert.equal(bracketed('::1'), '[::1]');
  assert.equal(bracketed('localhost'), 'localhost');
});

test('whatever lacks a part says so', () => {
  assert.deepEqual(splitEndpoint(':443'), { address: '', port: 443 });
  assert.deepEqual(splitEndpoint('localhost:https'), { address: 'localhost', port: Number.NaN });
  assert.deepEqual(splitEndpoint('3000'), { address: '', port: 3000 });
});

test('property: splitting undoes putting together', () => {
  const address = fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain());
  fc.assert(
    fc.property(address, fc.nat(65535), (host, port) => {
      assert.deepEqual(splitEndpoint(endpoint(host, port)), { address: host, port });
    }),
  );
});

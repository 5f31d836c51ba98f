// A client has so many handshakes a second, whatever others do.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HandshakeRates } from './handshake-rates.ts';

test('so many at once, then one whenever its time has come; an IPv6 client is its /64', () => {
  let now = 1000;
  const rates = new HandshakeRates(10, () => now);
  const admitted = (address: string, count: number) =>
    Array.from({ length: count }, () => rates.admit(address)).filter(Boolean).length;
  assert.equal(admitted('192.0.2.1', 30), 10);
  assert.equal(admitted('192.0.2.2', 30), 10);
  assert.equal(admitted('2001:db8::1', 6) + admitted('2001:db8::2', 6), 10);
  now += 100;
  assert.equal(admitted('192.0.2.1', 30), 1);
  now += 10_000;
  assert.equal(admitted('192.0.2.1', 30), 10);
});

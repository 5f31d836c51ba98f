import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { normalise } from './address.ts';
import { embeddedIpv4 } from './embedded-ipv4.ts';

test('NAT64 and 6to4 addresses are the IPv4 clients inside them', () => {
  assert.equal(embeddedIpv4('64:ff9b::cb00:7107'), '203.0.113.7');
  assert.equal(embeddedIpv4('2002:cb00:7107::1'), '203.0.113.7');
  assert.equal(embeddedIpv4('2002:cb00:7107:ffff:1:2:3:4'), '203.0.113.7');
});

test('every other address is itself', () => {
  for (const address of [
    '203.0.113.7',
    '2001:db8::1',
    '64:ff9b:1::cb00:7107',
    '64:ff9b::1:cb00:7107',
    '2002::',
    '::1',
    '',
  ])
    assert.equal(embeddedIpv4(address), address);
});

test('nobody looks like a neighbour by writing a private address into theirs', () => {
  for (const address of [
    '64:ff9b::a00:1',
    '64:ff9b::7f00:1',
    '2002:a00:1::1',
    '2002:c0a8:101::1',
    '2002:ac1f::1',
    '64:ff9b::e000:1',
  ])
    assert.equal(embeddedIpv4(address), address);
});

test('whatever public IPv4 address is embedded comes out again', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 11, max: 99 }),
      fc.nat(255),
      fc.nat(255),
      fc.nat(255),
      fc.nat(0xffff),
      (a, b, c, d, rest) => {
        const ipv4 = `${a}.${b}.${c}.${d}`;
        const high = (a * 256 + b).toString(16);
        const low = (c * 256 + d).toString(16);
        assert.equal(embeddedIpv4(normalise(`64:ff9b::${high}:${low}`)), ipv4);
        assert.equal(embeddedIpv4(normalise(`2002:${high}:${low}:${rest.toString(16)}::1`)), ipv4);
      },
    ),
  );
});

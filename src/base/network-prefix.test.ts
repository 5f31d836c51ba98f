import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assert as holds, ipV4, ipV6, oneof, property } from 'fast-check';
import { normalise } from './address.ts';
import { CidrSet, parseCidr } from './cidr.ts';
import { networkPrefix } from './network-prefix.ts';

test('the /24 of IPv4, the /48 of IPv6', () => {
  for (const [address, prefix] of [
    ['203.0.113.7', '203.0.113.0/24'],
    ['2001:db8:1:2::3', '2001:db8:1::/48'],
    ['2001:db8::1', '2001:db8::/48'],
    ['::1', '::/48'],
    ['', ''],
    ['nobody', ''],
    [':::', ''],
  ])
    assert.equal(networkPrefix(address!), prefix);
});

test('every address is within its part of the network', () => {
  holds(
    property(oneof(ipV4(), ipV6()), (written) => {
      const address = normalise(written);
      const prefix = parseCidr(networkPrefix(address));
      assert.ok(prefix.ok, networkPrefix(address));
      return new CidrSet([prefix.value]).has(address);
    }),
  );
});

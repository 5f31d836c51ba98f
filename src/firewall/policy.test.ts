// The decision table decides as reading the rules from the top does, for every packet.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Address, parseAddress, printAddress } from '../base/address.ts';
import { contains } from '../base/cidr.ts';
import { compile, covers } from './policy.ts';
import { parseRule, type Rule } from './rule.ts';

function rulesOf(lines: readonly string[]): Rule[] {
  return lines.map((line, index) => {
    const rule = parseRule(line, index, '', []);
    assert.ok(rule, line);
    return rule;
  });
}

function compiled(lines: readonly string[]) {
  const result = compile(rulesOf(lines));
  assert.ok(result);
  return result;
}

/** The decision by definition: the first rule that matches. */
function firstMatch(rules: readonly Rule[], protocol: 'tcp' | 'udp', address: Address, port: number): number {
  for (const rule of rules) {
    const speaks = rule.protocol === 'ALL' || rule.protocol.toLowerCase() === protocol;
    const hasPort = rule.ports.some(({ first, last }) => first <= port && port <= last);
    if (speaks && hasPort && rule.sources.some((cidr) => contains(cidr, address))) return rule.number;
  }
  return 0;
}

test('the first rule that matches decides', () => {
  const { policy } = compiled([
    'allow tcp 443 from any',
    'deny all from 203.0.113.0/24',
    'allow tcp 22 from 10.0.0.0/8,2001:db8::/32',
    'deny all from 0.0.0.0/0',
  ]);
  assert.equal(policy.decide('tcp', '203.0.113.7', 443), 1);
  assert.equal(policy.decide('udp', '203.0.113.7', 443), 2);
  assert.equal(policy.decide('tcp', '10.255.255.255', 22), 3);
  assert.equal(policy.decide('tcp', '11.0.0.0', 22), 4);
  assert.equal(policy.decide('tcp', '2001:db8:ffff::1', 22), 3);
  assert.equal(policy.decide('tcp', '2001:db9::', 22), 0);
  assert.equal(policy.decide('tcp', '::ffff:10.0.0.1', 22), 3);
  assert.equal(policy.decide('tcp', '192.0.2.1', 0), 4);
});

test('no rules decide nothing, and what is no address or port is never decided', () => {
  const { policy } = compiled([]);
  assert.equal(policy.decide('tcp', '192.0.2.1', 65535), 0);
  assert.equal(policy.decide('tcp', '', 443), -1);
  assert.equal(policy.decide('tcp', 'fe80::1%eth0', 443), -1);
  for (const port of [-1, 65536, 1.5, Number.NaN]) assert.equal(policy.decide('tcp', '192.0.2.1', port), -1);
});

const port = fc.constantFrom(1, 2, 22, 80, 81, 443, 65534, 65535);
const ports = fc.oneof(
  fc.constant('all'),
  fc.array(
    fc.tuple(port, port).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
    { minLength: 1, maxLength: 3 },
  ),
);
// Networks that lie in and beside each other, at both ends of both families.
const networks = [
  '0.0.0.0/0',
  '10.0.0.0/8',
  '10.1.0.0/16',
  '10.1.2.0/24',
  '10.1.2.3',
  '11.0.0.0/8',
  '0.0.0.0/1',
].concat(
  ['128.0.0.0/1', '255.255.255.255', '0.0.0.0', '::/0', '2001:db8::/32', '2001:db8:1::/48', '2001:db8::1', '::/1'],
  ['8000::/1', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '2001:db8:0:1::/64'],
);
const sources = fc.oneof(
  { weight: 1, arbitrary: fc.constant('any') },
  { weight: 5, arbitrary: fc.uniqueArray(fc.constantFrom(...networks), { minLength: 1, maxLength: 4 }).map(String) },
);
const line = fc
  .tuple(fc.constantFrom('allow', 'deny'), fc.constantFrom('tcp', 'udp', 'all'), ports.map(String), sources)
  .map(([action, protocol, at, from]) => `${action} ${protocol} ${at} from ${from}`);

/** Both edges of every source, and their outer neighbours where there are any. */
function edges(rules: readonly Rule[]): Address[] {
  const found = new Map<string, Address>();
  for (const { family, start, end } of rules.flatMap((rule) => rule.sources))
    for (const value of [BigInt(start) - 1n, BigInt(start), BigInt(end) - 1n, BigInt(end)]) {
      if (value < 0n || value >= 1n << (family === 4 ? 32n : 128n)) continue;
      const text = printAddress({ family, value: family === 4 ? Number(value) : value });
      const parsed = parseAddress(text);
      if (parsed.ok) found.set(text, parsed.value);
    }
  return [...found.values()];
}

const edgePorts = [0, 1, 2, 3, 22, 23, 80, 81, 82, 443, 444, 65534, 65535];

test('the table agrees with reading the rules from the top, on every edge', () => {
  const someAddress = fc.oneof(fc.ipV4(), fc.ipV6());
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), someAddress, fc.nat(65535), (lines, text, somePort) => {
      const rules = rulesOf(lines);
      const { policy, neverHit } = compiled(lines);
      const parsed = parseAddress(text);
      assert.ok(parsed.ok);
      const hit = new Set<number>();
      for (const address of [...edges(rules), parsed.value])
        for (const at of edgePorts.concat(somePort))
          for (const protocol of ['tcp', 'udp'] as const) {
            const expected = firstMatch(rules, protocol, address, at);
            assert.equal(policy.decide(protocol, printAddress(address), at), expected);
            hit.add(expected);
          }
      // Edges reach every cell of the table, so a rule that none of them hits is one that nothing hits, and conversely.
      assert.deepEqual(
        neverHit,
        rules.map(({ number }) => number).filter((number) => !hit.has(number)),
      );
      for (const inner of rules)
        if (rules.some((outer) => outer.number < inner.number && covers(outer, inner)))
          assert.ok(neverHit.includes(inner.number));
    }),
    { numRuns: 60 },
  );
});

test('a table too large to hold is refused, not built', () => {
  const lines = Array.from({ length: 3000 }, (_, at) => `allow tcp ${at + 1}-9000 from 10.0.${at >> 8}.${at & 255}`);
  assert.equal(compile(rulesOf(lines)), null);
});

// What is a network, what lies in it, and that node's own list agrees.

import assert from 'node:assert/strict';
import { BlockList } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseAddress, printAddress } from './address.ts';
import { type Cidr, CidrSet, contains, parseCidr, printCidr } from './cidr.ts';

const read: readonly (readonly [string, string])[] = [
  ['10.0.0.0/8', '10.0.0.0/8'],
  ['0.0.0.0/0', '0.0.0.0/0'],
  ['192.0.2.7', '192.0.2.7/32'],
  ['255.255.255.255/32', '255.255.255.255/32'],
  ['2001:DB8::/32', '2001:db8::/32'],
  ['::/0', '::/0'],
  ['::1', '::1/128'],
  ['::ffff:10.0.0.0/104', '10.0.0.0/8'],
  ['::ffff:0:0/96', '0.0.0.0/0'],
  ['::ffff:10.1.2.3', '10.1.2.3/32'],
];

test('a network is read and printed canonically', () => {
  for (const [text, canonical] of read) {
    const parsed = parseCidr(text);
    assert.ok(parsed.ok, text);
    assert.equal(printCidr(parsed.value), canonical);
  }
});

const refused: readonly (readonly [string, string, string])[] = [
  [
    '10.1.2.3/8',
    '"10.1.2.3/8" has bits set behind its prefix',
    'write 10.0.0.0/8 for the network or 10.1.2.3 for the one address',
  ],
  [
    '2001:db8::1/64',
    '"2001:db8::1/64" has bits set behind its prefix',
    'write 2001:db8::/64 for the network or 2001:db8::1 for the one address',
  ],
  ['10.0.0.0/33', '"/33" is no prefix length', 'write a number from 0 to 32 behind the slash'],
  ['10.0.0.0/', '"/" is no prefix length', 'write a number from 0 to 32 behind the slash'],
  ['10.0.0.0/08', '"/08" is no prefix length', 'write a number from 0 to 32 behind the slash'],
  ['::/129', '"/129" is no prefix length', 'write a number from 0 to 128 behind the slash'],
  [
    '10.0.0.0/255.0.0.0',
    '"/255.0.0.0" is no prefix length',
    'write a number from 0 to 32 behind the slash: the mask 255.0.0.0 is /8',
  ],
  ['::ffff:10.0.0.0/8', '"/8" is no prefix length', 'write a number from 96 to 128 behind the slash'],
  ['10.0.0/8', '"10.0.0" has 3 of the four numbers of an IPv4 address', 'write all four, such as 10.0.0.0'],
];

test('what is no network says why and what to write', () => {
  for (const [text, says, instead] of refused) {
    const parsed = parseCidr(text);
    assert.ok(!parsed.ok, text);
    assert.deepEqual([parsed.fault.says, parsed.fault.instead], [says, instead]);
  }
});

const family = fc.constantFrom<4 | 6>(4, 6);
// Few distinct high bits, so that networks and addresses meet.
const value = fc.tuple(
  fc.constantFrom(0n, 1n, 10n, 127n, 255n),
  fc.bigInt(0n, 0xffffffn),
  fc.bigInt(0n, (1n << 96n) - 1n),
);

const network = fc.tuple(family, value, fc.nat(128)).map(([of, parts, bits]) => cidr(of, parts, bits));
const address = fc.tuple(family, value).map(([of, parts]) => addressOf(of, parts));

function addressOf(of: 4 | 6, [top, middle, low]: readonly bigint[]) {
  const four = (top! << 24n) | middle!;
  return { family: of, value: of === 4 ? Number(four) : (four << 96n) | low! } as const;
}

function cidr(of: 4 | 6, parts: readonly bigint[], bits: number): Cidr {
  const width = of === 4 ? 32 : 128;
  const prefix = bits % (width + 1);
  const host = BigInt(width - prefix);
  const start = (BigInt(addressOf(of, parts).value) >> host) << host;
  const text = printAddress({ family: of, value: of === 4 ? Number(start) : start });
  const parsed = parseCidr(`${text}/${prefix}`);
  assert.ok(parsed.ok);
  return parsed.value;
}

test('a set has what one of its networks contains, and node agrees', () => {
  fc.assert(
    fc.property(
      fc.array(network, { maxLength: 12 }),
      fc.array(address, { minLength: 1, maxLength: 8 }),
      (list, some) => {
        const set = new CidrSet(list);
        // Because node takes ::/0 for IPv4 too, where a rule says one family only, each family has a list of its own.
        const theirs = { 4: new BlockList(), 6: new BlockList() };
        for (const { family: of, start, prefix } of list)
          theirs[of].addSubnet(printAddress({ family: of, value: start }), prefix, `ipv${of}`);
        const edges = list.map(({ family: of, end }) => ({
          family: of,
          value: of === 4 ? Number(end) - 1 : BigInt(end) - 1n,
        }));
        for (const each of [
          ...some,
          ...edges,
          ...list.map(({ family: of, start }) => ({ family: of, value: start })),
        ]) {
          const text = printAddress(each);
          const reparsed = parseAddress(text);
          // Because ::ffff:0:0/96 exists in no text, an IPv6 value inside it cannot be asked about.
          if (!reparsed.ok || reparsed.value.family !== each.family) continue;
          const expected = list.some((one) => contains(one, each));
          assert.equal(set.has(text), expected, text);
          assert.equal(theirs[each.family].check(text, `ipv${each.family}`), expected, text);
        }
      },
    ),
  );
});

test('the empty set has nobody, and what is no address is in no set', () => {
  assert.equal(new CidrSet([]).has('10.0.0.1'), false);
  assert.equal(new CidrSet([]).isEmpty, true);
  const all = ['0.0.0.0/0', '::/0'].map((text) => {
    const parsed = parseCidr(text);
    assert.ok(parsed.ok);
    return parsed.value;
  });
  assert.equal(new CidrSet(all).has('nobody'), false);
  assert.equal(new CidrSet(all).has('255.255.255.255'), true);
  assert.equal(new CidrSet(all).has('ffff::'), true);
});

// Packed ranges against the networks they were made of, one by one, and against net.BlockList.

import assert from 'node:assert/strict';
import { BlockList } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { AddressReader, printAddress } from './address.ts';
import { parseCidr } from './cidr.ts';
import { RangeSet, RangesBuilder } from './ranges.ts';

function setOf(texts: readonly string[]): RangeSet {
  const builder = new RangesBuilder();
  const reader = new AddressReader();
  for (const text of texts) {
    const slash = text.indexOf('/');
    const family = reader.read(text, 0, slash);
    const prefix = Number(text.slice(slash + 1));
    if (family === 4) {
      const start = prefix === 0 ? 0 : reader.word0 & (-1 << (32 - prefix));
      assert.ok(builder.add4(start, prefix === 0 ? -1 : start | ~(-1 << (32 - prefix))));
    } else assert.ok(builder.add6(reader.word0, reader.word1, reader.word2, reader.word3, prefix));
  }
  assert.equal(builder.count, texts.length);
  return new RangeSet(builder.build());
}

function has(set: RangeSet, address: string): boolean {
  const reader = new AddressReader();
  const family = reader.read(address);
  assert.notEqual(family, 0, address);
  return family === 4 ? set.has4(reader.word0) : set.has6(reader.word0, reader.word1, reader.word2, reader.word3);
}

// Few different bytes, so that networks overlap, touch, and share their upper bits.
const byte = fc.constantFrom(0, 1, 2, 127, 128, 254, 255);
const address4 = fc.array(byte, { minLength: 4, maxLength: 4 }).map((bytes) => bytes.join('.'));
const group = fc.constantFrom('0', '1', '8', '7ff', '800', '2001', '8000', 'ffff');
// Nothing that holds ::ffff:0:0/96, which is IPv4 to the one and not to the other.
const address6 = fc.array(group, { minLength: 7, maxLength: 7 }).map((groups) => `2001:${groups.join(':')}`);
const network4 = fc.tuple(address4, fc.integer({ min: 0, max: 32 })).map(([address, prefix]) => `${address}/${prefix}`);
const network6 = fc
  .tuple(address6, fc.integer({ min: 3, max: 128 }))
  .map(([address, prefix]) => `${address}/${prefix}`);

test('an address is in the set exactly where net.BlockList has it', () => {
  let hits = 0;
  fc.assert(
    fc.property(
      fc.array(fc.oneof(network4, network6), { maxLength: 30 }),
      fc.array(fc.oneof(address4, address6), { minLength: 20, maxLength: 40 }),
      (networks, addresses) => {
        const set = setOf(networks);
        const peer = new BlockList();
        for (const network of networks) {
          const [address, prefix] = network.split('/');
          peer.addSubnet(address!, Number(prefix), address!.includes(':') ? 'ipv6' : 'ipv4');
        }
        const own = networks.map((network) => network.split('/')[0]!);
        for (const address of [...addresses, ...own]) {
          const expected = peer.check(address, address.includes(':') ? 'ipv6' : 'ipv4');
          assert.equal(has(set, address), expected, address);
          if (expected) hits++;
        }
      },
    ),
    { numRuns: 500 },
  );
  assert.ok(hits > 1000);
});

test('both sides of every edge are told apart, whatever lies between', () => {
  const networks = [
    '0.0.0.0/32',
    '10.0.0.0/8',
    '10.1.0.0/16',
    '192.0.2.0/25',
    '192.0.2.128/25',
    '255.255.255.255/32',
    '2001:db8::/32',
    '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff/128',
    '2001:db9::1/128',
    '2001:db9::3/128',
    'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128',
  ];
  const set = setOf(networks);
  const at = { 4: 2 ** 32, 6: 1n << 128n };
  for (const network of networks) {
    const parsed = parseCidr(network);
    assert.ok(parsed.ok);
    const { family, start, end } = parsed.value;
    const one = family === 4 ? 1 : 1n;
    const last = (Number.isInteger(end) ? Number(end) - 1 : BigInt(end) - 1n) as number | bigint;
    assert.equal(has(set, printAddress({ family, value: start })), true, network);
    assert.equal(has(set, printAddress({ family, value: last })), true, network);
    if (end < at[family] && network !== '10.1.0.0/16' && network !== '192.0.2.0/25')
      assert.equal(has(set, printAddress({ family, value: end })), false, `${network} ${one}`);
  }
  assert.deepEqual(
    [has(set, '0.0.0.1'), has(set, '2001:db9::2'), has(set, '2001:db9::'), has(set, '192.0.3.0')],
    [false, false, false, false],
  );
  // Overlapping and touching ones are joined.
  assert.equal(set.count, 4 + 4);
  const empty = setOf([]);
  assert.deepEqual([has(empty, '0.0.0.0'), has(empty, '2001::'), empty.count], [false, false, 0]);
});

test('a large set of IPv4 is told apart at every edge, too', () => {
  const networks = Array.from(
    { length: 5000 },
    (_, index) => `${(index * 7) % 224}.${index & 255}.${(index * 3) & 255}.${(index * 5) & 254}/31`,
  );
  const set = setOf([...networks, '225.0.0.0/8', '255.255.255.255/32']);
  const small = new Set(networks.map((network) => network.split('/')[0]!));
  const last = (address: string) => Number(address.slice(address.lastIndexOf('.') + 1));
  for (const address of small) {
    const head = address.slice(0, address.lastIndexOf('.'));
    for (const step of [-2, -1, 0, 1, 2, 3]) {
      const byte = last(address) + step;
      if (byte >= 0 && byte <= 255)
        assert.equal(has(set, `${head}.${byte}`), small.has(`${head}.${byte & 254}`), `${head}.${byte}`);
    }
  }
  assert.deepEqual(
    [
      '224.255.255.255',
      '225.0.0.0',
      '225.77.0.1',
      '225.255.255.255',
      '226.0.0.0',
      '255.255.255.255',
      '255.255.255.254',
    ].map((address) => has(set, address)),
    [false, true, true, true, false, true, false],
  );
});

test('a large set of IPv6 has narrow networks and wide ones', () => {
  const networks = Array.from(
    { length: 3000 },
    (_, index) => `2001:db8:${(index * 2).toString(16)}::/${index % 2 === 0 ? 48 : 64}`,
  );
  const set = setOf([...networks, '2400::/12', '2a00:1000::/31', 'fc00::/7']);
  for (let index = 0; index < 3000; index++) {
    const isNarrow = index % 2 === 1;
    assert.equal(has(set, `2001:db8:${(index * 2).toString(16)}::1`), true);
    assert.equal(has(set, `2001:db8:${(index * 2).toString(16)}:1::1`), !isNarrow);
    assert.equal(has(set, `2001:db8:${(index * 2 + 1).toString(16)}::1`), false);
  }
  const others = [
    '23ff:ffff::',
    '2400::',
    '240f:ffff::1',
    '2410::',
    '2a00:0fff::',
    '2a00:1000::',
    '2a00:1001:ffff::',
    '2a00:1002::',
    'fbff::',
    'fc00::',
    'fdff:ffff::',
    'fe00::',
  ];
  assert.deepEqual(
    others.map((address) => has(set, address)),
    [false, true, true, false, false, true, true, false, false, true, true, false],
  );
});

test('many networks that share their upper 64 bits are found one by one', () => {
  const networks = Array.from({ length: 2000 }, (_, index) => `2001:db8::${(index * 2).toString(16)}:0:1/112`);
  const set = setOf(networks);
  for (let index = 0; index < 2000; index++) {
    assert.equal(has(set, `2001:db8::${(index * 2).toString(16)}:0:7`), true);
    assert.equal(has(set, `2001:db8::${(index * 2 + 1).toString(16)}:0:7`), false);
  }
});

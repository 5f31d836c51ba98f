// Bans are found by any prefix length, end by the monotonic clock, and never outgrow their bound.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AddressReader, printAddress } from '../base/address.ts';
import { contains, parseCidr } from '../base/cidr.ts';
import { type Ban, type BanRecord, Bans, banOf, recordOf, targetText } from './bans.ts';

function ban(target: string, endsMs = Number.POSITIVE_INFINITY, by: Ban['by'] = 'owner'): Ban {
  const parsed = parseCidr(target);
  assert.ok(parsed.ok, target);
  return {
    target: targetText(parsed.value),
    cidr: parsed.value,
    reason: 'test',
    by,
    madeAt: 0,
    lengthMs: endsMs,
    endsMs,
    level: 0,
  };
}

function found(bans: Bans, address: string, nowMs = 0): string | null {
  const reader = new AddressReader();
  assert.notEqual(reader.read(address), 0, address);
  return bans.find(reader, nowMs)?.target ?? null;
}

test('the narrowest ban that holds an address is the one that is told', () => {
  const bans = new Bans(100);
  for (const target of ['10.0.0.0/8', '10.1.0.0/16', '10.1.2.3', '2001:db8::/32', '2001:db8:0:1::/64', '2001:db8::7'])
    bans.set(ban(target));
  const cases: readonly (readonly [string, string | null])[] = [
    ['10.1.2.3', '10.1.2.3'],
    ['::ffff:10.1.2.3', '10.1.2.3'],
    ['10.1.2.4', '10.1.0.0/16'],
    ['10.2.0.0', '10.0.0.0/8'],
    ['11.0.0.0', null],
    ['2001:db8::7', '2001:db8::7'],
    ['2001:db8:0:1::7', '2001:db8:0:1::/64'],
    ['2001:db8:ffff::', '2001:db8::/32'],
    ['2001:db9::', null],
  ];
  for (const [address, target] of cases) assert.equal(found(bans, address), target, address);
  assert.equal(bans.delete('10.1.0.0/16')?.target, '10.1.0.0/16');
  assert.equal(bans.delete('10.1.0.0/16'), null);
  assert.equal(found(bans, '10.1.2.4'), '10.0.0.0/8');
});

const prefix4 = fc.integer({ min: 1, max: 32 });
const network = fc.oneof(
  fc.tuple(fc.constantFrom(0x0a000000, 0x0a010203, 0xffffffff, 0x7f000001), prefix4).map(([value, prefix]) => {
    const start = Math.floor(value / 2 ** (32 - prefix)) * 2 ** (32 - prefix);
    return `${printAddress({ family: 4, value: start })}/${prefix}`;
  }),
  fc
    .tuple(
      fc.constantFrom(1n, 0x20010db8000000000000000000000007n, (1n << 128n) - 1n),
      fc.integer({ min: 1, max: 128 }),
    )
    .map(([value, prefix]) => {
      const bits = BigInt(128 - prefix);
      return `${printAddress({ family: 6, value: (value >> bits) << bits })}/${prefix}`;
    }),
);

test('an address is banned exactly while a network that holds it is', () => {
  const addresses = [
    '10.0.0.0',
    '10.1.2.3',
    '10.1.2.2',
    '255.255.255.255',
    '127.0.0.1',
    '::1',
    '2001:db8::7',
    '2001:db8::6',
    '2001:db8:8000::',
    'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
  ];
  fc.assert(
    fc.property(fc.array(fc.tuple(network, fc.boolean()), { maxLength: 30 }), (steps) => {
      const bans = new Bans(1000);
      const model = new Map<string, Ban>();
      for (const [target, isRemoval] of steps) {
        const made = ban(target);
        if (isRemoval) assert.equal(bans.delete(made.target) !== null, model.delete(made.target));
        else {
          assert.ok(bans.set(made));
          model.set(made.target, made);
        }
      }
      assert.equal(bans.size, model.size);
      for (const address of addresses) {
        const parsed = parseCidr(address);
        assert.ok(parsed.ok);
        const value = { family: parsed.value.family, value: parsed.value.start };
        const holding = [...model.values()]
          .filter(({ cidr }) => contains(cidr, value))
          .sort((a, b) => b.cidr.prefix - a.cidr.prefix);
        assert.equal(found(bans, address), holding[0]?.target ?? null, address);
      }
    }),
    { numRuns: 300 },
  );
});

test('a ban ends by itself, and is forgotten when somebody sweeps', () => {
  const bans = new Bans(10);
  bans.set(ban('192.0.2.7', 1000));
  bans.set(ban('192.0.2.0/24', 500));
  assert.deepEqual([found(bans, '192.0.2.7', 999), found(bans, '192.0.2.7', 1000)], ['192.0.2.7', null]);
  assert.deepEqual([bans.size, bans.sweep(600).map(({ target }) => target), bans.size], [2, ['192.0.2.0/24'], 1]);
  assert.equal(bans.sweep(5000).length, 1);
  assert.equal(found(bans, '192.0.2.7', 0), null);
});

test('where there is no room, the oldest ban of the gate goes, and no ban of the owner', () => {
  const bans = new Bans(3);
  bans.set(ban('192.0.2.1'));
  bans.set(ban('192.0.2.2', 9, 'gate'));
  bans.set(ban('192.0.2.3'));
  assert.equal(bans.set(ban('192.0.2.4')), true);
  assert.deepEqual(
    [...bans.all()].map(({ target }) => target),
    ['192.0.2.1', '192.0.2.3', '192.0.2.4'],
  );
  assert.equal(bans.set(ban('192.0.2.5', 9, 'gate')), false);
  assert.equal(bans.set(ban('192.0.2.4', 7)), true);
  assert.deepEqual([bans.size, found(bans, '192.0.2.2'), found(bans, '192.0.2.5')], [3, null, null]);
});

test('a record brings a ban back with the time that it had left, never more than its length', () => {
  const made = ban('2001:db8::/32', 10_000);
  const record = recordOf(made, 4000);
  assert.deepEqual(record, {
    target: '2001:db8::/32',
    reason: 'test',
    by: 'owner',
    madeAt: 0,
    lengthMs: 10_000,
    leftMs: 6000,
    level: 0,
  });
  assert.equal(banOf(record, 1_000_000)!.endsMs, 1_006_000);
  const odd: readonly (readonly [Partial<BanRecord>, number | null])[] = [
    [{ leftMs: 99_999_999 }, 10_000],
    [{ lengthMs: null, leftMs: null }, Number.POSITIVE_INFINITY],
    [{ leftMs: 0 }, null],
    [{ leftMs: Number.NaN }, null],
    [{ target: 'nobody' }, null],
    [{ target: '10.1.2.3/8' }, null],
  ];
  for (const [change, endsMs] of odd)
    assert.equal(banOf({ ...record, ...change }, 0)?.endsMs ?? null, endsMs, JSON.stringify(change));
});

// What is an address, how it is printed, and that node agrees about both.

import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { AddressReader, normalise, parseAddress, prefix64, printAddress } from './address.ts';

const printed: readonly (readonly [string, string])[] = [
  ['0.0.0.0', '0.0.0.0'],
  ['255.255.255.255', '255.255.255.255'],
  ['128.0.0.1', '128.0.0.1'],
  ['::', '::'],
  ['::1', '::1'],
  ['1::', '1::'],
  ['2001:DB8::0:1', '2001:db8::1'],
  ['2001:0db8:0000:0000:0000:0000:0000:0001', '2001:db8::1'],
  ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
  ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
  ['::2:3:4:5:6:7:8', '0:2:3:4:5:6:7:8'],
  ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
  ['1:2:3:4:5:6:1.2.3.4', '1:2:3:4:5:6:102:304'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::FFFF:c000:201', '192.0.2.1'],
  ['0:0:0:0:0:ffff:192.0.2.1', '192.0.2.1'],
  ['::192.0.2.1', '::c000:201'],
  ['::ffff:0:192.0.2.1', '::ffff:0:c000:201'],
  ['ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
];

test('an address is read strictly and printed canonically', () => {
  for (const [text, canonical] of printed) {
    const parsed = parseAddress(text);
    assert.ok(parsed.ok, text);
    assert.equal(printAddress(parsed.value), canonical, text);
    assert.equal(normalise(text), canonical, text);
  }
});

const refused: readonly (readonly [string, string, string])[] = [
  ['', 'an address is missing', 'write an address such as 192.0.2.7 or 2001:db8::7'],
  ['010.0.0.1', '"010" has a leading zero, which some programs read as octal', 'write 10'],
  ['10.0.0.00', '"00" has a leading zero, which some programs read as octal', 'write 0'],
  ['10.0.0.256', '"256" is more than 255', 'write a number from 0 to 255'],
  ['10.1', '"10.1" has 2 of the four numbers of an IPv4 address', 'write all four, such as 10.1.0.0'],
  ['10.0.0.', '"10.0.0." has an empty number', 'write an address such as 192.0.2.7 or 2001:db8::7'],
  ['10.0.0.*', '"10.0.0.*" has a wildcard', 'write the network with its length, such as 10.0.0.0/8'],
  ['0x7f.0.0.1', '"0x7f" is hexadecimal', 'write the four numbers in decimal'],
  ['1.2.3.4:80', '"1.2.3.4:80" has a port where an address alone is expected', 'write 1.2.3.4'],
  ['fe80::1%eth0', '"fe80::1%eth0" has a zone id, which names an interface of one machine only', 'leave out "%eth0"'],
  ['1::2::3', '"1::2::3" has "::" twice, so its length is unknown', 'write "::" once'],
  ['2001:db8::12345', '"12345" has more than four digits', 'write an address such as 192.0.2.7 or 2001:db8::7'],
  ['2001:dbg::1', '"dbg" is not hexadecimal', 'write an address such as 192.0.2.7 or 2001:db8::7'],
  [
    '1:2:3:4:5:6:7',
    '"1:2:3:4:5:6:7" is no IPv6 address: it needs eight groups (here: 7)',
    'write an address such as 192.0.2.7 or 2001:db8::7',
  ],
  [
    'localhost',
    '"localhost" is no address; names are not looked up, because a decision must not wait for DNS',
    'write an address such as 192.0.2.7 or 2001:db8::7',
  ],
  [
    '[::1]',
    '"[::1]" has brackets, which belong to an address with a port',
    'write an address such as 192.0.2.7 or 2001:db8::7',
  ],
];

test('what is no address says why and what to write', () => {
  for (const [text, says, instead] of refused) {
    const parsed = parseAddress(text);
    assert.ok(!parsed.ok, text);
    assert.deepEqual([parsed.fault.says, parsed.fault.instead], [says, instead], text);
  }
});

test('a fault points into its text', () => {
  const parsed = parseAddress('10.0.300.1');
  assert.ok(!parsed.ok);
  assert.deepEqual([parsed.fault.offset, parsed.fault.length], [5, 3]);
});

const malformed = [':', ':1', '1:', ':::', '1:2:3:4:5:6:7:8:', ':1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8:9'].concat(
  ['1::2:3:4:5:6:7:8', '1:2:3:4:5:6:7:1.2.3.4', '::1.2.3', '::1.2.3.4.5', '::1.2.3.4:5', '::01.2.3.4', '1.2.3.4.'],
  ['::ffff:1.2.3.256', '1.2.3.4 ', ' 1.2.3.4', '١.2.3.4', '1.2.3.4\0', '::1\n', '1..2.3', 'ｆ::1', '٠::'],
);

test('nothing that is nearly an address is one', () => {
  for (const text of malformed) {
    assert.equal(parseAddress(text).ok, false, JSON.stringify(text));
    assert.equal(isIP(text), 0, JSON.stringify(text));
  }
});

test('a peer as a socket names it becomes canonical, and what is no address stays visible', () => {
  assert.equal(normalise('203.0.113.7'), '203.0.113.7');
  assert.equal(normalise('::ffff:203.0.113.7'), '203.0.113.7');
  assert.equal(normalise('fe80::aB%eth0'), 'fe80::ab');
  assert.equal(normalise('::ffff:010.0.0.1'), '::ffff:010.0.0.1');
  assert.equal(normalise('/run/gate.sock'), '/run/gate.sock');
  assert.equal(normalise(''), '');
});

test('rates count an IPv6 household as one and IPv4 one by one', () => {
  assert.equal(prefix64('203.0.113.7'), '203.0.113.7');
  assert.equal(prefix64('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2::/64');
  assert.equal(prefix64('2001:db8::1'), '2001:db8::/64');
  assert.equal(prefix64('::1'), '::/64');
  assert.equal(prefix64('::ffff:203.0.113.7'), '203.0.113.7');
  assert.equal(prefix64('nobody'), 'nobody');
});

const word = fc.nat(0xffff_ffff);
const group = fc.oneof(fc.constant(0), fc.constant(0xffff), fc.nat(0xffff));
const groups = fc.array(group, { minLength: 8, maxLength: 8 });

test('every IPv4 value survives print and parse', () => {
  fc.assert(
    fc.property(word, (value) => {
      const text = printAddress({ family: 4, value });
      assert.equal(isIP(text), 4);
      assert.deepEqual(parseAddress(text), { ok: true, value: { family: 4, value } });
    }),
  );
});

test('every spelling of an IPv6 value has one canonical text, and it survives', () => {
  fc.assert(
    fc.property(groups, (parts) => {
      const long = parts.map((part) => part.toString(16).padStart(4, '0')).join(':');
      const text = normalise(long.toUpperCase());
      assert.notEqual(isIP(text), 0);
      assert.equal(normalise(text), text);
      const parsed = parseAddress(long);
      assert.ok(parsed.ok);
      assert.deepEqual(parseAddress(text), parsed);
      // WHATWG prints IPv6 by the same rules (RFC 5952 4), so the two must agree.
      if (parsed.value.family === 6) assert.equal(new URL(`http://[${long}]/`).hostname, `[${text}]`);
    }),
  );
});

test('node and we agree on what is an address', () => {
  const letters = fc.constantFrom('0', '1', '9', '25', '255', '256', 'a', 'F', 'ffff', ':', '::', '.', 'g', ' ');
  const nearly = fc.array(letters, { maxLength: 18 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(fc.oneof(nearly, fc.string(), fc.ipV4(), fc.ipV6()), (text) => {
      fc.pre(!text.includes('%'));
      const reader = new AddressReader();
      const family = reader.read(text);
      assert.equal(family !== 0, isIP(text) !== 0, text);
      if (family === 6) assert.equal(isIP(text), 6);
    }),
    { numRuns: 2000 },
  );
});

test('a part of a text is read as if it stood alone', () => {
  const reader = new AddressReader();
  assert.equal(reader.read('for=192.0.2.9;x', 4, 13), 4);
  assert.equal(reader.print(), '192.0.2.9');
  assert.equal(reader.read('[2001:db8::9]:80', 1, 12), 6);
  assert.equal(reader.print(), '2001:db8::9');
  assert.equal(reader.read('nobody'), 0);
  assert.equal(reader.print(), '');
  assert.equal(reader.address(), null);
});

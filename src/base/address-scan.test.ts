// The reader of peers agrees with the one that goes character by character, about addresses and about what is none.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AddressReader } from './address.ts';
import { scanAddress } from './address-scan.ts';

const written = ['::', '::1', '1::', ':', ':1', '1:', ':::', '1::2::3', '1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8:9'].concat(
  ['1:2:3:4:5:6:7::', '::2:3:4:5:6:7:8', '1::2:3:4:5:6:7:8', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:', ':1:2:3:4:5:6:7:8'],
  ['64:ff9b::192.0.2.33', '1:2:3:4:5:6:1.2.3.4', '1:2:3:4:5:6:7:1.2.3.4', '::ffff:192.0.2.1', '::FFFF:c000:201'],
  [
    '::1.2.3',
    '::1.2.3.4.5',
    '::1.2.3.4:5',
    '::01.2.3.4',
    '::1.2.3.256',
    '::1.2.3.',
    '::1..2.3',
    '::a.2.3.4',
    '::1.2.3.4444',
  ],
  [
    '2001:db8::12345',
    '2001:dbg::1',
    'fe80::1%eth0',
    'ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255',
    '0.0.0.0',
    '1.2.3.4',
  ],
);
const group = fc.oneof(fc.constant(0), fc.constant(0xffff), fc.nat(0xffff));

test('four characters at a time give the words of an address', () => {
  const view = new DataView(new ArrayBuffer(96));
  const text = '2001:db8::9:a';
  for (let at = 0; at < text.length; at++) view.setUint8(at, text.charCodeAt(at));
  const words = { word0: 0, word1: 0, word2: 0, word3: 0 };
  assert.equal(scanAddress(view, text.length, words), 6);
  assert.deepEqual(words, { word0: 0x20010db8, word1: 0, word2: 0, word3: 0x0009000a });
});

test('a peer is read as any other text, whatever it is', () => {
  const reader = new AddressReader();
  const peers = new AddressReader();
  const agree = (text: string) => {
    const before = reader.read(text);
    assert.equal(peers.readPeer(text), before, JSON.stringify(text));
    if (before !== 0) assert.equal(peers.print(), reader.print(), text);
    if (before !== 0) assert.deepEqual(peers.address(), reader.address(), text);
  };
  for (const text of written) agree(text);
  // What a character changed by one bit would be: control characters that look like digits to arithmetic, and the rest.
  for (const text of ['203.0.113.7', '2001:db8::a:9F', '::ffff:192.0.2.1', '1:2:3:4:5:6:7:8', '::1'])
    for (let at = 0; at <= text.length; at++)
      for (let code = 0; code < 256; code++) {
        agree(text.slice(0, at) + String.fromCharCode(code) + text.slice(at + 1));
        agree(text.slice(0, at) + String.fromCharCode(code) + text.slice(at));
      }
  const letters = fc.constantFrom(
    '0',
    '1',
    '9',
    '25',
    '255',
    '256',
    'a',
    'F',
    'ffff',
    'abcd',
    ':',
    '::',
    '.',
    'g',
    ' ',
  );
  const nearly = fc.array(letters, { maxLength: 18 }).map((parts) => parts.join(''));
  const latin = fc.string({ unit: fc.nat(255).map((code) => String.fromCharCode(code)), maxLength: 50 });
  const part = fc.oneof(
    fc.constant('::'),
    group.map((value) => `${value.toString(16)}:`),
  );
  const nearIpv6 = fc.array(part, { maxLength: 9 }).map((parts) => parts.join(''));
  const mapped = fc.ipV4().map((text) => `::ffff:${text}`);
  fc.assert(fc.property(fc.oneof(nearly, latin, nearIpv6, mapped, fc.ipV4(), fc.ipV6()), agree), { numRuns: 20_000 });
});

// JA4 against values that others publish for the same hellos.

import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ClientHello } from './client-hello.ts';
import { Ja4 } from './ja4.ts';

const ja4 = new Ja4();
const ja4Of = (hello: ClientHello) => ja4.of(hello);

/** A hello of Chrome, whose JA4 its inventors give as an example. */
const chrome: ClientHello = {
  legacyVersion: 0x0303,
  versions: [0xdada, 0x0304, 0x0303],
  ciphers: [
    0x8a8a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d,
    0x002f, 0x0035,
  ],
  extensions: [
    0x1a1a, 0x001b, 0x0000, 0x0033, 0x0010, 0x4469, 0x0017, 0x002d, 0x000d, 0x0005, 0x0023, 0x0012, 0x002b, 0xff01,
    0x000b, 0x000a, 0x0015, 0xbaba,
  ],
  serverName: 'example.test',
  protocols: ['h2', 'http/1.1'],
  signatureAlgorithms: [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601],
  ticketKeyName: null,
};

test('the published example', () => {
  assert.equal(ja4Of(chrome), 't13d1516h2_8daaf6152771_e5627efa2ab1');
});

test('the order of ciphers and extensions, which browsers shuffle, makes no difference; that of algorithms does', () => {
  fc.assert(
    fc.property(
      fc.shuffledSubarray([...chrome.extensions], { minLength: chrome.extensions.length }),
      fc.shuffledSubarray([...chrome.ciphers], { minLength: chrome.ciphers.length }),
      (extensions, ciphers) => {
        assert.equal(ja4Of({ ...chrome, extensions, ciphers }), ja4Of(chrome));
      },
    ),
  );
  assert.notEqual(ja4Of({ ...chrome, signatureAlgorithms: [0x0804, 0x0403] }), ja4Of(chrome));
});

/** What a hello has, and the first part of its JA4. */
const heads: readonly (readonly [Partial<ClientHello>, string])[] = [
  [{ versions: [] }, 't12d1516h2'],
  [{ versions: [0x0301, 0x0302] }, 't11d1516h2'],
  [{ versions: [0x7f17] }, 't00d1516h2'],
  [{ extensions: [] }, 't13i1500h2'],
  [{ protocols: [] }, 't13d151600'],
  [{ protocols: ['http/1.1'] }, 't13d1516h1'],
  [{ protocols: ['\xab\xcd'] }, 't13d1516ad'],
  [{ protocols: ['h'] }, 't13d1516hh'],
  [{ ciphers: Array.from({ length: 120 }, (_, index) => index + 1) }, 't13d9916h2'],
];

for (const [changed, expected] of heads)
  test(`${JSON.stringify(Object.keys(changed))} ${expected}`, () => {
    assert.equal(ja4Of({ ...chrome, ...changed }).split('_')[0], expected);
  });

test('lists that are empty have a hash of zeros, and no algorithms no underscore', () => {
  assert.equal(ja4Of({ ...chrome, ciphers: [0x0a0a], extensions: [] }), 't13i0000h2_000000000000_000000000000');
  const bare = ja4Of({ ...chrome, extensions: [0x002b], signatureAlgorithms: [] });
  assert.equal(bare.slice(-12), hash('sha256', '002b').slice(0, 12));
});

test('what was told of one hello is told of no other: neither numbers nor a protocol pass for each other', () => {
  const base: ClientHello = {
    ...chrome,
    extensions: [0x000d],
    protocols: [],
    signatureAlgorithms: [0x0403, 0x68, 0x32],
  };
  const moved: ClientHello = { ...base, signatureAlgorithms: [0x0403], protocols: ['h2'] };
  const shared = new Ja4();
  for (const hello of [base, moved, chrome, base, moved]) assert.equal(shared.of(hello), new Ja4().of(hello));
  const numbers = fc.array(fc.constantFrom(0x0a0a, 0x1301, 0x68, 0x32, 1, 2), { maxLength: 3 });
  fc.assert(
    fc.property(numbers, numbers, numbers, numbers, fc.constantFrom([], ['h2'], ['h', '2']), (...lists) => {
      const [versions, ciphers, extensions, signatureAlgorithms, protocols] = lists;
      const hello: ClientHello = { ...chrome, versions, ciphers, extensions, signatureAlgorithms, protocols };
      assert.equal(shared.of(hello), new Ja4().of(hello));
    }),
  );
});

test('a hello that is longer than any honest one is read anew each time', () => {
  const long: ClientHello = { ...chrome, ciphers: Array.from({ length: 7000 }, (_, index) => 0x1000 + index) };
  assert.equal(ja4Of(long), ja4Of({ ...long, ciphers: long.ciphers.toReversed() }));
});

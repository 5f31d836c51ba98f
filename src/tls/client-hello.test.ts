// What is read of a ClientHello, and that nothing is read of bytes that are none.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  helloMessage,
  preSharedKey,
  protocols,
  serverName,
  signatureAlgorithms,
  supportedVersions,
} from '../../test/client-hello-bytes.ts';
import { readClientHello } from './client-hello.ts';

const ticket = Buffer.from('the name of a key and what it sealed');

test('everything a hello says', () => {
  const extensions = [
    serverName('Shop.test'),
    protocols('h2', 'http/1.1'),
    supportedVersions(0x1a1a, 0x0304, 0x0303),
    signatureAlgorithms(0x0403, 0x0804),
    preSharedKey(ticket),
  ];
  const hello = readClientHello(helloMessage({ ciphers: [0x0a0a, 0x1301, 0xc02b], extensions }));
  assert.deepEqual(
    { ...hello, ticketKeyName: Buffer.from(hello!.ticketKeyName!).toString('latin1') },
    {
      legacyVersion: 0x0303,
      ciphers: [0x0a0a, 0x1301, 0xc02b],
      extensions: [0, 16, 43, 13, 41],
      serverName: 'Shop.test',
      protocols: ['h2', 'http/1.1'],
      versions: [0x1a1a, 0x0304, 0x0303],
      signatureAlgorithms: [0x0403, 0x0804],
      ticketKeyName: 'the name of a ke',
    },
  );
});

test('a hello of TLS 1.2 may have a ticket, or no extensions at all', () => {
  const shown = readClientHello(helloMessage({ extensions: [[35, ticket]] }));
  assert.equal(Buffer.from(shown!.ticketKeyName!).toString('latin1'), 'the name of a ke');
  assert.equal(readClientHello(helloMessage({ extensions: [[35, Buffer.alloc(0)]] }))!.ticketKeyName, null);
  const bare = readClientHello(helloMessage({ extensions: null }));
  assert.deepEqual(bare!.extensions, []);
  assert.equal(bare!.serverName, '');
});

/** What contradicts itself, by what is wrong with it. */
const broken: readonly (readonly [string, Buffer])[] = [
  ['no ciphers', helloMessage({ ciphers: [] })],
  ['a name longer than its extension', helloMessage({ extensions: [[0, Buffer.from([0, 5, 0, 0, 9, 97, 97])]] })],
  [
    'a list of names longer than its extension',
    helloMessage({ extensions: [[0, Buffer.from([0, 9, 0, 0, 2, 97, 97])]] }),
  ],
  ['an odd list of algorithms', helloMessage({ extensions: [[13, Buffer.from([0, 3, 4, 3, 4])]] })],
  ['a protocol longer than its list', helloMessage({ extensions: [[16, Buffer.from([0, 2, 5, 104])]] })],
  ['another message', Buffer.from('02000000', 'hex')],
  ['nothing', Buffer.alloc(0)],
];

for (const [name, bytes] of broken)
  test(`${name}: no hello`, () => {
    assert.equal(readClientHello(bytes), null);
  });

test('property: a hello that is cut, longer, or whose lengths are changed is no hello or another, and never an error', () => {
  const extension = fc.tuple(
    fc.constantFrom(0, 13, 16, 35, 41, 43, 0xff01),
    fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  );
  const hello = fc.record({ ciphers: fc.array(fc.nat(65535), { minLength: 1 }), extensions: fc.array(extension) });
  fc.assert(
    fc.property(hello, fc.nat(), fc.nat(255), (said, where, byte) => {
      const bytes = helloMessage(said);
      assert.equal(readClientHello(bytes.subarray(0, where % bytes.length)), null);
      assert.equal(readClientHello(Buffer.concat([bytes, Buffer.from([byte])])), null);
      bytes[where % bytes.length] = byte;
      const read = readClientHello(bytes);
      if (read !== null) assert.ok(read.ciphers.length > 0 && read.serverName.length <= bytes.length);
    }),
  );
});

test('property: what was written is read', () => {
  const number = fc.nat(65535);
  const word = fc.string({ minLength: 1, maxLength: 20 }).filter((text) => [...text].every((one) => one <= '\xff'));
  fc.assert(
    fc.property(
      fc.array(number, { minLength: 1, maxLength: 60 }),
      word,
      fc.array(word, { minLength: 1, maxLength: 5 }),
      fc.array(number, { minLength: 1, maxLength: 9 }),
      fc.array(number, { maxLength: 30 }),
      (ciphers, name, names, versions, algorithms) => {
        const extensions = [
          signatureAlgorithms(...algorithms),
          supportedVersions(...versions),
          protocols(...names),
          serverName(name),
        ];
        const read = readClientHello(helloMessage({ ciphers, extensions }))!;
        assert.deepEqual(
          [read.ciphers, read.serverName, read.protocols, read.versions, read.signatureAlgorithms, read.extensions],
          [ciphers, name, names, versions, algorithms, [13, 43, 16, 0]],
        );
      },
    ),
  );
});

// However a ClientHello is cut into records and packets, it is read; and nobody is waited for beyond the bounds.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { helloMessage, inRecords, serverName } from '../../test/client-hello-bytes.ts';
import { HelloRecords } from './hello-records.ts';

const message = helloMessage({ extensions: [serverName('shop.test'), [0xfe0d, Buffer.alloc(1500)]] });

test('property: cut anywhere, over records and packets, the hello is read with its last byte and not before', () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 12 });
  fc.assert(
    fc.property(lengths, lengths, (records, packets) => {
      const bytes = inRecords(message, records);
      const reader = new HelloRecords();
      let at = 0;
      for (const length of [...packets, bytes.length]) {
        const packet = Buffer.from(bytes.subarray(at, at + length));
        if (packet.length === 0) break;
        at += packet.length;
        const reading = reader.add(packet);
        packet.fill(0);
        if (at < bytes.length) assert.equal(reading, 'more');
        else assert.ok(typeof reading === 'object' && reading.serverName === 'shop.test');
      }
      assert.ok(reader.bytes.equals(bytes), 'OpenSSL gets what came');
    }),
  );
});

/** What the reading of bytes that come at once ends in. */
const cases: readonly (readonly [string, Buffer, string])[] = [
  [
    'a message longer than any honest one',
    inRecords(helloMessage({ extensions: [[9, Buffer.alloc(16_310)]] }), [16_000]),
    'too-large',
  ],
  ['a message that says it is', Buffer.from('1603010004010fffff', 'hex'), 'too-large'],
  ['an SSLv2 hello', Buffer.from('802e0100020015000000100100800700c0', 'hex'), 'sslv2'],
  ['an SSLv2 hello for TLS', Buffer.from('802e010301001500000010', 'hex'), 'sslv2'],
  [
    'another record in between',
    Buffer.concat([inRecords(message.subarray(0, 9)), Buffer.from('15030100020100', 'hex')]),
    'broken',
  ],
  ['an empty record', Buffer.from('1603010000', 'hex'), 'broken'],
  ['a record that is too long', Buffer.from('160301400101', 'hex'), 'broken'],
  ['another handshake message', Buffer.from('160301000402000000', 'hex'), 'broken'],
  ['something behind the hello', inRecords(Buffer.concat([message, Buffer.from([1])])), 'broken'],
  ['text', Buffer.from('GET / HTTP/1.1\r\n\r\n'), 'broken'],
  ['half a header', Buffer.from('160301', 'hex'), 'more'],
];

for (const [name, bytes, expected] of cases)
  test(`${name}: ${expected}`, () => {
    assert.equal(new HelloRecords().add(bytes), expected);
  });

test('records of one byte may not make the hello dearer than twice its bound', () => {
  const long = helloMessage({ extensions: [[9, Buffer.alloc(15_000)]] });
  const bytes = inRecords(
    long,
    long
      .subarray(1)
      .toJSON()
      .data.map(() => 1),
  );
  const reader = new HelloRecords();
  let at = 0;
  let reading: unknown = 'more';
  while (reading === 'more') {
    reading = reader.add(bytes.subarray(at, at + 100));
    at += 100;
  }
  assert.equal(reading, 'too-large');
  assert.ok(at <= 32_768 + 100, String(at));
});

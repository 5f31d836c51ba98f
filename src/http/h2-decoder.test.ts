// HPACK: the examples of RFC 7541 Appendix C, what is no HPACK, and that our encoder and decoder understand each other.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DecoderScratch, HeaderDecoder } from './h2-decoder.ts';
import { EncoderNames, HeaderEncoder } from './h2-encoder.ts';

const decoder = (maxBytes = 32_768): HeaderDecoder => new HeaderDecoder(maxBytes, new DecoderScratch());

function read(into: HeaderDecoder, hex: string): string[] | null {
  const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex');
  if (!into.read(bytes, 0, bytes.length)) return null;
  return into.fields.map(({ name, value }) => `${name.text}: ${value}`);
}

const first = [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com'];
const second = [...first, 'cache-control: no-cache'];
const third = [
  ':method: GET',
  ':scheme: https',
  ':path: /index.html',
  ':authority: www.example.com',
  'custom-key: custom-value',
];

test('RFC 7541 C.3: requests without Huffman', () => {
  const one = decoder();
  assert.deepEqual(read(one, '828684410f7777772e6578616d706c652e636f6d'), first);
  assert.deepEqual(read(one, '828684be58086e6f2d6361636865'), second);
  assert.deepEqual(read(one, '828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565'), third);
});

test('RFC 7541 C.4: requests with Huffman', () => {
  const one = decoder();
  assert.deepEqual(read(one, '828684418cf1e3c2e5f23a6ba0ab90f4ff'), first);
  assert.deepEqual(read(one, '828684be5886a8eb10649cbf'), second);
  assert.deepEqual(read(one, '828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf'), third);
});

test('RFC 7541 C.6: answers with Huffman and a table of 256 bytes, which evicts', () => {
  const one = decoder();
  const date = 'date: Mon, 21 Oct 2013 20:13:21 GMT';
  const rest = ['cache-control: private', date, 'location: https://www.example.com'];
  assert.deepEqual(
    read(
      one,
      '3fe101 488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3',
    ),
    [':status: 302', ...rest],
  );
  assert.deepEqual(read(one, '4883640effc1c0bf'), [':status: 307', ...rest]);
  assert.deepEqual(
    read(
      one,
      '88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007',
    ),
    [
      ':status: 200',
      'cache-control: private',
      'date: Mon, 21 Oct 2013 20:13:22 GMT',
      'location: https://www.example.com',
      'content-encoding: gzip',
      'set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1',
    ],
  );
});

test('what is no HPACK', () => {
  for (const [says, hex] of [
    ['index 0', '80'],
    ['an index beyond both tables', 'be'],
    ['an index that is cut off', 'ff'],
    ['an index of five continuation bytes', 'ffffffffff7f'],
    ['a name index beyond both tables', '7e0161'],
    ['a literal without a name', '40'],
    ['a literal without a value', '400161'],
    ['a string longer than the block', '40016105'],
    ['Huffman padding of zeros', '400161 8100'],
    ['Huffman padding of more than 7 bits', '400161 82 1fff'],
    ['the end of string within a string', '400161 84 3fffffff'],
    ['a table larger than was offered', '3fe21f'],
    ['a size update behind a field', '8220'],
    ['a third size update', '202020'],
  ] as const)
    assert.equal(read(decoder(), hex), null, says);
  assert.deepEqual(read(decoder(), '20203fe11f82'.slice(2)), [':method: GET'], 'two size updates are allowed');
});

test('a bomb is counted whole and kept only up to the bound', () => {
  const one = decoder(10_000);
  const value = 'a'.repeat(3000);
  const bomb = `40 01 62 7fb916 ${Buffer.from(value).toString('hex')} ${'be'.repeat(10_000)}`;
  assert.ok(read(one, bomb) !== null);
  assert.equal(one.isTooLong, true);
  assert.equal(one.fields.length, 3);
  assert.equal(one.listBytes, 10_001 * 3033);
});

const name = fc.stringMatching(/^[a-zA-Z0-9-]{1,20}$/);
const value = fc.string({
  unit: fc.integer({ min: 33, max: 255 }).map((code) => String.fromCharCode(code)),
  maxLength: 300,
});
const lines = fc.array(
  fc.tuple(fc.oneof(name, fc.constantFrom('Server', 'content-type', 'Set-Cookie', 'date')), value),
  {
    maxLength: 30,
  },
);

test('property: what our encoder writes our decoder reads, block after block, whatever the table may hold', () => {
  const sizes = fc.option(fc.constantFrom(0, 1, 64, 300, 4096, 65_536), { freq: 4 });
  fc.assert(
    fc.property(fc.array(fc.tuple(sizes, lines), { maxLength: 12 }), (blocks) => {
      const encoder = new HeaderEncoder(new EncoderNames());
      const one = decoder(1_000_000);
      for (const [size, fields] of blocks) {
        if (size !== null) encoder.limitTable(size);
        const text = encoder.trailers() + encoder.lines(fields.map(([a, b]) => `${a}: ${b}\r\n`).join(''));
        assert.ok(one.read(Buffer.from(text, 'latin1'), 0, text.length));
        assert.deepEqual(
          one.fields.map((field) => [field.name.text, field.value]),
          fields.map(([a, b]) => [a.toLowerCase(), b]),
        );
      }
    }),
  );
});

test('property: any bytes are a block or none, and nothing is thrown', () => {
  const one = decoder(5000);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const isBlock = one.read(Buffer.from(bytes), 0, bytes.length);
      assert.equal(typeof isBlock, 'boolean');
      assert.ok(one.fields.every((field) => field.size >= 32));
    }),
    { numRuns: 3000 },
  );
});

test('what comes again is one byte, and secrets are never kept', () => {
  const encoder = new HeaderEncoder(new EncoderNames());
  const line = 'Server: unit/1\r\n';
  assert.ok(encoder.lines(line).length > 7);
  assert.equal(encoder.lines(line), '\xbe');
  for (const secret of ['Set-Cookie: a=b\r\n', 'authorization: x\r\n']) {
    const once = encoder.lines(secret);
    assert.equal(once.charCodeAt(0) & 0xf0, 0x10, 'a literal that is never indexed');
    assert.equal(encoder.lines(secret), once);
  }
  assert.equal(encoder.status(200), '\x88');
  assert.equal(encoder.status(418), '\x08\x03418');
});

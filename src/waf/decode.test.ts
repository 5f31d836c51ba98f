// Decodings: what each undoes, what it leaves alone, and that no input makes them throw or grow.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { classify } from './classes.ts';
import { mayBeEncoded, peel } from './decode.ts';
import { base64Decode } from './decodings/base64.ts';
import { entityDecode } from './decodings/entities.ts';
import { scriptDecode, styleDecode } from './decodings/escapes.ts';
import { percentDecode } from './decodings/percent.ts';
import { fold } from './decodings/unicode.ts';

const tables: readonly [string, (text: string) => string, readonly (readonly [string, string])[]][] = [
  [
    'percent',
    (text) => percentDecode(text, false),
    [
      ['%3Cb%3e', '<b>'],
      ['%u003cb', '<b'],
      ['100% sure', '100% sure'],
      ['%zz%4', '%zz%4'],
      ['%%33c', '%3c'],
      ['a+b', 'a+b'],
      ['%', '%'],
      ['%u00', '%u00'],
    ],
  ],
  ['forms', (text) => percentDecode(text, true), [['a+b%2Bc', 'a b+c']]],
  [
    'entities',
    entityDecode,
    [
      ['&lt;b&gt;', '<b>'],
      ['&LT;b', '<b'],
      ['&#60;&#x3C;&#X3c', '<<<'],
      ['&#0000060b', '<b'],
      ['&ltb', '<b'],
      ['&ampamp', '&amp'],
      ['&colon;&lpar;&Tab;&NewLine;&apos;&grave;', ":(\t\n'`"],
      ['a & b &; &x; &#; &#x; &colon', 'a & b &; &x; &#; &#x; &colon'],
      ['&#99999999999;', '\ufffd'],
      ['?a=1&b=2', '?a=1&b=2'],
    ],
  ],
  [
    'script escapes',
    scriptDecode,
    [
      ['\\x3cb', '<b'],
      ['\\u003cb', '<b'],
      ['\\u{3c}b', '<b'],
      ['\\74 \\0', '< \0'],
      ['\\"\\\'\\/\\\\', '"\'/\\'],
      ['..\\..\\etc', '..\\..\\etc'],
      ['\\', '\\'],
      ['\\x3', '\\x3'],
    ],
  ],
  [
    'style escapes',
    styleDecode,
    [
      ['\\3c b', '<b'],
      ['\\00003Cb', '<b'],
      ['e\\78pression', 'expression'],
      ['\\zz', '\\zz'],
    ],
  ],
  [
    'Unicode',
    (text) => fold(text).text,
    [
      ['caf\xc3\xa9', 'café'],
      ['caf\xe9', 'café'],
      ['\xc0\xbc\xe0\x80\xbc\xf0\x80\x80\xbc', '<<<'],
      ['\xef\xbc\x9cscript\xef\xbc\x9e', '<script>'],
      ['\uff1cb\uff1e', '<b>'],
      ['\xca\xbc', "'"],
      ['\xe2\x80\x8bse\xc2\xadlect', 'select'],
      ['a\xc2\xa0b\xe3\x80\x80c\xa0d', 'a b c d'],
      ['\xc5\xbfelect \xe2\x84\xaa', 'select K'],
      ['\xf0\x9d\x94\xb0\xf0\x9d\x94\xa0', 'sc'],
      ['价格；（好）', '价格；（好）'],
      ['\xc3(', '\xc3('],
      ['\xf0\x9f\x98\x80', '😀'],
    ],
  ],
];

for (const [name, decode, cases] of tables)
  describe(name, () => {
    for (const [text, expected] of cases) test(JSON.stringify(text), () => assert.equal(decode(text), expected));
  });

test('Base64 of text is opened, of anything else it is not', () => {
  const text = "<script>alert('x')</script>";
  assert.equal(base64Decode(Buffer.from(text).toString('base64')), text);
  assert.equal(base64Decode(Buffer.from(text).toString('base64url')), text);
  assert.equal(base64Decode(`data:text/html;base64,${Buffer.from(text).toString('base64')}`), text);
  assert.equal(
    base64Decode(Buffer.from('a>>>b???c~~~d>>>e').toString('base64').replaceAll('+', ' ')),
    'a>>>b???c~~~d>>>e',
  );
  for (const no of ['short', 'internationalization', 'a8f5f167f44f4964e6c998dee827110c', '/products/list/of/things'])
    assert.equal(base64Decode(no), null, no);
  assert.equal(
    base64Decode(Buffer.from([0x89, 0x50, 0x4e, 0x47, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2]).toString('base64')),
    null,
  );
});

test('plain values have no layer', () => {
  for (const plain of ['red shoes', 'sort=price', 'GA1.2.1234567890.1612345678', 'a (b) [c] {d} <e>', "O'Brien"])
    assert.equal(mayBeEncoded(plain, classify(plain, 0, plain.length)), false, plain);
});

test('any text: no throw, bounded growth, and an end to peeling', () => {
  const pieces = fc.constantFrom(
    '%',
    '25',
    '3c',
    '&',
    'lt;',
    '#x',
    '\\',
    'u00',
    '3c',
    '{',
    '}',
    '\0',
    '\xef\xbc\x9c',
    '\xc0',
    'QUFB',
    '+',
    'a',
    'ﬃ',
    '…',
  );
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: pieces, maxLength: 60 }), fc.string({ unit: 'binary' })), (text) => {
      for (const decode of [entityDecode, scriptDecode, styleDecode, (one: string) => percentDecode(one, true)])
        assert.ok(decode(text).length <= text.length);
      assert.ok(fold(text).text.length <= text.length * 3);
      let form = text;
      for (let layer = 0; layer < 100; layer++) {
        const peeled = peel(form, classify(form, 0, form.length), []);
        if (peeled === null) return;
        assert.notEqual(peeled.text, form);
        assert.ok(peeled.text.length <= text.length * 3);
        form = peeled.text;
      }
      assert.fail('peeling never ends');
    }),
    { numRuns: 500 },
  );
});

test('percent encoding is undone as decodeURIComponent does where that can', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const bytes = percentDecode(encodeURIComponent(text.replaceAll('\ufffd', '')), false);
      assert.equal(Buffer.from(bytes, 'latin1').toString(), text.replaceAll('\ufffd', ''));
    }),
  );
});

test('a long text is folded as its pieces are, wherever they stand', () => {
  const pieces = ['é', 'Ã©', 'â\x80\x99', 'â\x80\x94', 'ï¼\x9c', '\xc0\xbc', '\xe9', 'ł', '\xad', 'Â\xad'];
  for (const piece of pieces)
    for (let before = 28; before < 36; before++) {
      const [head, tail] = ['x'.repeat(before), 'y'.repeat(40)];
      assert.equal(fold(`${head}${piece}${tail}`).text, `${head}${fold(piece).text}${tail}`, piece);
    }
});

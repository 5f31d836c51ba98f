import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { jsonLine, plain, quoted } from './plain.ts';

const any = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.array(fc.nat(0xffff)).map((codes) => String.fromCharCode(...codes)),
);

test('what steers a terminal is written out', () => {
  const rows: [string, string][] = [
    ['1;DROP TABLE users;--', '1;DROP TABLE users;--'],
    ['\x1b[2J\x1b]0;owned\x07', '\\x1b[2J\\x1b]0;owned\\x07'],
    ['a\r\nb\tc\0', 'a\\x0d\\x0ab\\x09c\\x00'],
    ['\x9b31m\x7f\xad', '\\x9b31m\\x7f\\xad'],
    ['\u202eexe.txt\u2066\u200b\ufeff\u2028', '\\u{202e}exe.txt\\u{2066}\\u{200b}\\u{feff}\\u{2028}'],
    ['\ud800x\udc00', '\\u{d800}x\\u{dc00}'],
    ['\u{e0041}\u{1f600}é', '\\u{e0041}\u{1f600}é'],
  ];
  for (const [text, shown] of rows) assert.equal(plain(text), shown);
});

test('quotes tell what is ours from what was sent', () => {
  assert.equal(quoted('a" score 0/5 "b\\'), '"a\\" score 0/5 \\"b\\\\"');
  assert.equal(quoted('x'.repeat(300), 5), '"xxxxx"…');
  assert.equal(quoted(''), '""');
});

test('nothing but visible characters comes out, and once is enough', () => {
  fc.assert(
    fc.property(any, (text) => {
      const shown = plain(text);
      for (const character of shown) assert.ok(character >= ' ' && (character < '\x7f' || character > '\x9f'));
      assert.equal(plain(shown), shown);
      assert.ok(shown.isWellFormed());
    }),
  );
});

test('JSON is one visible line, and means the same', () => {
  fc.assert(
    fc.property(any, any, (key, text) => {
      const value = { [`k${key}`]: [text, 1, null] };
      const line = jsonLine(value);
      assert.equal(plain(line), line);
      assert.deepEqual(JSON.parse(line), value);
    }),
  );
});

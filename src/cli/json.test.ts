import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { jsonText } from './json.ts';
import { visible } from './table.ts';

const cases: readonly (readonly [unknown, string])[] = [
  [{ a: 1, b: ['x'] }, '{"a":1,"b":["x"]}\n'],
  ['\x1b[2J', '"\\u001b[2J"\n'],
  ['\x9b2J', '"\\u009b2J"\n'],
  ['\u202egnp.exe', '"\\u202egnp.exe"\n'],
  ['socks 🧦 ünd', '"socks 🧦 ünd"\n'],
  ['\u{e0041}', '"\\udb40\\udc41"\n'],
];

test('JSON stands as text that steers no terminal', () => {
  for (const [value, text] of cases) assert.equal(jsonText(value), text);
  assert.equal(jsonText({ a: 1 }, 2), '{\n  "a": 1\n}\n');
});

test('and reads back as what it was', () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }));
  fc.assert(
    fc.property(fc.dictionary(text, text), (value) => {
      const written = jsonText(value);
      assert.equal(JSON.stringify(JSON.parse(written)), JSON.stringify(value));
      assert.equal(visible(written.trimEnd()), written.trimEnd());
    }),
  );
});

// Chunk extensions by the grammar of RFC 9112 7.1.1, without the white space that it only tolerates.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ExtensionPart, mayEndExtension, stepExtension } from './chunk-extension.ts';

/** Is `text` what may stand behind the first semicolon? */
function isExtension(text: string): boolean {
  let part: ExtensionPart = 'name-begin';
  for (let index = 0; index < text.length; index++) part = stepExtension(part, text.charCodeAt(index));
  return mayEndExtension(part);
}

test('what is an extension', () => {
  for (const text of [
    'a',
    'a=b',
    'a;b',
    'a="b"',
    'a=""',
    'a="\\""',
    'a=";="',
    "!#$%&'*+-.^_`|~09=x",
    'a="\xe9\t"',
    'a;b=c;d="e"',
  ])
    assert.ok(isExtension(text), text);
});

test('what is none', () => {
  for (const text of [
    '',
    ';',
    'a;',
    ';a',
    '=',
    '=a',
    'a=',
    'a=b=c',
    'a b',
    ' a',
    'a ',
    'a =b',
    'a= b',
    'a="',
    'a="b',
    'a="b"c',
    'a="\\',
    'a="\\"',
    'a\n',
    'a="\n"',
    'a="\x00"',
    'a="\\\n"',
    '\xe9',
    'a=\xe9',
    'a"b"',
    '"a"',
    'a,b',
  ])
    assert.ok(!isExtension(text), JSON.stringify(text));
});

test('the same as the grammar written as a pattern', () => {
  const pattern =
    /^[!#$%&'*+.^_`|~0-9A-Za-z-]+(=([!#$%&'*+.^_`|~0-9A-Za-z-]+|"([\t !#-[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"))?(;[!#$%&'*+.^_`|~0-9A-Za-z-]+(=([!#$%&'*+.^_`|~0-9A-Za-z-]+|"([\t !#-[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"))?)*$/;
  const letter = fc.constantFrom('a', 'b', ';', '=', '"', '\\', ' ', '\t', '\n', '\x00', '\xff', ',');
  fc.assert(
    fc.property(fc.array(letter, { maxLength: 10 }), (letters) => {
      assert.equal(isExtension(letters.join('')), pattern.test(letters.join('')));
    }),
    { numRuns: 3000 },
  );
});

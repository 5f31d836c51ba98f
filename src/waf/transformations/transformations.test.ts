// Every transformation does what its examples say, is told right about the characters that can change it, and takes any bytes.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ANY, marksOf } from '../marks.ts';
import * as comments from './comments.ts';
import * as digests from './digests.ts';
import * as encodings from './encodings.ts';
import * as entities from './entities.ts';
import * as escapes from './escapes.ts';
import * as letters from './letters.ts';
import * as paths from './paths.ts';
import * as percent from './percent.ts';
import * as space from './space.ts';
import type { Transformation } from './transformation.ts';

const words: Record<string, Transformation> = {};
for (const family of [comments, digests, encodings, entities, escapes, letters, paths, percent, space])
  for (const [name, word] of Object.entries(family)) if (typeof word === 'object') words[name] = word;

const bytes = fc.string({
  unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
  maxLength: 60,
});
const texts = fc.oneof(bytes, fc.string({ unit: fc.constantFrom(...'%u+0x41\\&#;/*-. \0\xffaZ\'"^,(<!>=') }));

test('there are at least 35 transformations', () => {
  assert.ok(Object.keys(words).length >= 35, String(Object.keys(words).length));
});

for (const [name, word] of Object.entries(words)) {
  test(`t:${name} does what its examples say`, () => {
    assert.ok(word.examples.length > 0);
    for (const [input, output] of word.examples) assert.equal(word.apply(input), output, JSON.stringify(input));
  });

  test(`t:${name} leaves alone what has no character that it changes, and makes bytes of bytes`, () => {
    fc.assert(
      fc.property(texts, (value) => {
        const result = word.apply(value);
        for (let index = 0; index < result.length; index++) assert.ok(result.charCodeAt(index) < 256);
        if (value !== '' && (marksOf(value) & word.changes) === 0) assert.equal(result, value);
      }),
    );
  });

  test(`t:${name} makes no characters but those that it says`, () => {
    fc.assert(
      fc.property(texts, (value) => {
        const made = marksOf(word.apply(value)) & ~marksOf(value);
        if (word.apply(value) !== '.') assert.equal(made & ~(word.makes ?? ANY), 0, JSON.stringify(word.apply(value)));
        if (word.apply(value) !== '.') {
          const left = word.leaves?.(marksOf(value)) ?? ANY;
          assert.equal(marksOf(word.apply(value)) & ~left, 0, JSON.stringify(value));
        }
        if (word.isOfCase === true) assert.equal(word.apply(value).toLowerCase(), value.toLowerCase());
      }),
    );
  });
}

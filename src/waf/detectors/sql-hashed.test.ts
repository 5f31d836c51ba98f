// Words found by their hash, in any case, up to what ends them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codesOf } from '../../base/byte-codes.ts';
import { HashedTexts, HashedWords, hashWith, lettersEnd } from './sql-hashed.ts';

const words = new HashedWords([
  ['select', 1],
  ['or', 2],
  ['or', 4],
  ['v$version', 8],
  ['pg_sleep', 16],
]);

for (const [text, marks] of [
  ['select', 1],
  ['SeLeCt 1', 1],
  ['selects', 0],
  ['selec', 0],
  ['OR', 6],
  ['v$session', 8],
  ['pg_sleep(5)', 16],
  ['pg', 0],
  ['', 0],
  ['é', 0],
  ['a'.repeat(40), 0],
] as const)
  test(`${text}: ${marks}`, () => {
    const codes = codesOf(text);
    assert.equal(words.marks(codes, 0, lettersEnd(codes, 0)), marks);
  });

test('a word ends where the value does, whatever was read before', () => {
  codesOf('selectors of all kinds');
  const codes = codesOf('select');
  assert.equal(lettersEnd(codes, 0), 6);
  assert.equal(words.marks(codes, 0, 6), 1);
});

test('the text of a word is found in any case, and no other', () => {
  const texts = new HashedTexts(['select', 'current_user', 'sha1']);
  const find = (value: string) =>
    texts.find(
      value,
      0,
      value.length,
      [...value].reduce((hash, one) => hashWith(hash, one.charCodeAt(0)), 0),
    );
  for (const value of ['select', 'SELECT', 'Current_User', 'sha1']) assert.equal(find(value), value.toLowerCase());
  // Because a low line and what is 32 above it have one hash.
  for (const value of ['selects', 'current\x7fuser', 'sel', '\u0153elect']) assert.equal(find(value), '');
});

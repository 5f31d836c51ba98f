// Where numbers, strings and comments of SQL end.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { closingQuote, numberEnd, pastExecuted, Searches } from './sql-lexis.ts';

describe('a number', () => {
  for (const [text, end] of [
    ['12union', 2],
    ['1.5e+3x', 6],
    ['1.e(', 3],
    ['1.eq', 2],
    ['0x1fg', 4],
    ['0b101', 5],
    ['0xg', 1],
    ['.5 ', 2],
  ] as const)
    test(text, () => assert.equal(numberEnd(text, 0), end));
});

describe('a string', () => {
  for (const [text, backslash, end] of [
    ["'a'b", false, 2],
    ["'a''b'", false, 5],
    ["'a\\'b'", true, 5],
    ["'a\\'b'", false, 3],
    ["'a", false, 2],
    ["'a''", false, 4],
    ["'a\\", true, 3],
  ] as const)
    test(`${text} ${backslash}`, () => assert.equal(closingQuote(text, 0, backslash), end));
});

test('what is executed in a comment begins behind its version', () => {
  assert.equal(pastExecuted('/*!50000union*/', 0), 8);
  assert.equal(pastExecuted('/*M!union*/', 0), 4);
  assert.equal(pastExecuted('/* union */', 0), 0);
});

test('searches that fail are made so often and no more', () => {
  const searches = new Searches();
  for (let count = 0; count < 8; count++) assert.equal(searches.find('a]', '$', 0), -1);
  assert.equal(searches.find('a]', ']', 0), -1);
});

// What is sought behind text that is no SQL is found in each place a query may hold the value in, and nothing of it inside quotes and comments.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SqlOutline } from './sql-outline.ts';
import { END } from './sql-tokens.ts';

function sought(value: string, from = 0, isBare = true): string | null {
  const found = new SqlOutline(value).seek(from, value.includes('\\'), isBare, END);
  return found !== null && found.score >= 5 ? found.what : null;
}

describe('the outline of a value', () => {
  for (const [value, what] of [
    ['some words union select 1,2', 'union'],
    ['some words; drop table users;', 'stacked'],
    ['some words 1 or 5=5 and more', 'tautology'],
    ['it is "quoted" union select 1,2', 'union'],
    ["it's quoted' union select 1,2", 'union'],
    ["q'[it's]' union select 1,2", 'union'],
    ["a 'b''c' union select 1,2", 'union'],
    ["a 'b\\'c' union select 1,2", 'union'],
    ['a $x$ b $x$union select 1,2', 'union'],
    ['a [b;c] union select 1,2', 'union'],
    ['a -- b\n union select 1,2', 'union'],
    ['a /* b */ union select 1,2', 'union'],
    ['5 /*!50000union*/ /*!select*/ 1,2', 'union'],
    ['5 /*!or*/ 7=7', 'tautology'],
    ['5union select 1,2', 'union'],
    ['a #> union select 1,2', null],
    ["a #>'b' union select 1,2", 'union'],
    ['a <@union select 1,2', 'union'],
    ['a @union select 1,2', null],
    ['a reunion select 1,2', null],
    ['a # union select 1,2', null],
    ['a /* union select 1,2', null],
    ["a 'b union select 1,2", null],
    ['a or 5=6', null],
    ['words; with words', null],
  ] as const)
    test(value, () => assert.equal(sought(value), what));

  test('is asked for each place in which a query may hold the value', () => {
    const value = 'a "b\' union select 1,2 \' c" ; drop table x;';
    assert.equal(sought(value), 'stacked');
    assert.equal(sought(value, 3), null);
    assert.equal(sought(value, 5, false), 'union');
  });

  test('knows of a condition in a bare place only', () => {
    assert.equal(sought('words 1 or 5=5', 0, false), null);
  });
});

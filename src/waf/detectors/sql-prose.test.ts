// Which sentences have to be read to know that they are no SQL.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codesOf } from '../../base/byte-codes.ts';
import { isNoSql } from './sql.ts';
import { beginsAsProse, mayBeSqlSentence } from './sql-prose.ts';
import { scanSql } from './sql-scan.ts';

for (const [text, expected] of [
  ['the quick fox', true],
  ['many users or none', true],
  ['select one', false],
  ['users where', false],
  ['users  union', false],
  ["name n'x'", false],
  ['word', false],
  ['name łódź', false],
  ['name —', false],
  ['name the—', true],
] as const)
  test(`begins as prose: ${text}: ${expected}`, () => assert.equal(beginsAsProse(codesOf(text), text), expected));

for (const [text, expected] of [
  ['black paint or white', false],
  ['a fox; with commas', false],
  ['1 and 2', true],
  ['we sort them; select one', true],
  ['the union of workers', true],
  ["we know it's the case of Ann", false],
  ["o'where it is a case", true],
  ['users where she is', true],
] as const)
  test(`may be SQL: ${text}: ${expected}`, () => {
    const seen = scanSql(text);
    assert.equal(mayBeSqlSentence(codesOf(text), text.length, seen, text.indexOf("'")), expected);
    if (!expected) assert.equal(isNoSql(text), true);
  });

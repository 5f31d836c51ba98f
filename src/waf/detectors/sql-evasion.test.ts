// Spellings of SQL that filters leave behind, and texts that only look like them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { signSet } from '../detectors.ts';
import { Subject } from './detection.ts';
import { detectSpelledSql, withoutInnerComments } from './sql-evasion.ts';

const idOf = (text: string, name: string, inHead = true) =>
  detectSpelledSql(new Subject(signSet, text, name, false, inHead))?.id ?? 0;

test('a word within itself is found', () => {
  for (const text of ["1' ununionion selselectect 1,2", 'uniunionon', '<scrscriptipt>x', 'SELSELECTECT'])
    assert.equal(idOf(text, 'q'), 1042280, text);
  for (const text of ['union select', 'reunion', 'unionunion', 'selected selection'])
    assert.equal(idOf(text, 'q'), 0, text);
});

test('a number with a quote is a probe where only a number can be', () => {
  assert.equal(idOf("7'", 'id'), 1042281);
  assert.equal(idOf("7'", 'height'), 0);
  assert.equal(idOf("7'", 'id', false), 0);
  assert.equal(idOf("'", 'id'), 0);
  assert.equal(idOf("7a'", 'id'), 0);
});

test('comments that part the letters of a word are left out, others stay', () => {
  assert.equal(withoutInnerComments('1 uni/**/on sel/**/ect 1'), '1 union select 1');
  assert.equal(withoutInnerComments('1/**/union/**/select 1'), '1/**/unionselect 1');
  assert.equal(withoutInnerComments('1 /**/ 2'), null);
});

test('the name of an account holds no comment', () => {
  assert.equal(idOf("admin' -- x", 'username', false), 1042282);
  assert.equal(idOf('admin"#', 'user', false), 1042282);
  assert.equal(idOf("the boys' -- and", 'text'), 0);
  assert.equal(idOf("o'brien", 'user'), 0);
});

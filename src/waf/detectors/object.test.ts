// Serialised objects of many languages, and data that only looks like them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { subjectOf } from '../../../test/waf-asking.ts';
import { detectObject } from './object.ts';

/** A value, its name, whether it is a name itself, and the number of the finding; 0 where it is none that would block. */
const cases: readonly (readonly [string, string, boolean, number])[] = [
  ['rO0ABXNyABFqYXZhLnV0aWwuSGFzaE1hcA==', 'x', false, 1047001],
  ['AAEAAAD/////AQAAAAAAAAAM', 'x', false, 1047002],
  ['BAhvOkBB', 'x', false, 1047003],
  ['!!python/object/apply:os.system [id]', 'x', false, 1047004],
  ['com.sun.rowset.JdbcRowSetImpl', 'x', false, 1047005],
  ['O:8:"stdClass":0:{}', 'x', false, 1047006],
  ["cos\nsystem\n(S'id'\ntR.", 'x', false, 1047007],
  ['a:2:{s:2:"id";i:1;s:4:"name";s:3:"Ann";}', 'x', false, 0],
  ['Time: 10:"x"', 'x', false, 0],
  ['java.util.List', 'x', false, 0],
  ['/wEPDwUKMTIz', 'x', false, 0],
];

for (const [value, name, isName, id] of cases)
  test(`${JSON.stringify(value).slice(0, 80)} ${id === 0 ? 'passes' : `is ${id}`}`, () => {
    const found = detectObject(subjectOf(value, name, isName));
    if (id === 0) return assert.ok((found?.score ?? 0) < 5, JSON.stringify(found));
    assert.equal(found?.id, id);
    assert.equal(found.score, 5);
    assert.ok(found.start >= 0 && found.start < found.end, JSON.stringify(found));
    assert.ok(!found.says.endsWith('.'));
  });

// Operators where a value belongs, conditions of JavaScript, and names of APIs that mean well.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { subjectOf } from '../../../test/waf-asking.ts';
import { detectNosql } from './nosql.ts';

/** A value, its name, whether it is a name itself, and the number of the finding; 0 where it is none that would block. */
const cases: readonly (readonly [string, string, boolean, number])[] = [
  ['password[$ne]', 'password[$ne]', true, 1043003],
  ['$where', 'a.$where', true, 1043001],
  ["' || 1==1//", 'x', false, 1043005],
  ['{"$gt":""}', 'x', false, 1043002],
  ['db.users.drop()', 'x', false, 1043004],
  ["' && this.password.match(/a/)//", 'x', false, 1043002],
  ['$filter', '$filter', true, 0],
  ['price $5 or more', 'x', false, 0],
  ["a || b && c == 'x'", 'x', false, 0],
  ["if (x === '\"' || y) go", 'x', false, 0],
];

for (const [value, name, isName, id] of cases)
  test(`${JSON.stringify(value).slice(0, 80)} ${id === 0 ? 'passes' : `is ${id}`}`, () => {
    const found = detectNosql(subjectOf(value, name, isName));
    if (id === 0) return assert.ok((found?.score ?? 0) < 5, JSON.stringify(found));
    assert.equal(found?.id, id);
    assert.equal(found.score, 5);
    assert.ok(found.start >= 0 && found.start < found.end, JSON.stringify(found));
    assert.ok(!found.says.endsWith('.'));
  });

// Names that reach the prototype of all objects, and talk about them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { subjectOf } from '../../../test/waf-asking.ts';
import { detectPrototype } from './prototype.ts';

/** A value, its name, whether it is a name itself, and the number of the finding; 0 where it is none that would block. */
const cases: readonly (readonly [string, string, boolean, number])[] = [
  ['__proto__[a]', '__proto__[a]', true, 1049001],
  ['a[constructor][prototype][b]', 'x', true, 1049002],
  ['constconstructorructor[a]', 'x', true, 1049003],
  ['{"__proto__":{"a":1}}', 'x', false, 1049001],
  ['what is __proto__ in javascript', 'q', false, 0],
  ['constructor', 'constructor', true, 0],
];

for (const [value, name, isName, id] of cases)
  test(`${JSON.stringify(value).slice(0, 80)} ${id === 0 ? 'passes' : `is ${id}`}`, () => {
    const found = detectPrototype(subjectOf(value, name, isName));
    if (id === 0) return assert.ok((found?.score ?? 0) < 5, JSON.stringify(found));
    assert.equal(found?.id, id);
    assert.equal(found.score, 5);
    assert.ok(found.start >= 0 && found.start < found.end, JSON.stringify(found));
    assert.ok(!found.says.endsWith('.'));
  });

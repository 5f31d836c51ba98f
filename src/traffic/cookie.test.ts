// One cookie among many, as clients write them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cookieOf } from './cookie.ts';
import { Headers } from './headers.ts';

const cases: readonly (readonly [readonly string[], string])[] = [
  [[], ''],
  [['a=1'], '1'],
  [['b=2; a=1'], '1'],
  [['ba=2;a=1;a=3'], '1'],
  [['b=2', 'a=1'], '1'],
  [['a'], ''],
  [['a='], ''],
  [['xa=1; ab=2'], ''],
];

test('the value of one cookie, the first of several', () => {
  for (const [lines, value] of cases) {
    const headers = Headers.from(lines.map((line) => ['cookie', line] as const));
    assert.equal(cookieOf({ headers }, 'a'), value, lines.join(' | '));
  }
});

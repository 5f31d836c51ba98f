// Questions about the schema, depth and repetition, and queries of every day.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { subjectOf } from '../../../test/waf-asking.ts';
import { detectGraphql, type GraphqlLimits } from './graphql.ts';

const limits: GraphqlLimits = { introspection: false, maxDepth: 20, maxAliases: 60, maxDirectives: 50, maxBatch: 20 };

/** A value, its name, whether it is a name itself, and the number of the finding; 0 where it is none that would block. */
const cases: readonly (readonly [string, string, boolean, number])[] = [
  ['{__schema{types{name}}}', 'query', false, 1061001],
  [
    '{ a { b { b { b { b { b { b { b { b { b { b { b { b { b { b { b { b { b { b { b { b { b { b { b { b { b { b { b { b { b { b }}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}',
    'query',
    false,
    1061002,
  ],
  [
    '{ a0: b(x: 1) { id } a1: b(x: 1) { id } a2: b(x: 1) { id } a3: b(x: 1) { id } a4: b(x: 1) { id } a5: b(x: 1) { id } a6: b(x: 1) { id } a7: b(x: 1) { id } a8: b(x: 1) { id } a9: b(x: 1) { id } a10: b(x: 1) { id } a11: b(x: 1) { id } a12: b(x: 1) { id } a13: b(x: 1) { id } a14: b(x: 1) { id } a15: b(x: 1) { id } a16: b(x: 1) { id } a17: b(x: 1) { id } a18: b(x: 1) { id } a19: b(x: 1) { id } a20: b(x: 1) { id } a21: b(x: 1) { id } a22: b(x: 1) { id } a23: b(x: 1) { id } a24: b(x: 1) { id } a25: b(x: 1) { id } a26: b(x: 1) { id } a27: b(x: 1) { id } a28: b(x: 1) { id } a29: b(x: 1) { id } a30: b(x: 1) { id } a31: b(x: 1) { id } a32: b(x: 1) { id } a33: b(x: 1) { id } a34: b(x: 1) { id } a35: b(x: 1) { id } a36: b(x: 1) { id } a37: b(x: 1) { id } a38: b(x: 1) { id } a39: b(x: 1) { id } a40: b(x: 1) { id } a41: b(x: 1) { id } a42: b(x: 1) { id } a43: b(x: 1) { id } a44: b(x: 1) { id } a45: b(x: 1) { id } a46: b(x: 1) { id } a47: b(x: 1) { id } a48: b(x: 1) { id } a49: b(x: 1) { id } a50: b(x: 1) { id } a51: b(x: 1) { id } a52: b(x: 1) { id } a53: b(x: 1) { id } a54: b(x: 1) { id } a55: b(x: 1) { id } a56: b(x: 1) { id } a57: b(x: 1) { id } a58: b(x: 1) { id } a59: b(x: 1) { id } a60: b(x: 1) { id } a61: b(x: 1) { id } a62: b(x: 1) { id } a63: b(x: 1) { id } a64: b(x: 1) { id } a65: b(x: 1) { id } a66: b(x: 1) { id } a67: b(x: 1) { id } a68: b(x: 1) { id } a69: b(x: 1) { id } a70: b(x: 1) { id } a71: b(x: 1) { id } a72: b(x: 1) { id } a73: b(x: 1) { id } a74: b(x: 1) { id } a75: b(x: 1) { id } a76: b(x: 1) { id } a77: b(x: 1) { id } a78: b(x: 1) { id } a79: b(x: 1) { id } }',
    'query',
    false,
    1061003,
  ],
  [
    '{ a @skip(if: false) @skip(if: false) @skip(if: false) @skip(if: false) @skip(if: false) @skip(if: false) @skip(if: false) @skip(if: false) @skip(if: false) @skip(if: false) @skip(if: false) @skip(if: false) @skip(if: false) @skip(if: false) @skip(if: false) @skip(if: false) @skip(if: false) @skip(if: false) @skip(if: false) @skip(if: false) @skip(if: false) @skip(if: false) @skip(if: false) @skip(if: false) @skip(if: false) @skip(if: false) @skip(if: false) @skip(if: false) @skip(if: false) @skip(if: false) @skip(if: false) @skip(if: false) @skip(if: false) @skip(if: false) @skip(if: false) @skip(if: false) @skip(if: false) @skip(if: false) @skip(if: false) @skip(if: false) @skip(if: false) @skip(if: false) @skip(if: false) @skip(if: false) @skip(if: false) @skip(if: false) @skip(if: false) @skip(if: false) @skip(if: false) @skip(if: false) @skip(if: false) @skip(if: false) @skip(if: false) @skip(if: false) @skip(if: false) @skip(if: false) @skip(if: false) @skip(if: false) @skip(if: false) @skip(if: false) }',
    'query',
    false,
    1061004,
  ],
  ['query { ...A } fragment A on Q { ...B } fragment B on Q { ...A }', 'query', false, 1061005],
  ['query U($id: ID!) { user(id: $id) { name posts(first: 10) { edges { node { id } } } } }', 'query', false, 0],
  ['{"query":"x"}', 'query', false, 0],
  ['a { b } c', 'q', false, 0],
];

for (const [value, name, isName, id] of cases)
  test(`${JSON.stringify(value).slice(0, 80)} ${id === 0 ? 'passes' : `is ${id}`}`, () => {
    const found = detectGraphql(subjectOf(value, name, isName), limits);
    if (id === 0) return assert.ok((found?.score ?? 0) < 5, JSON.stringify(found));
    assert.equal(found?.id, id);
    assert.equal(found.score, 5);
    assert.ok(found.start >= 0 && found.start < found.end, JSON.stringify(found));
    assert.ok(!found.says.endsWith('.'));
  });

test('the limits and the question about the schema are settings', () => {
  const of = (value: string, more: Partial<GraphqlLimits>) =>
    detectGraphql(subjectOf(value, 'query'), { ...limits, ...more })?.id ?? 0;
  assert.equal(of('{__schema{types{name}}}', { introspection: true }), 0);
  assert.equal(of('{ a { b { c } } }', { maxDepth: 2 }), 1061002);
  assert.equal(of('{ a: x b: x }', { maxAliases: 1 }), 1061003);
  assert.equal(of('{ a @b @c }', { maxDirectives: 1 }), 1061004);
});

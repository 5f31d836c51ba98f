// The JSON walk: what it tells, what it refuses, and that it agrees with JSON.parse on what JSON is.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type JsonOutcome, walkJson } from './json.ts';

function walk(text: string, maxDepth = 64, many = false): { outcome: JsonOutcome; told: string[] } {
  const told: string[] = [];
  const outcome = walkJson(
    text,
    maxDepth,
    {
      name: (name, path) => told.push(`name ${path}=${name}`) < 0,
      text: (value, path) => told.push(`${path}=${value}`) < 0,
    },
    many,
  );
  return { outcome, told };
}

test('names and strings with their paths, duplicates included', () => {
  const { outcome, told } = walk('{"a":[{"b":"x"},"y",{"c":[["z"]]}],"a":"w","n":1.5e+3,"t":true,"":{"é":null}} ');
  assert.equal(outcome, 'whole');
  assert.deepEqual(told, [
    'name a=a',
    'name a.0.b=b',
    'a.0.b=x',
    'a.1=y',
    'name a.2.c=c',
    'a.2.c.0.0=z',
    'name a=a',
    'a=w',
    'name n=n',
    'name t=t',
    'name =',
    'name é=é',
  ]);
});

test('escapes are undone once', () => {
  assert.deepEqual(walk('"a\\u0022\\\\u0041\\/\\b\\f\\n\\r\\t\\ud83d\\ude00"').told, ['=a"\\u0041/\b\f\n\r\t😀']);
});

describe('outcomes', () => {
  const cases: readonly [string, JsonOutcome][] = [
    ['""', 'whole'],
    [' [ ] ', 'whole'],
    ['{"a":{}}', 'whole'],
    ['-0.5', 'whole'],
    ['', 'cut'],
    ['{"a":', 'cut'],
    ['{"a"', 'cut'],
    ['["abc', 'cut'],
    ['[1,', 'cut'],
    ['[1,]', 'broken'],
    ['{"a":1,}', 'broken'],
    ['{a:1}', 'broken'],
    ["{'a':1}", 'broken'],
    ['[01]', 'broken'],
    ['[1.]', 'broken'],
    ['[+1]', 'broken'],
    ['[NaN]', 'broken'],
    ['["\\x41"]', 'broken'],
    ['["\\u00g0"]', 'broken'],
    ['["a\nb"]', 'broken'],
    ['[1 2]', 'broken'],
    ['{"a" 1}', 'broken'],
    ['[]]', 'broken'],
    ['[}', 'broken'],
    ['{} {}', 'broken'],
    ['/* a */ {}', 'broken'],
    ['[[[[1]]]]', 'whole'],
    ['[[[[[1]]]]]', 'too-deep'],
  ];
  for (const [text, outcome] of cases) test(JSON.stringify(text), () => assert.equal(walk(text, 4).outcome, outcome));

  test('several documents where they are allowed', () =>
    assert.equal(walk('{"a":1}\n[2]\n', 4, true).outcome, 'whole'));
  test('the visitor may end it', () => {
    assert.equal(walkJson('["a","b"]', 9, { name: () => false, text: () => true }), 'stopped');
  });
});

test('the last string of a cut document is told', () => {
  assert.deepEqual(walk('{"a":"<script>al').told, ['name a=a', 'a=<script>al']);
});

test('it calls JSON what JSON.parse calls JSON, and tells every string of it', () => {
  const almost = fc.string({
    unit: fc.constantFrom(...'{}[],:"\\ue0-1.tn', 'true', 'null', '"a"', ' ', '\n', '\\u0041'),
  });
  fc.assert(
    fc.property(almost, (text) => {
      assert.equal(walk(text).outcome === 'whole', parses(text));
    }),
    { numRuns: 2000 },
  );
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
      const { outcome, told } = walk(JSON.stringify(value));
      assert.equal(outcome, 'whole');
      assert.equal(told.length, countStrings(value));
    }),
  );
});

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function countStrings(value: unknown): number {
  if (typeof value === 'string') return 1;
  if (typeof value !== 'object' || value === null) return 0;
  const own = Array.isArray(value) ? 0 : Object.keys(value).length;
  return Object.values(value).reduce((sum: number, one) => sum + countStrings(one), own);
}

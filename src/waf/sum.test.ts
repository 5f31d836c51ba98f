// What findings come to together.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Finding } from '../traffic/finding.ts';
import { sumOf } from './sum.ts';

const finding = (id: number, score: number, detector: string, place: string): Finding => ({
  id,
  detector,
  phase: 2,
  severity: 'NOTICE',
  score,
  says: '',
  place,
  value: '',
  decoded: [],
});

const rows: readonly (readonly [string, readonly (readonly [number, number, string, string])[], number])[] = [
  ['nothing', [], 0],
  [
    'two proofs add up',
    [
      [1, 5, 'sql-injection', 'ARGS:a'],
      [2, 5, 'command-injection', 'JSON:b'],
    ],
    10,
  ],
  [
    'a rule counts once, with the most it says',
    [
      [1, 2, 'sql-injection', 'ARGS:a'],
      [1, 5, 'sql-injection', 'ARGS:b'],
      [1, 5, 'sql-injection', 'ARGS:c'],
    ],
    5,
  ],
  [
    'doubts about one value in one language add up',
    [
      [1, 3, 'expression-injection', 'ARGS:a'],
      [2, 3, 'template-injection', 'ARGS:a'],
    ],
    6,
  ],
  [
    'a name and its value are one',
    [
      [1, 4, 'cross-site-scripting', 'ARGS_NAMES:<style>a[b^'],
      [2, 2, 'cross-site-scripting', 'ARGS:<style>a[b^'],
    ],
    6,
  ],
  [
    'doubts about two values do not',
    [
      [1, 3, 'sql-injection', 'JSON:a'],
      [2, 3, 'sql-injection', 'JSON:b'],
    ],
    3,
  ],
  [
    'nor in two languages',
    [
      [1, 3, 'sql-injection', 'JSON:a'],
      [2, 2, 'command-injection', 'JSON:a'],
    ],
    3,
  ],
  [
    'those about the sender add to any',
    [
      [1, 3, 'scanner', 'REQUEST_HEADERS:User-Agent'],
      [2, 2, 'path-traversal', 'ARGS:a'],
    ],
    5,
  ],
];

for (const [says, findings, sum] of rows)
  test(`${says}: ${sum}`, () => assert.equal(sumOf(findings.map((one) => finding(...one))), sum));

// Probes that are too short for the grammar of SQL, and short values that are none.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { probeAt } from './sql-probe.ts';

describe('probeAt', () => {
  for (const text of [
    "')",
    "1'))",
    "';",
    `'"`,
    '1-- -',
    '7/*',
    '1::int',
    "'a'::text",
    '1; vacuum',
    '7; use mysql',
    "x';'",
  ])
    test(text, () => assert.ok(probeAt(text) >= 0));
  for (const text of ["'", '"', "5'", '6"', "it's", '1', '1; begin', 'a; use it', 'std::int', '10:30', "'tis", '1 - 2'])
    test(`no probe: ${text}`, () => assert.equal(probeAt(text), -1));
});

// The dearest value: made of the patterns of the Core Rule Set themselves, 8 KiB long, and matched by all of them at once.
// Counted in steps, because a clock would measure the machine; `node bench/patterns.ts` prints milliseconds.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileSet, Pattern } from '../../src/waf/regex/regex.ts';
import { crsMembers, crsRules } from '../crs-patterns.ts';
import { stepsOf, worstValue } from '../worst-values.ts';
import { chanceFrom } from './generate.ts';

const valueBytes = 8192;
const valueCount = 400;
const seed = 20_261_125;
/** A step takes 5 to 10 ns: 2.5 million are less than 20 ms on one core of a small server. */
const maxSteps = 2_500_000;

test('no value of 8 KiB costs more than 2.5 million steps, captures of all that match included', (t) => {
  const { members } = crsMembers(crsRules());
  const patterns = members.filter((member) => member instanceof Pattern);
  assert.ok(patterns.length > 200, `${patterns.length} patterns`);
  const set = compileSet(members);
  const chance = chanceFrom(seed);
  let worst = { steps: 0, value: '' };
  for (let index = 0; index < valueCount; index++) {
    const value = worstValue(patterns[(index * 7) % patterns.length]!, patterns, valueBytes, chance);
    const steps = stepsOf(set, members, value);
    if (steps > worst.steps) worst = { steps, value };
  }
  t.diagnostic(
    `the dearest of ${valueCount} values took ${worst.steps} steps: ${JSON.stringify(worst.value.slice(0, 60))}`,
  );
  assert.ok(worst.steps <= maxSteps, `${worst.steps} steps for ${JSON.stringify(worst.value)}`);
});

test('values that hold backtracking engines for seconds cost as much as others', () => {
  const { members } = crsMembers(crsRules());
  const set = compileSet(members);
  for (const piece of [
    '<',
    ' ',
    '(',
    'a',
    '1 or ',
    '/*',
    '"\'',
    'x=',
    '\\',
    '%00',
    '<a ',
    '\n',
    '{{',
    '${',
    '&&',
    'a.',
  ])
    assert.ok(stepsOf(set, members, piece.repeat(valueBytes / piece.length)) <= maxSteps, JSON.stringify(piece));
});

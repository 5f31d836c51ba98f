// The corpora have their size, and the built-in rules stop and let pass what they did when this was written: floors that only rise.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { attackCases } from './corpus/attacks.ts';
import { minedCases, ordinaryCases } from './corpus/ordinary.ts';
import { isHeldBack } from './corpus/slots.ts';
import { gate } from './waf-asking.ts';
import { measure, sum } from './waf-corpus.ts';

/** Of a hundred attacks, and of a hundred ordinary requests. */
const leastStopped = 95;
const mostDisturbed = 0.6;

describe('the corpora', () => {
  test('attacks are stopped, those that were held back too', () => {
    const cases = attackCases();
    assert.ok(cases.length >= 12_000, `${cases.length} attacks`);
    const { open, held } = measure(gate(), cases, true);
    for (const { cases: all, refused } of [sum(open), sum(held)])
      assert.ok((100 * refused) / all >= leastStopped, `${refused} of ${all}`);
    assert.ok(sum(held).cases > cases.length / 4);
  });

  test('ordinary requests pass, those that were held back too', () => {
    const cases = [...ordinaryCases(), ...minedCases(4000)];
    assert.ok(cases.length >= 20_000, `${cases.length} ordinary requests`);
    const { open, held } = measure(gate(), cases, false);
    for (const { cases: all, refused } of [sum(open), sum(held)])
      assert.ok((100 * refused) / all <= mostDisturbed, `${refused} of ${all}`);
  });

  test('are the same in every run, and a template and all that is made from it stay on one side', () => {
    const first = attackCases();
    assert.deepEqual(first.slice(0, 500), attackCases().slice(0, 500));
    for (const one of first) assert.equal(one.isHeldBack, isHeldBack(one.template));
  });
});

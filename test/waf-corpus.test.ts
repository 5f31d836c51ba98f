// The corpora have their size, and the built-in rules stop and let pass what they did when this was written: floors that only rise.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { attackCases } from './corpus/attacks.ts';
import { minedCases, ordinaryCases } from './corpus/ordinary.ts';
import { requestOf, secondAttacks, secondMark, secondOrdinary } from './corpus/second.ts';
import { isHeldBack } from './corpus/slots.ts';
import { gate } from './waf-asking.ts';
import { measure, sum } from './waf-corpus.ts';

/** Of a hundred attacks, and of a hundred ordinary requests. */
const leastStopped = 96;
const mostDisturbed = 0.6;

/** The same of the second corpora, whose writer had not seen the detectors. */
const leastStoppedSecond = 93;
const mostDisturbedSecond = 2.25;

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

describe('the second corpora', () => {
  const distinct = (cases: readonly { readonly value: string }[]) => new Set(cases.map(({ value }) => value)).size;

  test('attacks are stopped, those that were held back too', () => {
    const cases = secondAttacks();
    assert.ok(distinct(cases) >= 1900, `${distinct(cases)} attacks`);
    const { open, held } = measure(gate(), cases, true);
    for (const { cases: all, refused } of [sum(open), sum(held)])
      assert.ok((100 * refused) / all >= leastStoppedSecond, `${refused} of ${all}`);
    assert.ok(sum(held).cases > cases.length / 4);
  });

  test('ordinary requests pass, those that were held back too', () => {
    const cases = secondOrdinary();
    assert.ok(distinct(cases) >= 4200, `${distinct(cases)} ordinary values`);
    const { open, held } = measure(gate(), cases, false);
    for (const { cases: all, refused } of [sum(open), sum(held)])
      assert.ok((100 * refused) / all <= mostDisturbedSecond, `${refused} of ${all}`);
    assert.ok(sum(held).cases > cases.length / 4);
  });

  test('have classes of their own and the same division as the first', () => {
    for (const { section, template, isHeldBack: held } of [...secondAttacks(), ...secondOrdinary()]) {
      assert.ok(section.startsWith(secondMark), section);
      assert.equal(held, isHeldBack(template));
    }
  });
});

test('a whole request is read from one line, and what browsers send is added', () => {
  const { target, headers, body } = requestOf('POST /a b?c\nHost: x.example\nX-Note: a: b\n\none\n\ntwo');
  assert.equal(target, '/a b?c');
  assert.deepEqual(headers!.at(-1), ['X-Note', 'a: b']);
  assert.equal(headers!.filter(([name]) => name === 'Host').length, 1);
  assert.ok(headers!.some(([name]) => name === 'User-Agent'));
  assert.equal(body, 'one\n\ntwo');
  assert.equal(requestOf('GET /x').body, undefined);
});

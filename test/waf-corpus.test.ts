// The corpora have their size, and the built-in rules stop and let pass what they did when this was written: floors that only rise.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { attackCases } from './corpus/attacks.ts';
import { attacksOf, authors, ordinaryOf, requestOf } from './corpus/author.ts';
import { minedCases, ordinaryCases } from './corpus/ordinary.ts';
import { staysHeldBack } from './corpus/slots.ts';
import { gate } from './waf-asking.ts';
import { type Count, measure, sum } from './waf-corpus.ts';

/** What a corpus has and what of it is refused, of a hundred: floors that only rise, and ceilings that only sink. */
interface Floor {
  readonly attacks: number;
  readonly ordinary: number;
  readonly leastStopped: number;
  readonly leastStoppedHeld: number;
  readonly mostDisturbed: number;
  readonly mostDisturbedHeld: number;
}

/** The first corpora, written beside the detectors. */
const first: Floor = {
  attacks: 12_000,
  ordinary: 20_000,
  leastStopped: 99.2,
  leastStoppedHeld: 96.6,
  mostDisturbed: 0.08,
  mostDisturbedHeld: 0.15,
};

/** Those whose authors had not seen the detectors; `attacks` and `ordinary` are values that differ. */
const floors: Readonly<Record<string, Floor>> = {
  second: {
    attacks: 1900,
    ordinary: 4200,
    leastStopped: 98.3,
    leastStoppedHeld: 96.1,
    mostDisturbed: 0.05,
    mostDisturbedHeld: 2.9,
  },
  third: {
    attacks: 1800,
    ordinary: 5500,
    leastStopped: 97.5,
    leastStoppedHeld: 96.1,
    mostDisturbed: 0.1,
    mostDisturbedHeld: 0.6,
  },
};

const percent = ({ cases, refused }: Count): number => (100 * refused) / cases;

describe('the corpora', () => {
  test('attacks are stopped, those that were held back too', () => {
    const cases = attackCases();
    assert.ok(cases.length >= first.attacks, `${cases.length} attacks`);
    const { open, held } = measure(gate(), cases, true);
    assert.ok(percent(sum(open)) >= first.leastStopped, `${percent(sum(open))} %`);
    assert.ok(percent(sum(held)) >= first.leastStoppedHeld, `${percent(sum(held))} %, held back`);
    assert.ok(sum(held).cases > cases.length / 7);
  });

  test('ordinary requests pass, those that were held back too', () => {
    const cases = [...ordinaryCases(), ...minedCases(4000)];
    assert.ok(cases.length >= first.ordinary, `${cases.length} ordinary requests`);
    const { open, held } = measure(gate(), cases, false);
    assert.ok(percent(sum(open)) <= first.mostDisturbed, `${percent(sum(open))} %`);
    assert.ok(percent(sum(held)) <= first.mostDisturbedHeld, `${percent(sum(held))} %, held back`);
  });

  test('are the same in every run, and a template and all that is made from it stay on one side', () => {
    const cases = attackCases();
    assert.deepEqual(cases.slice(0, 500), attackCases().slice(0, 500));
    for (const one of cases) assert.equal(one.isHeldBack, staysHeldBack(one.template));
  });
});

for (const author of authors)
  describe(`the ${author.name} corpora`, () => {
    const floor = floors[author.name]!;
    const distinct = (cases: readonly { readonly value: string }[]) => new Set(cases.map(({ value }) => value)).size;

    test('attacks are stopped, those that were held back too', () => {
      const cases = attacksOf(author);
      assert.ok(distinct(cases) >= floor.attacks, `${distinct(cases)} attacks`);
      const { open, held } = measure(gate(), cases, true);
      assert.ok(percent(sum(open)) >= floor.leastStopped, `${percent(sum(open))} %`);
      assert.ok(percent(sum(held)) >= floor.leastStoppedHeld, `${percent(sum(held))} %, held back`);
      assert.ok(sum(held).cases > cases.length / 7);
    });

    test('ordinary requests pass, those that were held back too', () => {
      const cases = ordinaryOf(author);
      assert.ok(distinct(cases) >= floor.ordinary, `${distinct(cases)} ordinary values`);
      const { open, held } = measure(gate(), cases, false);
      assert.ok(percent(sum(open)) <= floor.mostDisturbed, `${percent(sum(open))} %`);
      assert.ok(percent(sum(held)) <= floor.mostDisturbedHeld, `${percent(sum(held))} %, held back`);
      assert.ok(sum(held).cases > cases.length / 7);
    });

    test('have classes of their own, and what is held back is so by its template', () => {
      for (const { section, template, isHeldBack: held } of [...attacksOf(author), ...ordinaryOf(author)]) {
        assert.ok(section.startsWith(`${author.name}: `), section);
        assert.equal(held, author.holdsBack(template));
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

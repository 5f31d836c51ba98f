// Forms of attacks by their grammar, class by class, and ordinary texts beside them: written while detectors were, so that the floors only say what was reached.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { placings } from './corpus/places.ts';
import { Chance, templatesOf } from './corpus/slots.ts';
import { ask, gate } from './waf-asking.ts';

const places = ['query', 'json'];
const waf = gate();

/** How many requests of a list are refused, and how many there are. */
function refusedOf(list: string): { refused: number; all: number } {
  let refused = 0;
  let all = 0;
  for (const { text } of templatesOf(`forms/${list}.txt`))
    for (const place of places) {
      const request = placings[place]!(text, new Chance(text));
      if (request === null) continue;
      all++;
      if (ask(waf, request).why !== 'pass') refused++;
    }
  return { refused, all };
}

test('forms of attacks are stopped', () => {
  const { refused, all } = refusedOf('attacks');
  assert.ok(all > 2000, `${all} requests`);
  assert.ok(refused / all > 0.88, `${refused} of ${all}`);
});

test('ordinary texts pass', () => {
  const { refused, all } = refusedOf('ordinary');
  assert.ok(all > 1000, `${all} requests`);
  assert.ok(refused / all < 0.05, `${refused} of ${all}`);
});

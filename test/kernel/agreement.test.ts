// The decision table and the kernel decide the same about real packets: rules and packets generated, between two namespaces.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Chance, compare } from './agreement.ts';
import { whyNot, world } from './namespace.ts';

test('accept-time and kernel firewall agree about 1,500 packets under 15 lists of rules', {
  skip: whyNot(),
}, async (t) => {
  const wire = world(t);
  const chance = new Chance(20_261_125);
  let compared = 0;
  for (let round = 0; round < 15; round++) compared += await compare(wire, chance, 100);
  assert.equal(compared, 1500);
});

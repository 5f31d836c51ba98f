// The decision table and the kernel about ten thousand packets.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Chance, compare } from '../kernel/agreement.ts';
import { whyNot, world } from '../kernel/namespace.ts';

test('accept-time and kernel firewall agree about 10,000 packets under 100 lists of rules', {
  skip: whyNot(),
}, async (t) => {
  const wire = world(t);
  const chance = new Chance(5);
  let compared = 0;
  for (let round = 0; round < 100; round++) compared += await compare(wire, chance, 100);
  assert.equal(compared, 10_000);
});

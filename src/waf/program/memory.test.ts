// Which values are kept: what comes a second time; long ones only as long as some of them come again with another request.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Memory } from './memory.ts';

test('a value is kept from its second time on, as one thing', () => {
  const memory = new Memory(3);
  assert.equal(memory.find('theme', 0), null);
  const known = memory.find('theme', 0);
  assert.equal(known?.text, 'theme');
  assert.equal(memory.find('theme', 0), known);
  assert.equal(memory.find('theme', 7), null);
  assert.equal(memory.find('theme', 7), known);
  assert.equal(memory.find('x'.repeat(257), 0), null);
  assert.equal(memory.find('x'.repeat(257), 0), null);
});

/** Two long texts of one sign for each request; how often the second was known. */
function knownOf(sameEach: number): number {
  const memory = new Memory(1);
  let known = 0;
  for (let turn = 0; turn < 4000; turn++) {
    memory.turn++;
    const text = `GET /products/list?page=${'0'.repeat(20)}${10_000 + (turn % sameEach)}00 HTTP/1.1`;
    memory.find(text, 0);
    if (memory.find(text, 0) !== null) known++;
  }
  return known;
}

test('long texts that come twice in a request and in no other are left alone, and those that come again are not', () => {
  assert.ok(knownOf(4000) < 1000);
  assert.equal(knownOf(3) >= 3998, true);
});

// Slabs: what was given back is used again, and no more are kept than the bound.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Slabs, slabBytes } from './slabs.ts';

test('a slab holds the bytes that it was made with, and is used again once it was given back', () => {
  const slabs = new Slabs();
  const first = slabs.holding(Buffer.from('hello'), 1, 4);
  assert.equal(first.buffer.toString('latin1', 0, 3), 'ell');
  const second = slabs.holding(Buffer.alloc(slabBytes, 7), 0, slabBytes);
  assert.notEqual(first, second);
  assert.equal(second.buffer[slabBytes - 1], 7);
  first.giveBack();
  assert.equal(slabs.holding(Buffer.from('x'), 0, 1), first);
  assert.equal(second.buffer[0], 7, 'one on loan is left alone');
});

test('a slab pays for what is neither small nor larger than it', () => {
  const slabs = new Slabs();
  assert.deepEqual(
    [1, 4096, 4097, slabBytes, slabBytes + 1].map((bytes) => slabs.pays(bytes)),
    [false, false, true, true, false],
  );
});

test('no more are kept than the bound', () => {
  const slabs = new Slabs();
  const lent = Array.from({ length: 100 }, () => slabs.holding(Buffer.from('x'), 0, 1));
  for (const slab of lent) slab.giveBack();
  assert.equal(slabs.kept, 64);
});

// Identifiers have the shape of a ULID, sort by time, and are made of chance that is used once.

import assert from 'node:assert/strict';
import { randomFillSync } from 'node:crypto';
import { test } from 'node:test';
import { Identifiers } from './identifier.ts';

const crockford = /^[0-9A-HJKMNP-TV-Z]{26}$/;

test('26 characters of the alphabet, the first ten the time', () => {
  const ids = new Identifiers((block) => block.fill(0));
  assert.equal(ids.next(0), '0'.repeat(26));
  assert.equal(ids.next(32), `000000001${'0'.repeat(17)}`);
  assert.equal(ids.next(2 ** 48 - 1), `7ZZZZZZZZZ${'0'.repeat(16)}`);
  assert.equal(ids.next(1.75).slice(0, 10), '0000000001', 'a fraction of a millisecond is left out');
  assert.equal(new Identifiers((block) => block.fill(255)).next(0), `0000000000${'Z'.repeat(16)}`);
});

test('later ones sort behind earlier ones', () => {
  const ids = new Identifiers((block) => randomFillSync(block));
  const made = [1, 2, 1000, 1001, 1_800_000_000_000, 1_800_000_000_001].map((now) => ids.next(now));
  assert.deepEqual([...made].sort(), made);
});

test('a hundred thousand in one millisecond are all different, and no byte of chance is used twice', () => {
  let fills = 0;
  const ids = new Identifiers((block) => {
    fills++;
    return randomFillSync(block);
  });
  const count = 100_000;
  const all = new Set<string>();
  for (let index = 0; index < count; index++) {
    const id = ids.next(1_800_000_000_000);
    all.add(id);
    if (index < 500) assert.match(id, crockford);
  }
  assert.equal(all.size, count);
  assert.ok(fills * 4096 >= count * 16, `${fills} blocks of 4096 bytes for ${count} identifiers`);
});

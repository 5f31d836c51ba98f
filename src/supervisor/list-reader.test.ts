// Blocklists are read the same here and in a thread, and while a long one is read others have their turn.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AddressReader } from '../base/address.ts';
import { RangeSet } from '../base/ranges.ts';
import { readList, readWhole } from './list-reader.ts';

const format = { format: 'lines', column: 1 } as const;
const long = Array.from(
  { length: 40_000 },
  (_, at) => `10.${at >>> 8}.${at & 255}.0/25\n2001:db8:${at.toString(16)}::/48`,
);

test('a long list is read in a thread as it would be here', async () => {
  const text = long.join('\n');
  const [there, here] = [await readList(text, format), readWhole({ text, format })];
  assert.ok(typeof there !== 'string' && typeof here !== 'string');
  assert.deepEqual(there.ranges, here.ranges);
  assert.deepEqual([there.entries, there.broken], [80_000, 0]);
  // What was made of it there is asked here.
  const set = new RangeSet(there.ranges, there.index);
  const reader = new AddressReader();
  for (const [address, isIn] of [
    ['10.7.9.127', true],
    ['10.7.9.128', false],
    ['2001:db8:9c3f::1', true],
    ['2001:db8:9c40::1', false],
  ] as const) {
    const found =
      reader.read(address) === 4
        ? set.has4(reader.word0)
        : set.has6(reader.word0, reader.word1, reader.word2, reader.word3);
    assert.equal(found, isIn, address);
  }
});

test('what is no list says so, short or long', async () => {
  assert.equal(await readList('', format), 'it is empty');
  const page = '<html>nothing to see here</html>\n'.repeat(10_000);
  assert.match(String(await readList(page, format)), /^most of its lines are no networks \(10000 of 10000\): line 1: /);
});

test('while a long list is read, the loop goes on', async () => {
  let turns = 0;
  let isOver = false;
  const turn = () => {
    turns++;
    if (!isOver) setImmediate(turn);
  };
  turn();
  await readList(long.join('\n'), format);
  isOver = true;
  assert.ok(turns > 100, `${turns} turns`);
});

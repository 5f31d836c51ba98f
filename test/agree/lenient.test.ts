// The panel itself: each quirk shows in some stream, or it would agree with everything.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { groups } from './cases/cases.ts';
import { panel, readLeniently, strict } from './lenient.ts';

test('a strict reader sees what the cases say that are well-formed', () => {
  const well = groups.flatMap(({ cases }) => cases.filter(([made]) => /^ok( \d)?$/.test(made)));
  assert.ok(well.length > 80, `${well.length} cases`);
  for (const [made, bytes] of well) {
    const count = Number(made.slice(3) || '1');
    const { requests, rest } = readLeniently(bytes, strict);
    assert.deepEqual([requests.length, rest], [count, ''], JSON.stringify(bytes.slice(0, 300)));
  }
});

test('each quirk alone sees another request than the strict reader in some case', () => {
  const streams = groups.flatMap(({ cases }) => cases.map(([, bytes]) => bytes));
  const boundaries = (bytes: string, quirks = strict) =>
    readLeniently(bytes, quirks)
      .requests.map(({ end }) => end)
      .join();
  const single = panel().filter(
    (quirks) => Object.keys(strict).filter((key) => quirks[key as 'wins'] !== strict[key as 'wins']).length === 1,
  );
  assert.ok(single.length >= 15, `${single.length} quirks`);
  for (const quirks of single) {
    const differing = streams.filter((bytes) => boundaries(bytes) !== boundaries(bytes, quirks));
    assert.ok(differing.length > 0, JSON.stringify(quirks));
  }
});

// Problems: what a build gives, and which known word is near enough to be meant.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { built, failed, nearest } from './problem.ts';

test('a build gives the thing or its problems', () => {
  const problem = { path: ['a', 0], code: 'x/y', says: 'it is wrong' };
  assert.deepEqual(built(7), { ok: true, value: 7, warnings: [] });
  assert.deepEqual(built(7, [problem]), { ok: true, value: 7, warnings: [problem] });
  assert.deepEqual(failed([problem]), { ok: false, problems: [problem] });
});

test('the nearest word, or none where none is meant', () => {
  const known = ['listen', 'firewall', 'sites', 'waf', 'rates', 'limits'];
  const rows: readonly (readonly [string, string | null])[] = [
    ['listen', 'listen'],
    ['LISTEN', 'listen'],
    ['lisetn', 'listen'],
    ['firewal', 'firewall'],
    ['site', 'sites'],
    ['wfa', 'waf'],
    ['limit', 'limits'],
    ['rate', 'rates'],
    ['x', null],
    ['upstream', null],
    ['', null],
    ['a'.repeat(1000), null],
  ];
  for (const [word, meant] of rows) assert.equal(nearest(word, known), meant, word);
  assert.equal(nearest('a', []), null);
});

test('one slip in a word of six letters or more still means it', () => {
  const word = fc.stringMatching(/^[a-z]{6,12}$/);
  fc.assert(
    fc.property(word, fc.nat(11), fc.constantFrom('drop', 'double', 'swap'), (meant, at, slip) => {
      const index = at % (meant.length - 1);
      const pieces = { drop: '', double: meant[index]! + meant[index]!, swap: meant[index + 1]! + meant[index]! };
      const typed =
        meant.slice(0, index) + pieces[slip as keyof typeof pieces] + meant.slice(index + (slip === 'swap' ? 2 : 1));
      assert.equal(nearest(typed, [meant]), meant, typed);
    }),
  );
});

// Prefixes of paths, on the boundaries of segments.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isUnder } from './path-prefix.ts';

const cases: readonly (readonly [path: string, prefix: string, isSo: boolean])[] = [
  ['/admin', '/admin', true],
  ['/admin/x', '/admin', true],
  ['/admin;x', '/admin', true],
  ['/administrator', '/admin', false],
  ['/adm', '/admin', false],
  ['/', '/', true],
  ['*', '/', true],
];

test('a path lies under a prefix by whole segments', () => {
  for (const [path, prefix, isSo] of cases) assert.equal(isUnder(path, prefix), isSo, `${path} under ${prefix}`);
});

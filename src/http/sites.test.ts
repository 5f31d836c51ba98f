// Which site a host and a path lead to.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isUnder, Sites } from './sites.ts';

const sites = new Sites([
  { hosts: ['example.com', 'WWW.example.com'], path: '/' },
  { hosts: ['example.com'], path: '/api' },
  { hosts: ['example.com'], path: '/api/v2/' },
  { hosts: ['*.example.com'], path: '/' },
  { hosts: ['only.example.com'], path: '/in' },
  { hosts: ['*'], path: '/any' },
]);

test('exact before wildcard before any, and the longest path of one host', () => {
  const rows: readonly (readonly [string, string, number])[] = [
    ['example.com', '/', 0],
    ['www.example.com', '/x', 0],
    ['example.com', '/api', 1],
    ['example.com', '/api/', 1],
    ['example.com', '/api/v1', 1],
    ['example.com', '/apix', 0],
    ['example.com', '/api/v2', 2],
    ['example.com', '/api/v2/x', 2],
    ['example.com', '*', 0],
    ['a.example.com', '/', 3],
    ['a.b.example.com', '/', -1],
    ['only.example.com', '/in/x', 4],
    ['only.example.com', '/out', 3],
    ['other.org', '/any', 5],
    ['other.org', '/', -1],
    ['', '/any/x', 5],
    ['', '/', -1],
    ['com', '/', -1],
  ];
  for (const [host, path, index] of rows) assert.equal(sites.place(host, path), index, `${host}${path}`);
});

test('a path lies under a prefix on a segment boundary only', () => {
  assert.deepEqual(
    [
      isUnder('/a', ''),
      isUnder('*', ''),
      isUnder('/a', '/a'),
      isUnder('/a/b', '/a'),
      isUnder('/ab', '/a'),
      isUnder('/', '/a'),
    ],
    [true, true, true, true, false, false],
  );
});

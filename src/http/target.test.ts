// What is asked of whom, and the path that sites, rates and exclusions match on.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Headers } from '../traffic/headers.ts';
import { RequestHead } from '../traffic/wire.ts';
import { placingPath, readTarget } from './target.ts';

function targetOf(
  method: string,
  target: string,
  host: string | null,
  version: '1.0' | '1.1' = '1.1',
  hosts = host === null ? 0 : 1,
) {
  const head = new RequestHead(new Headers());
  head.method = method;
  head.target = target;
  head.version = version;
  const fault = readTarget(head, hosts, host ?? '');
  return fault === null ? [head.path, head.query, head.host, head.authority] : fault.why;
}

test('targets and hosts', () => {
  assert.deepEqual(targetOf('GET', '/a?b', 'C:1'), ['/a', 'b', 'c', 'C:1']);
  assert.deepEqual(targetOf('GET', '/', null, '1.0'), ['/', '', '', '']);
  assert.deepEqual(targetOf('GET', '/', '', '1.0'), ['/', '', '', '']);
  assert.deepEqual(targetOf('OPTIONS', '*', 'a'), ['*', '', 'a', 'a']);
  assert.deepEqual(targetOf('GET', 'http://A:80?x', 'a:80'), ['/', 'x', 'a', 'A:80']);
  assert.deepEqual(targetOf('GET', 'https://[::1]/', '[::1]'), ['/', '', '[::1]', '[::1]']);
  assert.equal(targetOf('GET', '/', null), 'http/no-host');
  assert.equal(targetOf('GET', 'http://a/', null), 'http/no-host');
  assert.equal(targetOf('GET', '/', 'a', '1.1', 2), 'http/repeated-host');
  assert.equal(targetOf('GET', '/', 'a', '1.0', 2), 'http/repeated-host');
  assert.equal(targetOf('GET', '*', 'a'), 'http/asterisk-form');
  assert.equal(targetOf('GET', 'a', 'a'), 'http/bad-target');
  assert.equal(targetOf('GET', 'http://b/', 'a'), 'http/authority-mismatch');
  assert.equal(targetOf('GET', 'http:///', null, '1.0'), 'http/bad-host');
});

test('hosts are names, addresses, and bracketed IPv6 addresses, with an optional port', () => {
  const good = [
    'a',
    'a.b',
    'A-1.b_c~',
    '1.2.3.4',
    '[::]',
    '[::1]',
    '[2001:db8::1]',
    '[::ffff:1.2.3.4]',
    'a:',
    'a:0',
    'a:65535',
    '[::1]:8443',
    'x'.repeat(255),
  ];
  const bad = [
    '',
    ' ',
    'a b',
    'a,b',
    'a@b',
    'a/b',
    'a\\b',
    'a:b',
    'a:65536',
    'a:1:2',
    ':80',
    '[',
    '[]',
    '[]:80',
    '[1.2.3.4]',
    '[a]',
    '[::1',
    '::1',
    '[::1]x',
    '[::1]:x',
    '[:::]',
    '[::%lo]',
    '[::1]]',
    'a%20b',
    "a'b",
    'a<',
    'é',
    'x'.repeat(256),
  ];
  for (const host of good) assert.ok(Array.isArray(targetOf('GET', '/', host)), host);
  for (const host of bad) assert.equal(targetOf('GET', '/', host), 'http/bad-host', host);
});

test('the placing path is what an application would understand', () => {
  const rows: readonly (readonly [string, string])[] = [
    ['/', '/'],
    ['*', '*'],
    ['/a/b', '/a/b'],
    ['/a/b/', '/a/b/'],
    ['//a///b', '/a/b'],
    ['/a/./b', '/a/b'],
    ['/a/../b', '/b'],
    ['/a/b/../c', '/a/c'],
    ['/a/b/c/../../d', '/a/d'],
    ['/a/..', '/'],
    ['/..', '/'],
    ['/../../a', '/a'],
    ['/a/.b', '/a/.b'],
    ['/a/...', '/a/...'],
    ['/%61', '/a'],
    ['/a/%2e%2e/b', '/b'],
    ['/a/%2E./b', '/b'],
    ['/a%2fb', '/a/b'],
    ['/a%2f..%2fb', '/b'],
    ['/a\\..\\b', '/b'],
    ['/a/%5c../b', '/b'],
    ['/a;x/..;y/b', '/b'],
    ['/a/;/b', '/a/b'],
    ['/%', '/%'],
    ['/%4', '/%4'],
    ['/%zz', '/%zz'],
    ['/%252e%252e', '/%2e%2e'],
    ['/a/%2f', '/a/'],
  ];
  for (const [path, placed] of rows) assert.equal(placingPath(path), placed, path);
});

test('a placing path has no dots to resolve, begins with one slash, and no part of it climbs', () => {
  const part = fc.constantFrom('a', '.', '..', '%2e', '%2E%2e', '/', '%2f', '\\', '%5C', ';', ';x', '//', '%', 'b.c');
  fc.assert(
    fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
      const placed = placingPath(`/${parts.join('')}`);
      assert.ok(placed.startsWith('/') && !placed.startsWith('//'), placed);
      for (const segment of placed.split('/')) {
        const bare = segment.split(';')[0];
        assert.ok(bare !== '.' && bare !== '..', placed);
      }
    }),
    { numRuns: 1000 },
  );
});

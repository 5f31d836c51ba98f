// Accept-Encoding: weights, wildcards, and what is no list.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { chooseCoding } from './accept-encoding.ts';

const offered = ['zstd', 'br', 'gzip'] as const;

test('the coding that a client weighs highest, the first of equals (RFC 9110 12.5.3)', () => {
  const rows: readonly (readonly [string, string | null])[] = [
    ['gzip', 'gzip'],
    ['gzip, br', 'br'],
    ['gzip, deflate, br, zstd', 'zstd'],
    ['GZIP', 'gzip'],
    ['x-gzip', 'gzip'],
    ['gzip;q=0.5, br;q=0.4', 'gzip'],
    ['gzip; q=1.0 , br;q=0.999', 'gzip'],
    ['br;q=0', null],
    ['gzip;q=0, *', 'zstd'],
    ['*', 'zstd'],
    ['*;q=0', null],
    ['*;q=0.1, gzip;q=0.2', 'gzip'],
    ['identity', null],
    ['identity;q=1, gzip;q=0.5', null],
    ['identity;q=0.5, gzip;q=0.5', 'gzip'],
    ['identity;q=0', null],
    ['deflate, compress', null],
    ['', null],
    [',,gzip,', 'gzip'],
    ['gzip;q=2', null],
    ['gzip;q=1.001', null],
    ['gzip;q=0.1234', null],
    ['gzip;q=-1', null],
    ['gzip;q=', null],
    ['gzip;level=1', null],
    ['gzip;q=1;x', null],
    ['gzip;q=.5', null],
  ];
  for (const [field, coding] of rows) assert.equal(chooseCoding([field], offered), coding, field);
  assert.equal(chooseCoding([], offered), null);
  assert.equal(chooseCoding(['gzip;q=0.1', 'br;q=0.2'], offered), 'br', 'two fields are one list');
  assert.equal(chooseCoding(['br, gzip'], ['gzip']), 'gzip');
});

test('whatever a client writes, what is chosen was offered', () => {
  const part = fc.constantFrom('gzip', 'br', 'zstd', '*', 'identity', ';q=0.5', ';q=1', ';', ',', ' ', 'q', '=', '9');
  fc.assert(
    fc.property(fc.array(part, { maxLength: 80 }), (parts) => {
      const chosen = chooseCoding([parts.join('')], offered);
      assert.ok(chosen === null || offered.includes(chosen));
    }),
  );
});

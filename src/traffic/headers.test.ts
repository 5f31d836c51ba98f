// Header fields split when somebody asks are the same as fields put in one by one.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Headers } from './headers.ts';

const name = fc.stringMatching(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,12}$/);
const value = fc.stringMatching(/^([!-~\x80-\xff]([ \t!-~\x80-\xff]{0,20}[!-~\x80-\xff])?)?$/);
const blanks = fc.constantFrom('', ' ', '\t', ' \t ');

test('lazily split equals eagerly added', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value, blanks, blanks), { maxLength: 10 }), name, (list, other) => {
      const lazy = new Headers(
        list.map(([key, text, before, after]) => `${key}:${before}${text}${after}\r\n`).join(''),
      );
      const eager = Headers.from(list.map(([key, text]) => [key, text] as const));
      for (const key of [...list.map(([own]) => own.toLowerCase()), other.toLowerCase()]) {
        assert.equal(lazy.get(key), eager.get(key));
        assert.equal(lazy.has(key), eager.has(key));
        assert.deepEqual(lazy.all(key), eager.all(key));
      }
      assert.deepEqual(
        [lazy.count, lazy.names, lazy.spelled, lazy.values],
        [eager.count, eager.names, eager.spelled, eager.values],
      );
    }),
  );
});

test('names compare without case, are kept as spelled, and nothing is merged', () => {
  const headers = new Headers('Host: a\r\nSET-cookie: b\r\nSet-Cookie:c\r\nX:\r\n');
  assert.deepEqual(headers.spelled, ['Host', 'SET-cookie', 'Set-Cookie', 'X']);
  assert.deepEqual(headers.names, ['host', 'set-cookie', 'set-cookie', 'x']);
  assert.deepEqual(headers.all('set-cookie'), ['b', 'c']);
  assert.equal(headers.get('set-cookie'), 'b');
  assert.equal(headers.get('x'), '');
  assert.equal(headers.get('y'), null);
  assert.deepEqual(headers.all('y'), []);
});

test('a field may be added before and after the split', () => {
  const headers = new Headers('A: b\r\n');
  headers.add('C', 'd');
  assert.deepEqual([headers.count, headers.get('a'), headers.get('c')], [2, 'b', 'd']);
  assert.deepEqual(new Headers().names, []);
});

test('weight is known without a split, and is not nothing after it', () => {
  const headers = new Headers('A: b\r\n');
  assert.equal(headers.weight, 6);
  assert.equal(headers.count, 1);
  assert.equal(headers.weight, 17);
  assert.equal(new Headers().weight, 0);
});

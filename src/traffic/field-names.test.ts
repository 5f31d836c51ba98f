// Finding a name from its bytes agrees with looking it up as text, for every name in every case.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  codeOf,
  codesOf,
  connectionCode,
  contentLengthCode,
  expectCode,
  fieldNameCount,
  findName,
  hostCode,
  nameOf,
  teCode,
  transferEncodingCode,
  upgradeCode,
} from './field-names.ts';

const names = Array.from({ length: fieldNameCount }, (_, code) => nameOf(code));
const table = new Map(names.map((name, code) => [name, code]));

function find(name: string): number {
  const bytes = Buffer.from(`xx${name}:`, 'latin1');
  return findName(bytes, 2, 2 + name.length);
}

test('every name is once in the table, in lower case, and has its own code', () => {
  assert.equal(table.size, fieldNameCount);
  for (const [code, name] of names.entries()) {
    assert.equal(name, name.toLowerCase());
    assert.equal(codeOf(name), code);
    assert.deepEqual([find(name), find(name.toUpperCase())], [code, code], name);
  }
});

test('the codes that decide how a message is read', () => {
  assert.deepEqual(
    [hostCode, connectionCode, contentLengthCode, transferEncodingCode, upgradeCode, expectCode, teCode].map(nameOf),
    ['host', 'connection', 'content-length', 'transfer-encoding', 'upgrade', 'expect', 'te'],
  );
});

test('findName agrees with a Map for names in random case, and for their neighbours', () => {
  const token = fc.stringMatching(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,45}$/);
  const known = fc.constantFrom(...names);
  const bent = fc
    .tuple(known, fc.nat(40), token)
    .map(([name, at, put]) => name.slice(0, at) + put[0] + name.slice(at + 1));
  const shorter = known.map((name) => name.slice(0, -1)).filter((name) => name !== '');
  fc.assert(
    fc.property(fc.oneof(known, token, bent, shorter), fc.infiniteStream(fc.boolean()), (name, raise) => {
      const spelled = [...name]
        .map((letter) => (raise.next().value ? letter.toUpperCase() : letter.toLowerCase()))
        .join('');
      assert.equal(find(spelled), table.get(spelled.toLowerCase()) ?? -1, spelled);
    }),
    { numRuns: 3000 },
  );
});

test('a table of codes has exactly the names asked for; an unknown name is a mistake in the program', () => {
  const some = codesOf(['host', 'te']);
  assert.deepEqual(
    names.filter((_, code) => some[code] === 1),
    ['host', 'te'],
  );
  assert.throws(() => codesOf(['no-such-name']), /no-such-name has no code/);
  assert.equal(codeOf('no-such-name'), -1);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formField, jsonField, KeptBody, maxKept } from './body-field.ts';

const form = (text: string, name = 'email') => formField(Buffer.from(text), name);
const json = (value: unknown, path: string) => jsonField(Buffer.from(JSON.stringify(value)), path);

test('the first field of that name in a form, however it is spelled', () => {
  assert.equal(form('a=1&email=Anna%40Example.com&email=b'), 'anna@example.com');
  assert.equal(form('%65mail=+anna+'), 'anna');
  assert.equal(form('email=%C3%84nna'), 'änna');
  assert.equal(form('email=Änna'), 'änna', 'not encoded, it is the same account');
  assert.equal(form('email=50%&x'), '50%');
  assert.equal(form('e=1'), '');
  assert.equal(form(''), '');
});

test('the value at a path of JSON', () => {
  assert.equal(json({ user: { email: ' Anna ' } }, 'user.email'), 'anna');
  assert.equal(json({ id: 7 }, 'id'), '7');
  assert.equal(json({ user: ['a'] }, 'user'), '');
  assert.equal(json({}, 'constructor.name'), '');
  assert.equal(jsonField(Buffer.from('{'), 'a'), '');
});

test('a body is kept up to its bound, in whatever pieces it comes', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 300 }), (pieces) => {
      const kept = new KeptBody();
      for (const piece of pieces) kept.add(piece);
      assert.deepEqual(kept.bytes, Buffer.concat(pieces).subarray(0, maxKept));
    }),
  );
  const long = new KeptBody();
  long.add(Buffer.alloc(maxKept - 1));
  long.add(Buffer.alloc(10));
  assert.equal(long.bytes.length, maxKept);
});

test('whatever is sent, it gives a text and throws nothing', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.string(), (bytes, name) => {
      assert.equal(typeof formField(Buffer.from(bytes), name), 'string');
      assert.equal(typeof jsonField(Buffer.from(bytes), name), 'string');
    }),
  );
});

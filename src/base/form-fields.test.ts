import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formFields, formPairs } from './form-fields.ts';

test('values of a name, in their order and up to so many', () => {
  assert.deepEqual(formFields('a=1&b=2&a=3&a', 'a', 8), ['1', '3', '']);
  assert.deepEqual(formFields('a=1&a=2&a=3', 'a', 2), ['1', '2']);
  assert.deepEqual(formFields('%61=1+2%20%zz%', 'a', 8), ['1 2 %zz%']);
  assert.deepEqual(formFields('a=%C3%A9', 'a', 8), ['\u00c3\u00a9'], 'a character a byte');
  assert.deepEqual(formFields('', 'a', 8), []);
});

test('it agrees with URLSearchParams', () => {
  const part = fc.stringMatching(/^[a-c+%0-9=&]{0,6}$/);
  fc.assert(
    fc.property(fc.array(part), (parts) => {
      const form = parts.join('&');
      const expected = new URLSearchParams(form).getAll('a');
      // Bytes that are no UTF-8 are replaced there and kept here.
      const found = formFields(form, 'a', 1000).map((value) => Buffer.from(value, 'latin1').toString('utf8'));
      assert.deepEqual(found, expected);
    }),
  );
});

test('all pairs, up to so many', () => {
  assert.deepEqual(formPairs('a=1&b&=2&&c=%41+x', 9), [
    ['a', '1'],
    ['b', ''],
    ['', '2'],
    ['c', 'A x'],
  ]);
  assert.equal(formPairs('a&b&c', 2).length, 2);
});

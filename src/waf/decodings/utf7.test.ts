// Shifted parts of UTF-7, and the pluses of everything else.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mayBeUtf7, utf7Decode } from './utf7.ts';

for (const [text, plain] of [
  ['+ADw-script+AD4-', '<script>'],
  ['x+ACIAPgA8AHMAYwByAGkAcAB0AD4-y', 'x"><script>y'],
  ['+ADw-a +ADw-b', '<a <b'],
  ['+ADwx', '+ADwx'],
  ['+AOk-', '+AOk-'],
  ['1+A-B', '1+A-B'],
  ['+A-', '+A-'],
  ['+AA-', '+AA-'],
  ['a+b-c', 'a+b-c'],
  ['+', '+'],
] as const)
  test(text, () => {
    assert.equal(utf7Decode(text), plain);
    if (plain !== text) assert.ok(mayBeUtf7(text));
  });

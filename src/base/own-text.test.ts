// A text of its own is the same text.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownText } from './own-text.ts';

test('every text comes back as it was, bytes or not', () => {
  const long = 'a line of a request that is longer than its pieces\xff\0 \u20ac';
  for (const text of ['', 'a', long, long.slice(3, 30), long.slice(40), long.slice(-1)])
    assert.equal(ownText(text), text);
});

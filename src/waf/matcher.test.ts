import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matcherOf } from './matcher.ts';

/** Whether `text` matches, or the sentence why the pattern does not load. */
function asked(source: string, text: string, ignoreCase = false): boolean | string {
  const matcher = matcherOf(source, ignoreCase);
  return 'test' in matcher ? matcher.test(text) : matcher.says;
}

test('a pattern matches anywhere in the text, and its ends are those of the text', () => {
  assert.equal(asked('b+', 'abbc'), true);
  assert.equal(asked('^b', 'abbc'), false);
  assert.equal(asked('^b', 'a\nb'), false);
  assert.equal(asked('EXAMPLE', 'an example'), false);
  assert.equal(asked('EXAMPLE', 'an example', true), true);
  assert.equal(asked('^[a-z]{3}$', 'abc'), true);
});

test('what ran for ever elsewhere ends here, and what is no pattern is told', () => {
  assert.equal(asked('^(a+)+$', `${'a'.repeat(20_000)}b`), false);
  assert.equal(typeof asked('(', ''), 'string');
});

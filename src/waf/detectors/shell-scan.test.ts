// A long text shows the same marks of a shell as a short one, wherever they stand.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as S from './shell-scan.ts';

for (const [text, seen] of [
  ['word', 0],
  ['two words', 0],
  ['a;id', S.COMMAND_BEHIND],
  ['a; colours', 0],
  ['a\r\nid', S.COMMAND_BEHIND],
  ['a`b', S.BACKQUOTE],
  ['a$b', S.DOLLAR | S.COMMAND_FIRST],
  ['a<b', S.ANGLE],
  ['a>b', S.ANGLE],
  ['a%b', S.PERCENT],
  ['a^b', S.CARET],
  ['a|b|cat', S.COMMAND_BEHIND],
  ['a&é;ls', S.COMMAND_BEHIND],
] as const)
  test(JSON.stringify(text), () => {
    assert.equal(S.scanShell(text), seen);
    assert.equal(S.scanShell(`${'x'.repeat(600)}${text}`), seen);
    assert.equal(S.scanShell(`${text}${'x'.repeat(600)}`), seen & ~S.COMMAND_BEHIND);
  });

test('a command at the start', () => {
  assert.equal(S.scanShell('cat x'), S.COMMAND_FIRST);
  assert.equal(S.scanShell(`cat ${'x'.repeat(600)}`), S.COMMAND_FIRST);
});

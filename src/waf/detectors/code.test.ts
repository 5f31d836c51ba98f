// Code of PHP, JavaScript, Python and others that a server would run, and code that people show each other.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { subjectOf } from '../../../test/waf-asking.ts';
import { detectCode } from './code.ts';

/** A value, its name, whether it is a name itself, and the number of the finding; 0 where it is none that would block. */
const cases: readonly (readonly [string, string, boolean, number])[] = [
  ["<?php system($_GET['c']); ?>", 'x', false, 1048001],
  ['$_GET[0]($_GET[1])', 'x', false, 1048002],
  ['allow_url_include=1', 'x', false, 1048003],
  ["system('id');", 'x', false, 1048004],
  ["file_get_contents('/etc/passwd')", 'x', false, 1048005],
  ['echo `id`;', 'x', false, 1048006],
  ["require('child_process').execSync('id')", 'x', false, 1048010],
  ["__import__('os').system('id')", 'x', false, 1048010],
  ['<%eval request("c")%>', 'x', false, 1048010],
  ["';while(a){}'", 'x', false, 1048012],
  ['<% Runtime.getRuntime().exec("id"); %>', 'x', false, 1048010],
  ['<?php foreach ($a as $b): ?><li><?= $b ?></li><?php endforeach; ?>', 'x', false, 0],
  ['how does phpinfo() work, and what do I see there?', 'x', false, 0],
  ["const fs = require('fs');", 'x', false, 0],
  ['process.env is where Node keeps its environment, as far as I know', 'x', false, 0],
  ['int main(void) { printf("hi\\n"); return 0; }', 'x', false, 0],
  ['eval("2+2") returns 4', 'x', false, 0],
];

for (const [value, name, isName, id] of cases)
  test(`${JSON.stringify(value).slice(0, 80)} ${id === 0 ? 'passes' : `is ${id}`}`, () => {
    const found = detectCode(subjectOf(value, name, isName));
    if (id === 0) return assert.ok((found?.score ?? 0) < 5, JSON.stringify(found));
    assert.equal(found?.id, id);
    assert.equal(found.score, 5);
    assert.ok(found.start >= 0 && found.start < found.end, JSON.stringify(found));
    assert.ok(!found.says.endsWith('.'));
  });

// Calls that are a value, by what they are handed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { subjectOf } from '../../../test/waf-asking.ts';
import { detectCall } from './code-calls.ts';

/** A value, and the number of the finding; 0 where it is none. */
const cases: readonly (readonly [string, number])[] = [
  ["putenv('LD_PRELOAD=/tmp/x.so');", 1048021],
  ["copy('http://q.example/s.txt','s.php');", 1048021],
  ["new SplFileObject('/etc/passwd');", 1048021],
  ["fs.readFileSync('/etc/passwd')", 1048022],
  ["print(open('/etc/passwd').read())", 1048022],
  ["open('.env').read()", 1048022],
  ['include "/etc/passwd";', 1048022],
  ["require 'http://q.example/x';", 1048022],
  ["array_filter(array('id'),'system');", 1048023],
  ["usort($a,'system');", 1048023],
  ['"\\x73\\x79\\x73\\x74\\x65\\x6d"(\'id\');', 1048024],
  ["[system][0]('id');", 1048024],
  ["open('report.txt').read()", 0],
  ["require('./system')", 0],
  ["t('system')", 0],
  ['include "header.php";', 0],
  ["'a'('b')", 0],
  ["['exec', 'system']", 0],
  ["see how open('/etc/passwd') works for you here", 0],
];

for (const [value, id] of cases)
  test(`${value} ${id === 0 ? 'passes' : `is ${id}`}`, () => assert.equal(detectCall(subjectOf(value))?.id ?? 0, id));

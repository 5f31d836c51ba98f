// Line breaks that add headers and commands, and texts of several lines.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { subjectOf } from '../../../test/waf-asking.ts';
import { detectHeader } from './header.ts';

/** A value, its name, whether it is a name itself, and the number of the finding; 0 where it is none that would block. */
const cases: readonly (readonly [string, string, boolean, number])[] = [
  ['x\r\nSet-Cookie: a=b', 'x', false, 1021001],
  ['x\nX-Any: 1', 'x', false, 1021001],
  ['x\u560a\u560dLocation: /', 'x', false, 1021001],
  ['x\r\nHTTP/1.1 200 OK', 'x', false, 1021002],
  ['a@example.com\nBcc: b@example.net', 'email', false, 1021003],
  ['x\r\nRCPT TO:<a@b>', 'x', false, 1021004],
  ['INBOX\r\nA2 DELETE INBOX', 'x', false, 1021004],
  ['a@example.com -X/var/www/x.php', 'x', false, 1021006],
  ['Dear all,\nlocation: the usual place\nbring cake', 'x', false, 0],
  ['Subject: x\nFrom: a@example.com', 'x', false, 0],
  ['one\ntwo: three', 'x', false, 0],
  ['To do\nto: buy milk', 'x', false, 0],
];

for (const [value, name, isName, id] of cases)
  test(`${JSON.stringify(value).slice(0, 80)} ${id === 0 ? 'passes' : `is ${id}`}`, () => {
    const found = detectHeader(subjectOf(value, name, isName));
    if (id === 0) return assert.ok((found?.score ?? 0) < 5, JSON.stringify(found));
    assert.equal(found?.id, id);
    assert.equal(found.score, 5);
    assert.ok(found.start >= 0 && found.start < found.end, JSON.stringify(found));
    assert.ok(!found.says.endsWith('.'));
  });

// Addresses inside by every spelling, and addresses that lead outside.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { subjectOf } from '../../../test/waf-asking.ts';
import { detectAddress } from './address.ts';

/** A value, its name, whether it is a name itself, and the number of the finding; 0 where it is none that would block. */
const cases: readonly (readonly [string, string, boolean, number])[] = [
  ['http://169.254.169.254/latest/meta-data/', 'url', false, 1034002],
  ['http://2130706433/', 'x', false, 1034003],
  ['http://0x7f.1/', 'x', false, 1034003],
  ['http://017700000001/', 'x', false, 1034003],
  ['http://[::1]/', 'target', false, 1034004],
  ['http://[::ffff:7f00:1]/', 'x', false, 1034003],
  ['http://127.0.0.1:6379/', 'url', false, 1034004],
  ['http://user@10.0.0.7/', 'url', false, 1034004],
  ['http://127.0.0.1.nip.io/', 'u', false, 1034003],
  ['gopher://example.com:25/_x', 'u', false, 1034001],
  ['http://metadata.google.internal/', 'u', false, 1034002],
  ['http://evil.example/shell.txt?', 'page', false, 1034005],
  ['\\\\evil.example\\share\\x.php', 'page', false, 1034006],
  ['169.254.169.254', 'host', false, 1034002],
  ['https://example.com/a?b=http://127.0.0.1/', 'url', false, 0],
  ['http://localhost:3000/callback', 'redirect_uri', false, 0],
  ['http://8.8.8.8/', 'url', false, 0],
  ['2130706433', 'id', false, 0],
  ['localhost', 'host', false, 0],
  ['10.0.0.1', 'ip', false, 0],
  ['1.2.3', 'version', false, 0],
  ['see http://192.168.1.1/ for help', 'q', false, 0],
];

for (const [value, name, isName, id] of cases)
  test(`${JSON.stringify(value).slice(0, 80)} ${id === 0 ? 'passes' : `is ${id}`}`, () => {
    const found = detectAddress(subjectOf(value, name, isName));
    if (id === 0) return assert.ok((found?.score ?? 0) < 5, JSON.stringify(found));
    assert.equal(found?.id, id);
    assert.equal(found.score, 5);
    assert.ok(found.start >= 0 && found.start < found.end, JSON.stringify(found));
    assert.ok(!found.says.endsWith('.'));
  });

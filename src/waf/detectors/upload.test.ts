// Files that a server would run, by name and by content, and files that people send.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { detectFileContent, detectFileName } from './upload.ts';

const names: readonly (readonly [string, number])[] = [
  ['shell.php', 1033001],
  ['shell.PhP5', 1033001],
  ['shell.php.jpg', 1033001],
  ['shell.php\0.jpg', 1033001],
  ['x.php::$DATA', 1033001],
  ['a/b/.htaccess', 1033002],
  ['setup.exe', 1033003],
  ['exe.txt', 0],
  ['my.program.pdf', 0],
  ['archive.tar.gz', 0],
  ['photo of asp.net.jpg', 0],
];
const contents: readonly (readonly [string, string, string, number])[] = [
  ['GIF89a<?php system($_GET[0]); ?>', 'a.gif', 'image/gif', 1033010],
  ['<?php eval($_POST["x"]);', 'a.txt', 'text/plain', 1033010],
  ['<%eval request("x")%>', 'a.jpg', 'image/jpeg', 1033011],
  ['\x7fELF\x02', 'a.png', 'image/png', 1033012],
  ['<svg onload="alert(1)">', 'a.svg', 'image/svg+xml', 1033014],
  ['<?php echo 1;', 'lesson.txt', 'text/plain', 0],
  ['<svg><path d="M0 0"/></svg>', 'a.svg', 'image/svg+xml', 0],
  ['MZ', 'a.png', 'image/png', 0],
];

for (const [name, id] of names)
  test(`the name ${JSON.stringify(name)}`, () => assert.equal(detectFileName(name)?.id ?? 0, id));
for (const [bytes, name, type, id] of contents)
  test(`${JSON.stringify(bytes)} as ${name}`, () => assert.equal(detectFileContent(bytes, name, type)?.id ?? 0, id));

// Path traversal: climbs, sensitive files, wrappers and cut names, by the place they stand in.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { detectPath } from './path.ts';

const score = (value: string, isPath = false) => detectPath(value, { isPath, inHead: true })?.score ?? 0;

describe('in a path', () => {
  for (const [path, expected] of [
    ['/a/../b', 5],
    ['/a/..', 5],
    ['/..\\..\\x', 5],
    ['/a/..;/b', 5],
    ['/a/....//b', 5],
    ['/a/..././b', 5],
    ['/.env', 5],
    ['/app/.git/config', 5],
    ['/WEB-INF/web.xml', 5],
    ['/wp-config.php.bak', 5],
    ['/a.php\0.jpg', 5],
    ['/a..b/c', 0],
    ['/...', 0],
    ['/a/.../b', 0],
    ['/.well-known/acme-challenge/x', 0],
    ['/.environment', 0],
    ['/web/index.html', 0],
    ['/v1.2..1.3/compare', 0],
  ] as const)
    test(JSON.stringify(path), () => assert.equal(score(path, true), expected));
});

describe('in a value', () => {
  for (const [value, expected] of [
    ['../../../secret', 5],
    ['..\\..\\secret', 5],
    ['images/../../secret', 5],
    ['../../secret file.txt', 5],
    ['../../secret.txt ', 5],
    ['a b/../../../../secret', 5],
    ['[a](../../a.md) and [b](../../b.md)', 0],
    ['Using ../../../../src/lib/x.exp as tool init file.', 2],
    ['../../assets/logo.png', 2],
    ['../../../../x/logo.png', 5],
    ['...//...//x', 5],
    ['../.env', 5],
    ['..\\windows\\win.ini', 5],
    ['....//....//secret', 5],
    ['/etc/passwd', 5],
    ['//etc/./passwd', 5],
    ['/ETC/shadow', 5],
    ['\\etc\\passwd', 5],
    ['/proc/self/environ', 5],
    ['C:\\Windows\\win.ini', 5],
    ['c:/windows/system32/drivers/etc/hosts', 5],
    ['php://filter/read=string.rot13/resource=a', 5],
    [' PHP://input', 5],
    ['file:///etc/passwd', 5],
    ['expect://id', 5],
    ['avatar.php\0.png', 5],
    ['../x', 2],
    ['../images/logo.png', 2],
    ['see ../../docs/a.md and ../b', 0],
    ['users are in /etc/passwd on Linux', 2],
    ['wait... what/...', 0],
    ['and so on.../etc', 0],
    ['1..2', 0],
    ['a/b/c.txt', 0],
    ['https://example.com/a/b', 0],
    ['C:\\Users\\anna\\x.txt', 0],
    ['ratio 1:2', 0],
    ['and/or', 0],
  ] as const)
    test(JSON.stringify(value), () => assert.equal(score(value), expected));
});

test('nothing throws; a climb of two folders is found behind any name', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('.', '/', '\\', ';', ' ', 'a', ':', '\0', 'etc', '..') }),
      fc.boolean(),
      (value, isPath) => {
        const detection = detectPath(value, { isPath, inHead: true });
        assert.ok(
          detection === null ||
            (detection.start >= 0 && detection.end <= value.length && detection.end > detection.start),
        );
      },
    ),
  );
  fc.assert(fc.property(fc.stringMatching(/^[a-z]{1,8}$/), (name) => score(`${name}/../../x`) === 5));
});

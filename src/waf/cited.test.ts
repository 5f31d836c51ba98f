// What counts as cited code: fenced blocks and rich text, and what only pretends to be.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ask, gate } from '../../test/waf-asking.ts';
import { holdsMarkup, isMarkedUp } from './cited.ts';
import { isFenced } from './detectors/detection.ts';

describe('isFenced', () => {
  test('only what stands between two lines of backticks', () => {
    const text = 'Try\n```sh\nid\n```\nand id';
    assert.equal(isFenced(text, text.indexOf('id')), true);
    assert.equal(isFenced(text, text.lastIndexOf('id')), false);
    assert.equal(isFenced('```sh\nid', 6), false);
    assert.equal(isFenced('a ```id```', 5), false);
  });

  test('no further than a few fences', () => {
    const many = '```\n'.repeat(5000);
    assert.equal(isFenced(many, many.length), false);
  });
});

describe('isMarkedUp', () => {
  for (const [text, is] of [
    ['<pre>SELECT 1; DROP TABLE x;</pre>', true],
    ['<p>a</p> b', false],
    ['a <p>b</p>', false],
    ["<p>' OR 1=1 --</p>", false],
    ['<p>; id #</p>', false],
    ['<5>', false],
  ] as const)
    test(text, () => assert.equal(isMarkedUp(text), is));
});

describe('holdsMarkup', () => {
  for (const [text, is] of [
    ['<p>The tag &lt;b&gt; makes it bold</p>', true],
    ['<code>&lt;b&gt;</code>', true],
    ['<b>x</b>&lt;script&gt;', false],
    ['</b>&lt;script&gt; a b c d', false],
    ['a &lt;b', false],
  ] as const)
    test(text, () => assert.equal(holdsMarkup(text), is));
});

describe('cited code passes where a body cites it, and is refused where it is sent', () => {
  const waf = gate();
  const sent = (body: string): string =>
    ask(waf, { headers: [['Content-Type', 'application/json']], body: JSON.stringify({ text: body }) }).why;
  const cited = [
    'How do I stop this?\n\n```sql\nSELECT 1; DROP TABLE x;\n```',
    '```php\n<?php system($_GET["c"]); ?>\n```',
    '<pre>SELECT * FROM users WHERE id = 1;\nDROP TABLE x;\n</pre>',
    '<p>The tag &lt;script&gt;alert(1)&lt;/script&gt; runs a script here</p>',
    '```html\n<a href="#" onclick="go()">x</a>\n```',
    'GET / HTTP/1.1\nHost: example.com',
    "Please don't use `exec()` or `DROP TABLE x;` here",
    'In Jinja, `{{ 7*7 }}` prints 49.',
    'SELECT 1;\nDROP TABLE tmp;',
    '#!/bin/sh\nset -e\nmysqldump shop | gzip > shop.gz\n',
    '`products`.`id` = 5',
    '# Install\n\n    curl -fsSL https://get.example.com | sh\n\nThen run it.',
    '~~~sh\ncurl -s https://x.example/install | sh\n~~~\nThis installs it.',
    'This is XXE:\n```xml\n<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>\n```',
  ];
  for (const text of cited) test(`passes: ${text.split('\n')[0]}`, () => assert.equal(sent(text), 'pass'));
  const attacks = [
    '```html\n<img src=x onerror=alert(1)>\n```',
    "```\n' OR 1=1 -- ",
    '<b>x</b>&lt;script&gt;alert(1)&lt;/script&gt;',
    "<p>x' OR 1=1 --</p>",
    "I do like this shop `' UNION SELECT a, b FROM users -- -` a lot",
    'Here is one `<script>alert(1)</script>` for you all',
    'Try this one `code` please; cat /etc/passwd',
    '\n\n    x; cat /etc/passwd',
    'a <!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
  ];
  for (const text of attacks) test(`refused: ${text.split('\n').at(-1)}`, () => assert.notEqual(sent(text), 'pass'));
});

// Cross-site scripting: what executes in a page, in every context, and the ordinary text and markup that does not.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { detectHtml } from './html.ts';

const attacks: readonly [string, readonly string[]][] = [
  [
    'elements that execute',
    [
      '<script>alert(1)</script>',
      '<SCRIPT SRC=//evil.example/x.js>',
      '<script/x>alert(1)</script>',
      '<script\n>alert(1)',
      'hello <scr<script>ipt>alert(1)',
      '<svg:script xmlns:svg="x">alert(1)</svg:script>',
      '</textarea><script>alert(1)</script>',
      '--><script>alert(1)</script>',
      '<a title="</title><script>alert(1)</script>',
      '<object data="//evil.example">',
      '<embed src=//evil.example/x.swf>',
      '<base href="//evil.example/">',
      '<meta http-equiv="refresh" content="0;url=//evil.example">',
      '<link rel=stylesheet href=//evil.example/x.css>',
      '<iframe srcdoc="<b>x</b>">',
      '<svg><animate attributeName=href values=x>',
      '<applet code=x>',
    ],
  ],
  [
    'event handlers',
    [
      '<img src=x onerror=alert(1)>',
      '<img/src="x"/onerror=alert(1)>',
      '<img src="x"onerror="alert(1)">',
      "<img src='x'onerror='alert(1)'>",
      '<svg onload=alert`1`>',
      '<svg/onload\n=\nalert(1)',
      '<details open ontoggle=x>',
      '<x onanythingnew=1>',
      '<b\x0conclick=alert(1)>',
      '<div title="a>b" onclick=x()>',
    ],
  ],
  [
    'break-outs of attributes',
    [
      '" onmouseover="alert(1)',
      "' onfocus='alert(1)' autofocus='",
      '"onfocus=alert(1) autofocus x="',
      '"><img src=x onerror=alert(1)>',
      "x' style='xss:expression(alert(1))",
      'x onmouseover=alert(1)',
      '" formaction="javascript:alert(1)',
    ],
  ],
  [
    'script addresses',
    [
      'javascript:alert(1)',
      ' \x01JaVaScRiPt:alert(1)',
      'java\tscript:alert(1)',
      'java\nscript:top.x=1',
      'vbscript:msgbox(1)',
      'data:text/html,<b>x</b>',
      'data:text/html;base64,eA==',
      '<a href="javascript:alert(1)">x</a>',
      '<a href=" java\nscript:alert(1)">x</a>',
      '<form action=javascript:alert(1)>',
      '<use href="data:image/svg+xml,<svg/>">',
    ],
  ],
  [
    'break-outs of scripts',
    [
      "'-alert(1)-'",
      '";alert(document.cookie)//',
      "');fetch('//evil.example')//",
      "'+window.top.eval(name)+'",
      '-alert(1)-',
      ';eval(x)',
      '$' + '{alert(1)}',
      'alert(document.cookie)',
      'alert`1`',
      'document.location="//evil.example"',
      "';document.cookie='a=b",
    ],
  ],
  [
    'templates',
    [
      "{{constructor.constructor('alert(1)')()}}",
      "{{ ''.__class__.__mro__[1].__subclasses__() }}",
      '$' + '{T(java.lang.Runtime).getRuntime()}',
      "{{x = {'y':''.constructor.prototype}; x['y'].charAt=[].join}}",
    ],
  ],
];

for (const [name, values] of attacks)
  describe(name, () => {
    for (const value of values)
      test(JSON.stringify(value), () => {
        const detection = detectHtml(value);
        assert.equal(detection?.score, 5, JSON.stringify(detection));
        assert.ok(detection.start >= 0 && detection.start < detection.end);
        assert.ok(detection.id >= 1041001 && detection.id <= 1041019);
      });
  });

describe('ordinary text and markup is no proof', () => {
  for (const value of [
    '',
    'a < b and c > d',
    'a<b',
    'i <3 you',
    '<b>bold</b> <i>italic</i> <br/>',
    '<a href="https://example.com/on?onclick=1">x</a>',
    '<img src="/a.png" alt="on = off">',
    '<div style="color: red; background: url(/a.png)">x</div>',
    '<p data-one="1" once="2">x</p>',
    '<iframe src="https://www.youtube.com/embed/x">',
    '<style>b { color: red }</style>',
    'he said "hello" and went on = nothing',
    "it's once='only' more",
    'javascript: the definitive guide',
    'javascript: the definitive guide (7th edition)',
    'see document.cookie for details',
    'call print() or alert() to see it',
    'f("a", alert(1))',
    '{{ user.name | upper }}',
    'Dear $' + '{name}, {{#if a}}x{{/if}}',
    'data:image/png;base64,iVBORw0KGgo=',
    'note: javascript:',
    'the <object> of the exercise',
  ])
    test(JSON.stringify(value), () => {
      const detection = detectHtml(value);
      assert.ok((detection?.score ?? 0) < 5, JSON.stringify(detection));
    });
});

test('suspicion is told with less than five', () => {
  assert.equal(detectHtml('<iframe src="https://example.com">')?.score, 3);
  assert.equal(detectHtml('</textarea>')?.score, 2);
  assert.equal(detectHtml('<img name="cookie">')?.id, 1041011);
  assert.equal(detectHtml('{{7*7}}')?.id, 1041016);
});

test('no text makes it throw or point outside', () => {
  const unit = fc.constantFrom(
    '<',
    '>',
    '"',
    "'",
    '=',
    '/',
    ' ',
    'a',
    'on',
    'onclick',
    'script',
    'href',
    'javascript:',
    '(',
    ')',
    '{{',
    '}}',
    '`',
    '-',
    '\\',
    'alert',
    '\0',
  );
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit, maxLength: 40 }), fc.string({ unit: 'binary' })), (value) => {
      const detection = detectHtml(value);
      if (detection === null) return;
      assert.ok(detection.start >= 0 && detection.start <= value.length, JSON.stringify(detection));
      assert.ok(detection.end >= detection.start);
    }),
    { numRuns: 1000 },
  );
});

test('a script element is found behind any text that opens no attribute value', () => {
  const text = fc.string({ unit: 'grapheme' }).filter((one) => !one.includes('<'));
  fc.assert(fc.property(text, text, (before, behind) => detectHtml(`${before}<script>q(1);${behind}`)?.score === 5));
});

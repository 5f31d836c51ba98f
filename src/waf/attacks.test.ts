// Attacks in every place a value can stand, under every encoding an application might undo.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ask, gate, type Request } from '../../test/waf-asking.ts';

const waf = gate();

const script = '<script>steal(document.cookie)</script>';
const statement = "' OR '1'='1' --";
const climb = '../../../etc/passwd';
const encode = encodeURIComponent;
const form: readonly [string, string] = ['Content-Type', 'application/x-www-form-urlencoded'];
const json: readonly [string, string] = ['Content-Type', 'application/json'];
const multipart: readonly [string, string] = ['Content-Type', 'multipart/form-data; boundary=frontier'];

function parts(...heads: readonly (readonly [string, string])[]): string {
  const text = heads.map(
    ([head, content]) => `--frontier\r\nContent-Disposition: form-data; ${head}\r\n\r\n${content}\r\n`,
  );
  return `${text.join('')}--frontier--\r\n`;
}

describe("the guide's rules", () => {
  const cases: readonly [Request, string, string][] = [
    [{ target: '/users?id=1;%20DROP%20TABLE%20users;--' }, 'waf/sql-injection', 'ARGS:id'],
    [{ target: '/users?id=1;DROP TABLE users;--' }, 'waf/sql-injection', 'ARGS:id'],
    [
      { target: '/comment', headers: [json], body: '{ "text": "<script>steal(cookies)</script>" }' },
      'waf/cross-site-scripting',
      'JSON:text',
    ],
    [{ headers: [['User-Agent', 'sqlmap/1.5']] }, 'waf/scanner', 'REQUEST_HEADERS:user-agent'],
    [{ target: '/files/../../../etc/passwd' }, 'waf/path-traversal', 'REQUEST_FILENAME'],
  ];
  for (const [request, why, place] of cases)
    test(`${request.target ?? '/'} is stopped as ${why}`, () => {
      const outcome = ask(waf, request);
      assert.equal(outcome.why, why);
      assert.equal(outcome.status, 403);
      assert.deepEqual(outcome.places, [place]);
      assert.equal(outcome.exchange.wafAction, 'block');
      assert.ok(outcome.exchange.wafScore >= outcome.exchange.wafThreshold);
    });
});

describe('every place', () => {
  const places: readonly [string, (value: string) => Request][] = [
    ['REQUEST_FILENAME', (value) => ({ target: `/a/${encode(value)}` })],
    ['ARGS:q', (value) => ({ target: `/?a=1&q=${encode(value)}&b=2` })],
    ['ARGS_NAMES', (value) => ({ target: `/?${encode(value)}=1` })],
    ['ARGS_NAMES', (value) => ({ target: `/?${encode(value)}` })],
    ['REQUEST_HEADERS:x-note', (value) => ({ headers: [['X-Note', value]] })],
    ['REQUEST_HEADERS:referer', (value) => ({ headers: [['Referer', `https://a.example/p?q=${encode(value)}`]] })],
    ['REQUEST_COOKIES:theme', (value) => ({ headers: [['Cookie', `a=1; theme=${encode(value)}; b=2`]] })],
    ['ARGS:text', (value) => ({ headers: [form], body: `a=1&text=${encode(value)}` })],
    ['JSON:a.0.b', (value) => ({ headers: [json], body: JSON.stringify({ a: [{ b: value }] }) })],
    ['JSON_NAMES', (value) => ({ headers: [json], body: JSON.stringify({ [value]: 1 }) })],
    ['JSON:a', (value) => ({ headers: [json], body: `{"a":${JSON.stringify(value)},"a":"harmless"}` })],
    ['ARGS:text', (value) => ({ headers: [multipart], body: parts(['name="text"', value]) })],
    ['ARGS:empty', (value) => ({ headers: [multipart], body: parts(['name="empty"; filename=""', value]) })],
    ['REQUEST_BODY', (value) => ({ headers: [['Content-Type', 'text/plain']], body: `note ${value}` })],
    [
      'XML:note',
      (value) => ({ headers: [['Content-Type', 'text/xml']], body: `<a><note><![CDATA[${value}]]></note></a>` }),
    ],
    ['ARGS:data.a', (value) => ({ target: `/?data=${encode(JSON.stringify({ a: value }))}` })],
    ['JSON:inner.a', (value) => ({ headers: [json], body: JSON.stringify({ inner: JSON.stringify({ a: value }) }) })],
  ];
  for (const [place, request] of places)
    for (const [value, why] of [
      [script, 'waf/cross-site-scripting'],
      [statement, 'waf/sql-injection'],
    ] as const)
      test(`${value} in ${place}`, () => {
        const outcome = ask(waf, request(value));
        assert.equal(outcome.status, 403, outcome.why);
        assert.ok(outcome.why === why || outcome.places.length > 0, outcome.why);
        assert.ok(
          outcome.places.every((found) => found.startsWith(place)),
          outcome.places.join(),
        );
      });

  test('a climb in a file name, in an argument, in a cookie', () => {
    const file = ask(waf, { headers: [multipart], body: parts(['name="f"; filename="../../index.html"', 'x']) });
    assert.equal(file.why, 'waf/path-traversal');
    assert.deepEqual(file.places, ['FILES_NAMES:f']);
    const extended = parts(['name="f"; filename="a.txt"; filename*=UTF-8\'\'..%2f..%2findex.html', 'x']);
    assert.equal(ask(waf, { headers: [multipart], body: extended }).why, 'waf/path-traversal');
    assert.equal(ask(waf, { target: `/download?file=${climb}` }).why, 'waf/path-traversal');
    assert.equal(ask(waf, { headers: [['Cookie', `lang=${climb}`]] }).why, 'waf/path-traversal');
  });

  test('a command in an argument, a file name, a header, a path', () => {
    for (const request of [
      { target: `/ping?host=${encode('127.0.0.1; cat /etc/shadow')}` },
      { target: `/ping?host=${encode('$' + '(id)')}` },
      { target: `/ping/${encode('x|whoami')}` },
      { target: `/ping/${encode('x;cat /etc/shadow')}` },
      { headers: [multipart], body: parts(['name="f"; filename="a`id`.png"', 'x']) },
      { headers: [['User-Agent', '() { :;}; /bin/bash -c id']] as const },
      { headers: [['Accept', '() { :;}; /bin/bash -c id']] as const },
    ])
      assert.equal(ask(waf, request).why, 'waf/command-injection', JSON.stringify(request));
  });

  test('credentials are opened', () => {
    const basic = Buffer.from(`${statement}:x`).toString('base64');
    assert.equal(ask(waf, { headers: [['Authorization', `Basic ${basic}`]] }).why, 'waf/sql-injection');
    const claims = Buffer.from(JSON.stringify({ kid: script })).toString('base64url');
    assert.equal(ask(waf, { headers: [['Authorization', `Bearer ${claims}.e30.x`]] }).why, 'waf/cross-site-scripting');
  });

  test('a slash inside a segment belongs to its value', () => {
    assert.equal(ask(waf, { target: `/users/${encode("1'/**/OR/**/1=1--")}` }).why, 'waf/sql-injection');
  });

  test('matrix parameters are opened', () => {
    assert.equal(ask(waf, { target: `/list;id=${encode(statement)}/x` }).why, 'waf/sql-injection');
  });
});

describe('every encoding', () => {
  const percentAll = (text: string) =>
    [...text].map((one) => `%${one.charCodeAt(0).toString(16).padStart(2, '0')}`).join('');
  const wide = (text: string) => [...text].map((one) => String.fromCodePoint(one.charCodeAt(0) + 0xfee0)).join('');
  const encodings: readonly [string, (text: string) => string][] = [
    ['percent', percentAll],
    ['percent twice', (text) => encode(percentAll(text))],
    ['percent four times', (text) => encode(encode(encode(percentAll(text))))],
    ['%u', (text) => encode([...text].map((one) => `%u00${one.charCodeAt(0).toString(16)}`).join(''))],
    ['entities, decimal', (text) => encode([...text].map((one) => `&#${one.charCodeAt(0)};`).join(''))],
    [
      'entities, hex with zeros',
      (text) => encode([...text].map((one) => `&#x000${one.charCodeAt(0).toString(16)};`).join('')),
    ],
    ['entities in entities', (text) => encode(text.replaceAll('<', '&amp;lt;').replaceAll('>', '&amp;gt;'))],
    ['names without semicolon', (text) => encode(text.replaceAll('<', '&lt').replaceAll('>', '&gt'))],
    ['script escapes', (text) => encode([...text].map((one) => `\\x${one.charCodeAt(0).toString(16)}`).join(''))],
    [
      'script escapes, long',
      (text) => encode([...text].map((one) => `\\u{${one.charCodeAt(0).toString(16)}}`).join('')),
    ],
    ['octal escapes', (text) => encode([...text].map((one) => `\\${one.charCodeAt(0).toString(8)}`).join(''))],
    ['style escapes', (text) => encode([...text].map((one) => `\\${one.charCodeAt(0).toString(16)} `).join(''))],
    ['fullwidth', (text) => encode(wide(text))],
    ['overlong UTF-8', (text) => text.replaceAll('<', '%C0%BC').replaceAll('>', '%C0%BE').replaceAll('(', '%c0%a8')],
    ['NUL bytes', (text) => encode([...text].join('\0'))],
    ['zero-width characters', (text) => encode([...text].join('\u200b'))],
    ['Base64', (text) => encode(Buffer.from(text).toString('base64'))],
    ['Base64url of percent', (text) => Buffer.from(percentAll(text)).toString('base64url')],
    ['percent in entities in percent', (text) => encode(percentAll(text).replaceAll('%', '&#37;'))],
  ];
  for (const [name, encoded] of encodings)
    test(name, () => {
      const outcome = ask(waf, { target: `/?q=${encoded(script)}` });
      assert.equal(outcome.why, 'waf/cross-site-scripting');
      const finding = outcome.exchange.findings![0]!;
      assert.ok(finding.decoded.length > 0);
      assert.ok(finding.value.length <= 256);
    });

  test('the decodings are told, outermost first', () => {
    const outcome = ask(waf, { target: '/?q=%2526lt;b onclick=x>' });
    assert.deepEqual(outcome.exchange.findings!.at(-1)!.decoded, ['urlDecode', 'urlDecode', 'htmlEntityDecode']);
  });

  test('a climb under encodings', () => {
    for (const path of [
      '/static/..%2f..%2fetc/passwd',
      '/static/%2e%2e/%2e%2e/secret',
      '/static/..%5c..%5cwindows%5cwin.ini',
      '/static/%252e%252e%252fsecret',
      '/static/..%c0%af..%c0%afsecret',
      '/static/..;/manager',
      '/static/....//....//secret',
      '/static/%uff0e%uff0e/secret',
    ])
      assert.equal(ask(waf, { target: path }).why, 'waf/path-traversal', path);
  });

  test('more layers than any application undoes are suspicious in themselves', () => {
    let value = 'a%26b';
    for (let layer = 0; layer < 12; layer++) value = encode(value);
    const outcome = ask(waf, { target: `/?q=${value}` });
    assert.deepEqual(
      outcome.exchange.findings!.map((one) => one.id),
      [1050001],
    );
  });
});

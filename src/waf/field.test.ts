// A field trial: attacks and ordinary texts written by somebody who had not seen the detectors, in places and encodings drawn by turns.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { ask, exchangeOf, gate, type Request } from '../../test/waf-asking.ts';
import { Headers } from '../traffic/headers.ts';

const encode = encodeURIComponent;
const form: readonly [string, string] = ['Content-Type', 'application/x-www-form-urlencoded'];
const json: readonly [string, string] = ['Content-Type', 'application/json'];
const multipart: readonly [string, string] = ['Content-Type', 'multipart/form-data; boundary=zz'];

/** The rows of a file beside this one by section; ⏎, ⇥ and ␍ stand for line feed, tab and carriage return. */
function rows(file: string): readonly { readonly section: string; readonly value: string }[] {
  const found: { section: string; value: string }[] = [];
  let section = '';
  for (const line of readFileSync(join(import.meta.dirname, file), 'utf8').split('\n')) {
    if (line.startsWith('== ')) section = line.slice(3);
    else if (line !== '')
      found.push({ section, value: line.replaceAll('⏎', '\n').replaceAll('⇥', '\t').replaceAll('␍', '\r') });
  }
  return found;
}

/** The value as a header can carry it: its UTF-8 bytes, without line ends. */
function inHeader(value: string): string {
  return Buffer.from(value.replaceAll('\n', ' ').replaceAll('\r', ' '), 'utf8').toString('latin1');
}

function part(head: string, content: string): Request {
  return {
    headers: [multipart],
    body: `--zz\r\nContent-Disposition: form-data; ${head}\r\n\r\n${content}\r\n--zz--\r\n`,
  };
}

const bodies: readonly ((value: string) => Request)[] = [
  (value) => ({ headers: [form], body: `a=1&t=${encode(value)}` }),
  (value) => ({ headers: [form], body: `${encode(value)}=1` }),
  (value) => ({ headers: [json], body: JSON.stringify({ a: [{ b: value }] }) }),
  (value) => ({ headers: [json], body: JSON.stringify({ a: { [value]: 1 } }) }),
  (value) => ({ headers: [json], body: JSON.stringify({ q: `a=1&b=${encode(value)}` }) }),
  (value) => ({ headers: [form], body: `data=${encode(JSON.stringify({ a: [value] }))}` }),
  (value) => part('name="t"', value),
  (value) => part(`name="f"; filename*=UTF-8''${encode(value).replaceAll("'", '%27')}`, 'x'),
  (value) => ({ headers: [['Content-Type', 'text/plain']], body: value }),
  (value) => ({ headers: [['Content-Type', 'application/x-thing']], body: value }),
  (value) => ({ body: `a=1&b=${encode(value)}` }),
];
const heads: readonly ((value: string) => Request)[] = [
  (value) => ({ target: `/a/${encode(value)}/b` }),
  (value) => ({ target: `/?${encode(value)}=1` }),
  (value) => ({ headers: [['Referer', `https://a.example/x?y=${encode(value)}`]] }),
  (value) => ({ headers: [['Cookie', `a=1; s=${encode(value)}; b=2`]] }),
];
const fields = ['Referer', 'X-Forwarded-For', 'X-Forwarded-Host', 'X-Real-IP', 'X-Note', 'Accept', 'If-None-Match'];

const percent = (text: string) =>
  [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
const entities = (text: string) => [...text].map((one) => `&#x${one.codePointAt(0)?.toString(16)};`).join('');
const escapes = (text: string) =>
  [...text].map((one) => (one > '\uffff' ? one : `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`)).join('');
const base64 = (text: string) => Buffer.from(text).toString('base64');
const layers = [percent, entities, escapes, base64];

describe('attacks', () => {
  const waf = gate('detect');
  const attacks = rows('field-attacks.txt');
  const scoreOf = (request: Request) => ask(waf, request).exchange.wafScore;

  test(`${attacks.length} are stopped in an argument`, () => {
    assert.ok(attacks.length >= 690);
    for (const { value } of attacks) assert.ok(scoreOf({ target: `/?q=${encode(value)}` }) >= 5, value);
  });

  test('and in every other place', () => {
    for (const [index, { value }] of attacks.entries()) {
      for (const place of [bodies[index % bodies.length]!, heads[index % heads.length]!])
        assert.ok(scoreOf(place(value)) >= 5, JSON.stringify(place(value)));
    }
  });

  test('and in header fields, where they are one line', () => {
    for (const [index, { value }] of attacks.entries()) {
      const field = fields[index % fields.length]!;
      if (!/[\n\r]/.test(value)) assert.ok(scoreOf({ headers: [[field, inHeader(value)]] }) >= 5, `${field}: ${value}`);
    }
  });

  test('and under two layers of encoding', () => {
    for (const [index, { value }] of attacks.entries()) {
      // Because Base64 of three bytes is no longer than a word.
      if (value.length < 6) continue;
      const inner = layers[index % 4]!;
      const outer = layers[(index >> 2) % 4]!;
      assert.ok(scoreOf({ target: `/?q=${encode(outer(inner(value)))}` }) >= 5, `${value} as ${outer(inner(value))}`);
    }
  });
});

describe('ordinary texts', () => {
  const waf = gate();
  const texts = rows('field-ordinary.txt');

  test(`${texts.length} pass in an argument, a form and JSON`, () => {
    assert.ok(texts.length >= 925);
    for (const { value } of texts)
      for (const request of [{ target: `/?q=${encode(value)}` }, bodies[0]!(value), bodies[2]!(value)]) {
        const outcome = ask(waf, request);
        assert.equal(outcome.why, 'pass', `${value}: ${JSON.stringify(outcome.exchange.findings)}`);
      }
  });

  test('what cannot be told from an attack is refused', () => {
    for (const value of ['1 or 1', "Robert'); DROP TABLE Students;-- haha", '../../index.html', '3 and 4 = 7'])
      assert.notEqual(ask(waf, { target: `/?q=${encode(value)}` }).why, 'pass', value);
  });
});

describe('values in pieces', () => {
  const cases: readonly [string, string, string][] = [
    ['/?id=1/*&id=*/union/*&id=*/select/*&id=*/1', 'waf/sql-injection', 'ARGS:id'],
    ['/?a=b&ID=1%20or/*&x=y&i%64=*/1=1', 'waf/sql-injection', ''],
    ['/?tag=a+b&tag=c+d&tag=it%27s', 'pass', ''],
  ];
  for (const [target, why, place] of cases)
    test(target, () => {
      const outcome = ask(gate(), { target });
      assert.equal(outcome.why, why);
      if (place !== '') assert.deepEqual(outcome.places, [place]);
    });
  test('in a form', () => {
    const outcome = ask(gate(), { headers: [form], body: 'n=%27+or/*&m=1&n=*/1=1/*&n=*/--' });
    assert.equal(outcome.why, 'waf/sql-injection');
  });
});

describe('trailers', () => {
  const judge = (mode: 'block' | 'detect' | 'off', fields: readonly (readonly [string, string])[]) => {
    const waf = gate(mode);
    const exchange = exchangeOf({ headers: [json] }, 9);
    return waf.inspectTrailers(exchange, waf.policies[0]!, Headers.from(fields));
  };
  test('are judged as header fields are', () => {
    const verdict = judge('block', [['X-Note', '<script>q()</script>']]);
    assert.ok(verdict.kind === 'answer');
    assert.equal(verdict.why, 'waf/cross-site-scripting');
    assert.deepEqual(verdict.evidence, { place: 'REQUEST_HEADERS:x-note', value: '<script>q()</script>' });
    assert.equal(judge('block', [['Digest', 'sha-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=']]).kind, 'pass');
  });
  test('and pass where the site only detects', () => {
    assert.equal(judge('detect', [['X-Note', '<script>q()</script>']]).kind, 'pass');
    assert.equal(judge('off', [['X-Note', '<script>q()</script>']]).kind, 'pass');
  });
});

describe('the name of a refusal', () => {
  const cases: readonly [string, string][] = [
    ['&lt;script&gt;q()&lt;/script&gt;', 'waf/cross-site-scripting'],
    ['&lt;script src=//q.example&gt;', 'waf/cross-site-scripting'],
    ['"+alert(document.domain)+"', 'waf/cross-site-scripting'],
    ["a' | whoami #", 'waf/command-injection'],
    ["admin' #", 'waf/sql-injection'],
  ];
  for (const [value, why] of cases)
    test(`${value} is ${why}`, () => assert.equal(ask(gate(), { target: `/?q=${encode(value)}` }).why, why));
});

describe('exclusions', () => {
  const script = encode('<script>q()</script>');
  const waf = gate('block', [{ detector: 'cross-site-scripting', place: 'ARGS:code', path: '/snippets' }]);
  const cases: readonly [string, string, string][] = [
    ['/snippets/1', '/snippets/1', 'pass'],
    ['/snippets', '/snippets', 'pass'],
    ['/snippets/1', '/users/1', 'waf/cross-site-scripting'],
    ['/users', '/snippets', 'waf/cross-site-scripting'],
    ['/snippets;v=1/x', '/snippets;v=1/x', 'waf/cross-site-scripting'],
    ['/snippets/1', '', 'pass'],
  ];
  for (const [path, placed, why] of cases)
    test(`${path} placed as ${placed || 'nothing'}: ${why}`, () => {
      const exchange = exchangeOf({ target: `${path}?code=${script}` }, 0);
      exchange.placingPath = placed;
      const verdict = waf.inspectHead(exchange, waf.policies[0]!);
      assert.equal(verdict.kind === 'pass' ? 'pass' : verdict.why, why);
    });
});

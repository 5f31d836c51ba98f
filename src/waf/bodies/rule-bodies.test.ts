// Bodies as rules see them: forms, JSON, XML and multipart; what is broken is told and nothing throws.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readJson } from './json-arguments.ts';
import { MultipartBody } from './strict-multipart.ts';
import { pathDecode, readArguments, readCookies } from './urlencoded.ts';
import { XmlDocument } from './xml-document.ts';

function gathered(read: (sink: (name: string, value: string) => boolean) => unknown): [unknown, string[]] {
  const pairs: string[] = [];
  const result = read((name, value) => pairs.push(`${name}=${value}`) < 1000);
  return [result, pairs];
}

test('forms', () => {
  const read = (text: string) => gathered((sink) => readArguments(text, '&', sink));
  assert.deepEqual(read('a=1&b=%41+%zz&&c&=d&e=f=g'), [true, ['a=1', 'b=A %zz', 'c=', '=d', 'e=f=g']]);
  assert.deepEqual(read('a%3db=%ff'), [false, ['a=b=\xff']]);
  assert.deepEqual(gathered((sink) => readCookies(' a=1; b = "x" ;c;;d=e=f', sink))[1], [
    'a=1',
    'b= "x" ',
    'c=',
    'd=e=f',
  ]);
  assert.equal(pathDecode('/a%20b+c%'), '/a b+c%');
});

test('JSON', () => {
  const read = (text: string) => gathered((sink) => readJson(text, 4, sink));
  assert.deepEqual(read('{"a":{"b":[1,"x",null,true]},"c":-1.5e3}'), [
    '',
    ['json.a.b.0=1', 'json.a.b.1=x', 'json.a.b.2=', 'json.a.b.3=true', 'json.a.b=4', 'json.c=-1.5e3'],
  ]);
  assert.deepEqual(read('"\\u00e4\\ud83d\\ude00\\n"'), ['', ['json=\xc3\xa4\xf0\x9f\x98\x80\n']]);
  assert.deepEqual(read('[[[[[1]]]]]'), ['JSON: it is nested deeper than 4 at byte 4', []]);
  assert.deepEqual(read('{"a":1'), ['JSON: a comma or a closing bracket is missing at byte 6', ['json.a=1']]);
  assert.deepEqual(read('[1] x'), ['JSON: something follows the value at byte 4', ['json.0=1', 'json=1']]);
  assert.deepEqual(read('{a:1}'), ['JSON: a name in quotes is missing at byte 1', []]);
  assert.deepEqual(read('01'), ['JSON: no value begins at byte 0', []]);
});

test('JSON agrees with the parser of the runtime about what is JSON', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 3 }), fc.nat(), (text, cut) => {
      const bytes = Buffer.from(text, 'utf8').toString('latin1');
      assert.equal(
        readJson(bytes, 64, () => true),
        '',
      );
      const part = text.slice(0, cut % (text.length + 1));
      let isJson = true;
      try {
        JSON.parse(part);
      } catch {
        isJson = false;
      }
      assert.equal(readJson(Buffer.from(part, 'utf8').toString('latin1'), 64, () => true) === '', isJson, part);
    }),
  );
});

test('XML', () => {
  const xml = new XmlDocument(
    '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "y">]><a b="1"><c d=\'&lt;2\'>x&#65;<![CDATA[<y>]]></c><!-- n --><c>z&x;</c></a>',
    16,
  );
  assert.equal(xml.fault, '');
  assert.equal(xml.text, 'xA<y>z&x;');
  assert.deepEqual(xml.attributes.values, ['1', '<2']);
  assert.deepEqual(xml.at('/a/c').values, ['xA<y>', 'z&x;']);
  assert.deepEqual(xml.at('//c').values, ['xA<y>', 'z&x;']);
  assert.deepEqual(xml.at('/a/@b').values, ['1']);
  assert.deepEqual(xml.at('//@d').values, ['<2']);
  assert.deepEqual(xml.at('/c').values, []);
  const faults = ['<a>', '<a></b>', '<a/><b/>', 'x', '<a b=c/>', '<a>&</a>', '', '<a><b></a>'].map(
    (text) => new XmlDocument(text, 16).fault,
  );
  assert.deepEqual(faults, [
    'XML: an element is not closed',
    'XML: </b> closes no open element at byte 3',
    'XML: a second root element at byte 4',
    'XML: text outside of the root element at byte 0',
    'XML: a broken attribute at byte 3',
    'XML: a broken reference at byte 3',
    'XML: there is no element',
    'XML: </a> closes no open element at byte 6',
  ]);
  assert.equal(new XmlDocument('<a>'.repeat(20), 16).fault, 'XML: it is nested deeper than 16');
});

function multipart(body: string, type = 'multipart/form-data; boundary=B') {
  const pairs: string[] = [];
  const read = MultipartBody.read(
    body.replaceAll('\n', '\r\n'),
    type,
    { maxParts: 5, maxFiles: 2 },
    (name, value) => pairs.push(`${name}=${value}`) > 0,
  );
  return { pairs, read, flags: Object.entries(read.flags).flatMap(([name, set]) => (set ? [name] : [])) };
}

test('multipart', () => {
  const { pairs, read, flags } = multipart(
    '--B\nContent-Disposition: form-data; name="a"\n\n1\n2\n--B\nContent-Disposition: form-data; name="f"; filename="x\\"y.php"\nContent-Type: text/plain\n\nhello\n--B--\n',
  );
  assert.deepEqual([read.fault, flags, pairs], ['', [], ['a=1\r\n2']]);
  assert.deepEqual(
    [read.files.names, read.files.values, read.sizes.values, read.contents.values],
    [['f'], ['x"y.php'], ['5'], ['hello']],
  );
  assert.deepEqual(read.partHeaders.values, [
    'Content-Disposition: form-data; name="a"',
    'Content-Disposition: form-data; name="f"; filename="x\\"y.php"',
    'Content-Type: text/plain',
  ]);
});

test('multipart: every departure sets its flag', () => {
  const part = (disposition: string, end = '--B--\n') => `--B\nContent-Disposition: ${disposition}\n\n1\n${end}`;
  const named = 'form-data; name="a"';
  const table: readonly (readonly [string, string, string?])[] = [
    [part(named, ''), 'error'],
    [`x\n${part(named)}`, 'dataBefore'],
    [`${part(named)}x`, 'dataAfter'],
    [part('form-data'), 'invalidPart error'],
    [part("form-data; name='a'"), 'invalidQuoting'],
    [part('form-data; name="a" filename="b"'), 'missingSemicolon'],
    [`--B\nContent-Disposition: form-data;\n name="a"\n\n1\n--B--\n`, 'headerFolding'],
    [part(named, '--Bx\n--B--\n'), 'unmatchedBoundary'],
    [part(named), 'boundaryQuoted', 'multipart/form-data; boundary="B"'],
    [part(named), 'boundaryWhitespace', 'multipart/form-data; boundary= B'],
    [part(named), 'missingSemicolon', 'multipart/form-data boundary=B'],
    ['x', 'error', 'multipart/form-data'],
    [part(named), 'error', 'multipart/form-data; boundary=B; boundary=C'],
    [part('form-data; name="a"; name="b"'), 'error'],
    ['', 'error'],
  ];
  for (const [body, expected, type] of table)
    assert.equal(multipart(body, type).flags.join(' '), expected, `${body} ${type}`);
  const bare = MultipartBody.read(
    '--B\r\nContent-Disposition: form-data; name="a"\n\n1\n--B--\r\n',
    'multipart/form-data; boundary=B',
    { maxParts: 5, maxFiles: 2 },
    () => true,
  );
  assert.deepEqual([bare.flags.lfLine, bare.flags.crlfLfLines], [true, true]);
});

test('no bytes make a reader throw', () => {
  const bytes = fc.string({ unit: fc.constantFrom(...'ab"\'\\\n\r<>/&;=![]{}:,-B%u0?\0\xff '), maxLength: 80 });
  const openings = fc.constantFrom(
    '',
    '--B\r\n',
    '--B\r\nContent-Disposition: form-data; name=',
    '<a>',
    '<!DOCTYPE ',
    '{"a":',
  );
  fc.assert(
    fc.property(openings, bytes, bytes, (opening, text, type) => {
      const sink = () => true;
      readArguments(text, '&', sink);
      readCookies(text, sink);
      readJson(opening + text, 8, sink);
      new XmlDocument(opening + text, 8).at('/a//b/@c');
      MultipartBody.read(opening + text, `multipart/form-data; boundary=${type}`, { maxParts: 5, maxFiles: 2 }, sink);
      MultipartBody.read(opening + text, 'multipart/form-data; boundary=B', { maxParts: 5, maxFiles: 2 }, sink);
    }),
    { numRuns: 500 },
  );
});

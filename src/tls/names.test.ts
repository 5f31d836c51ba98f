// Names in settings, in certificates and in SNI: what is a name, and who serves it.

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { newKey, writeLeaf } from './certificate-writer.ts';
import { maxNameLength, NameIndex, namesOf, readName, shownName } from './names.ts';

const label63 = 'a'.repeat(63);

const names: readonly (readonly [string, string | null])[] = [
  ['example.com', 'example.com'],
  ['EXAMPLE.Com.', 'example.com'],
  ['localhost', 'localhost'],
  ['*.example.com', '*.example.com'],
  ['my_host.test', 'my_host.test'],
  ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
  [`${label63}.test`, `${label63}.test`],
  ['127.0.0.1', '127.0.0.1'],
  ['::1', '::1'],
  ['2001:DB8:0:0::1', '2001:db8::1'],
  ['::ffff:10.0.0.1', '10.0.0.1'],
  ['', null],
  ['.', null],
  ['*', null],
  ['*.*.example.com', null],
  ['www.*.example.com', null],
  ['w*.example.com', null],
  ['a..b', null],
  ['-a.test', null],
  ['a-.test', null],
  ['bücher.example', null],
  ['a b.test', null],
  ['a,DNS:b.test', null],
  ['a\u0000.test', null],
  ['1.2.3', null],
  ['256.1.1.1', null],
  [`${label63}a.test`, null],
  [`${`${label63}.`.repeat(4)}test`, null],
];

for (const [text, expected] of names)
  test(`"${text.slice(0, 40)}" is ${expected === null ? 'no name' : 'a name'}`, () =>
    assert.equal(readName(text), expected));

test('property: a name that was read reads the same again', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.domain(), fc.ipV4(), fc.ipV6()), (text) => {
      const name = readName(text);
      if (name !== null) assert.equal(readName(name), name);
    }),
  );
  fc.assert(fc.property(fc.domain(), (domain) => assert.equal(readName(domain), domain.toLowerCase())));
});

const shown: readonly (readonly [string, string])[] = [
  ['Example.COM.', 'example.com'],
  ['a"b\n{c}', 'a?b??c?'],
  ['\u001b[31mred', '??31mred'],
  ['::1', '::1'],
  ['', ''],
];

for (const [sni, expected] of shown)
  test(`SNI ${JSON.stringify(sni)} is shown as ${JSON.stringify(expected)}`, () =>
    assert.equal(shownName(sni), expected));

test('property: shown SNI is bounded and has only characters of names', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 600 }), (sni) => {
      const name = shownName(sni);
      // Because lower case can be longer than what it came from (U+0130), each character counts at most three.
      assert.ok(name.length <= 3 * (maxNameLength + 1));
      for (const character of name) assert.ok('abcdefghijklmnopqrstuvwxyz0123456789-_.:?'.includes(character), name);
    }),
  );
});

function index(): NameIndex<string> {
  const known = new NameIndex('default');
  for (const name of ['example.com', '*.example.com', 'www.example.com', '*.b.example.com', '10.0.0.1'])
    assert.equal(known.add(name, name), true);
  return known;
}

const served: readonly (readonly [string, string])[] = [
  ['example.com', 'example.com'],
  ['EXAMPLE.COM', 'example.com'],
  ['example.com.', 'example.com'],
  ['www.example.com', 'www.example.com'],
  ['api.example.com', '*.example.com'],
  ['api.example.com.', '*.example.com'],
  ['b.example.com', '*.example.com'],
  ['a.b.example.com', '*.b.example.com'],
  ['a.c.example.com', 'default'],
  ['.example.com', 'default'],
  ['*.example.com', '*.example.com'],
  ['example.com..', 'default'],
  ['example.org', 'default'],
  ['10.0.0.1', '10.0.0.1'],
  ['', 'default'],
  ['__proto__', 'default'],
  ['constructor', 'default'],
  [`${'a.'.repeat(200)}example.com`, 'default'],
  ['x'.repeat(100_000), 'default'],
];

for (const [sni, expected] of served)
  test(`SNI "${sni.slice(0, 30)}" is served by ${expected}`, () => assert.equal(index().find(sni), expected));

test('the first of two with one name stays', () => {
  const known = index();
  assert.equal(known.add('example.com', 'second'), false);
  assert.equal(known.add('*.example.com', 'second'), false);
  assert.equal(known.find('example.com'), 'example.com');
  assert.equal(known.lookUp('example.org'), undefined);
});

test('property: the index agrees with a search through all names', () => {
  const label = fc.constantFrom('a', 'b', 'c');
  const host = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));
  const name = fc.tuple(fc.boolean(), host).map(([wild, text]) => (wild ? `*.${text}` : text));
  fc.assert(
    fc.property(fc.uniqueArray(name, { maxLength: 8 }), host, (all, sni) => {
      const known = new NameIndex('default');
      for (const each of all) known.add(each, each);
      const wildcard = `*.${sni.split('.').slice(1).join('.')}`;
      const expected = all.includes(sni) ? sni : all.includes(wildcard) ? wildcard : 'default';
      assert.equal(known.find(sni), expected);
    }),
  );
});

test("a certificate's names come in order and in one spelling, and one with a comma in it is not two", () => {
  const key = newKey();
  const statement = { commonName: 'cn.test', notBefore: 0, notAfter: 1e12 };
  const write = (names: string[]) =>
    new X509Certificate(writeLeaf(statement, names, key, { commonName: 'an issuer', key }));
  assert.deepEqual(namesOf(write(['B.test', '*.a.test', '::1', '10.0.0.1'])), [
    'b.test',
    '*.a.test',
    '::1',
    '10.0.0.1',
  ]);
  assert.deepEqual(namesOf(write(['good.test, DNS:evil.test', 'a"b, DNS:evil.test', 'last.test'])), ['last.test']);
});

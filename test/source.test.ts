// The reader of sources on its own: text that looks like code, code that looks like text, and every file of the project.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSources, sourceOf, tokensOf } from './source.ts';

const kinds = (text: string) => tokensOf(text).map((token) => `${token.kind} ${token.text}`);

test('strings, templates, comments and patterns are told from code', () => {
  assert.deepEqual(kinds(`a = 'it\\'s // no comment'`), ['word a', 'mark =', `string 'it\\'s // no comment'`]);
  assert.deepEqual(kinds('// import x\n/* a\n b */ c'), ['comment // import x', 'comment /* a\n b */', 'word c']);
  assert.deepEqual(kinds('`a${b}c`'), ['template `a${', 'word b', 'template }c`']);
  assert.deepEqual(kinds('`${{a: `${b}`}}`'), [
    'template `${',
    'mark {',
    'word a',
    'mark :',
    'template `${',
    'word b',
    'template }`',
    'mark }',
    'template }`',
  ]);
  assert.deepEqual(kinds('x = /[/]\'"/g;').slice(2), [`regex /[/]'"/g`, 'mark ;']);
});

test('a slash is a division behind a value and a pattern elsewhere', () => {
  assert.equal(kinds('a / b / c').filter((kind) => kind.startsWith('regex')).length, 0);
  assert.equal(kinds('a! / b[0]! / f(c) / d').filter((kind) => kind.startsWith('regex')).length, 0);
  assert.equal(kinds('return /a/').at(-1), 'regex /a/');
  assert.equal(kinds('f(!/a/.test(b))').filter((kind) => kind === 'regex /a/').length, 1);
  assert.equal(kinds('`${/a}/}`')[1], 'regex /a}/');
});

test('lines, columns and depths are counted', () => {
  const tokens = tokensOf('f(\n  [a],\n);\nb');
  assert.deepEqual(
    tokens.map(({ text, line, column, depth }) => [text, line, column, depth]),
    [
      ['f', 1, 1, 0],
      ['(', 1, 2, 0],
      ['[', 2, 3, 1],
      ['a', 2, 4, 2],
      [']', 2, 5, 1],
      [',', 2, 6, 1],
      [')', 3, 1, 0],
      [';', 3, 2, 0],
      ['b', 4, 1, 0],
    ],
  );
});

const imports: readonly (readonly [string, string, string, boolean])[] = [
  ["import a from 'x';", 'x', 'a', false],
  ["import 'x';", 'x', '', false],
  ["import * as a from 'x';", 'x', '*', false],
  ["import type { A } from 'x';", 'x', 'A:type', true],
  ["import { type A, b as c } from 'x';", 'x', 'A:type b', false],
  ["import { type A } from 'x';", 'x', 'A:type', true],
  ["import net, { type Socket } from 'x';", 'x', 'net Socket:type', false],
  ["import {\n  a,\n  // b from 'y'\n} from 'x';", 'x', 'a', false],
  ["export { a, type B } from 'x';", 'x', 'a B:type', false],
  ["export type * from 'x';", 'x', '*:type', true],
  ["const a = (await import('x')).a;", 'x', '', false],
  ["type A = import('x').A;", 'x', '', false],
];

test('every form of import is seen', () => {
  for (const [text, specifier, names, isType] of imports) {
    const found = sourceOf('a.ts', text).imports;
    assert.equal(found.length, 1, text);
    assert.equal(found[0]!.specifier, specifier, text);
    assert.equal(found[0]!.names.map((name) => name.name + (name.isType ? ':type' : '')).join(' '), names, text);
    assert.equal(found[0]!.isType, isType, text);
  }
});

test('what only looks like an import is none', () => {
  for (const text of [
    "// import a from 'x';",
    "`import a from 'x'`",
    'import.meta.url',
    'export { a };',
    "export const a = 'x';",
  ])
    assert.deepEqual(sourceOf('a.ts', text).imports, [], text);
});

test('every source of the project is read without a gap', () => {
  const sources = ['src', 'test', 'bench', 'demo'].flatMap(readSources);
  assert.ok(sources.length > 200);
  for (const { path, text } of sources) {
    let at = 0;
    for (const token of tokensOf(text)) {
      assert.equal(text.slice(at, token.at).trim(), '', path);
      at = token.at + token.text.length;
    }
    assert.equal(text.slice(at).trim(), '', path);
  }
});

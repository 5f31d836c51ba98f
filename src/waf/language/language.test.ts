// Rule files as directives, and rules as targets, operator and actions: each piece knows where it stands.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readActions, readOperator, readTargets } from './rule.ts';
import { type Piece, readDirectives, SourceFile } from './source.ts';
import { pictureOf, type Trouble } from './trouble.ts';

function directives(text: string) {
  const troubles: Trouble[] = [];
  const read = readDirectives(new SourceFile('a.conf', text), troubles);
  return { troubles, words: read.map(({ name, words }) => [name.text, ...words.map((word) => word.text)]), read };
}

function piece(text: string): Piece {
  return directives(`x "${text.replaceAll('"', '\\"')}"`).read[0]!.words[0]!;
}

test('lines are directives; comments, empty lines and continuations are seen to', () => {
  assert.deepEqual(
    directives('# a\n\nSecRule ARGS \\\n    "@rx a b" \\\n  "id:1,\\\n   pass"\r\nSecMarker END').words,
    [
      ['SecRule', 'ARGS', '@rx a b', 'id:1,pass'],
      ['SecMarker', 'END'],
    ],
  );
  assert.deepEqual(directives('a "b\\"c" \'d e\' \\x').words, [['a', 'b"c', 'd e', '\\x']]);
  assert.deepEqual(directives('# a \\\nb').words, [['b']]);
});

test('a quote that is not closed is told where it opens', () => {
  const { troubles } = directives('SecRule A "b\nSecMarker x');
  assert.equal(
    troubles.map(pictureOf).join('\n'),
    'a.conf:1:11  the " is not closed\n  SecRule A "b\n            ^\n  close it with ", or write \\" for one that is meant',
  );
});

test('places survive continued lines and escapes', () => {
  const { read } = directives('SecRule A \\\n  "x\\"y"');
  assert.deepEqual(
    { ...read[0]!.words[1]!.place(2, 1), source: '' },
    { file: 'a.conf', line: 2, column: 7, length: 1, source: '' },
  );
});

test('targets', () => {
  const shown = (text: string) =>
    readTargets(piece(text), []).map(
      ({ isCount, isExcluded, name, selector }) =>
        `${isExcluded ? '!' : ''}${isCount ? '&' : ''}${name.text}${selector === null ? '' : ` ${selector.kind} ${selector.text.text}`}`,
    );
  assert.deepEqual(shown("ARGS|!ARGS:/a|b\\/c/|&TX:x|A:'/d|e/'|B:'f g'|XML://@*|XML:/*"), [
    'ARGS',
    '!ARGS pattern a|b\\/c',
    '&TX name x',
    'A pattern d|e',
    'B name f g',
    'XML name //@*',
    'XML name /*',
  ]);
  const troubles: Trouble[] = [];
  readTargets(piece('ARGS||B'), troubles);
  assert.equal(troubles[0]!.says, 'a target has no name');
});

test('operators', () => {
  const shown = (text: string) => {
    const { isNegated, name, argument } = readOperator(piece(text));
    return [isNegated, name?.text ?? null, argument.text];
  };
  assert.deepEqual(shown('@rx a b'), [false, 'rx', 'a b']);
  assert.deepEqual(shown('!@eq 0'), [true, 'eq', '0']);
  assert.deepEqual(shown('^a$'), [false, null, '^a$']);
  assert.deepEqual(shown('!a'), [true, null, 'a']);
  assert.deepEqual(shown('@unconditionalMatch'), [false, 'unconditionalMatch', '']);
  assert.deepEqual(shown(''), [false, null, '']);
});

test('actions', () => {
  const shown = (text: string) =>
    readActions(piece(text), []).map(({ name, value }) => [name.text, value?.text ?? null]);
  assert.deepEqual(shown("id:1,msg:'a, b \\'c\\'',t:none, chain ,setvar:tx.a='b, c',ctl:x=1"), [
    ['id', '1'],
    ['msg', "a, b 'c'"],
    ['t', 'none'],
    ['chain', null],
    ['setvar', 'tx.a=b, c'],
    ['ctl', 'x=1'],
  ]);
});

test('no bytes make it throw, and every place lies in its file', () => {
  const bytes = fc.string({ unit: fc.constantFrom(...'ab"\'\\\n\r |:/!&@,=#\0\xff'), maxLength: 60 });
  fc.assert(
    fc.property(bytes, (text) => {
      const { troubles, read } = directives(text);
      for (const { words } of read)
        for (const word of words) {
          readTargets(word, troubles);
          readActions(word, troubles);
          readOperator(word);
        }
      const lines = text.split('\n').length;
      for (const { place } of troubles) assert.ok(place.line >= 1 && place.line <= lines && place.column >= 1);
    }),
  );
});

// Patterns and phrase sets taken together: each member answers as it would alone, whatever the prefilter left out.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Codes } from '../codes.ts';
import { bytesOf, has, range } from './byte-set.ts';
import { plainBytes } from './plain.ts';
import { compilePattern, compilePhrases, compileSet, isProblem, type Pattern, type PhraseSet } from './regex.ts';
import { requiredOf } from './required.ts';

function patternOf(source: string): Pattern {
  const pattern = compilePattern(source);
  assert.ok(!isProblem(pattern), JSON.stringify(pattern));
  return pattern;
}

function matched(members: readonly (Pattern | PhraseSet)[], value: string, wanted?: Uint32Array): number[] {
  const set = compileSet(members);
  const hits = new Uint32Array(Math.ceil(set.size / 32));
  const count = set.match(value, hits, wanted);
  const found = members.flatMap((_, member) => (((hits[member >> 5]! >>> (member & 31)) & 1) === 1 ? [member] : []));
  assert.equal(count, found.length);
  return found;
}

test('a set tells which members match', () => {
  const members = [
    patternOf('(?i)union\\s+select'),
    patternOf('^\\d+$'),
    compilePhrases(['Select', 'etc/passwd']),
    patternOf(''),
  ];
  assert.deepEqual(matched(members, '1 UNION  SELECT 2'), [0, 2, 3]);
  assert.deepEqual(matched(members, '12'), [1, 3]);
  assert.deepEqual(matched(members, ''), [3]);
  assert.deepEqual(matched(members, '/ETC/passwd'), [2, 3]);
});

test('only wanted members are looked for', () => {
  const members = Array.from({ length: 40 }, (_, index) => patternOf(`a{${index + 1}}`));
  assert.deepEqual(matched(members, 'a'.repeat(40), Uint32Array.of(0x80000001, 0x80)), [0, 31, 39]);
});

test('a set answers the same call after call', () => {
  const set = compileSet([patternOf('ab'), patternOf('b$')]);
  const hits = new Uint32Array(1);
  for (const [value, bits] of [
    ['ab', 3],
    ['a', 0],
    ['xb', 2],
    ['abc', 1],
    ['', 0],
    ['AB', 0],
  ] as const) {
    set.match(value, hits);
    assert.equal(hits[0], bits, value);
  }
});

test('a character that is no byte matches nothing and hides nothing', () => {
  assert.deepEqual(matched([patternOf('[^a]'), patternOf('bc'), compilePhrases(['bc'])], '\u2028bc'), [0, 1, 2]);
  assert.deepEqual(matched([patternOf('.'), patternOf('\\W'), compilePhrases(['b'])], '\u0162'), []);
});

test('a text is found wherever it stands in a value, and of whatever length the value is', () => {
  const set = compileSet([patternOf('secret=\\d'), compilePhrases(['secret=1']), patternOf('[sS]e.ret=')]);
  const hits = new Uint32Array(1);
  for (let length = 8; length < 90; length++)
    for (let place = 0; place + 8 <= length; place++) {
      set.match('secret=1'.padStart(place + 8, '-').padEnd(length, 'x'), hits);
      assert.equal(hits[0], 7, `at ${place} of ${length}`);
    }
});

test('what a pattern requires', () => {
  const textsOf = (source: string) =>
    requiredOf(patternOf(source).tree, range(0, 255))!.texts.map(({ texts }) => texts);
  assert.deepEqual(textsOf('(?i)union\\s+(?:all|distinct)?\\s*select'), [['select'], ['union']]);
  assert.deepEqual(textsOf('foo|ba[rz]'), [['foo', 'bar', 'baz']]);
  assert.deepEqual(textsOf('(?:abc)+d?'), [['abc']]);
  assert.deepEqual(textsOf('(?:abc)*'), []);
  assert.deepEqual(textsOf('[a-z]+'), []);
  assert.deepEqual(textsOf('(?=abc)xy'), [['xy']]);
  assert.deepEqual(requiredOf(patternOf('[;|]\\s*[^a]').tree, range(0, 255))!.bytes.length, 1);
});

const part = fc.constantFrom(
  'a',
  'b',
  'ab',
  'bc',
  'abc',
  '[bc]',
  '[^a]',
  '.',
  '\\b',
  '^',
  '$',
  'a+',
  'b*',
  'c?',
  '(?i:aB)',
  '(?:a|bc)',
  '(?:ab|c)+',
  '[a-z]{2}',
  '(?!b)',
  // What plain values do not have.
  '["<]*',
  '[<a]',
  '(?:<|b)+',
  '[^a"]',
);
const source = fc
  .array(fc.array(part, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 3 })
  .map((ways) => ways.map((way) => way.join('')).join('|'));
const value = fc
  .array(fc.constantFrom('a', 'b', 'c', 'A', 'B', ' ', '\n', '\xff', '<'), { maxLength: 12 })
  .map((all) => all.join(''));

test('what a pattern requires of a value of few characters', () => {
  const alphabet = bytesOf('abcxyz ()');
  const of = (source: string) => requiredOf(patternOf(source).tree, alphabet);
  assert.equal(of('a[;|]b'), null);
  assert.equal(of('[;|]+|<'), null);
  assert.deepEqual(of('(?:[;|]|ab)(?:c<)*[|]?c')!.texts, [{ texts: ['abc'] }]);
  assert.deepEqual(of('a["<]*b["<]*c')!.texts, [{ texts: ['abc'] }]);
});

test('what is required of plain values is what is required of any, where nothing else could be in the match', () => {
  assert.equal(has(plainBytes, 40), true, '(');
  assert.equal(has(plainBytes, 60), false, '<');
  const { ofAny, ofPlain } = patternOf('union\\s+select').required;
  assert.equal(ofPlain, ofAny);
  assert.equal(patternOf('<script').required.ofPlain, null);
  const mixed = patternOf('(?:<a|bcd)efg?').required;
  assert.deepEqual(mixed.ofAny.texts, [{ texts: ['<aef', 'bcdef'] }]);
  assert.deepEqual(mixed.ofPlain!.texts, [{ texts: ['bcdef'] }]);
});

test('a pattern that gave up its tree reads it anew', () => {
  const pattern = patternOf('a(?:b|c)d++');
  const { tree } = pattern;
  pattern.forget();
  assert.notEqual(pattern.tree, tree);
  assert.deepEqual(pattern.tree, tree);
  assert.equal(pattern.test('xacddx'), true);
});

test('a text of a number that was there before is not read again: only its case differs', () => {
  const set = compileSet([patternOf('Ab+c'), patternOf('ab+c'), compilePhrases(['BBC'])]);
  const hits = new Uint32Array(1);
  const all = new Uint32Array(1).fill(-1);
  for (const [number, value, bits] of [
    [0, 'xAbbc', 5],
    [0, 'xabbc', 6],
    [1, 'xabbd', 0],
    [0, 'xabbc', 6],
  ] as const) {
    const codes = new Codes().take(value);
    set.matchCodes(codes, codes.marks, hits, all, number);
    assert.equal(hits[0], bits, value);
  }
});

test('filtered and unfiltered matching agree', () => {
  fc.assert(
    fc.property(
      fc.array(source, { minLength: 1, maxLength: 5 }),
      fc.array(value, { minLength: 1, maxLength: 5 }),
      (sources, values) => {
        const members = sources.map(patternOf);
        for (const one of values) {
          const alone = members.flatMap((member, index) => (member.exec(one) === null ? [] : [index]));
          assert.deepEqual(matched(members, one), alone);
        }
      },
    ),
    { numRuns: 500 },
  );
});

test('phrases are found as a plain search finds them', () => {
  const phrase = fc
    .array(fc.constantFrom('a', 'b', 'A', 'c', '\xe4'), { minLength: 1, maxLength: 4 })
    .map((all) => all.join(''));
  fc.assert(
    fc.property(fc.array(phrase, { maxLength: 6 }), value, (phrases, one) => {
      const set = compilePhrases(phrases);
      const found = set.find(one);
      const ends = phrases.flatMap((text) => {
        const at = one.toLowerCase().indexOf(text.toLowerCase());
        return at < 0 ? [] : [at + text.length];
      });
      assert.equal(found?.end ?? -1, ends.length === 0 ? -1 : Math.min(...ends));
      assert.equal(set.test(one), found !== null);
      if (found !== null)
        assert.equal(one.slice(found.start, found.end).toLowerCase(), phrases[found.phrase]!.toLowerCase());
    }),
    { numRuns: 500 },
  );
});

test('of phrases that end at one place the longest is named, and empty ones are never found', () => {
  assert.deepEqual(compilePhrases(['b', 'ab', '']).find('xab'), { phrase: 1, start: 1, end: 3 });
  assert.equal(compilePhrases(['']).find('x'), null);
  assert.equal(compilePhrases([]).find('x'), null);
});

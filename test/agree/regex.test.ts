// One pattern, several matchers: ours (with table, with captures), PCRE2, RE2 and V8 find the same.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RE2JS } from 're2js';
import { compilePattern, isProblem, Pattern } from '../../src/waf/regex/regex.ts';
import { crsMembers, crsRules } from '../crs-patterns.ts';
import { worstValue } from '../worst-values.ts';
import { chanceFrom } from './generate.ts';
import { searchWithPcre2 } from './pcre2.ts';

const seed = 20_261_125;

/** Assertions: nothing of them is repeated, because PCRE2 has its own mind about that. */
const everywhere = ['\\b', '\\B', '^', '$'];
const pcreOnly = [
  '\\A',
  '\\z',
  '\\Z',
  '(?=a)',
  '(?!b)',
  '(?<=a)',
  '(?<!b)',
  '(?-m:^)',
  '(?-m:$)',
  '(?=.*b)',
  '(?!\\w*c)',
];
const letters = [
  'a',
  'b',
  'c',
  '.',
  '[ab]',
  '[^a]',
  '\\w',
  '\\W',
  '\\s',
  '\\d',
  '\\n',
  '-',
  '(?i:A)',
  '[[:alpha:]]',
  '\\x61',
];
const counts = ['', '', '', '', '*', '+', '?', '*?', '+?', '??', '{2}', '{1,2}', '{0,2}?', '{1,}'];
const possessive = ['*+', '++', '?+', '{1,2}+'];

/** Patterns of these parts, three deep. */
function patternsOf(
  places: readonly string[],
  repeats: readonly string[],
  groups: readonly string[],
): fc.Arbitrary<string> {
  const { node } = fc.letrec<{ node: string }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 3 },
      fc.oneof(
        {
          weight: 4,
          arbitrary: fc.tuple(fc.constantFrom(...letters), fc.constantFrom(...repeats)).map((all) => all.join('')),
        },
        { weight: 1, arbitrary: fc.constantFrom(...places) },
      ),
      fc.tuple(tie('node'), tie('node')).map((all) => all.join('')),
      fc.tuple(tie('node'), tie('node')).map(([one, other]) => `(?:${one}|${other})`),
      fc
        .tuple(fc.constantFrom(...groups), tie('node'), fc.constantFrom(...counts))
        .map(([open, one, count]) => `${open}${one})${count}`),
      fc
        .tuple(fc.constantFrom('(?:', ...groups), tie('node'), tie('node'))
        .map(([open, one, other]) => `${open}${one})${other}`),
    ),
  }));
  return node;
}

const values = fc
  .array(fc.constantFrom('a', 'b', 'c', 'A', ' ', '\n', '1', '-', '_', '\xe9'), { maxLength: 9 })
  .map((all) => all.join(''));

interface Case {
  readonly source: string;
  readonly value: string;
  readonly pattern: Pattern;
}

function casesOf(sources: fc.Arbitrary<string>, count: number): Case[] {
  const cases = fc.sample(fc.tuple(sources, values), { numRuns: count, seed }).flatMap(([source, value]) => {
    const pattern = compilePattern(source);
    return isProblem(pattern) ? [] : [{ source, value, pattern }];
  });
  assert.ok(cases.length > count / 2, `only ${cases.length} of ${count} patterns load`);
  return cases;
}

test('the table and the captures agree with each other and with PCRE2, to the last slot', () => {
  const cases = casesOf(patternsOf([...everywhere, ...pcreOnly], [...counts, ...possessive], ['(', '(?>']), 20_000);
  const theirs = searchWithPcre2(cases.map(({ source, value }) => [source, value]));
  assert.equal(theirs.length, cases.length);
  let compared = 0;
  for (const [index, { source, value, pattern }] of cases.entries()) {
    const their = theirs[index]!;
    if (their === 'gave up') continue;
    const own = pattern.exec(value);
    const about = `${JSON.stringify(source)} on ${JSON.stringify(value)}`;
    assert.equal(own?.join(',') ?? 'none', their, about);
    assert.equal(pattern.test(value), own !== null, about);
    compared++;
  }
  assert.ok(compared > 15_000, `${compared} compared`);
});

test('RE2 and V8 agree on whether there is a match', () => {
  for (const { source, value, pattern } of casesOf(patternsOf(['\\b', '\\B', '^'], counts, ['(']), 5_000)) {
    // Because both begin a line behind a line feed at the very end, and we, like PCRE2, do not.
    if (value.endsWith('\n')) continue;
    const about = `${JSON.stringify(source)} on ${JSON.stringify(value)}`;
    const re2 = RE2JS.compile(source, RE2JS.DOTALL | RE2JS.MULTILINE)
      .matcher(value)
      .find();
    assert.equal(pattern.test(value), re2, `RE2: ${about}`);
    const translated = source.replaceAll('[[:alpha:]]', '[A-Za-z]');
    assert.equal(pattern.test(value), new RegExp(translated, 'sm').test(value), `V8: ${about}`);
  }
});

test('back-references agree with PCRE2', () => {
  const parts = [
    'a',
    'b',
    '\\w',
    '\\1',
    '\\1',
    '\\2',
    '(a|b)',
    '(\\w+)',
    '(?:a|b)*',
    '\\b',
    '(?!\\b\\1\\b)',
    '.*?',
    '(?:(a)|b)+',
  ];
  const sources = fc
    .array(fc.constantFrom(...parts, '(?i:A)\\1', '\\1*', '(?:\\1|b)', 'a*+'), {
      minLength: 1,
      maxLength: 6,
    })
    .map((all) => `(a|b|ab)${all.join('')}`);
  const cases = casesOf(sources, 5_000);
  const theirs = searchWithPcre2(cases.map(({ source, value }) => [source, value]));
  for (const [index, { source, value, pattern }] of cases.entries()) {
    const about = `${JSON.stringify(source)} on ${JSON.stringify(value)}`;
    assert.equal(pattern.exec(value)?.join(',') ?? 'none', theirs[index], about);
  }
});

test('every pattern of the Core Rule Set loads, and finds what PCRE2 finds, to the last slot', () => {
  const { members, problems } = crsMembers(crsRules());
  assert.deepEqual(problems, []);
  const patterns = members.filter((member) => member instanceof Pattern);
  const chance = chanceFrom(seed);
  const cases = patterns.flatMap((pattern) =>
    Array.from({ length: 6 }, (_, index) => ({
      pattern,
      value: worstValue(pattern, patterns, 20 + index * 60, chance),
    })),
  );
  const theirs = searchWithPcre2(cases.map(({ pattern, value }) => [pattern.source, value]));
  let compared = 0;
  for (const [index, { pattern, value }] of cases.entries()) {
    const their = theirs[index]!;
    if (their === 'gave up') continue;
    const own = pattern.exec(value);
    const about = `${pattern.source.slice(0, 80)} on ${JSON.stringify(value)}`;
    assert.equal(own?.join(',') ?? 'none', their, about);
    assert.equal(pattern.test(value), own !== null, about);
    compared++;
  }
  assert.ok(compared > patterns.length * 5, `${compared} of ${cases.length} compared`);
});

// Every operator does what its examples say, and takes any bytes without a throw.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { toolsOf } from '../../../test/waf-patterns.ts';
import { markOfByte, marksOf } from '../marks.ts';
import * as addresses from './addresses.ts';
import * as numbers from './numbers.ts';
import * as people from './numbers-of-people.ts';
import { isFault, type Operator, type OperatorTools } from './operator.ts';
import * as others from './others.ts';
import * as patterns from './patterns.ts';
import * as texts from './texts.ts';
import * as validity from './validity.ts';

const words: Record<string, Operator> = {};
for (const family of [addresses, numbers, people, others, patterns, texts, validity])
  for (const [name, word] of Object.entries(family)) if (typeof word === 'object') words[name] = word as Operator;

const { pattern, phrases, detectSqli, detectXss } = toolsOf();
const files: Record<string, string> = {
  'words.data': '# a list\nfirst\n\nsecond phrase\n',
  'networks.data': '192.0.2.0/24 # documentation\n',
};
const tools: OperatorTools = {
  pattern: (source) => pattern(source, { dotAll: true }),
  phrases,
  detectSqli,
  detectXss,
  geoLookup: (address) => (address === '203.0.113.7' ? [['COUNTRY_CODE', 'DE']] : null),
  file: (name) => files[name] ?? { says: `no file ${name}`, instead: 'name one that is there' },
};
const bytes = fc.string({
  unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
  maxLength: 40,
});

const wordsOfAttacks =
  'select union or and drop table sleep if waitfor delay 1 0x31 -- # /* */ ! ~ || = javascript: alert document.cookie constructor onerror $ ^ % { } [ ] < > /'.split(
    ' ',
  );

test('there are at least 35 operators, and 7 that stop the load', () => {
  const all = Object.values(words);
  assert.ok(all.length >= 35, String(all.length));
  assert.equal(all.filter(({ kind }) => kind === 'refused').length, 7);
});

for (const [name, word] of Object.entries(words)) {
  if (word.kind === 'refused') continue;
  test(`@${name} does what its examples say`, () => {
    assert.ok(word.examples.length > 0);
    for (const [argument, value, expected] of word.examples) {
      const says = JSON.stringify([argument, value]);
      if (word.kind === 'comparison') {
        assert.equal(word.judge(value, argument), expected, says);
        continue;
      }
      const matcher = word.build(argument, tools);
      assert.ok(!isFault(matcher), says);
      assert.equal(matcher.test(value), expected, says);
      if (expected && matcher.capture !== undefined) assert.notEqual(matcher.capture(value)[0], undefined, says);
    }
  });

  test(`@${name} takes any bytes`, () => {
    const argument = word.examples[0]![0];
    const matcher =
      word.kind === 'comparison'
        ? { test: (value: string) => word.judge(value, argument) }
        : word.build(argument, tools);
    assert.ok(!isFault(matcher));
    fc.assert(fc.property(bytes, (value) => typeof matcher.test(value) === 'boolean'));
  });

  const built = word.kind === 'built' ? word.build(word.examples[0]![0], tools) : null;
  if (built === null || isFault(built) || built.signs === undefined) continue;
  const { signs } = built;
  test(`@${name} matches nothing without its signs`, () => {
    const others = Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => (markOfByte[byte]! & signs) === 0);
    const plain = fc.oneof(
      fc.constantFrom(...others).map((byte) => String.fromCharCode(byte)),
      fc.constantFrom(...wordsOfAttacks).filter((one) => (marksOf(one) & signs) === 0),
    );
    fc.assert(
      fc.property(fc.array(plain, { maxLength: 20 }), (parts) => {
        assert.equal(built.test(parts.join('')), false, parts.join(''));
      }),
      { numRuns: 2000 },
    );
  });
}

test('what cannot be built says what to write instead', () => {
  const says = (word: Operator, argument: string) => {
    const made = word.kind === 'built' ? word.build(argument, tools) : null;
    assert.ok(made !== null && isFault(made));
    return `${made.says}; ${made.instead}`;
  };
  assert.equal(
    says(validity.validateByteRange, '1-300'),
    '"1-300" is no range of bytes; write numbers from 0 to 255 and ranges of them: 9,10,13,32-126',
  );
  assert.equal(
    says(addresses.ipMatch, '10.0.0.0/33'),
    '"10.0.0.0/33" is no address and no network; write addresses and networks such as 10.0.0.0/8,::1',
  );
  assert.equal(
    says(patterns.pmFromFile, 'https://a.example/list'),
    'phrases are not fetched from https://a.example/list; keep the list in a file beside the rules',
  );
  assert.equal(says(patterns.pm, ' '), '@pm has no phrases; write them with spaces between them: @pm one two');
});

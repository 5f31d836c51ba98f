// Patterns as PCRE2 reads them: what matches, what groups take, what does not load and why.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compilePattern, isProblem, type Pattern, secLangFlags } from './regex.ts';

/** A pattern, a value, and what the match and its groups take; null where there is none. `~` stands for a group that took no part. */
type Row = readonly [string, string, readonly string[] | null];

const rows: readonly Row[] = [
  // Letters, classes and escapes.
  ['abc', 'xxabcx', ['abc']],
  ['abc', 'ABC', null],
  ['', 'anything', ['']],
  ['a.c', 'a\nc', ['a\nc']],
  ['[a-c]+', 'xxbcaz', ['bca']],
  ['[^a-c]+', 'abxyc', ['xy']],
  ['[]a]+', 'x]a]', [']a]']],
  ['[^]a]', ']ab', ['b']],
  ['[a-]+', 'b-a-', ['-a-']],
  ['[\\w-]+', '.a-b_1.', ['a-b_1']],
  ['[[:alpha:][:digit:]]+', '-a1-', ['a1']],
  ['[[:^alpha:]]+', 'ab12cd', ['12']],
  ['[[:punct:]]', 'a~', ['~']],
  ['[[.]', '[', ['[']],
  ['[\\b]', 'a\bc', ['\b']],
  ['\\x41\\x{42}\\103\\e\\a\\f\\cA', 'ABC\x1b\x07\f\x01', ['ABC\x1b\x07\f\x01']],
  ['\\xff[\\x80-\\xff]', '\xff\x80', ['\xff\x80']],
  ['\\s+', 'a \t\n\v\f\rb', [' \t\n\v\f\r']],
  ['\\h\\v\\H\\V', ' \nab', [' \nab']],
  ['\\N+', '\nab\n', ['ab']],
  ['\\Qa.b*\\E+', 'a.b**', ['a.b**']],
  ['a{,3}', 'a{,3}', ['a{,3}']],
  ['a{x', 'a{x', ['a{x']],
  ['\\w', '\xe4', null],
  ['\\0', '\0', ['\0']],
  ['[\\0-\\x08]', '\x03', ['\x03']],
  ['\\R', '\r\n', ['\r\n']],
  // Flags.
  ['(?i)select', 'SeLeCt', ['SeLeCt']],
  ['(?i)[^a]', 'A', null],
  ['(?i)k', '\u212a', null],
  ['a(?i)b|c', 'C', ['C']],
  ['(a(?i)b)c', 'aBc', ['aBc', 'aB']],
  ['(a(?i)b)c', 'aBC', null],
  ['(?i:a)b', 'Ab', ['Ab']],
  ['(?i:a)b', 'AB', null],
  ['(?-s)a.', 'a\n', null],
  ['(?x) a b # letters\n c', 'abc', ['abc']],
  ['(?x)[ ]a\\ b', ' a b', [' a b']],
  ['(?^s:.)A', 'aa', null],
  ['(?#nothing)a', 'a', ['a']],
  // Anchors: multi-line as libmodsecurity compiles, a line feed at the very end begins no line.
  ['^b', 'a\nb', ['b']],
  ['a$', 'a\nb', ['a']],
  ['^$', 'a\n', null],
  ['^$', '\n', ['']],
  ['^$', '', ['']],
  ['(?-m)^b', 'a\nb', null],
  ['(?-m)a$', 'a\n', ['a']],
  ['(?-m)a$', 'a\nb', null],
  ['a\\z', 'a\n', null],
  ['a\\Z', 'a\n', ['a']],
  ['\\Ab', 'a\nb', null],
  ['\\bfoo\\b', 'a foo-', ['foo']],
  ['\\bfoo\\b', 'afoo', null],
  ['\\Boo', 'foo', ['oo']],
  ['\\b', '', null],
  ['\\B', '', ['']],
  ['\\z\\B', ' ', ['']],
  // The first alternative that matches, not the longest; repetitions take much or little.
  ['a|ab', 'ab', ['a']],
  ['(a|ab)(c|bcd)', 'abcd', ['abcd', 'a', 'bcd']],
  ['a.*?c', 'abcbc', ['abc']],
  ['a.*c', 'abcbc', ['abcbc']],
  ['(a+?)(a*)', 'aaa', ['aaa', 'a', 'aa']],
  ['(a{1,2}){2}', 'aaaa', ['aaaa', 'aa']],
  ['(?:(a)|(b))*', 'ab', ['ab', 'a', 'b']],
  ['(?:(a)|b)*', 'ab', ['ab', 'a']],
  ['(?<word>\\w+) (?P<more>\\w+)', 'ab cd', ['ab cd', 'ab', 'cd']],
  ['(|a)*', 'aa', ['', '']],
  ['(a|b*)*', 'abb', ['abb', '']],
  // What never gives back.
  ['a*+a', 'aaa', null],
  ['a++b', 'aab', ['aab']],
  ['\\s*+;', '   ;', ['   ;']],
  ['(?>a|ab)c', 'abc', null],
  ['(?>ab|a)c', 'abc', ['abc']],
  ['a{1,2}+a', 'aaa', ['aaa']],
  ['a{1,2}+a', 'aa', null],
  ['(?>a*?)b', 'aab', ['b']],
  ['a?+a', 'a', null],
  // Assertions about what stands around.
  ['a(?=b)', 'acab', ['a']],
  ['a(?!b)', 'abac', ['a']],
  ['(?<=a)b', 'cbab', ['b']],
  ['(?<!a)b', 'abcb', ['b']],
  ['(?<!&lt|&gt);', 'x&lt;y', null],
  ['(?<!&lt|&gt);', 'x&lt;y;', [';']],
  ['<\\?(?!xml)', '<?xml <?php', ['<?']],
  ['(?=.*b)(?!.*c)a', 'xab', ['a']],
  ['(?=.*b)(?!.*c)a', 'xabc', null],
  ['(?!(?=a)b)a', 'a', ['a']],
  ['q(?!(?<=q)u)', 'quq', ['q']],
  // What a group took, once more.
  ['(a|b)\\1', 'abb', ['bb', 'b']],
  ['\\b(\\w+)\\b=\\b\\1\\b', 'a=b cd=cd', ['cd=cd', 'cd']],
  ['(\\d+)<>(?!\\b\\1\\b)\\d+', '12<>12 1<>2', ['2<>12', '2']],
  ['(a)?b\\1', 'b', null],
  ['(?i)(a)\\1', 'aA', ['aA', 'a']],
  ['(a)(?i:\\1)', '\xe0a\xc0', null],
  ['(a+)\\1', 'aaaaa', ['aaaa', 'aa']],
];

for (const [source, value, wanted] of rows)
  test(`${source} on ${JSON.stringify(value)}`, () => {
    const pattern = patternOf(source);
    const found = pattern.exec(value);
    assert.deepEqual(found === null ? null : taken(found, value), wanted);
    assert.equal(pattern.test(value), wanted !== null);
  });

function patternOf(source: string): Pattern {
  const pattern = compilePattern(source);
  assert.ok(!isProblem(pattern), JSON.stringify(pattern));
  return pattern;
}

function taken(found: Int32Array, value: string): string[] {
  const texts: string[] = [];
  for (let slot = 0; slot < found.length; slot += 2)
    texts.push(found[slot]! < 0 ? '~' : value.slice(found[slot], found[slot + 1]));
  return texts;
}

test('the leftmost match from a place on is found, with what stands before it in sight', () => {
  const pattern = patternOf('\\bb(.)');
  assert.deepEqual([...pattern.exec('ab b1 b2', 4)!], [6, 8, 7, 8]);
  assert.equal(pattern.exec('ab', 1), null);
});

test('back-references have a budget of steps, and what is left undecided counts as a match', () => {
  const pattern = patternOf('(.*)(.*)(.*)\\1\\2\\3x');
  const value = `${'ab'.repeat(500)}x y`;
  assert.equal(pattern.test(value), true);
  assert.ok(pattern.meter.steps < 200 * value.length, `${pattern.meter.steps} steps`);
  assert.equal(pattern.test('a y'), false);
  assert.equal(patternOf('(?:(a)|b|\\1)*c').test(`${'ab'.repeat(2000)}`), false);
});

test('captures of a long value are found without a bit for every step at every place', () => {
  const pattern = patternOf('(?:(a{1,60})|b|(c.*?d))*e');
  const value = `${'ab'.repeat(30_000)}cxd${'a'.repeat(20)}e`;
  const found = pattern.exec(`--${value}--`)!;
  assert.deepEqual([...found], [2, value.length + 2, value.length - 19, value.length + 1, 60_002, 60_005]);
  assert.equal(pattern.exec('ab'.repeat(40_000)), null);
});

test('groups have names', () => {
  assert.deepEqual(patternOf('(a)(?<two>b)').names, [{ name: 'two', group: 2 }]);
  assert.equal(patternOf('(a)(?<two>b)').groups, 2);
});

test('SecLang patterns are compiled as libmodsecurity does', () => {
  assert.deepEqual(secLangFlags, { dotAll: true, multiline: true });
});

/** A pattern that does not load: where (offset and length), what is wrong, and what to write instead. */
const refused: readonly (readonly [string, number, number, string, string])[] = [
  ['ab)', 2, 1, 'this parenthesis closes nothing', 'write \\) for the parenthesis itself'],
  ['a(b', 1, 1, 'this parenthesis is never closed', 'write \\( for the parenthesis itself'],
  ['a[bc', 1, 1, 'this class is never closed', 'write \\[ for the bracket itself'],
  ['[z-a]', 1, 3, 'the range z-a runs backwards', 'write the lower byte first'],
  [
    '[[:letter:]]',
    1,
    10,
    'there is no POSIX class letter',
    'one of alnum, alpha, ascii, blank, cntrl, digit, graph, lower, print, punct, space, upper, word, xdigit',
  ],
  ['*a', 0, 1, 'there is nothing that * could repeat', 'write \\* for the character itself'],
  ['a**', 2, 1, 'a repetition is repeated', 'put (?: and ) around a*'],
  ['a{3,2}', 1, 5, 'it repeats at least 3 and at most 2 times', 'write the smaller number first'],
  ['a{70000}', 1, 7, 'a repetition counts to 65535 at most', 'repeat without an upper number'],
  [
    '(?:.{1000}){1000}',
    0,
    17,
    'this pattern takes more than 20000 steps',
    'lower the numbers of its repetitions, or split it into several rules',
  ],
  [
    `${'(?=.{500})'.repeat(50)}a`,
    0,
    501,
    'this pattern takes more than 20000 steps',
    'lower the numbers of its repetitions, or split it into several rules',
  ],
  [
    `${'(?>'.repeat(20)}a+${'|bb)'.repeat(20)}`,
    0,
    1,
    'atomic groups within each other become too many',
    'use plain groups',
  ],
  ['a\\', 1, 1, 'the pattern ends with a backslash', 'write \\\\ for the backslash itself'],
  ['\\y', 0, 2, '\\y has no meaning', 'write y for the character itself'],
  ['[\\y]', 1, 2, '\\y has no meaning in a class', 'write y for the character itself'],
  [
    '\\x{100}',
    0,
    7,
    'values are bytes, and this number is above 255',
    'write the UTF-8 bytes of the character as \\xHH, one after another',
  ],
  ['\\pL', 0, 2, 'Unicode properties read characters, and values here are bytes', 'use a class of bytes'],
  ['\\G', 0, 2, '\\G is not supported', 'every search begins at the start of the value: use \\A'],
  [
    '(?R)',
    0,
    3,
    'recursion is not supported: it cannot be matched in linear time',
    'write the nesting out as deep as it is needed',
  ],
  ['(a)(?1)', 3, 3, 'recursion is not supported: it cannot be matched in linear time', 'write the group out'],
  ['(?(1)a|b)', 0, 3, 'conditions on groups are not supported', 'write both cases as alternatives'],
  ['(?<1>a)', 0, 3, 'this is no name for a group', 'use letters, digits and _, at most 32, not a digit first'],
  ['(?<a>b)(?<a>c)', 7, 1, 'two groups are named a', 'give each group its own name'],
  [
    '(*ACCEPT)',
    0,
    2,
    'verbs steer a search that goes back and forth, and this one goes only forward',
    'write the pattern without it',
  ],
  [
    '(?U)a',
    0,
    3,
    '(?U opens no group that is known here',
    '(?:…), (?i), (?m), (?s), (?x), (?<name>…), (?=…), (?!…), (?<=…), (?<!…) or (?>…)',
  ],
  [
    '(?>a*b*)a',
    0,
    1,
    'this atomic group could match in several ways, which cannot be kept in linear time',
    'use a plain group',
  ],
  [
    '(?:a|bc)*+',
    0,
    1,
    'a possessive repetition of what has different lengths cannot be kept in linear time',
    'repeat without the + behind it',
  ],
  [
    '(?=(a))b',
    0,
    1,
    'a group within an assertion would be captured at a place that is not kept',
    'use (?:…) there, and capture outside of the assertion',
  ],
  [`${'('.repeat(300)}${')'.repeat(300)}`, 251, 1, 'groups are nested deeper than 250', 'nest less'],
  ['\u20ac', 0, 1, 'this is no byte', 'write the UTF-8 bytes of the character, one after another'],
];

for (const [source, offset, length, says, instead] of refused)
  test(`${source.slice(0, 40)} does not load`, () => {
    assert.deepEqual(compilePattern(source), { offset, length, says, instead });
  });

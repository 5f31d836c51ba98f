// Signs are found in one pass as they would be one by one, and texts are read as code or as prose.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { subjectOf } from '../../../test/waf-asking.ts';
import { SignSet } from './detection-signs.ts';

test('every sign that stands in a text is found where it stands first', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', '(', '.'), minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(
      fc.array(letters, { minLength: 1, maxLength: 8 }),
      fc.string({ unit: fc.constantFrom('a', 'B', 'b', '(', '.', '\u0161'), maxLength: 40 }),
      (texts, value) => {
        const found = new SignSet(texts).find(value);
        for (const text of texts) assert.equal(found?.get(text) ?? -1, value.toLowerCase().indexOf(text), text);
      },
    ),
  );
});

test('a sign is found on either side of where the parts of a long text meet, and across it', () => {
  const signs = new SignSet(['abc(', 'bc(d', 'd']);
  for (const [length, part] of [256, 511, 512, 513, 1001].flatMap((one) =>
    [1, 2, 3].map((part) => [one, part] as const),
  ))
    for (let at = part * (length >> 2) - 8; at < part * (length >> 2) + 8; at++) {
      const text = `${'x'.repeat(at)}aBc(d${'x'.repeat(length - at - 5)}`;
      const found = signs.find(text);
      assert.deepEqual(
        [...(found ?? [])].sort(),
        [
          ['abc(', at],
          ['bc(d', at + 1],
          ['d', at + 4],
        ],
        `${length} ${at}`,
      );
    }
  const twice = `abc(${'x'.repeat(600)}abc(`;
  assert.equal(signs.find(twice)?.get('abc('), 0);
});

test('code is told from prose', () => {
  for (const code of ["os.system('id')", ';phpinfo();//', 'import os; os.popen("a b c")', 'new Function("x")()'])
    assert.ok(subjectOf(code).isBare, code);
  for (const prose of ['how do I call phpinfo() here', 'the system(1) call', 'a b\nc d\ne f\ng h', 'eval returns four'])
    assert.ok(!subjectOf(prose).isBare, prose);
});

test('the lower case is as long as the text', () => {
  const subject = subjectOf('\u0130\u0130<SCRIPT>');
  assert.equal(subject.lower.length, subject.text.length);
  assert.ok(subject.lower.endsWith('<script>'));
});

// What passes as plain is nothing that a detector speaks of, in attacks, in ordinary texts and in texts by chance.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { templatesOf } from '../../test/corpus/slots.ts';
import { bearings, subjectOf } from '../../test/waf-asking.ts';
import { codesOf } from '../base/byte-codes.ts';
import { detectors } from './detectors.ts';
import { argument } from './places.ts';
import { isPlain, isPlainly } from './plain.ts';

function silent(text: string): void {
  const subject = subjectOf(text);
  if (isPlainly(codesOf(text), text.length)) assert.equal(isPlain(subject), true, text);
  if (!isPlain(subject)) return;
  for (const detector of detectors) {
    const found = detector.detect(subject, argument, bearings);
    assert.equal(found, null, `${detector.name} on ${text}`);
  }
}

describe('isPlain', () => {
  for (const text of [
    'Ordinary text of a person, in field 5; with commas and (brackets).',
    "It's fine: we meet at 10, don't we?",
    'Müller und Söhne - seit 1901',
    'well-known facts, e. g. these',
  ])
    test(text, () => assert.equal(isPlain(subjectOf(text)), true));
  test('told from the codes alone, where all are ASCII', () => {
    const told = (text: string) => isPlainly(codesOf(text), text.length);
    assert.equal(told("Now it's fine, with commas and (brackets)."), true);
    assert.equal(told('Müller und andere'), false);
  });
  for (const text of [
    'a; id',
    'alert (1)',
    'system (x)',
    'a -x b',
    'word',
    'a.b c',
    'java.lang.Runtime x',
    'a __proto__ b',
    '1; use mysql',
    'a -- b',
    'a "b" c',
    'import subprocess',
    '((((((( a b',
  ])
    test(`not: ${text}`, () => assert.equal(isPlain(subjectOf(text)), false));

  test('says nothing of what a detector finds', () => {
    for (const list of ['forms/attacks.txt', 'forms/ordinary.txt'])
      for (const { text } of templatesOf(list)) silent(text);
    const piece = fc.constantFrom(
      ..."a the alert eval id ls cat sleep or and union select from system php java javascript data if for while return true not sort like who 1 5 10 ; : , . - ( ) ! ? ' \n".split(
        ' ',
      ),
      ' ',
      ' ',
      ' (',
      ') ',
      '; ',
      ': ',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => silent(pieces.join(''))),
      { numRuns: 10_000 },
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => silent(pieces.join(' '))),
      { numRuns: 10_000 },
    );
  });
});

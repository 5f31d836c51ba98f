// Bombs of patterns, brackets and YAML, and the patterns people write.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { subjectOf } from '../../../test/waf-asking.ts';
import { detectBomb } from './code-bomb.ts';

describe('detectBomb', () => {
  for (const text of [
    '(a+)+$',
    '^([a-z]+)*$',
    '(.*)*',
    '^(a|aa)+$',
    '(x+x+)+y',
    '('.repeat(60),
    'a: &a [x]\nb: &b [*a,*a,*a]',
  ])
    test(text.slice(0, 24), () => assert.equal(detectBomb(subjectOf(text))?.id, 1048014));
  for (const text of ['^[a-z]+(\\d{2,})?$', '(foo|bar)+', '^([a-z]+\\.)*[a-z]+$', '((a + b) * 2)', 'a: &a [x]'])
    test(`passes: ${text}`, () => assert.equal(detectBomb(subjectOf(text)), null));
});

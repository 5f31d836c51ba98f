// Where a browser would be sent by the value of an argument, and which of these are another site's.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { subjectOf } from '../../../test/waf-asking.ts';
import { detectRedirect } from './redirect.ts';

const parameters = new Set(['next', 'returnto']);
const own = 'www.example.com';

/** A value, and the number of the finding where no hosts are listed, and where one is. */
const cases: readonly (readonly [string, number, number])[] = [
  ['/account', 0, 0],
  ['account?x=//a.b', 0, 0],
  ['//folder/page', 0, 0],
  ['https://www.example.com/a', 0, 0],
  ['https://www.example.com:8443/a', 0, 0],
  ['https://pay.example.net/done', 0, 0],
  ['https://pay.other.example/done', 0, 1035002],
  ['com.example.app:/callback', 0, 0],
  ['myapp://callback.example', 0, 0],
  ['@anna', 0, 0],
  ['//cdn.example.com/x', 0, 1035001],
  ['//evil.example', 1035001, 1035001],
  ['///evil.example/x', 1035001, 1035001],
  ['/\\evil.example', 1035001, 1035001],
  ['\\\\evil.example', 1035001, 1035001],
  ['/\t/evil.example', 1035001, 1035001],
  ['https:evil.example', 1035001, 1035001],
  ['https:/evil.example', 1035001, 1035001],
  ['hTTps:\\\\evil.example', 1035001, 1035001],
  ['https://www.example.com@evil.example', 1035001, 1035001],
  ['https://www.example.com.evil.example/', 1035001, 1035001],
  ['https://evil.example\\.www.example.com', 1035001, 1035001],
  ['@evil.example', 1035001, 1035001],
];

for (const [value, plain, listed] of cases)
  test(JSON.stringify(value), () => {
    for (const [hosts, id] of [
      [null, plain],
      [['pay.example.net'], listed],
    ] as const)
      assert.equal(detectRedirect(subjectOf(value, 'return_to'), { parameters, hosts }, own)?.id ?? 0, id);
  });

test('an argument of another name leads nowhere, and names are compared without their signs', () => {
  const of = (name: string) =>
    detectRedirect(subjectOf('//evil.example', name), { parameters, hosts: null }, own)?.id ?? 0;
  assert.deepEqual(
    ['next', 'Return-To', 'form[return_to]', 'a.returnTo', 'q'].map(of),
    [1035001, 1035001, 1035001, 1035001, 0],
  );
});

test('listed hosts may be wildcards', () => {
  const of = (value: string) =>
    detectRedirect(subjectOf(value, 'next'), { parameters, hosts: ['*.example.net'] }, own)?.id ?? 0;
  assert.deepEqual(['https://a.example.net/', 'https://example.net.evil.example/'].map(of), [0, 1035002]);
});

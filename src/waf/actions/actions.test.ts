// Every action takes its examples, and says what is wrong with other values.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toolsOf } from '../../../test/waf-patterns.ts';
import { load } from '../compile/load.ts';
import type { Action } from './action.ts';
import * as ctls from './ctl.ts';
import * as effects from './effects.ts';
import * as facts from './facts.ts';
import * as flow from './flow.ts';

const words = Object.entries({ ctl: ctls.ctl, ...effects, ...facts, ...flow }) as [string, Action][];

/** What is wrong with a rule that has this action, as one line; '' where nothing is. */
function faultOf(action: string): string {
  const needsId = action.startsWith('id:') ? '' : 'id:1,';
  const next = action === 'chain' ? '\nSecRule ARGS "@eq 1"' : '';
  const loaded = load(
    [{ name: 'a.conf', text: `SecRule ARGS "@eq 1" "${needsId}pass,${action}"${next}\nSecMarker END-CHECK` }],
    toolsOf(),
  );
  return loaded.ok ? '' : loaded.troubles.map(({ says, instead }) => `${says}; ${instead}`).join(' | ');
}

test('every action takes what its examples say', () => {
  let rows = 0;
  for (const [name, word] of words)
    for (const example of word.examples) {
      rows++;
      assert.equal(faultOf(example), '', `${name}: ${example}`);
    }
  assert.ok(words.length >= 45 && rows >= 50, `${words.length} ${rows}`);
});

test('what an action cannot take is told with what to write', () => {
  const table: readonly (readonly [string, string])[] = [
    [
      'id:abc',
      '"abc" is no rule id; write a whole number from 1 | the rule has no id; give it a number of its own: id:100001',
    ],
    ['phase:6', '"6" is no phase; write 1 to 5, request, response or logging'],
    [
      'severity:BAD',
      '"BAD" is no severity; write one of EMERGENCY, ALERT, CRITICAL, ERROR, WARNING, NOTICE, INFO, DEBUG, or 0 to 7',
    ],
    [
      'setvar:txx.a=1',
      '"txx" is no collection that rules write; write one of tx, ip, session, user, global, resource, a dot and a name',
    ],
    ['setvar:tx=1', '"tx" names no member; write tx.name'],
    ['setvar:tx.a=%{ARGZ.a}', '%{ARGZ.a} names no variable; did you mean ARGS?'],
    ['setvar:tx.a=%{ARGS}', '%{ARGS} names a collection and no member of it; write %{ARGS.name}'],
    ['initcol:tx=a', '"tx=a" opens no collection; write ip, global, resource, session or user, = and a key'],
    ['deprecatevar:ip.a=5', '"ip.a=5" does not say by how much, and in how many seconds; write ip.score=60/300'],
    [
      'ctl:ruleEngin=On',
      `ctl knows no "ruleengin"; write one of ${ctls.ctl.says.slice(ctls.ctl.says.indexOf(':') + 2, -1)}`,
    ],
    ['ctl:ruleEngine=Maybe', '"Maybe" is not a value that this takes; write On, Off or DetectionOnly'],
    ['ctl:ruleRemoveById=x', '"x" is no rule id and no range of them; write 942100 or 942000-942999'],
    ['ctl:ruleRemoveTargetById=1', '"1" names no target; write the rules, a semicolon and a target: 942100;ARGS:q'],
    ['allow:site', 'allow:site is not known; write allow, allow:phase or allow:request'],
    ['status:99', '"99" is no status; write one from 200 to 599'],
    ['skip:0', '"0" is no number of rules; write a whole number from 1'],
    [
      'exec:/bin/x',
      'the gate runs no programs for rules; read the journal or the audit log with a program of your own',
    ],
    ['pause:100', 'the gate makes nobody wait; use rates, or ban in the settings of rates'],
    ['proxy:http://x', 'a rule sends no exchange to another server; write a site for it in portcullis.yaml'],
  ];
  for (const [action, expected] of table) assert.equal(faultOf(action), expected, action);
});

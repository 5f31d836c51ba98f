// What rules do to each other, as conversations: a rule set, a request, the ids that match and what is left in TX.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toolsOf } from '../../../test/waf-patterns.ts';
import { load } from '../compile/load.ts';
import { pictureOf } from '../language/trouble.ts';
import { chooseProcessor, readBody } from '../transaction/body.ts';
import { Lasting } from '../transaction/lasting.ts';
import { AskedNames } from '../transaction/members.ts';
import { nothingBeneath, Transaction } from '../transaction/transaction.ts';
import { Pairs } from '../variables/pairs.ts';
import type { Phase } from '../variables/variable.ts';
import { runPhase } from './run.ts';

interface Asked {
  readonly query?: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: string;
  readonly answer?: string;
  readonly lasting?: Lasting;
  readonly at?: number;
}

function ask(
  rules: string,
  { query = '', headers = [], body = '', answer = '', lasting = new Lasting(() => 0), at = 0 }: Asked = {},
): Transaction {
  const loaded = load([{ name: '/a.conf', text: rules }], toolsOf());
  assert.ok(loaded.ok, loaded.ok ? '' : loaded.troubles.map(pictureOf).join('\n'));
  const request = {
    id: 'x',
    startedAt: at,
    method: body === '' ? 'GET' : 'POST',
    uriRaw: `/a?${query}`,
    uri: `/a?${query}`,
    filename: '/a',
    query,
    protocol: 'HTTP/1.1',
    clientAddress: '203.0.113.7',
    clientPort: 1,
    serverAddress: '192.0.2.1',
    serverPort: 443,
    serverName: 'h',
    headers: new Pairs(
      headers.map(([name]) => name),
      headers.map(([, value]) => value),
    ),
  };
  const { program } = loaded;
  const transaction = new Transaction(request, program.settings, nothingBeneath(), {
    now: () => at,
    monotonicMs: () => at,
    cpuMs: () => at,
    lasting,
    site: 's',
    asked: new AskedNames(),
  });
  chooseProcessor(transaction);
  const run = (phase: Phase) => runPhase(program, transaction, phase, () => null);
  run(1);
  readBody(transaction, body, body.length, false);
  run(2);
  transaction.status = 200;
  transaction.answerBody = answer;
  for (const phase of [3, 4, 5] as const) run(phase);
  return transaction;
}

const idsOf = (transaction: Transaction): number[] => transaction.matches.map(({ rule }) => rule.id);
const form = [['Content-Type', 'application/x-www-form-urlencoded']] as const;

test('a rule looks at every member, and not at what it excludes', () => {
  const rules = 'SecRule ARGS|!ARGS:/^x/|!ARGS:q "@contains evil" "id:1,phase:1,pass"';
  assert.deepEqual(idsOf(ask(rules, { query: 'q=evil&X1=evil' })), []);
  assert.deepEqual(idsOf(ask(rules, { query: 'q=1&r=evil' })), [1]);
});

test('a chain matches where all of its rules do, and speaks as its first', () => {
  const rules = [
    'SecRule ARGS:a "@streq 1" "id:1,phase:2,pass,chain,msg:\'both %{MATCHED_VAR_NAME}\'"',
    '  SecRule ARGS:b "@streq 2" "setvar:tx.hit=+3"',
  ].join('\n');
  assert.deepEqual(idsOf(ask(rules, { query: 'a=1' })), []);
  const both = ask(rules, { query: 'a=1&b=2' });
  assert.equal(both.matches[0]!.message, 'both ARGS:b');
  assert.equal(both.tx.get('hit'), '3');
  assert.deepEqual(both.matches[0]!.scores, [{ name: 'hit', by: 3 }]);
});

test('captures become TX:0 to TX:9, those of an earlier match go', () => {
  const rules =
    'SecRule ARGS:a "@rx (\\w)(\\d)?" "id:1,phase:2,pass,capture,setvar:\'tx.seen=%{tx.0}/%{tx.1}/%{tx.2}\'"';
  assert.equal(ask(rules, { query: 'a=x7' }).tx.get('seen'), 'x7/x/7');
  assert.equal(ask(rules, { query: 'a=x7&a=y' }).tx.get('seen'), 'y/y/');
});

test('setvar sets, adds, subtracts and removes, and reads what it set', () => {
  const rules =
    'SecAction "id:1,phase:1,pass,nolog,setvar:tx.a=5,setvar:tx.a=+%{tx.a},setvar:tx.a=-1,setvar:tx.b,setvar:tx.c=x,setvar:!tx.c"';
  const { tx } = ask(rules);
  assert.deepEqual([tx.get('a'), tx.get('b'), tx.get('c')], ['9', '1', null]);
});

test('skipAfter goes behind the marker, skip over rules, chains as one', () => {
  const rules = [
    'SecAction "id:1,phase:2,pass,skipAfter:END"',
    'SecAction "id:2,phase:2,pass"',
    'SecMarker END',
    'SecAction "id:3,phase:2,pass,skip:1"',
    'SecRule ARGS "@rx ." "id:4,phase:2,pass,chain"',
    'SecRule ARGS "@rx ."',
    'SecAction "id:5,phase:2,pass"',
  ].join('\n');
  assert.deepEqual(idsOf(ask(rules, { query: 'a=1' })), [1, 3, 5]);
});

test('a marker that stands before the rule is not gone back to', () => {
  assert.deepEqual(
    idsOf(ask('SecMarker A\nSecAction "id:1,phase:2,pass,skipAfter:A"\nSecAction "id:2,phase:2,pass"')),
    [1],
  );
});

test('deny stops every phase but the last; detection only notes it', () => {
  const rules =
    'SecAction "id:1,phase:1,deny,status:418"\nSecAction "id:2,phase:2,pass"\nSecAction "id:3,phase:5,pass"';
  const stopped = ask(rules);
  assert.deepEqual(idsOf(stopped), [1, 3]);
  assert.deepEqual([stopped.interruption?.kind, stopped.interruption?.status], ['deny', 418]);
  const noted = ask(`SecRuleEngine DetectionOnly\n${rules}`);
  assert.deepEqual(idsOf(noted), [1, 2, 3]);
  assert.deepEqual([noted.interruption, noted.wouldBe?.status], [null, 418]);
});

test('block does what SecDefaultAction says for the phase', () => {
  const rule = 'SecAction "id:1,phase:2,block"';
  assert.equal(ask(rule).interruption, null);
  assert.equal(ask(`SecDefaultAction "phase:2,deny,status:406,log"\n${rule}`).interruption?.status, 406);
});

test('allow leaves all phases but logging, or one, or those of the request', () => {
  const rules = (scope: string) =>
    `SecAction "id:1,phase:1,allow${scope}"\nSecAction "id:2,phase:1,pass"\nSecAction "id:3,phase:2,pass"\nSecAction "id:4,phase:3,pass"\nSecAction "id:5,phase:5,pass"`;
  assert.deepEqual(idsOf(ask(rules(''))), [1, 5]);
  assert.deepEqual(idsOf(ask(rules(':phase'))), [1, 3, 4, 5]);
  assert.deepEqual(idsOf(ask(rules(':request'))), [1, 4, 5]);
});

test('ctl switches rules, targets and the engine off for the transaction', () => {
  const rules = (ctl: string) =>
    `SecAction "id:1,phase:1,pass,nolog,${ctl}"\nSecRule ARGS "@contains evil" "id:20,phase:2,pass,tag:attack-x,msg:'found'"`;
  const query = 'q=evil';
  assert.deepEqual(idsOf(ask(rules('t:none'), { query })), [20]);
  for (const ctl of [
    'ruleRemoveById=10-29',
    'ruleRemoveByTag=attack-',
    'ruleRemoveByMsg=found',
    'ruleEngine=Off',
    "ruleRemoveTargetById='20;ARGS:q'",
    "ruleRemoveTargetByTag='attack-x;ARGS'",
  ])
    assert.deepEqual(idsOf(ask(rules(`ctl:${ctl}`), { query })), [], ctl);
  assert.deepEqual(idsOf(ask(rules("ctl:ruleRemoveTargetById='20;ARGS:other'"), { query })), [20]);
});

test('multiMatch asks before and after every transformation that changes something', () => {
  const rules = 'SecRule ARGS:a "@rx ^(?:A|a)" "id:1,phase:2,pass,t:lowercase,multiMatch,setvar:tx.n=+1"';
  assert.equal(ask(rules, { query: 'a=A' }).tx.get('n'), '2');
  assert.equal(ask(rules, { query: 'a=a' }).tx.get('n'), '1');
});

test('& counts, with exclusions; ! turns the answer around', () => {
  assert.deepEqual(idsOf(ask('SecRule &ARGS|!ARGS:b "@eq 1" "id:1,phase:2,pass"', { query: 'a=1&b=2' })), [1]);
  assert.deepEqual(idsOf(ask('SecRule &REQUEST_HEADERS:Host "@eq 0" "id:1,phase:2,pass"')), [1]);
  assert.deepEqual(idsOf(ask('SecRule ARGS:a "!@streq x" "id:1,phase:2,pass"', { query: 'a=y' })), [1]);
  assert.deepEqual(idsOf(ask('SecRule ARGS:none "!@streq x" "id:1,phase:2,pass"')), []);
});

test('MATCHED_VARS hands what one rule of a chain matched to the next', () => {
  const rules = 'SecRule ARGS "@contains a" "id:1,phase:2,pass,chain"\nSecRule MATCHED_VARS "@contains b"';
  assert.deepEqual(idsOf(ask(rules, { query: 'x=a&y=b' })), []);
  assert.deepEqual(idsOf(ask(rules, { query: 'x=ab&y=c' })), [1]);
});

test('collections that last are shared by transactions of one site, and expire', () => {
  const lasting = new Lasting(() => 0);
  const rules = [
    'SecAction "id:1,phase:1,pass,nolog,initcol:ip=%{REMOTE_ADDR},setvar:ip.n=+1,expirevar:ip.n=60"',
    'SecRule IP:n "@ge 2" "id:2,phase:1,pass"',
  ].join('\n');
  assert.deepEqual(idsOf(ask(rules, { lasting, at: 0 })), []);
  assert.deepEqual(idsOf(ask(rules, { lasting, at: 1000 })), [2]);
  assert.deepEqual(idsOf(ask(rules, { lasting, at: 100_000 })), []);
  assert.equal(lasting.size, 1);
});

test('bodies are read by their type, and what is broken sets its flag', () => {
  const rules = (one: string) =>
    `SecRule REQUEST_HEADERS:Content-Type "@contains json" "id:9,phase:1,pass,nolog,ctl:requestBodyProcessor=JSON"\n${one}`;
  const asked = (type: string, body: string, rule: string) =>
    idsOf(ask(rules(rule), { headers: [['Content-Type', type]], body }));
  assert.deepEqual(asked(form[0][1], 'a=x+y%21', 'SecRule ARGS_POST:a "@streq x y!" "id:1,phase:2,pass"'), [1]);
  assert.deepEqual(
    asked('application/json', '{"a":[{"b":"x"}]}', 'SecRule ARGS:json.a.0.b "@streq x" "id:1,phase:2,pass"'),
    [1],
  );
  assert.deepEqual(asked('application/json', '{"a":', 'SecRule REQBODY_ERROR "@eq 1" "id:1,phase:2,pass"'), [1]);
  assert.deepEqual(
    asked('multipart/form-data', 'x', 'SecRule REQBODY_ERROR_MSG "@contains boundary" "id:1,phase:2,pass"'),
    [1],
  );
  assert.deepEqual(asked(form[0][1], 'a=%zz', 'SecRule URLENCODED_ERROR "@eq 1" "id:1,phase:2,pass"'), [1]);
});

test('answers are judged in phases 3 and 4', () => {
  assert.deepEqual(
    idsOf(
      ask(
        'SecRule RESPONSE_BODY "@contains ORA-" "id:1,phase:4,pass"\nSecRule RESPONSE_STATUS "@streq 200" "id:2,phase:3,pass"',
        { answer: 'ORA-1' },
      ),
    ),
    [2, 1],
  );
});

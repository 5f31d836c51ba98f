// A rule set and its bill: what rules cost and found, and a request that would cost more than it may.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask, ordinarySettings, tools } from '../../test/waf-asking.ts';
import { filesOf } from '../../test/waf-patterns.ts';
import { build, type Waf } from './waf.ts';

const rules = [
  'SecRule ARGS "@rx evil" "id:1,phase:1,pass"',
  ...Array.from({ length: 40 }, (_, index) => `SecRule &ARGS "@gt ${index}" "id:${100 + index},phase:1,pass,nolog"`),
].join('\n');

/** A WAF with these rules whose clock goes on by `stepMs` at each look, of which `cpuShare` is its own CPU time. */
function wafWith(stepMs: number, mode: 'block' | 'detect', cpuShare = 1): Waf {
  let ms = 0;
  const clock = {
    now: () => 0,
    monotonicMs() {
      ms += stepMs;
      return ms;
    },
    cpuMs: () => ms * cpuShare,
  };
  const ruleFiles = {
    crs: null,
    setup: null,
    plugins: [],
    files: ['/own.conf'],
    paranoia: 1,
    detectionParanoia: 1,
    inboundThreshold: 5,
    outboundThreshold: 4,
    inspectAnswers: false,
    maxAnswerBytes: 1024,
  };
  const made = build(
    { ...ordinarySettings, ruleFiles, cpuBudgetMs: 50 },
    [{ name: 'a.example', waf: { mode, exclude: [] } }],
    {
      ...tools,
      files: filesOf({ '/own.conf': rules }),
      clock,
    },
  );
  assert.ok(made.ok, JSON.stringify(made));
  return made.value;
}

test('rules that were asked are on the bill, with how often they matched', () => {
  const waf = wafWith(0, 'block');
  assert.equal(ask(waf, { target: '/?q=good' }).why, 'pass');
  assert.equal(ask(waf, { target: '/?q=evil&r=1' }).why, 'pass');
  const { overruns, rows } = waf.bill()!;
  assert.equal(overruns, 0);
  const of = (id: number) => rows.find((row) => row.id === id);
  assert.equal(of(1)?.hits, 1);
  assert.equal(of(100)?.hits, 2);
  assert.equal(of(101)?.hits, 1);
  assert.match(of(1)!.at, /^\/own\.conf:1$/);
});

test('a request whose rules take longer than waf.cpu_budget is refused with a reason of its own', () => {
  const waf = wafWith(15, 'block');
  const { verdict, exchange } = ask(waf, { target: '/?q=good' });
  assert.ok(verdict.kind !== 'pass');
  assert.equal(verdict.why, 'waf/over-budget');
  assert.equal(verdict.says, 'the rules took more than the 50 ms of CPU time that one request may cost');
  assert.equal(exchange.wafAction, 'block');
  assert.ok(!waf.bill()!.rows.some(({ id }) => id === 139), 'the rest of the rules was left unasked');
  assert.equal(waf.bill()!.overruns, 1);
});

test('time that others took of the machine is not charged', () => {
  const waf = wafWith(15, 'block', 0.02);
  assert.equal(ask(waf, { target: '/?q=good' }).why, 'pass');
  assert.equal(waf.bill()!.overruns, 0);
  assert.ok(
    waf.bill()!.rows.some(({ id }) => id === 139),
    'the last rule was asked',
  );
});

test('a site that only detects lets it pass, and tells it', () => {
  const { why, exchange } = ask(wafWith(15, 'detect'), { target: '/?q=good' });
  assert.equal(why, 'pass');
  assert.equal(exchange.wafAction, 'detect');
  assert.deepEqual(
    exchange.findings?.map(({ id }) => id),
    [1050009],
  );
});

test('the built-in rules have no bill', () => {
  const made = build(ordinarySettings, [], tools);
  assert.ok(made.ok);
  assert.equal(made.value.bill(), null);
});

// A rule set and its bill: what rules cost and found, and a request that would cost more than it may.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { ask, ordinaryRuleFiles, ordinarySettings, ordinarySite, tools } from '../../test/waf-asking.ts';
import { filesOf } from '../../test/waf-patterns.ts';
import { Headers } from '../traffic/headers.ts';
import type { AnswerHead } from '../traffic/wire.ts';
import { build, type Waf } from './waf.ts';

const rules = [
  'SecRule ARGS "@rx evil" "id:1,phase:1,pass"',
  ...Array.from({ length: 40 }, (_, index) => `SecRule &ARGS "@gt ${index}" "id:${100 + index},phase:1,pass,nolog"`),
].join('\n');

/** A WAF with these rules whose clock goes on by `stepMs` at each look, of which `cpuShare` is its own CPU time. */
function wafWith(stepMs: number, mode: 'block' | 'detect', cpuShare = 1, text = rules): Waf {
  let ms = 0;
  const clock = {
    now: () => 0,
    monotonicMs() {
      ms += stepMs;
      return ms;
    },
    cpuMs: () => ms * cpuShare,
  };
  const ruleFiles = { ...ordinaryRuleFiles, files: ['/own.conf'] };
  const made = build(
    { ...ordinarySettings, ruleFiles, cpuBudgetMs: 50 },
    [{ name: 'a.example', waf: { ...ordinarySite, mode } }],
    {
      ...tools,
      files: filesOf({ '/own.conf': text }),
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

const form = [['Content-Type', 'application/x-www-form-urlencoded']] as const;
const post = (body: string) => ({ headers: form, body });

test('SecRequestBodyLimit refuses what is longer, or judges what is within it', () => {
  const with_ = (lines: string) => wafWith(0, 'block', 1, lines);
  const evil = 'SecRule ARGS:a "@contains evil" "id:1,phase:2,deny,status:403"\n';
  const cut = 'SecRule INBOUND_DATA_ERROR "@eq 1" "id:2,phase:2,pass"\n';
  const long = `a=${'x'.repeat(50)}evil`;
  const refusing = ask(with_(`SecRequestBodyLimit 20\n${evil}`), post(long));
  assert.deepEqual([refusing.why, refusing.status], ['waf/body-too-long-to-inspect', 413]);
  const partial = with_(`SecRequestBodyLimit 20\nSecRequestBodyLimitAction ProcessPartial\n${evil}${cut}`);
  const passed = ask(partial, post(long));
  assert.equal(passed.why, 'pass');
  assert.deepEqual(
    passed.exchange.findings?.map(({ id }) => id),
    [2],
  );
  assert.equal(ask(partial, post(`a=evil${long}`)).why, 'waf/rule');
  assert.equal(ask(with_(evil), post(long)).why, 'waf/rule');
});

test('SecRequestBodyNoFilesLimit sets REQBODY_ERROR, and files do not count', () => {
  const waf = wafWith(
    0,
    'block',
    1,
    'SecRequestBodyNoFilesLimit 300\nSecRule REQBODY_ERROR "!@eq 0" "id:1,phase:2,deny"',
  );
  assert.equal(ask(waf, post('a=b')).why, 'pass');
  assert.equal(ask(waf, post(`a=${'b'.repeat(300)}`)).why, 'waf/rule');
  const upload = (file: string, field: string) => ({
    headers: [['Content-Type', 'multipart/form-data; boundary=x']] as const,
    body: `--x\r\nContent-Disposition: form-data; name="f"; filename="f.txt"\r\n\r\n${file}\r\n--x\r\nContent-Disposition: form-data; name="g"\r\n\r\n${field}\r\n--x--\r\n`,
  });
  assert.equal(ask(waf, upload('b'.repeat(1000), 'c')).why, 'pass');
  assert.equal(ask(waf, upload('b', 'c'.repeat(300))).why, 'waf/rule');
});

test('nolog,auditlog is told for the audit log, nolog alone is not', () => {
  const waf = wafWith(
    0,
    'block',
    1,
    'SecAction "id:1,phase:1,pass,nolog"\nSecAction "id:2,phase:1,pass,nolog,auditlog"\nSecAction "id:3,phase:1,pass,noauditlog"',
  );
  const { findings } = ask(waf, {}).exchange;
  assert.deepEqual(
    findings?.map(({ id, rule }) => [id, rule?.isAudited]),
    [
      [2, true],
      [3, false],
    ],
  );
});

/** The answer that rules judge: its body in one piece. */
function answered(waf: Waf, body: Buffer, fields: Readonly<Record<string, string>>, isCut = false): string {
  const { exchange } = ask(waf, {});
  const headers = Headers.from(Object.entries({ 'Content-Type': 'text/html', ...fields }));
  const head: AnswerHead = {
    status: 200,
    reason: 'OK',
    headers,
    framing: 'length',
    length: body.length,
    keepAlive: true,
    blocks: [],
  } as unknown as AnswerHead;
  const inspector = waf.openAnswer(exchange, waf.policies[0]!, head);
  assert.ok(inspector !== null && inspector.holdBytes > 0);
  const verdict = inspector.judge(body, isCut);
  return verdict.kind === 'pass' ? 'pass' : verdict.why;
}

test('rules see what encoded answers say, and answers that are too long are refused where a file says so', () => {
  const of = (lines: string) => wafWith(0, 'block', 1, `SecResponseBodyAccess On\nSecResponseBodyLimit 900\n${lines}`);
  const waf = of('SecRule RESPONSE_BODY "@contains secret" "id:1,phase:4,deny"');
  const page = Buffer.from(`${'a'.repeat(100)} secret`);
  assert.equal(answered(waf, page, {}), 'waf/rule');
  assert.equal(answered(waf, gzipSync(page), { 'Content-Encoding': 'gzip' }), 'waf/rule');
  assert.equal(answered(waf, gzipSync('nothing'), { 'Content-Encoding': 'gzip' }), 'pass');
  assert.equal(answered(waf, zstdCompressSync(page), { 'Content-Encoding': 'zstd' }), 'waf/rule');
  assert.equal(answered(waf, zstdCompressSync('nothing'), { 'Content-Encoding': 'zstd' }), 'pass');
  assert.equal(answered(waf, Buffer.from('a'), {}, true), 'pass');
  const strict = of('SecResponseBodyLimitAction Reject\nSecRule RESPONSE_BODY "@contains secret" "id:1,phase:4,deny"');
  assert.equal(answered(strict, Buffer.from('a'), {}, true), 'waf/answer-too-long-to-inspect');
});

test('what rules keep of a client outlives the rules, and is shared by workers', () => {
  const lines =
    'SecAction "id:1,phase:1,pass,nolog,initcol:ip=%{REMOTE_ADDR},setvar:ip.n=+1"\nSecRule IP:n "@ge 3" "id:2,phase:1,deny"';
  const [one, other, late] = [0, 1, 2].map(() => wafWith(0, 'block', 1, lines)) as [Waf, Waf, Waf];
  for (const waf of [one, other]) waf.lasting!.isShared = true;
  assert.equal(ask(one, {}).why, 'pass');
  assert.equal(ask(other, {}).why, 'pass');
  other.lasting!.absorb(structuredClone(one.lasting!.takeDeltas()));
  late.succeed(other);
  assert.equal(ask(late, {}).why, 'waf/rule');
});

test('the built-in rules have no bill', () => {
  const made = build(ordinarySettings, [], tools);
  assert.ok(made.ok);
  assert.equal(made.value.bill(), null);
});

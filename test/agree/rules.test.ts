// Two ways through one rule set: every rule asked of every request, and only those that a value answers. They must find the same.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { ruleFiles } from '../../src/config/config.ts';
import type { CompilerTools } from '../../src/waf/compile/compiler.ts';
import { load, type Source } from '../../src/waf/compile/load.ts';
import { planOf } from '../../src/waf/compile/plan.ts';
import { detectXss } from '../../src/waf/detectors/html-operator.ts';
import { detectSqli } from '../../src/waf/detectors/sql-operator.ts';
import { everyRule, neededBy } from '../../src/waf/program/needed.ts';
import { type Needed, runPhase } from '../../src/waf/program/run.ts';
import { compilePattern, compilePhrases, compileSet } from '../../src/waf/regex/regex.ts';
import { chooseProcessor, readBody } from '../../src/waf/transaction/body.ts';
import { Lasting } from '../../src/waf/transaction/lasting.ts';
import { AskedNames } from '../../src/waf/transaction/members.ts';
import { nothingBeneath, Transaction } from '../../src/waf/transaction/transaction.ts';
import { Pairs } from '../../src/waf/variables/pairs.ts';
import { filesOf } from '../waf-patterns.ts';

const tools: CompilerTools = {
  files: filesOf({}),
  pattern: compilePattern,
  phrases: compilePhrases,
  detectSqli,
  detectXss,
};

interface Asked {
  readonly query: string;
  readonly header: string;
  readonly body: string;
  /** A header field more, by its name. */
  readonly field?: string;
}

/** Both ways through the rules of `sources`, as functions of a request. */
function waysThrough(sources: readonly Source[], from: CompilerTools = tools): (asked: Asked) => [string, string] {
  const loaded = load(sources, from);
  assert.ok(loaded.ok, loaded.ok ? '' : loaded.troubles.map(({ says }) => says).join('\n'));
  const { program } = loaded;
  const plan = planOf(program, compileSet as never);
  const planned = neededBy(plan);
  const run = (
    asked: Asked,
    needed: Needed,
    beneath: ReadonlyMap<string, string>,
    watched?: ReadonlySet<string>,
  ): string => {
    const { query, header, body, field = 'Accept' } = asked;
    const request = {
      id: 'x',
      startedAt: 0,
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
      headers: new Pairs(['Host', 'X', field, 'Content-Type'], ['h', header, 'a', 'application/x-www-form-urlencoded']),
    };
    const transaction = new Transaction(
      request,
      program.settings,
      beneath,
      {
        now: () => 0,
        monotonicMs: () => 0,
        cpuMs: () => 0,
        lasting: new Lasting(() => 0),
        site: 's',
        asked: new AskedNames(),
      },
      watched,
    );
    chooseProcessor(transaction);
    runPhase(program, transaction, 1, needed);
    readBody(transaction, body, body.length, false);
    for (const phase of [2, 3, 4, 5] as const) runPhase(program, transaction, phase, needed);
    const found = transaction.matches.map(({ rule, place, value, data }) => `${rule.id} ${place} ${value} ${data}`);
    const left = [...transaction.tx.pairs.names].sort().map((name) => `${name}=${transaction.tx.get(name)}`);
    return [...found, ...left, String(transaction.interruption?.rule.id)].join('\n');
  };
  return (asked) => [run(asked, everyRule, nothingBeneath()), run(asked, planned, plan.beneath, plan.watched)];
}

const targets = fc.constantFrom(
  'ARGS',
  'ARGS:a',
  'ARGS|!ARGS:a',
  'ARGS_NAMES',
  'REQUEST_HEADERS:X',
  'REQUEST_HEADERS|!REQUEST_HEADERS:/^ho/',
  '&ARGS',
  'TX:a',
  'TX:b',
  '&TX:c',
  'REQUEST_METHOD',
  'REQUEST_BODY',
  'TX:/^n_/',
  'ARGS_POST',
);
const operators = fc.constantFrom(
  '@rx ^a',
  '!@rx b',
  '@pm ab ba',
  '@streq ab',
  '@contains %{tx.b}',
  '@ge 1',
  '@lt 2',
  '@eq %{tx.a}',
  '@rx .',
  '@validateByteRange 97-122',
  '@unconditionalMatch',
  '@detectXSS',
  '@within ab ba',
);
const actions = fc.constantFrom(
  'setvar:tx.a=1',
  'setvar:tx.b=ab',
  'setvar:tx.a=+1',
  'setvar:tx.c=%{tx.a}',
  "setvar:'tx.n_%{MATCHED_VAR_NAME}=%{MATCHED_VAR}'",
  'setvar:!tx.a',
  'capture',
  'multiMatch',
  't:lowercase',
  't:urlDecodeUni',
  't:length',
  't:removeWhitespace',
  'nolog',
  'skipAfter:M1',
  'skipAfter:M2',
  'skip:1',
  'ctl:ruleRemoveById=3',
  'ctl:ruleRemoveTargetById=5;ARGS:a',
  'deny',
  'allow:phase',
  "logdata:'%{TX.0} %{TX.b}'",
  'severity:2',
);
const rule = fc.record({
  phase: fc.integer({ min: 1, max: 2 }),
  links: fc.array(fc.tuple(targets, operators, fc.array(actions, { maxLength: 3 })), { minLength: 1, maxLength: 3 }),
});
const flow: ReadonlySet<string> = new Set([
  'skipAfter:M1',
  'skipAfter:M2',
  'skip:1',
  'deny',
  'allow:phase',
  'severity:2',
  'nolog',
]);
const text = fc.string({ unit: fc.constantFrom(...'abAB <%61&=+1'), maxLength: 12 });

function rulesText(
  rules: readonly {
    readonly phase: number;
    readonly links: readonly (readonly [string, string, readonly string[]])[];
  }[],
): string {
  const lines: string[] = [];
  for (const [index, { phase, links }] of rules.entries()) {
    if (index === 4) lines.push('SecMarker M1');
    for (const [place, [target, operator, list]] of links.entries()) {
      const isHead = place === 0;
      const own = list.filter((one) => isHead || !flow.has(one));
      const words = [
        ...(isHead ? [`id:${index + 1}`, `phase:${phase}`] : []),
        ...own,
        ...(place < links.length - 1 ? ['chain'] : []),
      ];
      lines.push(`SecRule ${target} "${operator}" "${words.join(',')}"`);
    }
  }
  return [...lines, 'SecMarker M1', 'SecMarker M2'].join('\n');
}

test('any rules, any request: asked by value or asked one by one, the same matches and the same is left in TX', () => {
  fc.assert(
    fc.property(
      fc.array(rule, { minLength: 1, maxLength: 8 }),
      fc.array(fc.record({ query: text, header: text, body: text }), { minLength: 1, maxLength: 4 }),
      (rules, requests) => {
        const source = rulesText(rules);
        const both = waysThrough([{ name: '/a.conf', text: source }]);
        for (const request of requests) {
          const [every, some] = both(request);
          assert.equal(some, every, `${source}\n${JSON.stringify(request)}`);
        }
      },
    ),
    { numRuns: 1500 },
  );
});

test('a pattern that two rules look for, of the value and of its length: what answers one does not answer the other', () => {
  const text = `SecRule ARGS "@rx ^0" "id:1,phase:1,t:length"
SecRule ARGS "@rx ^0" "id:2,phase:1"
SecRule ARGS "@rx ^a" "id:3,phase:1"`;
  const [every, some] = waysThrough([{ name: '/a.conf', text }])({ query: 'a', header: '', body: '' });
  assert.equal(every, '1 ARGS:a 0 \nundefined');
  assert.equal(some, every);
});

const sums = fc.record({
  phase: fc.integer({ min: 1, max: 4 }),
  links: fc.array(
    fc.tuple(
      fc.constantFrom('TX:a', 'TX:b', 'TX:c', '&TX:a', 'TX:c|TX:a', 'TX:/^[ab]/', 'ARGS:a'),
      fc.constantFrom('@ge 1', '@lt 3', '@eq %{tx.a}', '!@eq 2', '@rx [1a]', '@unconditionalMatch'),
      fc.array(
        fc.constantFrom(
          'setvar:tx.a=+1',
          'setvar:tx.b=+%{tx.a}',
          'setvar:tx.c=%{tx.b}',
          'setvar:tx.c=2',
          'setvar:!tx.b',
          "setvar:'tx.n_%{MATCHED_VAR_NAME}=%{MATCHED_VAR}'",
          'ctl:ruleRemoveTargetById=4;TX:a',
          'nolog',
          'skip:1',
          'skipAfter:M1',
          'severity:2',
        ),
        { maxLength: 3 },
      ),
    ),
    { minLength: 1, maxLength: 2 },
  ),
});

test('rules that only reckon with TX leave the same, asked or repeated', () => {
  fc.assert(
    fc.property(
      fc.array(sums, { minLength: 3, maxLength: 9 }),
      fc.array(
        fc.record({ query: fc.constantFrom('', 'a=1', 'a=2', 'b=1'), header: fc.constant(''), body: fc.constant('') }),
        {
          minLength: 3,
          maxLength: 5,
        },
      ),
      (rules, requests) => {
        const source = rulesText(
          rules.map((one) => ({
            ...one,
            links: one.links.map(
              ([target, operator, list]) =>
                [target, operator, list.includes('nolog') ? list : [...list, 'nolog']] as const,
            ),
          })),
        );
        const both = waysThrough([{ name: '/a.conf', text: source }]);
        for (const request of requests) {
          const [every, some] = both(request);
          assert.equal(some, every, `${source}\n${JSON.stringify(request)}`);
        }
      },
    ),
    { numRuns: 600 },
  );
});

test('what a rule sets for every request is not there where a request takes the rule out', () => {
  const text = `SecRule ARGS "@streq off" "id:1,phase:1,nolog,ctl:ruleRemoveById=2"
SecAction "id:2,phase:1,nolog,setvar:tx.a=1"
SecAction "id:3,phase:1,nolog,setvar:tx.b=1"`;
  const both = waysThrough([{ name: '/a.conf', text }]);
  for (const query of ['x=on', 'x=off']) {
    const [every, some] = both({ query, header: '', body: '' });
    assert.equal(some, every);
    assert.equal(every.includes('a=1'), query === 'x=on');
    assert.ok(every.includes('b=1'));
  }
});

const crs = '/usr/share/modsecurity-crs/rules';
const requests: readonly Asked[] = [
  { query: 'page=2&sort=price&q=red+shoes', header: 'text/html', body: '' },
  { query: "id=1'+UNION+SELECT+password+FROM+users--", header: '', body: '' },
  { query: '', header: '<script>alert(1)</script>', body: 'a=../../etc/passwd&b=%3Cscript%3E' },
  { query: 'x=;cat+/etc/passwd', header: '() { :; }; /bin/true', body: '' },
];

test('the Core Rule Set of Debian says the same both ways', { skip: !existsSync(crs) }, () => {
  const files = { ...tools, files: ruleFiles };
  const both = waysThrough([{ file: '/etc/modsecurity/crs/crs-setup.conf' }, { file: `${crs}/*.conf` }], files);
  let matched = 0;
  for (const request of requests) {
    const [every, some] = both(request);
    assert.equal(some, every);
    if (every.includes('949110')) matched++;
  }
  assert.ok(matched >= 3, String(matched));
});

const again = fc.record({
  phase: fc.integer({ min: 1, max: 3 }),
  links: fc.array(
    fc.tuple(
      fc.constantFrom(
        ...['REQUEST_METHOD', 'REQUEST_HEADERS_NAMES', '&REQUEST_HEADERS:X', '&REQUEST_HEADERS', 'REQBODY_PROCESSOR'],
        ...['REQUEST_HEADERS_NAMES|!REQUEST_HEADERS_NAMES:x', 'TX:/^n_/', 'TX:0', 'TX:a', 'TX', 'ARGS:a'],
      ),
      fc.constantFrom(
        '@rx ^(.).*$',
        '!@rx ^X',
        '@eq 2',
        '@streq POST',
        '@within %{tx.a} X JSON',
        '@unconditionalMatch',
      ),
      fc.array(
        fc.constantFrom(
          ...['setvar:tx.a=+1', "setvar:'tx.n_%{tx.0}=%{tx.a}'", "setvar:'tx.a=%{MATCHED_VAR}'", 'setvar:!tx.a'],
          ...['capture', 'multiMatch', 't:lowercase', 't:length', 'nolog', 'nolog', 'severity:2', 'skip:1', 'deny'],
          ...['ctl:ruleRemoveById=3', 'ctl:ruleRemoveTargetById=4;TX:a', 'ctl:requestBodyProcessor=JSON'],
          ...['skipAfter:M1', 'allow:phase', "logdata:'%{MATCHED_VAR} %{TX.a}'", 'ctl:ruleEngine=Off'],
        ),
        { maxLength: 4 },
      ),
    ),
    { minLength: 1, maxLength: 2 },
  ),
});

test('rules about what comes again leave the same, asked or gone through on a way that is known', () => {
  fc.assert(
    fc.property(
      fc.array(again, { minLength: 2, maxLength: 9 }),
      fc.array(
        fc.record({
          query: fc.constantFrom('', 'a=1', 'a=2'),
          header: fc.constant(''),
          body: fc.constantFrom('', 'b=1'),
          field: fc.constantFrom('X', 'Y', 'x'),
        }),
        { minLength: 4, maxLength: 8 },
      ),
      (rules, requests) => {
        const source = rulesText(rules);
        const both = waysThrough([{ name: '/a.conf', text: source }]);
        for (const request of requests) {
          const [every, some] = both(request);
          assert.equal(some, every, `${source}\n${JSON.stringify(request)}`);
        }
      },
    ),
    { numRuns: 1500 },
  );
});

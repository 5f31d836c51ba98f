// The door: rules become a firewall that decides, counts, refuses in words and warns of what its owner overlooked.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { build, type Firewall, type FirewallSettings, reasons } from './firewall.ts';

const guide: FirewallSettings = {
  default: 'deny',
  rules: [
    'allow tcp 443 from any',
    'allow tcp 80 from any',
    'allow tcp 22 from 10.0.0.0/8',
    { action: 'deny', protocol: 'all', port: 'all', source: '0.0.0.0/0', description: 'Block everything else' },
  ],
  comments: ['HTTPS from anywhere', 'HTTP from anywhere', 'SSH from the internal network only', ''],
  enforce: ['accept'],
};

const tools = { locate: (path: readonly (string | number)[]) => `portcullis.yaml:${Number(path[1]) + 7}` };

function open(settings: Partial<FirewallSettings> = {}): Firewall {
  const result = build({ ...guide, ...settings }, tools);
  assert.ok(result.ok);
  return result.value;
}

function warnings(settings: Partial<FirewallSettings>): (string | undefined)[][] {
  const result = build({ ...guide, ...settings }, tools);
  assert.ok(result.ok);
  return result.warnings.map(({ path, says, instead }) => [path.join('.'), says, instead]);
}

test('the guide: four rules, their columns, and what each decides', () => {
  const gate = open();
  assert.deepEqual(gate.rules[2], {
    number: 3,
    action: 'ALLOW',
    protocol: 'TCP',
    ports: '22',
    source: '10.0.0.0/8',
    description: 'SSH from the internal network only',
    at: 'portcullis.yaml:9',
  });
  const cases: readonly (readonly [string, number, number, boolean])[] = [
    ['72.14.200.1', 443, 1, true],
    ['72.14.200.1', 80, 2, true],
    ['10.0.5.22', 22, 3, true],
    ['203.0.113.7', 22, 4, false],
    ['203.0.113.7', 5432, 4, false],
    ['2001:db8::7', 443, 1, true],
    ['2001:db8::7', 5432, 0, false],
    ['nobody', 443, -1, false],
  ];
  for (const [source, port, rule, isAllowed] of cases) {
    assert.equal(gate.judge('tcp', source, port), rule, source);
    assert.equal(gate.isAllowed(rule), isAllowed);
  }
  assert.deepEqual([...gate.hits], [1, 2, 1, 1, 2]);
});

test('a simulation counts nothing', () => {
  const gate = open();
  assert.equal(gate.simulate('tcp', '203.0.113.7', 5432), 4);
  assert.deepEqual([...gate.hits], [0, 0, 0, 0, 0]);
});

test('the default decides where no rule does, and nobody unreadable is let in by it', () => {
  const gate = open({ default: 'allow', rules: [], comments: [] });
  assert.equal(gate.isAllowed(gate.judge('tcp', '203.0.113.7', 5432)), true);
  assert.equal(gate.isAllowed(gate.judge('tcp', '', 5432)), false);
});

test('a refusal closes in silence and says why in the journal', () => {
  const gate = open();
  assert.deepEqual(gate.refusal(4, 'tcp', '203.0.113.7', 5432), {
    kind: 'close',
    status: 0,
    why: 'firewall/denied',
    says: 'TCP port 5432 from 203.0.113.7 is denied by rule 4 "Block everything else"',
    rule: { id: '4', description: 'Block everything else', at: 'portcullis.yaml:10' },
    evidence: null,
    retryAfterSeconds: 0,
  });
  const byDefault = gate.refusal(0, 'tcp', '2001:db8::7', 5432);
  assert.equal(byDefault.says, 'TCP port 5432 from 2001:db8::7 matches no rule, and the default is to deny');
  const whys = [4, 0, -1].map((rule) => gate.refusal(rule, 'tcp', 'x', 1).why);
  const ofRules = Object.keys(reasons).filter((why) => why !== 'firewall/banned' && why !== 'firewall/blocklisted');
  assert.deepEqual(whys, ofRules);
});

test('every problem of every rule is told', () => {
  const result = build({ ...guide, rules: ['alow tcp 443 from any', 'deny all from any', 'deny al from any'] }, tools);
  assert.ok(!result.ok);
  const told = result.problems.map(({ path, instead }) => [path.join('.'), instead]);
  assert.deepEqual(told, [
    ['rules.0', 'did you mean `allow`?'],
    ['rules.2', 'did you mean `all`?'],
  ]);
});

test('the guide has nothing to warn of', () => {
  assert.deepEqual(warnings({}), []);
});

test('a rule that nothing can reach is named with what stands before it', () => {
  assert.deepEqual(
    warnings({
      rules: [
        'allow tcp 443 from 10.0.0.0/8',
        'allow tcp 443 from 10.1.0.0/16',
        'deny tcp 443 from 10.2.0.0/16',
        'allow tcp 80-90 from 0.0.0.0/1',
        'allow tcp 85-99 from 128.0.0.0/1',
        'deny tcp 85-90 from 0.0.0.0/0',
      ],
    }),
    [
      ['rules.1', 'rule 2 can never be hit: rule 1 already decides everything it names', 'remove it'],
      [
        'rules.2',
        'rule 3 can never be hit: rule 1 already decides everything it names',
        'move it before rule 1, or remove it',
      ],
      [
        'rules.5',
        'rule 6 can never be hit: the rules before it together decide everything it names',
        'move it before them, or remove it',
      ],
    ],
  );
});

test('half a catch-all over an allowing default is named', () => {
  assert.deepEqual(warnings({ default: 'allow', rules: ['deny all from 0.0.0.0/0'] }), [
    [
      'rules.0',
      'rule 1 denies all of IPv4 only, and the default allows the other family',
      'write `from any`, or make the default deny',
    ],
  ]);
});

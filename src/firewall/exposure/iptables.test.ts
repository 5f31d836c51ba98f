// Lines of iptables-save as statements, and when they may stand in the place of what nft shows.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wordsOf } from '../import/iptables.ts';
import { hasForeign, withLegacy, withSaved } from './iptables.ts';
import { statementsOf } from './iptables-rule.ts';
import { rulesetOf } from './ruleset.ts';

const equal = (left: object, right: unknown) => ({ match: { op: '==', left, right } });
const ifname = { meta: { key: 'iifname' } };
const l4proto = { meta: { key: 'l4proto' } };

const lines: readonly (readonly [string, readonly object[]])[] = [
  [
    '! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80',
    [
      { match: { op: '!=', left: ifname, right: 'docker0' } },
      equal(l4proto, 'tcp'),
      equal({ payload: { protocol: 'tcp', field: 'dport' } }, { set: [8080] }),
      { dnat: { addr: '172.17.0.2', port: 80 } },
    ],
  ],
  ['-m comment --comment "-j ACCEPT" -j DROP', [{ drop: null }]],
  ['-i br+ -g DOCKER', [equal(ifname, 'br*'), { goto: { target: 'DOCKER' } }]],
  [
    '-m recent --set --name SSH --rsource -j DOCKER',
    [{ xt: { type: 'match', name: 'recent' } }, { jump: { target: 'DOCKER' } }],
  ],
  ['-m tcp --tcp-option 5 -j ACCEPT', [{ xt: { type: 'match', name: 'tcp' } }, { accept: null }]],
  ['-j TPROXY --on-port 5', [{ xt: { type: 'target', name: 'TPROXY' } }]],
  ['-j DNAT --to-destination [fd00::2]:8080-8090', [{ dnat: { addr: 'fd00::2', port: 8080 } }]],
  ['-j DNAT --to-destination 10.0.0.1-10.0.0.9', [{ dnat: { addr: '10.0.0.1' } }]],
  ['-j REDIRECT', [{ redirect: {} }]],
  ['-j MARK --set-xmark 0x1/0x1', [{ mangle: { key: { meta: { key: 'mark' } }, value: null } }]],
  ['-j CT --notrack', [{ notrack: null }]],
  ['-m mark --mark 0x1/0xff -j RETURN', [equal({ '&': [{ meta: { key: 'mark' } }, 255] }, 1), { return: null }]],
  ['-p 47 -j ACCEPT', [equal(l4proto, 47), { accept: null }]],
  [
    '-s 10.0.0.0/8 -d 10.1.2.3/32 -j ACCEPT',
    [
      equal({ payload: { protocol: 'ip', field: 'saddr' } }, { prefix: { addr: '10.0.0.0', len: 8 } }),
      equal({ payload: { protocol: 'ip', field: 'daddr' } }, '10.1.2.3'),
      { accept: null },
    ],
  ],
];

test('a line becomes statements, and what is not understood nobody can tell', () => {
  for (const [line, statements] of lines)
    assert.deepEqual(
      statementsOf(wordsOf(line), 4, (name) => name === 'DOCKER'),
      statements,
      line,
    );
});

const listing = (rules: readonly object[]) => [
  {
    chain: {
      family: 'ip',
      table: 'nat',
      name: 'PREROUTING',
      type: 'nat',
      hook: 'prerouting',
      prio: -100,
      policy: 'accept',
    },
  },
  ...rules.map((expr, at) => ({
    rule: { family: 'ip', table: 'nat', chain: 'PREROUTING', handle: at + 7, expr: [expr] },
  })),
];
const opaque = { xt: { type: 'target', name: 'DNAT' } } as const;
const save = (...rules: readonly string[]) => ({
  family: 4 as const,
  text: ['*nat', ':PREROUTING ACCEPT [0:0]', ...rules.map((rule) => `-A PREROUTING ${rule}`), 'COMMIT', ''].join('\n'),
});

test('a chain that iptables and nft tell alike is read from both; one that they do not is left as nft tells it', () => {
  const ruleset = rulesetOf(listing([opaque, { counter: null }]) as never);
  assert.ok(hasForeign(ruleset));
  const dnat = '-j DNAT --to-destination 10.0.0.1:80';
  const told = withSaved(ruleset, [save(dnat, '-j ACCEPT')]);
  assert.equal(hasForeign(told), false);
  const [first, second] = told.chains.get('ip nat PREROUTING')!.rules;
  assert.deepEqual([first!.handle, first!.statements], [7, [{ dnat: { addr: '10.0.0.1', port: 80 } }]]);
  assert.deepEqual(second!.statements, [{ counter: null }]);
  for (const rules of [[dnat], ['-j ACCEPT', dnat], [dnat, '-j ACCEPT', '-j ACCEPT'], []])
    assert.ok(hasForeign(withSaved(ruleset, [save(...rules)])), rules.join());
  assert.ok(hasForeign(withSaved(ruleset, [{ ...save(dnat, '-j ACCEPT'), family: 6 }])));
});

test('chains of iptables-legacy hook in where iptables has them, and policies are theirs', () => {
  const text = '*filter\n:INPUT DROP [0:0]\n:own - [0:0]\n-A INPUT -p tcp -j own\nCOMMIT\n';
  const { chains } = withLegacy(rulesetOf([]), [{ family: 6, text }]);
  const input = chains.get('ip6 filter of iptables-legacy INPUT')!;
  assert.deepEqual([input.hook, input.priority, input.type, input.policy], ['input', 0, 'filter', 'drop']);
  assert.deepEqual(input.rules[0]!.statements, [equal(l4proto, 'tcp'), { jump: { target: 'own' } }]);
  assert.equal(chains.get('ip6 filter of iptables-legacy own')!.hook, '');
});

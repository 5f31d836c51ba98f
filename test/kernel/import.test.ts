// Tables of ours, put into a kernel and listed by it, come back through `firewall import` as rules that decide every packet alike.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parse } from 'yaml';
import {
  build,
  defaultKernel,
  difference,
  importRules,
  noCallers,
  putTable,
  type RuleSet,
  render,
  yamlOf,
} from '../../src/firewall/firewall.ts';
import { namespace, whyNot } from './namespace.ts';

const skip = whyNot();

function setOf(lines: readonly unknown[], whenNone: string): RuleSet {
  const built = build(
    { default: whenNone as 'deny', rules: lines as string[], comments: lines.map(() => ''), enforce: ['accept'] },
    { locate: () => '' },
  );
  assert.ok(built.ok);
  return built.value.ruleSet;
}

test('a table of ours, put into a kernel and listed by it, comes back as rules that decide every packet alike', {
  skip,
}, async (t) => {
  const gate = namespace(t, 'round');
  const line = fc
    .tuple(
      fc.constantFrom('allow', 'deny'),
      fc.constantFrom('tcp', 'udp', 'all'),
      fc.constantFrom('all', '22', '80,443', '1000-2000', '25,8000-8100'),
      fc.constantFrom(
        'any',
        '0.0.0.0/0',
        '::/0',
        '10.0.0.0/8',
        '10.1.0.0/16,192.0.2.7',
        '2001:db8::/32',
        '203.0.113.7,2001:db8::7',
      ),
    )
    .map(([action, protocol, ports, source]) => `${action} ${protocol} ${ports} from ${source}`);
  // What the table lets through before any rule is asked.
  const first = 'allow all from 127.0.0.0/8,::1';
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 14 }), fc.constantFrom('allow', 'deny'), async (lines, whenNone) => {
      const ruleSet = setOf(lines, whenNone);
      assert.ok(
        (await putTable(gate.nft, render({ ...ruleSet, kernel: defaultKernel, callers: noCallers, cut: [] }))).ok,
      );
      const imported = importRules(gate.run('nft', '-j', 'list', 'ruleset'), 'nft');
      assert.ok(typeof imported !== 'string');
      const { firewall } = parse(yamlOf(imported)) as { firewall: { default: string; rules: unknown[] } };
      const back = setOf(firewall.rules, firewall.default);
      assert.deepEqual(
        difference(setOf([first, ...lines], whenNone), back)!.changes.map(({ says }) => says),
        [],
        lines.join('\n'),
      );
    }),
    { numRuns: 15 },
  );
});

// The algebra against brute force: sampled packets, every edge of every rule among them, and the decision table of traffic.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseAddress, printAddress } from '../base/address.ts';
import { contains, coverOf } from '../base/cidr.ts';
import type { Problem } from '../base/problem.ts';
import {
  analyse,
  difference,
  type Finding,
  type Packet,
  packetText,
  parseExpectation,
  testExpectations,
} from './algebra.ts';
import { compile } from './policy.ts';
import { parseRule, type RuleSet } from './rule.ts';
import { zones } from './zones.ts';

function set(lines: readonly string[], whenNone: 'ALLOW' | 'DENY' = 'DENY'): RuleSet {
  const problems: Problem[] = [];
  const rules = lines.map((line, index) => parseRule(line, index, '', problems)!);
  assert.deepEqual(problems, []);
  return { rules, default: whenNone };
}

/** What the decision table of traffic says. */
function decider({ rules, default: whenNone }: RuleSet): (packet: Packet) => string {
  const { policy } = compile(rules)!;
  return ({ protocol, source, port }) => {
    const number = policy.decide(protocol, source, port);
    return number === 0 ? whenNone : rules[number - 1]!.action;
  };
}

function without({ rules, default: whenNone }: RuleSet, number: number): RuleSet {
  const rest = rules.filter((rule) => rule.number !== number).map((rule, index) => ({ ...rule, number: index + 1 }));
  return { rules: rest, default: whenNone };
}

const sources = [
  'any',
  '10.0.0.0/8',
  '10.0.0.0/9',
  '10.128.0.0/9',
  '10.1.0.0/16',
  '0.0.0.0/0',
  '::/0',
  '2001:db8::/32',
  '2001:db8::7',
  '203.0.113.7',
  '192.0.2.0/24,10.1.2.0/24',
];
const ports = ['all', '22', '80', '443', '80,443', '20-25', '1-1000', '1-1023', '443-65535', '8000-9000'];
const line = fc
  .tuple(
    fc.constantFrom('allow', 'deny'),
    fc.constantFrom('tcp', 'udp', 'all'),
    fc.constantFrom(...ports),
    fc.constantFrom(...sources),
  )
  .map(([action, protocol, port, source]) => `${action} ${protocol} ${port} from ${source}`);
const ruleSet = fc
  .tuple(fc.array(line, { maxLength: 9 }), fc.constantFrom('ALLOW' as const, 'DENY' as const))
  .map(([lines, whenNone]) => set(lines, whenNone));

/** Packets on both sides of every edge that the lists above have. */
const packets: Packet[] = [];
for (const source of [
  '9.255.255.255',
  '10.0.0.0',
  '10.1.2.3',
  '10.1.0.1',
  '10.127.255.255',
  '10.128.0.0',
  '10.255.255.255',
  '11.0.0.0',
  '192.0.2.9',
  '203.0.113.7',
  '203.0.113.8',
  '::',
  '2001:db7::',
  '2001:db8::',
  '2001:db8::7',
  '2001:db9::',
])
  for (const port of [1, 20, 21, 22, 25, 26, 80, 442, 443, 444, 1000, 1001, 1023, 1024, 7999, 8000, 9000, 9001, 65535])
    for (const protocol of ['tcp', 'udp'] as const) packets.push({ protocol, source, port });

test('a difference holds exactly the packets that are decided otherwise', () => {
  let changed = 0;
  fc.assert(
    fc.property(ruleSet, ruleSet, (before, after) => {
      const { changes } = difference(before, after)!;
      const [old, young] = [decider(before), decider(after)];
      for (const packet of packets) {
        const address = parseAddress(packet.source);
        assert.ok(address.ok);
        const holding = changes.filter(
          ({ protocol, ports, sources }) =>
            (protocol === 'ALL' || protocol.toLowerCase() === packet.protocol) &&
            ports.some(({ first, last }) => first <= packet.port && packet.port <= last) &&
            sources.some((cidr) => contains(cidr, address.value)),
        );
        const kinds = old(packet) === young(packet) ? [] : [young(packet) === 'ALLOW' ? 'opens' : 'closes'];
        assert.deepEqual(
          holding.map(({ kind }) => kind),
          kinds,
          packetText(packet),
        );
        changed += kinds.length;
      }
      for (const { kind, witness } of changes) {
        assert.equal(young(witness), kind === 'opens' ? 'ALLOW' : 'DENY');
        assert.notEqual(old(witness), young(witness));
      }
    }),
    { numRuns: 300 },
  );
  assert.ok(changed > 1000);
});

test('every finding is true of its witness, and everything that brute force can see is found', () => {
  const told = new Map<string, number>();
  fc.assert(
    fc.property(ruleSet, (rules) => {
      const findings = analyse(rules)!;
      const { policy, neverHit } = compile(rules.rules)!;
      const unhit = findings.filter(({ kind }) => kind === 'shadowed' || kind === 'never-hit').map(({ rule }) => rule);
      // The table knows port 0, too, which the algebra leaves out.
      const isHit = (number: number) => packets.some((p) => policy.decide(p.protocol, p.source, p.port) === number);
      for (const number of neverHit) assert.ok(unhit.includes(number));
      for (const number of unhit) assert.ok(neverHit.includes(number) || !isHit(number));
      for (const finding of findings) {
        told.set(finding.kind, (told.get(finding.kind) ?? 0) + 1);
        check(finding, rules, policy.decide(finding.witness.protocol, finding.witness.source, finding.witness.port));
      }
      const useless = new Set([
        ...unhit,
        ...findings.filter(({ kind }) => kind === 'redundant').map(({ rule }) => rule),
      ]);
      const isLastWord = ({ rules: list }: RuleSet, number: number) => number === list.length;
      for (const { number } of rules.rules) {
        const isSame = difference(rules, without(rules, number))!.changes.length === 0;
        if (useless.has(number))
          assert.equal(isSame || findings.some((f) => f.kind === 'shadowed' && f.rule === number), true);
        else if (isSame) assert.ok(isLastWord(rules, number));
      }
    }),
    { numRuns: 300 },
  );
  for (const kind of ['shadowed', 'never-hit', 'redundant', 'contradictory', 'too-wide'])
    assert.ok((told.get(kind) ?? 0) >= 20, kind);
});

function check({ kind, rule, by, witness }: Finding, rules: RuleSet, decidedBy: number): void {
  const actionOf = (number: number) => (number === 0 ? rules.default : rules.rules[number - 1]!.action);
  switch (kind) {
    case 'shadowed':
    case 'never-hit':
      assert.equal(decidedBy, by);
      assert.equal(actionOf(by) === actionOf(rule), kind === 'never-hit');
      break;
    case 'redundant':
      assert.equal(decidedBy, rule);
      assert.equal(decider(without(rules, rule))(witness), actionOf(rule));
      break;
    case 'contradictory':
      assert.deepEqual([decidedBy, actionOf(by), actionOf(rule)], [by, 'ALLOW', 'DENY']);
      assert.equal(
        compile(without(rules, by).rules)!.policy.decide(witness.protocol, witness.source, witness.port),
        rule - 1,
      );
      break;
    case 'too-wide':
      assert.deepEqual([decidedBy, actionOf(rule)], [rule, 'ALLOW']);
  }
}

test('an expectation is broken exactly where a packet that it names is decided otherwise', () => {
  let broken = 0;
  fc.assert(
    fc.property(ruleSet, fc.array(line, { minLength: 1, maxLength: 4 }), (rules, lines) => {
      const expectations = set(lines).rules;
      const found = testExpectations(rules, expectations)!;
      const decide = decider(rules);
      for (const { index, witness, by } of found) {
        broken++;
        assert.notEqual(decide(witness), expectations[index]!.action);
        assert.equal(compile(rules.rules)!.policy.decide(witness.protocol, witness.source, witness.port), by);
        assert.notEqual(
          compile([{ ...expectations[index]!, number: 1 }])!.policy.decide(
            witness.protocol,
            witness.source,
            witness.port,
          ),
          0,
        );
      }
      const held = expectations.filter((_, index) => found.every((each) => each.index !== index));
      for (const expectation of held) {
        const { policy } = compile([{ ...expectation, number: 1 }])!;
        for (const packet of packets)
          if (policy.decide(packet.protocol, packet.source, packet.port) === 1)
            assert.equal(decide(packet), expectation.action);
      }
    }),
    { numRuns: 300 },
  );
  assert.ok(broken > 100);
});

test('differences read as sentences', () => {
  const guide = ['allow tcp 443 from any', 'allow tcp 22 from 10.0.0.0/8'];
  const cases: readonly (readonly [readonly string[], readonly string[]])[] = [
    [guide, []],
    [[...guide, 'allow tcp 3306 from 10.0.0.0/8'], ['opens tcp 3306 to 10.0.0.0/8']],
    [['allow tcp 443 from any'], ['closes tcp 22 to 10.0.0.0/8']],
    [['deny tcp 443 from 203.0.113.7', ...guide], ['closes tcp 443 to 203.0.113.7']],
    [['allow tcp 443 from 203.0.113.7', 'deny tcp 443 from any', guide[1]!], ['closes tcp 443 to any but 203.0.113.7']],
    [
      ['allow all from 192.0.2.0/24', ...guide],
      ['opens tcp 1-442,444-65535 to 192.0.2.0/24', 'opens udp all ports to 192.0.2.0/24'],
    ],
    [[...guide, 'allow all 53,8000-8100 from 2001:db8::/32'], ['opens all 53,8000-8100 to 2001:db8::/32']],
    [[...guide, 'allow udp 53 from 0.0.0.0/0'], ['opens udp 53 to 0.0.0.0/0']],
    [
      ['allow all from any'],
      ['opens tcp 1-21,23-442,444-65535 to any', 'opens udp all ports to any', 'opens tcp 22 to any but 10.0.0.0/8'],
    ],
    [['allow tcp 443 from 0.0.0.0/1,128.0.0.0/1,::/0', 'allow tcp 22 from 10.128.0.0/9,10.0.0.0/9'], []],
  ];
  for (const [lines, sentences] of cases)
    assert.deepEqual(
      difference(set(guide), set(lines))!.changes.map(({ says }) => says),
      sentences,
      lines.join('; '),
    );
});

test('findings say what is so and what to do, and the guide has none', () => {
  const guide = [
    'allow tcp 443 from any',
    'allow tcp 80 from any',
    'allow tcp 22 from 10.0.0.0/8',
    'deny all from 0.0.0.0/0',
  ];
  assert.deepEqual(analyse(set(guide)), []);
  const odd = [
    'allow tcp 22 from 10.0.0.0/8',
    'deny tcp 22 from 10.1.0.0/16',
    'allow tcp 22 from 10.2.0.0/16',
    'allow tcp 443 from any',
    'deny all from 192.0.2.0/24',
    'allow tcp 5432 from any',
  ];
  const findings = analyse(set(odd))!.map(({ kind, says, instead }) => `${kind}: ${says}; ${instead}`);
  assert.deepEqual(findings, [
    'shadowed: rule 2 can never be hit: earlier rules decide all that it names; rule 1 allows tcp 10.1.0.1 → :22; move it before rule 1, or remove it',
    'never-hit: rule 3 can never be hit: earlier rules decide all that it names; rule 1 allows tcp 10.2.0.1 → :22; remove it',
    'contradictory: rule 4 allows tcp 192.0.2.1 → :443, which rule 5 would deny; neither rule holds the other, so only their order decides; move rule 5 before rule 4 if it is the exception, or name what it is really about',
    'too-wide: rule 6 lets the internet reach PostgreSQL (tcp 5432), for example tcp 203.0.113.7 → :5432; name the networks that need it',
  ]);
  const open = analyse(set([], 'ALLOW'))!.map(({ says }) => says);
  assert.deepEqual(open, ['the default lets the internet reach SSH (tcp 22), for example tcp 203.0.113.7 → :22']);
  const many = analyse(set(['allow tcp 12000-20000 from any', 'deny tcp 80 from 10.0.0.0/8']))!.map(
    ({ kind, says }) => `${kind}: ${says}`,
  );
  assert.deepEqual(many, [
    'too-wide: rule 1 opens 8,001 ports to the internet, tcp and udp together',
    'redundant: rule 2 changes nothing: without it the default would deny tcp 10.0.0.1 → :80 just the same',
  ]);
});

test('zones have everyone in the right place', () => {
  const members: readonly (readonly [string, string])[] = [
    ['203.0.113.7', 'internet'],
    ['1.0.0.0', 'internet'],
    ['223.255.255.255', 'internet'],
    ['2001:db8::7', 'internet'],
    ['10.1.2.3', 'private'],
    ['172.31.255.255', 'private'],
    ['100.64.0.1', 'private'],
    ['fd00::1', 'private'],
    ['127.0.0.1', 'loopback'],
    ['::1', 'loopback'],
    ['169.254.169.254', 'link-local'],
    ['fe80::1', 'link-local'],
    ['224.0.0.1', ''],
    ['255.255.255.255', ''],
    ['0.0.0.0', ''],
    ['ff02::1', ''],
  ];
  for (const [text, zone] of members) {
    const address = parseAddress(text);
    assert.ok(address.ok);
    const found = Object.keys(zones).filter(
      (name) => name !== 'any' && zones[name]!.some((cidr) => contains(cidr, address.value)),
    );
    assert.deepEqual(found, zone === '' ? [] : [zone], text);
  }
});

test('an expectation reads zones among addresses, and its faults have their places', () => {
  const problems: Problem[] = [];
  const mixed = parseExpectation('deny tcp 22 from internet, 10.0.0.0/8', 0, problems)!;
  assert.deepEqual(problems, []);
  assert.equal(mixed.sources.length, zones.internet!.length + 1);
  const faults: readonly (readonly [string, string, string, string])[] = [
    ['deny tcp 22 from intrnet', '                 ^^^^^^^', 'there is no zone "intrnet"', 'did you mean `internet`?'],
    [
      'deny tcp 22 from mars',
      '                 ^^^^',
      'there is no zone "mars"',
      'write one of any, internet, private, loopback, link-local, an address or a CIDR',
    ],
    ['dny tcp 22 from internet', '^^^', '"dny" is no action', 'did you mean `deny`?'],
    [
      'deny tcp 22 from 10.0.0.1/8',
      '                 ^^^^^^^^^^',
      '"10.0.0.1/8" has bits set behind its prefix',
      'write 10.0.0.0/8 for the network or 10.0.0.1 for the one address',
    ],
    ['deny tcp 22', '         ^^', 'the rule does not say from where', 'end with `from any` or `from 10.0.0.0/8`'],
  ];
  for (const [text, carets, says, instead] of faults) {
    const found: Problem[] = [];
    assert.equal(parseExpectation(text, 3, found), null, text);
    const { path, offset, length } = found[0]!;
    assert.deepEqual(
      [path, ' '.repeat(offset!) + '^'.repeat(length!), found[0]!.says, found[0]!.instead],
      [['expect', 3], carets, says, instead],
    );
  }
  fc.assert(
    fc.property(fc.string(), (text) => {
      const found: Problem[] = [];
      assert.equal(parseExpectation(text, 0, found) === null, found.length > 0);
    }),
  );
});

test('a range of addresses is covered by the fewest networks, each where it must be', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.integer({ min: 1, max: 70_000 }), (start, size) => {
      const end = Math.min(2 ** 32, start + size);
      const cover = coverOf(4, start, end);
      let at: number | bigint = start;
      for (const cidr of cover) {
        assert.equal(cidr.start, at, printAddress({ family: 4, value: start }));
        assert.equal(Number(cidr.start) % (Number(cidr.end) - Number(cidr.start)), 0);
        at = cidr.end;
      }
      assert.equal(at, end);
      assert.ok(cover.length <= 2 * Math.ceil(Math.log2(size + 1)) + 1);
    }),
  );
  assert.deepEqual(
    coverOf(6, 0n, 1n << 128n).map(({ prefix }) => prefix),
    [0],
  );
  assert.equal(coverOf(4, 1, 2 ** 32 - 1).length, 62);
  assert.equal(coverOf(6, 1n, (1n << 128n) - 1n).length, 254);
});

test('thousands of rules are taken apart, and what would take minutes is refused', () => {
  const lines = Array.from({ length: 3000 }, (_, index) => {
    const port = 1 + ((index * 7919) % 60_000);
    return `${index % 3 === 0 ? 'deny' : 'allow'} tcp ${port}-${port + (index % 200)} from 10.${index % 256}.${index >> 8}.0/24`;
  });
  const rules = set(lines);
  assert.ok(analyse(rules) !== null);
  assert.equal(difference(rules, set([...lines, 'allow tcp 65535 from 192.0.2.7']))!.changes.length, 1);
  const huge = set(
    Array.from(
      { length: 30_000 },
      (_, index) => `allow tcp ${1 + index * 2} from ${(index >> 16) + 1}.${(index >> 8) & 255}.${index & 255}.0/24`,
    ),
  );
  assert.equal(analyse(huge), null);
  assert.equal(difference(huge, rules), null);
});

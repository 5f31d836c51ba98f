// A policy as a table: letter by letter for the guide's rules, and by its parts for everything longer.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseAddress } from '../../base/address.ts';
import { contains, parseCidr } from '../../base/cidr.ts';
import { parseRule, type Rule } from '../rule.ts';
import { settingOf } from '../rule-setting.ts';
import { accompaniment, defaultKernel } from './accompaniment.ts';
import { banCommands, banElements, blocklistCommands, type KernelBan, neverBanCommands } from './callers.ts';
import { cutSets } from './cuts.ts';
import { Listing } from './listing.ts';
import { limitOf, shortened } from './phrases.ts';
import { noCallers, render } from './render.ts';
import { inputOf, type Json, replacement } from './table.ts';
import { statementText, textOf } from './text.ts';
import { addressValue, stretchesOf } from './words.ts';

function rulesOf(lines: readonly string[]): Rule[] {
  return lines.map((line, index) => {
    const rule = parseRule(line, index, '', []);
    assert.ok(rule, line);
    return rule;
  });
}

function cidr(text: string) {
  const parsed = parseCidr(text);
  assert.ok(parsed.ok, text);
  return parsed.value;
}

const guide = {
  rules: rulesOf(['allow tcp 443 from any', 'allow tcp 22 from 10.0.0.0/8,2001:db8::/32', 'deny all from 0.0.0.0/0']),
  default: 'DENY',
  kernel: defaultKernel,
  callers: noCallers,
  cut: [],
} as const;

/** The rules of one chain as text. */
function chainOf(table: ReturnType<typeof render>, name: string): string[] {
  const chain = table.chains.find((each) => each.name === name);
  assert.ok(chain, name);
  return chain.rules.map(({ statements, comment }) => {
    const words = statements.map(statementText).join(' ');
    return comment === '' ? words : `${words} # ${comment}`;
  });
}

test('the guide: every chain, in its order', () => {
  const table = render(guide);
  assert.deepEqual(
    table.chains.map(({ name, hook }) => (hook === null ? name : `${name} ${hook.name} ${hook.priority}`)),
    [
      'bans',
      'connections',
      'input input -10',
      'rules_input',
      'forward forward -10',
      'published',
      'rules_forward',
      'rule_1',
      'rule_2',
      'rule_3',
      'default',
    ],
  );
  assert.deepEqual(chainOf(table, 'input'), [
    'iif "lo" counter accept # loopback',
    'icmpv6 type { nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert, nd-redirect } ip6 hoplimit 255 counter accept # IPv6 neighbour discovery',
    'icmpv6 type mld-listener-query ip6 saddr fe80::/10 counter accept # IPv6 multicast listeners',
    'meta nfproto ipv4 udp sport 67 udp dport 68 counter accept # DHCP answers',
    'ip6 saddr fe80::/10 udp sport 547 udp dport 546 counter accept # DHCPv6 answers',
    'jump bans',
    'jump connections',
    'goto rules_input',
  ]);
  assert.deepEqual(chainOf(table, 'connections'), [
    'ct state invalid counter drop # invalid',
    'ct state established,related counter accept # established',
  ]);
  assert.deepEqual(chainOf(table, 'rules_input'), [
    'tcp dport 443 goto rule_1',
    'tcp dport 22 ip saddr 10.0.0.0/8 goto rule_2',
    'tcp dport 22 ip6 saddr 2001:db8::/32 goto rule_2',
    'meta nfproto ipv4 goto rule_3',
    'goto default',
  ]);
  assert.deepEqual(chainOf(table, 'rules_forward').slice(0, 2), [
    'meta l4proto tcp ct original proto-dst 443 goto rule_1',
    'meta l4proto tcp ct original proto-dst 22 ip saddr 10.0.0.0/8 goto rule_2',
  ]);
  assert.deepEqual(chainOf(table, 'rule_2'), ['counter accept # rule 2: allow tcp 22 from 10.0.0.0/8,2001:db8::/32']);
  assert.deepEqual(chainOf(table, 'default'), ['counter drop # default: no rule matches']);
});

test('settings add and take away by name', () => {
  const rate = { limit: 100, windowMs: 10_000 };
  const kernel = { ...defaultKernel, dropInvalid: false, maxNewPerSource: rate, maxConnectionsPerSource: 50 };
  const table = render({
    ...guide,
    kernel: { ...kernel, forward: 'off', log: 'denied', logRate: { limit: 3, windowMs: 60_000 } },
  });
  assert.deepEqual(chainOf(table, 'connections'), [
    'ct state established,related counter accept # established',
    'ct state new meter new4 size 65535 { ip saddr timeout 60s limit rate over 10/second burst 100 packets } counter drop # new connections of one source',
    'ct state new meter open4 size 65535 { ip saddr ct count over 50 } counter drop # open connections of one source',
    'ct state new meter new6 size 65535 { ip6 saddr & ffff:ffff:ffff:ffff:: timeout 60s limit rate over 10/second burst 100 packets } counter drop # new connections of one source',
    'ct state new meter open6 size 65535 { ip6 saddr & ffff:ffff:ffff:ffff:: ct count over 50 } counter drop # open connections of one source',
  ]);
  assert.equal(
    table.chains.some(({ name }) => name.includes('forward') || name === 'published'),
    false,
  );
  assert.equal(chainOf(table, 'rule_1').length, 1);
  assert.equal(
    chainOf(table, 'rule_3')[0],
    'limit rate 3/minute burst 3 packets log prefix "portcullis denies (rule 3): " level info',
  );
  assert.equal(accompaniment(kernel).always.length, 5);
});

test('a long list is a named set, and a run of rules that differ in one thing is one map', () => {
  const many = Array.from({ length: 20 }, (_, index) => `192.0.${index}.7`).join();
  const bySource = Array.from(
    { length: 9 },
    (_, index) => `${index % 2 ? 'deny' : 'allow'} tcp 22 from 10.${index}.0.0/16,10.0.0.0/8`,
  );
  const byPort = Array.from({ length: 8 }, (_, index) => `allow udp ${1000 + index * 2}-${1003 + index * 2} from any`);
  const listing = new Listing(rulesOf([`allow tcp 80 from ${many}`, ...bySource, ...byPort]));
  assert.deepEqual(
    listing.rules('input').map(({ statements }) => statements.map(statementText).join(' ')),
    [
      'tcp dport 80 ip saddr @rule_1_ip4 goto rule_1',
      'tcp dport 22 ip saddr vmap @rules_2_to_10_ip4',
      'udp dport vmap @rules_11_to_18_ports',
    ],
  );
  assert.deepEqual(
    listing
      .rules('forward')
      .slice(1)
      .map(({ statements }) => statements.map(statementText).join(' ')),
    [
      'meta l4proto tcp ct original proto-dst 22 ip saddr vmap @rules_2_to_10_ip4',
      'meta l4proto udp ct original proto-dst vmap @rules_11_to_18_ports',
    ],
  );
  const [set, bySources, byPorts] = listing.sets;
  assert.equal(set!.elements.length, 20);
  // Because the first rule has all of 10.0.0.0/8, nothing is left for the others.
  assert.deepEqual(bySources!.elements, [[{ prefix: { addr: '10.0.0.0', len: 8 } }, { goto: { target: 'rule_2' } }]]);
  assert.deepEqual(byPorts!.elements.slice(0, 2), [
    [{ range: [1000, 1003] }, { goto: { target: 'rule_11' } }],
    [{ range: [1004, 1005] }, { goto: { target: 'rule_12' } }],
  ]);
});

test('the replacement names our table only, and the removal comes first', () => {
  const commands = JSON.parse(inputOf(replacement(render(guide)))).nftables as Record<
    string,
    Record<string, Record<string, string>>
  >[];
  assert.deepEqual(commands.slice(0, 3), [
    { add: { table: { family: 'inet', name: 'portcullis' } } },
    { delete: { table: { family: 'inet', name: 'portcullis' } } },
    { add: { table: { family: 'inet', name: 'portcullis' } } },
  ]);
  for (const command of commands.slice(3)) {
    assert.deepEqual(Object.keys(command), ['add']);
    assert.deepEqual(
      Object.values(command.add!).map(({ family, table }) => `${family} ${table}`),
      ['inet portcullis'],
    );
  }
  assert.ok(
    textOf(render(guide)).startsWith(
      'add table inet portcullis\ndelete table inet portcullis\ntable inet portcullis {\n',
    ),
  );
});

test('a ban within a longer one is left out, and one that lasts longer is cut out of it', () => {
  const bans: KernelBan[] = [
    { cidr: cidr('10.0.0.0/24'), remainingSeconds: 60 },
    { cidr: cidr('10.0.0.128/26'), remainingSeconds: null },
    { cidr: cidr('10.0.0.7'), remainingSeconds: 30 },
    { cidr: cidr('10.0.1.0/24'), remainingSeconds: 60 },
    { cidr: cidr('2001:db8::1'), remainingSeconds: 5 },
  ];
  assert.deepEqual(banElements(bans, 4), [
    { elem: { val: { prefix: { addr: '10.0.0.0', len: 25 } }, timeout: 60 } },
    { prefix: { addr: '10.0.0.128', len: 26 } },
    { elem: { val: { range: ['10.0.0.192', '10.0.1.255'] }, timeout: 60 } },
  ]);
  assert.deepEqual(banElements(bans, 6), [{ elem: { val: '2001:db8::1', timeout: 5 } }]);
});

test('disjoint bans say of every address what the longest ban says', () => {
  const small = fc.tuple(
    fc.integer({ min: 0, max: 255 }),
    fc.integer({ min: 24, max: 32 }),
    fc.option(fc.integer({ min: 1, max: 9 })),
  );
  fc.assert(
    fc.property(fc.array(small, { maxLength: 12 }), fc.integer({ min: 0, max: 255 }), (made, host) => {
      const bans = made.map(([last, length, remainingSeconds]): KernelBan => {
        const start = last - (last % 2 ** (32 - length));
        return { cidr: cidr(`192.0.2.${start}/${length}`), remainingSeconds };
      });
      const address = parseAddress(`192.0.2.${host}`);
      assert.ok(address.ok);
      const over = bans
        .filter((ban) => contains(ban.cidr, address.value))
        .map((ban) => ban.remainingSeconds ?? Number.POSITIVE_INFINITY);
      const wanted = over.length === 0 ? null : Math.max(...over);
      const found = banElements(bans, 4).filter((element) => holds(element, host));
      assert.ok(found.length <= 1);
      assert.equal(found.length === 0 ? null : secondsOf(found[0]!), wanted);
    }),
  );
});

function holds(element: Json, host: number): boolean {
  const value = valueOf(element);
  const { prefix, range } = value as { prefix?: { addr: string; len: number }; range?: [string, string] };
  const last = (address: string) => Number(address.split('.')[3]);
  if (range !== undefined) return last(range[0]) <= host && host <= last(range[1]);
  if (prefix !== undefined) return last(prefix.addr) <= host && host < last(prefix.addr) + 2 ** (32 - prefix.len);
  return last(value as string) === host;
}

function valueOf(element: Json): Json {
  const { elem } = element as { elem?: { val: Json } };
  return elem === undefined ? element : elem.val;
}

function secondsOf(element: Json): number {
  const { elem } = element as { elem?: { timeout: number } };
  return elem === undefined ? Number.POSITIVE_INFINITY : elem.timeout;
}

test('sets are refilled in one transaction each', () => {
  const kinds = (commands: readonly { json: Json }[]) => commands.map(({ json }) => Object.keys(json as object)[0]);
  assert.deepEqual(kinds(banCommands([])), ['flush', 'flush']);
  assert.deepEqual(kinds(neverBanCommands([cidr('10.0.0.0/8')])), ['flush', 'add', 'flush']);
  const list = { name: 'drop', four: [{ first: 1, last: 2 }], six: [] };
  assert.deepEqual(blocklistCommands(0, list)[1]!.json, {
    add: {
      set: {
        family: 'inet',
        table: 'portcullis',
        name: 'blocklist_1_ip4',
        type: 'ipv4_addr',
        flags: ['interval'],
        elem: [{ range: ['0.0.0.1', '0.0.0.2'] }],
      },
    },
  });
});

test('a flow is named once by both its ends', () => {
  const address = parseAddress('10.0.0.7');
  assert.ok(address.ok);
  const flow = { source: address.value, protocol: 'tcp', sourcePort: 40_000, port: 3306 } as const;
  const [four, six] = cutSets([flow, flow]);
  assert.deepEqual(four!.elements, [{ elem: { val: { concat: ['10.0.0.7', 'tcp', 40_000, 3306] }, timeout: 86_400 } }]);
  assert.deepEqual(six!.elements, []);
});

test('addresses become a host, a prefix or a range', () => {
  const values = (texts: readonly string[], family: 4 | 6) =>
    stretchesOf(texts.map(cidr), family).map((each) => addressValue(each, family));
  assert.deepEqual(values(['10.0.0.0/25', '10.0.0.128/25', '10.0.1.0/25', '192.0.2.7'], 4), [
    { range: ['10.0.0.0', '10.0.1.127'] },
    '192.0.2.7',
  ]);
  assert.deepEqual(values(['2001:db8::/33', '2001:db8:8000::/33'], 6), [{ prefix: { addr: '2001:db8::', len: 32 } }]);
});

test('a rate is told in the smallest unit that divides it', () => {
  assert.deepEqual(limitOf({ limit: 100, windowMs: 10_000 }, true), { rate: 10, burst: 100, per: 'second', inv: true });
  assert.deepEqual(limitOf({ limit: 5, windowMs: 10_000 }, false), { rate: 30, burst: 5, per: 'minute' });
  assert.deepEqual(limitOf({ limit: 1, windowMs: 7 * 86_400_000 }, false), { rate: 1, burst: 1, per: 'day' });
});

test('a comment is one line that nft takes', () => {
  assert.equal(shortened('say "hello" \\ to\nall\u0000'), 'say  hello    to all');
  assert.equal(Buffer.byteLength(shortened('é'.repeat(200))), 126);
});

test('a rule can be written down whole and read again', () => {
  const lines = [
    'allow tcp 22 from 10.0.0.0/8,2001:db8::1',
    'deny all from any',
    'deny udp 53,100-200 from ::/0',
    'allow all from 0.0.0.0/0',
  ];
  for (const rule of rulesOf(lines)) {
    const again = parseRule(settingOf(rule), rule.number - 1, '', []);
    assert.deepEqual(again, rule);
  }
  assert.deepEqual(settingOf(rulesOf(lines)[2]!), {
    action: 'deny',
    protocol: 'udp',
    port: [53, '100-200'],
    source: ['::/0'],
  });
});

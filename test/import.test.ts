// Imports of what the real programs print: rules of ours are put into iptables, nftables and ufw of a namespace of this test's own,
// listed by them, read back, and must decide every packet as before.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { parse } from 'yaml';
import { build, difference, formatOf, importRules, type RuleSet, yamlOf } from '../src/firewall/firewall.ts';

const folder = mkdtempSync(join(tmpdir(), 'portcullis-import-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** What a shell prints in a network and mount namespace of its own. */
function apart(script: string): string {
  return execFileSync('unshare', ['-n', '-m', 'sh', '-ec', script], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

function setOf(rules: readonly unknown[], whenNone: string): RuleSet {
  const result = build(
    { default: whenNone as 'deny', rules: rules as string[], comments: rules.map(() => ''), enforce: ['accept'] },
    { locate: () => '' },
  );
  assert.ok(result.ok, rules.join('\n'));
  return result.value.ruleSet;
}

function imported(text: string): { set: RuleSet; notes: string[] } {
  const found = importRules(text, formatOf(text)!);
  assert.ok(typeof found !== 'string', String(found));
  const { firewall } = parse(yamlOf(found)) as { firewall: { default: string; rules: unknown[] } };
  return { set: setOf(firewall.rules, firewall.default), notes: found.notes.map(({ says }) => says) };
}

function agrees(text: string, rules: readonly string[], whenNone: string): void {
  const { set } = imported(text);
  assert.deepEqual(
    difference(setOf(rules, whenNone), set)!.changes.map(({ says }) => says),
    [],
    `${rules.join('\n')}\n${text}`,
  );
}

interface Simple {
  readonly action: 'allow' | 'deny';
  readonly protocol: 'tcp' | 'udp' | 'all';
  readonly ports: readonly (readonly [number, number])[];
  readonly source: string;
}

const simple = (sources: readonly string[]): fc.Arbitrary<Simple> =>
  fc.record({
    action: fc.constantFrom('allow' as const, 'deny' as const),
    protocol: fc.constantFrom('tcp' as const, 'udp' as const, 'all' as const),
    ports: fc.constantFrom<Simple['ports']>(
      [],
      [[22, 22]],
      [
        [80, 80],
        [443, 443],
      ],
      [[1000, 2000]],
      [
        [25, 25],
        [8000, 8100],
      ],
    ),
    source: fc.constantFrom(...sources),
  });
const sources4 = ['0.0.0.0/0', '10.0.0.0/8', '10.1.0.0/16', '203.0.113.7/32'];
const sources6 = ['::/0', '2001:db8::/32', '2001:db8::7/128'];

function lineOf({ action, protocol, ports, source }: Simple): string {
  const text = ports.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(',');
  return `${action} ${protocol} ${text} from ${source}`.replace('  ', ' ');
}

/** One of our rules as iptables has it: one for each protocol where ports are named. */
function iptablesOf({ action, protocol, ports, source }: Simple): string[] {
  const target = action === 'allow' ? 'ACCEPT' : 'DROP';
  if (protocol === 'all' && ports.length === 0)
    return ['tcp', 'udp'].map((own) => `-A INPUT -s ${source} -p ${own} -j ${target}`);
  const list = ports.map(([first, last]) => (first === last ? `${first}` : `${first}:${last}`)).join(',');
  const match = ports.length === 0 ? '' : ports.length === 1 ? `--dport ${list}` : `-m multiport --dports ${list}`;
  return (protocol === 'all' ? ['tcp', 'udp'] : [protocol]).map(
    (own) => `-A INPUT -s ${source} -p ${own} ${match} -j ${target}`,
  );
}

for (const [program, sources, other] of [
  ['iptables', sources4, '::/0'],
  ['ip6tables', sources6, '0.0.0.0/0'],
] as const)
  test(`${program}: what it saves of our rules decides as they do`, () => {
    fc.assert(
      fc.property(
        fc.array(simple(sources), { minLength: 1, maxLength: 12 }),
        fc.constantFrom('ACCEPT', 'DROP'),
        (rules, policy) => {
          const file = join(folder, `${program}.rules`);
          writeFileSync(
            file,
            ['*filter', `:INPUT ${policy} [0:0]`, ...rules.flatMap(iptablesOf), 'COMMIT', ''].join('\n'),
          );
          const text = apart(`${program}-restore < ${file}; ${program}-save`);
          const whenNone = policy === 'DROP' ? 'deny' : 'allow';
          // The other family is not in the dump: its default is the same.
          agrees(text, [...rules.map(lineOf), `${whenNone} all from ${other}`], whenNone);
        },
      ),
      { numRuns: 8 },
    );
  });

function nftOf({ action, protocol, ports, source }: Simple): string {
  const family = source.includes(':') ? 'ip6' : 'ip';
  const list = ports.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(', ');
  const match =
    protocol === 'all'
      ? `meta l4proto { tcp, udp } ${ports.length > 0 ? `th dport { ${list} }` : ''}`
      : ports.length > 0
        ? `${protocol} dport { ${list} }`
        : `meta l4proto ${protocol}`;
  return `${family} saddr ${source} ${match} ${action === 'allow' ? 'accept' : 'drop'}`;
}

test('nft: what it lists of our rules decides as they do, with sets, maps and chains that are called', () => {
  fc.assert(
    fc.property(
      fc.array(simple([...sources4, ...sources6]), { minLength: 2, maxLength: 12 }),
      fc.constantFrom('accept', 'drop'),
      (rules, policy) => {
        const half = rules.length >> 1;
        const file = join(folder, 'nft.rules');
        const text = `table inet own {
        set office { type ipv4_addr; flags interval; elements = { 198.51.100.0/24, 192.0.2.1-192.0.2.9 } }
        chain more {
          ${rules.slice(half).map(nftOf).join('\n')}
        }
        chain input {
          type filter hook input priority 0; policy ${policy};
          ct state established,related accept
          ct state vmap { invalid : drop, established : accept, related : accept }
          meta l4proto vmap { icmp : accept, ipv6-icmp : accept }
          ip saddr @office tcp dport 5432 counter accept comment "database"
          ${rules.slice(0, half).map(nftOf).join('\n')}
          meta nfproto vmap { ipv4 : jump more, ipv6 : jump more }
        }
        chain forward { type filter hook forward priority 0; tcp dport 1 drop; }
      }`;
        writeFileSync(file, text);
        const listed = apart(`nft -f ${file}; nft -j list ruleset`);
        const whenNone = policy === 'drop' ? 'deny' : 'allow';
        agrees(
          listed,
          [
            'allow tcp 5432 from 198.51.100.0/24,192.0.2.1,192.0.2.2/31,192.0.2.4/30,192.0.2.8/31',
            ...rules.map(lineOf),
          ],
          whenNone,
        );
        assert.ok(imported(listed).notes.includes('the chain does not say who may connect to this machine'));
      },
    ),
    { numRuns: 8 },
  );
});

test('ufw: its status, its numbers and its files say the same as what it was told', () => {
  const copy = join(folder, 'ufw');
  cpSync('/etc/ufw', copy, { recursive: true });
  const commands = [
    'allow 22/tcp comment "SSH from anywhere"',
    'allow proto tcp from 10.0.0.0/8 to any port 80,443',
    'deny from 203.0.113.0/24',
    'limit 2222/tcp',
    'reject 6000:6007/udp',
    'allow from 2001:db8::/32 to any port 25 proto tcp',
    'allow out 53',
    'allow in on eth0 to any port 99',
  ];
  const rules = [
    'allow tcp 22 from any',
    'allow tcp 80,443 from 10.0.0.0/8',
    'deny all from 203.0.113.0/24',
    'allow tcp 2222 from any',
    'deny udp 6000-6007 from any',
    'allow tcp 25 from 2001:db8::/32',
  ];
  const script = `mount --bind ${copy} /etc/ufw; mount -t tmpfs none /run; ufw --force enable >&2; ${commands.map((command) => `ufw ${command} >&2`).join('; ')}`;
  const [verbose = '', numbered = '', tuples = ''] = apart(
    `${script}; ufw status verbose; echo =====; ufw status numbered; echo =====; cat /etc/ufw/user.rules /etc/ufw/user6.rules`,
  ).split('=====\n');
  for (const text of [verbose, numbered, tuples]) {
    agrees(text, rules, 'deny');
    const { notes } = imported(text);
    assert.ok(notes.includes('it is about an interface, and our rules are about all'), text);
    assert.ok(
      notes.some((note) => note.startsWith('it is about traffic that goes out')),
      text,
    );
  }
});

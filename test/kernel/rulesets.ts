// Rulesets as other programs leave them in a kernel: several tables, hooks and priorities, jumps, maps, marks, sets.

import type { Chance } from './agreement.ts';

/** Text for `nft -f`: what stands in the kernel beside our own table. */
export function otherRuleset(chance: Chance): string {
  const tables = Array.from({ length: 1 + chance.below(3) }, (_, index) => table(chance, index));
  return `flush ruleset\n${tables.join('\n')}`;
}

function table(chance: Chance, index: number): string {
  const family = chance.of(['inet', 'inet', 'ip', 'ip6']);
  const lines = [`table ${family} t${index} {`];
  lines.push('  set ports { type inet_service; flags interval; elements = { 80-90, 443 }\n  }');
  if (family !== 'ip6')
    lines.push('  set four { type ipv4_addr; flags interval; elements = { 11.0.0.0/8, 50.0.0.0/7, 100.1.2.3 }\n  }');
  if (family !== 'ip')
    lines.push(
      '  set six { type ipv6_addr; flags interval; elements = { 2001:db8:1::/48, 2001:db8:3::-2001:db8:4::ffff }\n  }',
    );
  const targets = ['side', 'last'];
  lines.push(`  chain last {\n${rules(chance, family, [])}\n  }`);
  lines.push(`  chain side {\n${rules(chance, family, ['last'])}\n  }`);
  const hooks = [
    ['prerouting', chance.of([-300, -150, 0])],
    ['input', chance.of([-5, 0, 10])],
    ['input', chance.of([20, 30])],
  ] as const;
  hooks.forEach(([hook, priority], at) => {
    if (chance.below(3) === 0) return;
    const policy = hook === 'input' && chance.below(3) === 0 ? 'drop' : 'accept';
    lines.push(
      `  chain c${at} {\n    type filter hook ${hook} priority ${priority}; policy ${policy};\n${rules(chance, family, targets)}\n  }`,
    );
  });
  return `${lines.join('\n')}\n}`;
}

function rules(chance: Chance, family: string, targets: readonly string[]): string {
  return Array.from({ length: chance.below(6) }, () => `    ${rule(chance, family, targets)}`).join('\n');
}

function rule(chance: Chance, family: string, targets: readonly string[]): string {
  const words = Array.from({ length: chance.below(3) }, () => matchWords(chance, family));
  if (chance.below(4) === 0) words.push('counter');
  const end = chance.below(12);
  if (end < 3) words.push('accept');
  else if (end < 6) words.push(chance.of(['drop', 'drop', 'reject']));
  else if (end < 8 && targets.length > 0) words.push(`${chance.of(['jump', 'goto'])} ${chance.of(targets)}`);
  else if (end === 8) words.push('return');
  else if (end === 9) words.push(`meta mark set ${chance.below(4)}`);
  else if (end === 10)
    words.push(
      `tcp dport vmap { 80 : accept, 81-85 : drop, 443 : ${targets[0] === undefined ? 'accept' : `jump ${targets[0]}`} }`,
    );
  else words.push('limit rate 1000/second counter');
  return words.join(' ');
}

function matchWords(chance: Chance, family: string): string {
  const of4 = [
    'ip saddr @four',
    'ip saddr != 11.0.0.0/8',
    'ip saddr { 12.0.0.0/8, 50.1.0.0-50.2.255.255 }',
    'ip daddr 10.50.0.1',
    'ip protocol udp',
    'ip saddr & 255.0.0.0 == 50.0.0.0',
    'ip saddr . tcp dport { 11.0.0.0/8 . 80-85, 50.0.0.0/8 . 443 }',
  ];
  const of6 = ['ip6 saddr @six', 'ip6 saddr != 2001:db8:1::/48', 'ip6 nexthdr tcp', 'ip6 daddr fd50::1'];
  const all = [
    'tcp dport 80',
    'tcp dport != 80-85',
    'udp dport { 53, 80-90 }',
    'th dport @ports',
    'tcp dport < 1024',
    'tcp dport >= 443',
    'meta l4proto tcp',
    'meta l4proto { tcp, udp }',
    'meta l4proto != 6',
    'iifname "wire"',
    'iifname "w*"',
    'iifname != "lo"',
    'iif "lo"',
    'ct state new',
    'ct state established,related',
    'ct state vmap { established : accept, invalid : drop }',
    'ct state != new',
    'ct direction original',
    'meta mark 1',
    'meta mark != 2',
    'meta mark & 2 == 2',
    'fib daddr type local',
    'fib saddr type local',
    'tcp flags syn',
    'tcp flags & (syn | ack) == syn',
    'tcp flags & (fin | syn) == (fin | syn)',
    'ct status dnat',
    'meta nfproto ipv4',
    'meta pkttype host',
  ];
  const choices = [...all, ...(family === 'ip6' ? [] : of4), ...(family === 'ip' ? [] : of6)];
  return chance.of(choices);
}

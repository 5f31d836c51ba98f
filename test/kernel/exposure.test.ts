// The simulator of whole rulesets and the kernel: the same packets, led through in thought and really sent.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAddress } from '../../src/base/address.ts';
import { type Json, listRuleset, type Outcome, rulesetOf, simulate } from '../../src/firewall/firewall.ts';
import { Chance, idsIn, witness } from './agreement.ts';
import { addresses, type World, whyNot, world } from './namespace.ts';
import { frameOf, type Packet, sendFrames } from './packets.ts';
import { otherRuleset } from './rulesets.ts';

const skip = whyNot();

function address(text: string) {
  const parsed = parseAddress(text);
  assert.ok(parsed.ok, text);
  return parsed.value;
}

const own = new Set(
  ['10.50.0.1', 'fd50::1', '127.0.0.1', '::1'].map((text) => `${address(text).family} ${address(text).value}`),
);
const around = {
  isOwn: ({ family, value }: { family: 4 | 6; value: number | bigint }) => own.has(`${family} ${value}`),
};

const sources = [
  '11.1.1.1',
  '12.5.0.1',
  '50.1.2.3',
  '51.9.9.9',
  '100.1.2.3',
  '99.0.0.1',
  '2001:db8:1::5',
  '2001:db8:2::5',
  '2001:db8:3::1',
  '2001:db8:4::ffff',
  '2001:db8:5::1',
];
const ports = [22, 53, 79, 80, 81, 85, 86, 90, 443, 444, 1023, 1024, 8080];

async function passed({ gate, caller }: World, packets: readonly Packet[]): Promise<Set<number>> {
  const ran = await gate.nft.run(['-f', '-'], witness);
  assert.ok(ran.ok, ran.ok ? '' : ran.text);
  await gate.conntrack.run(['-F']);
  sendFrames(caller, packets.map(frameOf));
  assert.equal((await idsIn({ gate }, 'came', packets.length)).size, packets.length);
  return idsIn({ gate }, 'passed', 0);
}

function outcomeOf(listing: readonly Json[], packet: Packet): Outcome {
  const source = address(packet.source);
  const target = address(source.family === 4 ? addresses.gate.four : addresses.gate.six);
  const { sourcePort, port } = packet;
  const protocol = packet.protocol === 'udp' ? 'udp' : 'tcp';
  return simulate(rulesetOf(listing), { protocol, source, sourcePort, target, port, from: 'wire' }, around);
}

test('what the simulator says of other rulesets is what the kernel does, for 1,200 packets under 30 rulesets', {
  skip,
}, async (t) => {
  const wire = world(t);
  const chance = new Chance(99);
  let decided = 0;
  let undecided = 0;
  for (let round = 0; round < 30; ) {
    const text = otherRuleset(chance);
    const ran = await wire.gate.nft.run(['-f', '-'], text);
    // Because chance writes rules that contradict themselves (`ip6 nexthdr … ip saddr …`), which nft does not take.
    if (!ran.ok) {
      assert.match(ran.text, /conflicting|Error/);
      continue;
    }
    round++;
    const listed = await listRuleset(wire.gate.nft);
    assert.ok(listed.ok);
    const packets = Array.from(
      { length: 40 },
      (_, index): Packet => ({
        source: chance.of(sources),
        protocol: chance.of(['tcp', 'udp'] as const),
        sourcePort: 2000 + index,
        port: chance.of(ports),
      }),
    );
    const arrived = await passed(wire, packets);
    packets.forEach((packet, id) => {
      const outcome = outcomeOf(listed.value, packet);
      if (outcome.verdict === 'undecided') undecided++;
      else decided++;
      if (outcome.verdict === 'undecided') return;
      assert.equal(
        outcome.verdict === 'passes',
        arrived.has(id),
        `${JSON.stringify(packet)} ${JSON.stringify(outcome, (_, value) => (typeof value === 'bigint' ? String(value) : value))}\n${text}`,
      );
    });
  }
  assert.equal(decided + undecided, 1200);
  assert.ok(decided >= 1150, `${decided} decided`);
});

/** Rulesets of one table with a base chain at input, each about one thing. `side` and `last` can be gone to. */
const directed: Readonly<Record<string, string>> = {
  'a goto does not come back':
    'chain side { counter\n } chain in { type filter hook input priority 0; policy accept; tcp dport 22 goto side; tcp dport { 22, 80 } drop; }',
  'a goto within a jump comes back to the jump':
    'chain last { counter\n } chain side { tcp dport { 22, 80 } goto last; drop; } chain in { type filter hook input priority 0; policy accept; jump side; tcp dport 80 drop; }',
  'a return from a base chain is its policy':
    'chain in { type filter hook input priority 0; policy drop; tcp dport 80 return; accept; }',
  'an accept leaves the word to later chains':
    'chain a { type filter hook input priority 0; policy drop; accept; } chain b { type filter hook input priority 1; policy accept; tcp dport 80 drop; }',
  'one packet exceeds no limit':
    'chain in { type filter hook input priority 0; policy accept; tcp dport 80 limit rate over 1/hour burst 100 packets drop; tcp dport 443 limit rate 1/second burst 100 packets drop; }',
  'a mark set before is seen behind':
    'chain pre { type filter hook prerouting priority -150; policy accept; tcp dport 80 meta mark set 7; } chain in { type filter hook input priority 0; policy accept; meta mark 7 drop; }',
  'what is not tracked is not new':
    'chain pre { type filter hook prerouting priority -300; policy accept; tcp dport 80 notrack; } chain in { type filter hook input priority 0; policy drop; ct state new accept; }',
  'a redirect moves the port before input sees it':
    'chain nat { type nat hook prerouting priority -100; policy accept; tcp dport 80 redirect to :443; } chain in { type filter hook input priority 0; policy accept; tcp dport 443 ct status dnat drop; tcp dport 80 drop; }',
  'the first translation holds':
    'chain one { type nat hook prerouting priority -100; tcp dport 80 redirect to :22; } chain two { type nat hook prerouting priority -90; tcp dport { 22, 80 } redirect to :443; } chain in { type filter hook input priority 0; policy accept; tcp dport 443 drop; }',
  'a map says where to':
    'chain side { drop\n } chain in { type filter hook input priority 0; policy accept; ip saddr . tcp dport vmap { 11.0.0.0/8 . 80 : jump side, 12.0.0.0/8 . 443 : drop }; }',
  'a translation by a map':
    'chain nat { type nat hook prerouting priority -100; meta l4proto tcp redirect to :tcp dport map { 80 : 443, 22 : 8080 }; } chain in { type filter hook input priority 0; policy accept; tcp dport 8080 drop; }',
  'a counter of connections':
    'chain in { type filter hook input priority 0; policy accept; tcp dport 80 ct count over 1000 drop; tcp dport 443 ct count 1000 drop; }',
};

for (const [name, chains] of Object.entries(directed))
  test(`the kernel and the simulator: ${name}`, { skip }, async (t) => {
    const wire = world(t);
    const ran = await wire.gate.nft.run(['-f', '-'], `table inet t {\n${chains.replaceAll('} chain', '}\nchain')}\n}`);
    assert.ok(ran.ok, ran.ok ? '' : ran.text);
    const listed = await listRuleset(wire.gate.nft);
    assert.ok(listed.ok);
    const packets = ['11.1.1.1', '12.5.0.1', '2001:db8:1::5'].flatMap((source, row) =>
      [22, 80, 443, 8080].map(
        (port, column): Packet => ({ source, protocol: 'tcp', sourcePort: 3000 + row * 4 + column, port }),
      ),
    );
    const arrived = await passed(wire, packets);
    const told = packets.map((packet) => outcomeOf(listed.value, packet).verdict);
    assert.deepEqual(
      told,
      packets.map((_, id) => (arrived.has(id) ? 'passes' : 'dropped')),
    );
    assert.ok(new Set(told).size === 2, 'some pass, some do not');
  });

test('what iptables put there and nft does not tell is said, and matters only where it matters', {
  skip,
}, async (t) => {
  const wire = world(t);
  wire.gate.run(
    'sh',
    '-c',
    [
      'iptables -t nat -N DOCKER',
      'iptables -t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER',
      'iptables -t nat -A DOCKER -p tcp --dport 8080 -j DNAT --to-destination 172.30.0.2:80',
      'iptables -A INPUT -p tcp --dport 22 -j ACCEPT',
      'iptables -P INPUT DROP',
    ].join(' && '),
  );
  const listed = await listRuleset(wire.gate.nft);
  assert.ok(listed.ok);
  const told = (port: number) =>
    outcomeOf(listed.value, { source: '11.1.1.1', protocol: 'tcp', sourcePort: 4000, port });
  assert.deepEqual([told(22).verdict, told(443).verdict, told(8080).verdict], ['passes', 'dropped', 'undecided']);
  assert.deepEqual(
    told(8080).doubts.map((doubt) => doubt.replace(/handle \d+/, 'handle N')),
    [
      'the match addrtype of iptables (ip nat PREROUTING, rule handle N)',
      'the target DNAT of iptables (ip nat DOCKER, rule handle N)',
    ],
  );
});

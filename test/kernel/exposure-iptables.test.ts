// Rules of iptables, over nftables and by itself: what exposure reads of them is what the kernel does with real packets.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { parseAddress } from '../../src/base/address.ts';
import { type Ruleset, saverProgram, simulate } from '../../src/firewall/firewall.ts';
import { type Reader, routesOf } from '../../src/ports/ports.ts';
import { wholeRuleset } from '../../src/supervisor/supervisor.ts';
import { Chance, idsIn, witness } from './agreement.ts';
import { addresses, type Namespace, type World, whyNot, world } from './namespace.ts';
import { frameOf, type Packet, sendFrames } from './packets.ts';

const skip = whyNot();

function address(text: string) {
  const parsed = parseAddress(text);
  assert.ok(parsed.ok, text);
  return parsed.value;
}

const own = new Set(['10.50.0.1', 'fd50::1'].map((text) => String(address(text).value)));

/** Reads the files of a namespace. */
function readerOf({ name }: Namespace): Reader {
  const read = (path: string) => {
    const ran = spawnSync('ip', ['netns', 'exec', name, 'cat', path], { encoding: 'latin1' });
    return ran.status === 0 ? ran.stdout : null;
  };
  return { read, list: () => [], link: () => null };
}

async function rulesetOf({ gate }: World): Promise<Ruleset> {
  const saver = (name: string) => saverProgram(name, { command: ['ip', 'netns', 'exec', gate.name, name] });
  const told = await wholeRuleset({ nft: gate.nft, reader: readerOf(gate), saver });
  assert.ok(told.ok, told.ok ? '' : told.trouble.says);
  assert.deepEqual(told.value.unseen, []);
  return told.value;
}

function outcomes({ gate }: World, ruleset: Ruleset, packets: readonly Packet[]) {
  const outBy = routesOf(readerOf(gate));
  return packets.map(({ source, protocol, sourcePort, port }) => {
    const from = address(source);
    const target = address(from.family === 4 ? addresses.gate.four : addresses.gate.six);
    const probe = { source: from, sourcePort, target, port, from: 'wire' };
    return simulate(
      ruleset,
      { ...probe, protocol: protocol === 'udp' ? 'udp' : 'tcp' },
      { isOwn: ({ value }) => own.has(String(value)), outBy },
    );
  });
}

async function arrived({ gate, caller }: World, packets: readonly Packet[]): Promise<Set<number>> {
  const ran = await gate.nft.run(['-f', '-'], witness);
  assert.ok(ran.ok, ran.ok ? '' : ran.text);
  await gate.conntrack.run(['-F']);
  sendFrames(caller, packets.map(frameOf));
  assert.equal((await idsIn({ gate }, 'came', packets.length)).size, packets.length);
  const passed = await idsIn({ gate }, 'passed', 0);
  gate.run('nft', 'delete table inet witness');
  return passed;
}

const sources = {
  4: ['11.1.1.1', '12.5.0.1', '50.1.2.3', '51.9.9.9', '100.1.2.3', '99.0.0.1'],
  6: ['2001:db8:1::5', '2001:db8:2::5', '2001:db8:3::1', '2001:db8:4::ffff'],
} as const;
const ports = [22, 53, 79, 80, 81, 85, 86, 90, 443, 444, 1023, 1024, 8080];

/** A dump as `iptables-restore` takes it: chains that call chains, and every match that exposure understands. */
function dump(chance: Chance, family: 4 | 6): string {
  const maybe = (words: () => string) => (chance.below(4) === 0 ? words() : '');
  const not = () => (chance.below(4) === 0 ? '! ' : '');
  const four = ['11.0.0.0/8', '50.0.0.0/7', '100.1.2.3', '0.0.0.0/1'];
  const six = ['2001:db8:1::/48', '2001:db8:2::/47', '2001:db8:3::1', '::/2'];
  const network = () => chance.of(family === 4 ? four : six);
  const list = () => Array.from({ length: 1 + chance.below(3) }, () => chance.of(ports)).join(',');
  const protocol = () => {
    const word = chance.of(['tcp', 'udp']);
    const match = chance.of([
      () => '',
      () => `-m ${word} ${not()}--dport ${chance.of(ports)}`,
      () => `-m ${word} --dport 80:${chance.of([85, 443, 1023])}`,
      () => `-m multiport ${not()}--dports ${list()},85:90`,
      () => (word === 'tcp' ? '-m tcp --tcp-flags FIN,SYN,RST,ACK SYN' : ''),
      () => (word === 'tcp' ? '-m tcp --tcp-flags SYN,ACK ACK' : ''),
    ])();
    return `-p ${word} ${match}`;
  };
  const range = family === 4 ? '11.0.0.9-51.200.0.0' : '2001:db8:1::-2001:db8:3::';
  const words = () =>
    [
      maybe(() => `${not()}-s ${network()}`),
      maybe(() => `${not()}-i ${chance.of(['wire', 'wi+', 'lo'])}`),
      chance.below(2) === 0 ? protocol() : '',
      maybe(() => `-m conntrack ${not()}--ctstate ${chance.of(['NEW', 'RELATED,ESTABLISHED', 'NEW,INVALID', 'DNAT'])}`),
      maybe(() => `-m addrtype ${not()}--dst-type ${chance.of(['LOCAL', 'UNICAST', 'MULTICAST'])}`),
      maybe(() => `-m iprange ${not()}--src-range ${range}`),
      maybe(() => `-m mark ${not()}--mark ${chance.of(['0x1', '0x1/0x1', '0x0'])}`),
      maybe(() => `-m comment --comment "-j ${chance.of(['ACCEPT', 'DROP'])} --dport 22"`),
      maybe(() => '-m limit --limit 100/second --limit-burst 200'),
    ]
      .filter((word) => word !== '')
      .join(' ');
  const rules = (chain: string, targets: readonly string[]) =>
    Array.from({ length: 1 + chance.below(5) }, () => `-A ${chain} ${words()} ${chance.of(targets)}`);
  const ends = ['-j ACCEPT', '-j DROP', '-j REJECT', '-j RETURN', '-j LOG', '-j side', '-g side'];
  return [
    '*mangle',
    ...rules('PREROUTING', ['-j MARK --set-xmark 0x1/0xffffffff', '-j ACCEPT', '-j MARK --set-xmark 0x0/0xffffffff']),
    'COMMIT',
    '*nat',
    ':ports - [0:0]',
    `-A PREROUTING -m addrtype --dst-type LOCAL -j ports`,
    `-A ports -p tcp -m tcp --dport 80 -j REDIRECT --to-ports ${chance.of([22, 443])}`,
    `-A ports -p tcp -m multiport --dports 81,1024 -j DNAT --to-destination ${family === 4 ? '10.50.0.1' : '[fd50::1]'}:8080`,
    'COMMIT',
    '*filter',
    `:INPUT ${chance.of(['ACCEPT', 'DROP'])} [0:0]`,
    ':side - [0:0]',
    ...rules('INPUT', ends),
    ...rules('side', ['-j ACCEPT', '-j DROP', '-j RETURN']),
    'COMMIT',
    '',
  ].join('\n');
}

for (const backend of ['nft', 'legacy'] as const)
  test(`iptables-${backend}: 600 packets under 15 rulesets go as exposure says`, { skip }, async (t) => {
    const wire = world(t);
    const chance = new Chance(backend === 'nft' ? 5 : 6);
    let undecided = 0;
    for (let round = 0; round < 15; round++) {
      const family = chance.below(3) === 0 ? 6 : 4;
      const text = dump(chance, family);
      const program = `${family === 4 ? 'iptables' : 'ip6tables'}-${backend}-restore`;
      const loaded = spawnSync('ip', ['netns', 'exec', wire.gate.name, program], { input: text, encoding: 'utf8' });
      assert.equal(loaded.status, 0, `${loaded.stderr}\n${text}`);
      const before = wire.gate.run('nft', 'list', 'ruleset');
      const ruleset = await rulesetOf(wire);
      assert.equal(wire.gate.run('nft', 'list', 'ruleset'), before, 'looking changes nothing');
      const packets = Array.from(
        { length: 40 },
        (_, index): Packet => ({
          source: chance.of<string>(sources[family]),
          protocol: chance.of(['tcp', 'udp'] as const),
          sourcePort: 2000 + index,
          port: chance.of(ports),
        }),
      );
      const told = outcomes(wire, ruleset, packets);
      const passed = await arrived(wire, packets);
      packets.forEach((packet, id) => {
        const { verdict, by, doubts } = told[id]!;
        if (verdict === 'undecided') undecided++;
        else assert.equal(verdict === 'passes', passed.has(id), `${JSON.stringify(packet)} ${by} ${doubts}\n${text}`);
      });
      for (const name of ['filter', 'nat', 'mangle']) wire.gate.run(program.replace('-restore', ''), '-t', name, '-F');
      wire.gate.run(program.replace('-restore', ''), '-P', 'INPUT', 'ACCEPT');
    }
    assert.equal(undecided, 0, 'every one of them can be told');
  });

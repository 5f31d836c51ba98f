// The kernel and the decision table, asked about the same packets: rules are generated, packets really sent, verdicts compared.

import assert from 'node:assert/strict';
import { parseAddress, printAddress } from '../../src/base/address.ts';
import {
  build,
  compile,
  defaultKernel,
  type KernelPolicy,
  noCallers,
  putTable,
  type Rule,
  render,
} from '../../src/firewall/firewall.ts';
import type { World } from './namespace.ts';
import { frameOf, idOf, macOf, type Packet, sendFrames } from './packets.ts';

/** A source of chance that begins at `seed`: the same seed, the same packets. */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number from 0 up to but without `below` (mulberry32). */
  below(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * below);
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
}

/** Rules of one firewall, as lines, and what decides where none does. */
export interface RuleCase {
  readonly lines: readonly string[];
  readonly default: 'allow' | 'deny';
}

const ports = [1, 22, 53, 67, 68, 80, 443, 546, 547, 1024, 8080, 8081, 32767, 32768, 65534, 65535];

/** A list of rules: short ones, and runs that become maps. */
export function ruleCase(chance: Chance): RuleCase {
  const lines: string[] = [];
  const groups = 1 + chance.below(5);
  for (let group = 0; group < groups; group++) {
    const kind = chance.below(4);
    const count = kind === 0 ? 1 + chance.below(3) : 8 + chance.below(12);
    const [ports, sources, protocol] = [portList(chance), sourceList(chance), chance.of(['tcp', 'udp', 'all'])];
    for (let index = 0; index < count; index++) {
      const action = chance.of(['allow', 'deny']);
      if (kind <= 1)
        lines.push(`${action} ${chance.of(['tcp', 'udp', 'all'])} ${portList(chance)} from ${sourceList(chance)}`);
      else if (kind === 2) lines.push(`${action} ${protocol} ${ports} from ${sourceList(chance)}`);
      else lines.push(`${action} ${protocol} ${portList(chance)} from ${sources}`);
    }
  }
  return { lines, default: chance.of(['allow', 'deny']) };
}

function portList(chance: Chance): string {
  if (chance.below(5) === 0) return 'all';
  const items = Array.from({ length: 1 + chance.below(3) }, () => {
    const first = chance.below(3) === 0 ? 1 + chance.below(65_535) : chance.of(ports);
    return chance.below(3) === 0 ? `${first}-${Math.min(65_535, first + chance.below(5000))}` : `${first}`;
  });
  return items.join(',');
}

function sourceList(chance: Chance): string {
  const kind = chance.below(12);
  if (kind === 0) return 'any';
  if (kind === 1) return '0.0.0.0/0';
  if (kind === 2) return '::/0';
  const many = kind === 3 ? 20 + chance.below(20) : 1 + chance.below(4);
  return Array.from({ length: many }, () => cidr(chance)).join(',');
}

function cidr(chance: Chance): string {
  if (chance.below(2) === 0) {
    const length = chance.of([1, 4, 8, 12, 16, 20, 24, 28, 30, 31, 32]);
    const address = (((1 + chance.below(220)) << 24) | (chance.below(4) << 16) | chance.below(65_536)) >>> 0;
    const network = length === 0 ? 0 : (address & (-1 << (32 - length))) >>> 0;
    return `${printAddress({ family: 4, value: network })}/${length}`;
  }
  const length = BigInt(chance.of([3, 16, 32, 48, 56, 64, 96, 120, 127, 128]));
  const address = (0x2001_0db8n << 96n) | (BigInt(chance.below(4)) << 64n) | BigInt(chance.below(65_536));
  return `${printAddress({ family: 6, value: (address >> (128n - length)) << (128n - length) })}/${length}`;
}

/** A packet at or beside an edge of some rule, or anywhere. */
export function packetFor(chance: Chance, rules: readonly Rule[], sourcePort: number): Packet {
  const rule = rules.length > 0 && chance.below(8) > 0 ? chance.of(rules) : null;
  const range = rule === null ? { first: 1 + chance.below(65_535), last: 65_535 } : chance.of(rule.ports);
  const port = clamp(
    chance.of([range.first - 1, range.first, range.last, range.last + 1, (range.first + range.last) >>> 1]),
    65_535,
  );
  const protocol = chance.below(6) === 0 ? chance.of([1, 47, 50, 89, 253]) : chance.of(['tcp', 'udp'] as const);
  const network = rule === null ? null : chance.of(rule.sources);
  let source =
    network === null ? anywhere(chance) : nearby(chance, network.family, BigInt(network.start), BigInt(network.end));
  if (!mayArrive(source)) source = anywhere(chance);
  const isSix = source.includes(':');
  return { source, protocol: isSix && protocol === 1 ? 58 : protocol, sourcePort, port };
}

function clamp(port: number, max: number): number {
  return Math.min(max, Math.max(1, port));
}

function nearby(chance: Chance, family: 4 | 6, start: bigint, end: bigint): string {
  const width = 1n << (family === 4 ? 32n : 128n);
  const value = chance.of([start - 1n, start, end - 1n, end, (start + end) / 2n]);
  const inside = ((value % width) + width) % width;
  return printAddress({ family, value: family === 4 ? Number(inside) : inside });
}

function anywhere(chance: Chance): string {
  if (chance.below(2) === 0)
    return `${11 + chance.below(90)}.${chance.below(256)}.${chance.below(256)}.${1 + chance.below(254)}`;
  return `2001:db8:${chance.below(5)}::${(1 + chance.below(65_535)).toString(16)}`;
}

/** Whether a host takes packets from such a source at all: Linux drops "martians" before any firewall (fib_frontend.c). */
function mayArrive(source: string): boolean {
  const parsed = parseAddress(source);
  if (!parsed.ok) return false;
  const { family, value } = parsed.value;
  if (family === 4) {
    const first = Number(value) >>> 24;
    return (
      first > 0 &&
      first !== 127 &&
      first < 224 &&
      source !== '10.50.0.1' &&
      source !== '10.50.0.255' &&
      source !== '10.50.0.0'
    );
  }
  const top = BigInt(value) >> 120n;
  return (
    BigInt(value) > 1n &&
    top !== 0xffn &&
    source !== 'fd50::1' &&
    source !== 'fd50::' &&
    BigInt(value) >> 118n !== 0x3fan
  );
}

/** The rules of a case, understood. */
export function policyOf({ lines, default: whenNone }: RuleCase): {
  policy: KernelPolicy;
  decide: (packet: Packet) => number;
} {
  const built = build({ default: whenNone, rules: lines, comments: [], enforce: ['accept'] }, { locate: () => '' });
  assert.ok(built.ok, lines.join('\n'));
  const { rules, default: decided } = built.value.ruleSet;
  const policy: KernelPolicy = { rules, default: decided, kernel: defaultKernel, callers: noCallers, cut: [] };
  // Because the decision table knows TCP and UDP, other protocols are asked of the rules that name every port of all.
  const portless = rules.filter(
    ({ protocol, ports }) => protocol === 'ALL' && ports[0]!.first === 0 && ports[0]!.last === 65_535,
  );
  const others = compile(portless.map((rule, index) => ({ ...rule, number: index + 1 })))!.policy;
  const decide = ({ protocol, source, port }: Packet): number => {
    if (typeof protocol === 'string') return built.value.simulate(protocol, source, port);
    const found = others.decide('tcp', source, 1);
    return found <= 0 ? found : portless[found - 1]!.number;
  };
  return { policy, decide };
}

/** A table that writes down which packets reached it behind ours, and lets none of them be answered. */
export const witness = `
add table inet witness
delete table inet witness
table inet witness {
  set came { type ether_addr; flags dynamic; size 65535;
  }
  set passed { type ether_addr; flags dynamic; size 65535;
  }
  chain early { type filter hook prerouting priority -400; policy accept;
    ether saddr & ff:ff:00:00:00:00 == 02:51:00:00:00:00 add @came { ether saddr }
  }
  chain late { type filter hook input priority 100; policy accept;
    ether saddr & ff:ff:00:00:00:00 == 02:51:00:00:00:00 add @passed { ether saddr } drop
  }
  chain beyond { type filter hook forward priority 100; policy accept;
    ether saddr & ff:ff:00:00:00:00 == 02:51:00:00:00:00 add @passed { ether saddr } drop
  }
}`;

/** Compares both about `count` packets under one list of rules; returns how many packets were compared. */
export async function compare(wire: World, chance: Chance, count: number): Promise<number> {
  const made = ruleCase(chance);
  const { policy, decide } = policyOf(made);
  const packets = Array.from({ length: count }, (_, index) => packetFor(chance, policy.rules, 1024 + index));
  const { gate, caller } = wire;
  const put = await putTable(gate.nft, render(policy));
  assert.ok(put.ok, `${made.lines.join('\n')}\n${put.ok ? '' : put.trouble.says}`);
  const ran = await gate.nft.run(['-f', '-'], witness);
  assert.ok(ran.ok, ran.ok ? '' : ran.text);
  await gate.conntrack.run(['-F']);
  sendFrames(caller, packets.map(frameOf));
  const came = await idsIn(wire, 'came', count);
  const passed = await idsIn(wire, 'passed', 0);
  assert.equal(came.size, count, 'packets were lost on the wire');
  const hits = await ruleCounters(wire);
  const expected = new Map<number, number>();
  packets.forEach((packet, id) => {
    const rule = decide(packet);
    expected.set(rule, (expected.get(rule) ?? 0) + 1);
    const isAllowed = rule === 0 ? policy.default === 'ALLOW' : policy.rules[rule - 1]!.action === 'ALLOW';
    const told = () =>
      `rule ${rule} about ${JSON.stringify(packet)} (${macOf(id)})\n${made.lines.join('\n')}\ndefault ${made.default}`;
    assert.equal(passed.has(id), isAllowed, told());
  });
  for (const [rule, packetsSeen] of hits)
    assert.equal(packetsSeen, expected.get(rule) ?? 0, `rule ${rule}\n${made.lines.join('\n')}`);
  return count;
}

/** Numbers of the packets that the witness has in a set. */
export async function idsIn({ gate }: Pick<World, 'gate'>, set: string, atLeast: number): Promise<Set<number>> {
  // Because a veth hands packets over in a softirq, the last may still be on its way when the sender has ended.
  for (let looks = 0; ; looks++) {
    const ran = await gate.nft.run(['-j', 'list', 'set', 'inet', 'witness', set]);
    assert.ok(ran.ok);
    const found =
      JSON.parse(ran.output).nftables.find((each: { set?: unknown }) => each.set !== undefined).set.elem ?? [];
    if (found.length >= atLeast || looks > 200) return new Set(found.map(idOf));
  }
}

/** Packets by the number of the rule that decided, 0 for the default. */
async function ruleCounters({ gate }: World): Promise<Map<number, number>> {
  const ran = await gate.nft.run(['-j', 'list', 'table', 'inet', 'portcullis']);
  assert.ok(ran.ok);
  const counts = new Map<number, number>();
  for (const { rule } of JSON.parse(ran.output).nftables) {
    if (rule === undefined || !(rule.chain === 'default' || rule.chain.startsWith('rule_'))) continue;
    const counter = rule.expr.find((each: { counter?: { packets: number } }) => each.counter !== undefined);
    if (counter !== undefined)
      counts.set(rule.chain === 'default' ? 0 : Number(rule.chain.slice(5)), counter.counter.packets);
  }
  return counts;
}

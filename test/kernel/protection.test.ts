// Below HTTP: too many new connections, too many at once, packets of no connection, bans and cut flows, with real packets.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseAddress } from '../../src/base/address.ts';
import { parseCidr } from '../../src/base/cidr.ts';
import {
  defaultKernel,
  type Flow,
  type KernelCallers,
  type KernelSettings,
  noCallers,
  putTable,
  render,
} from '../../src/firewall/firewall.ts';
import { idsIn, policyOf, witness } from './agreement.ts';
import { type World, whyNot, world } from './namespace.ts';
import { frameOf, type Packet, sendFrames } from './packets.ts';

const skip = whyNot();

interface Wanted {
  readonly kernel?: Partial<KernelSettings>;
  readonly callers?: Partial<KernelCallers>;
  readonly cut?: readonly Flow[];
}

async function put({ gate }: World, { kernel = {}, callers = {}, cut = [] }: Wanted): Promise<void> {
  const { policy } = policyOf({ lines: ['allow all from any'], default: 'deny' });
  const done = await putTable(
    gate.nft,
    render({ ...policy, kernel: { ...defaultKernel, ...kernel }, callers: { ...noCallers, ...callers }, cut }),
  );
  assert.ok(done.ok, done.ok ? '' : done.trouble.says);
}

/** How many of these packets pass, by their source. */
async function passing(
  { gate, caller }: World,
  packets: readonly Packet[],
  frames = packets.map(frameOf),
): Promise<Record<string, number>> {
  const ran = await gate.nft.run(['-f', '-'], witness);
  assert.ok(ran.ok, ran.ok ? '' : ran.text);
  sendFrames(caller, frames);
  assert.equal((await idsIn({ gate }, 'came', packets.length)).size, packets.length);
  const counts: Record<string, number> = {};
  const passed = await idsIn({ gate }, 'passed', 0);
  packets.forEach(({ source }, id) => {
    counts[source] = (counts[source] ?? 0) + (passed.has(id) ? 1 : 0);
  });
  return counts;
}

const many = (source: string, count: number): Packet[] =>
  Array.from({ length: count }, (_, index) => ({ source, protocol: 'tcp', sourcePort: 20_000 + index, port: 80 }));

test('a source has its rate of new connections, an IPv6 household one for its /64, and others go on', {
  skip,
}, async (t) => {
  const wire = world(t);
  await put(wire, { kernel: { maxNewPerSource: { limit: 5, windowMs: 86_400_000 } } });
  const household = Array.from(
    { length: 20 },
    (_, index): Packet => ({
      source: `2001:db8:7::${index + 1}`,
      protocol: 'udp',
      sourcePort: 30_000 + index,
      port: 53,
    }),
  );
  const counts = await passing(wire, [
    ...many('11.1.1.1', 20),
    ...many('12.1.1.1', 3),
    ...household,
    ...many('2001:db8:8::1', 2),
  ]);
  assert.deepEqual([counts['11.1.1.1'], counts['12.1.1.1'], counts['2001:db8:8::1']], [5, 3, 2]);
  assert.equal(
    household.reduce((sum, { source }) => sum + counts[source]!, 0),
    5,
  );
});

test('a source has so many connections at once, and no more', { skip }, async (t) => {
  const wire = world(t);
  // Because the witness drops what passes, connections would not be kept: without it they are counted by conntrack.
  await put(wire, { kernel: { maxConnectionsPerSource: 4 } });
  // UDP, because nothing listens: TCP would be reset at once, and on a busy machine be over before the next one comes.
  const sources = [...many('11.1.1.1', 10), ...many('12.1.1.1', 2), ...many('2001:db8:8::1', 6)].map(
    (packet): Packet => ({ ...packet, protocol: 'udp' }),
  );
  sendFrames(wire.caller, sources.map(frameOf));
  const dropped = async () => {
    const ran = await wire.gate.nft.run(['-j', 'list', 'chain', 'inet', 'portcullis', 'connections']);
    assert.ok(ran.ok);
    const rules = (
      JSON.parse(ran.output).nftables as { rule?: { comment: string; expr: { counter?: { packets: number } }[] } }[]
    ).flatMap(({ rule }) => (rule === undefined ? [] : [rule]));
    return rules
      .filter(({ comment }) => comment === 'open connections of one source')
      .map(({ expr }) => expr.find(({ counter }) => counter !== undefined)!.counter!.packets);
  };
  while ((await dropped()).reduce((sum, each) => sum + each, 0) < 8)
    await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(await dropped(), [6, 2]);
});

test('packets that belong to no connection and begin none are dropped, unless the setting says otherwise', {
  skip,
}, async (t) => {
  const wire = world(t);
  const packets = many('11.1.1.1', 3);
  const frames = packets.map((packet, id) => {
    const frame = frameOf(packet, id);
    // A segment with SYN and FIN at once, which no TCP sends; its checksum is mended.
    frame[14 + 20 + 13] = 0x03;
    frame.writeUInt16BE(frame.readUInt16BE(14 + 20 + 16) - 1, 14 + 20 + 16);
    return frame;
  });
  await put(wire, {});
  assert.deepEqual(await passing(wire, packets, frames), { '11.1.1.1': 0 });
  await put(wire, { kernel: { dropInvalid: false } });
  assert.deepEqual(await passing(wire, packets, frames), { '11.1.1.1': 3 });
});

test('bans and blocklists hold whatever rules say, and never for those who are never banned', { skip }, async (t) => {
  const wire = world(t);
  const cidr = (text: string) => {
    const parsed = parseCidr(text);
    assert.ok(parsed.ok);
    return parsed.value;
  };
  const list = {
    name: 'list of bad ones',
    four: [{ first: 0x0d00_0000, last: 0x0dff_ffff }],
    six: [{ first: 0x2001_0db8_0009n << 80n, last: (0x2001_0db8_000an << 80n) - 1n }],
  };
  const bans = ['11.0.0.0/8', '2001:db8:1::/48'].map((text) => ({ cidr: cidr(text), remainingSeconds: 600 }));
  await put(wire, {
    callers: { bans, blocklists: [list], neverBan: ['11.2.0.0/16', '13.2.0.0/16', '2001:db8:1:2::/64'].map(cidr) },
  });
  const sources = [
    '11.1.1.1',
    '11.2.1.1',
    '12.1.1.1',
    '13.1.1.1',
    '13.2.1.1',
    '2001:db8:1:1::1',
    '2001:db8:1:2::1',
    '2001:db8:2::1',
    '2001:db8:9::1',
  ];
  const counts = await passing(
    wire,
    sources.flatMap((source) => many(source, 1)),
  );
  assert.deepEqual(
    Object.keys(counts).filter((source) => counts[source] === 1),
    ['11.2.1.1', '12.1.1.1', '13.2.1.1', '2001:db8:1:2::1', '2001:db8:2::1'],
  );
});

test('a flow that is cut is cut, and its neighbours are not', { skip }, async (t) => {
  const wire = world(t);
  const source = parseAddress('11.1.1.1');
  const six = parseAddress('2001:db8:2::1');
  assert.ok(source.ok && six.ok);
  await put(wire, {
    cut: [
      { source: source.value, protocol: 'tcp', sourcePort: 20_001, port: 80 },
      { source: six.value, protocol: 'tcp', sourcePort: 20_000, port: 80 },
    ],
  });
  assert.deepEqual(await passing(wire, [...many('11.1.1.1', 4), ...many('12.1.1.1', 4), ...many('2001:db8:2::1', 4)]), {
    '11.1.1.1': 3,
    '12.1.1.1': 4,
    '2001:db8:2::1': 3,
  });
});

/** Why the kernel's log cannot be read here: it is one for the whole machine, and says nothing of namespaces unless its owner wants it. */
function whyNoLog(): string | false {
  if (skip !== false) return skip;
  const name = 'net.netfilter.nf_log_all_netns';
  try {
    if (readFileSync(`/proc/sys/${name.replaceAll('.', '/')}`, 'latin1').trim() === '1') return false;
  } catch {
    // No module has it yet.
  }
  return `the kernel logs nothing of namespaces (sysctl -w ${name}=1 lets it)`;
}

test("denied packets are in the kernel's log with the number of the rule, no more often than it is said", {
  skip: whyNoLog(),
}, async (t) => {
  const wire = world(t);
  const { policy } = policyOf({ lines: ['allow tcp 80 from any', 'deny tcp 23 from any'], default: 'deny' });
  const kernel: KernelSettings = { ...defaultKernel, log: 'denied', logRate: { limit: 3, windowMs: 86_400_000 } };
  const done = await putTable(wire.gate.nft, render({ ...policy, kernel, callers: noCallers, cut: [] }));
  assert.ok(done.ok);
  const mark = `portcullis-test-${randomBytes(6).toString('hex')}`;
  writeFileSync('/dev/kmsg', `<6>${mark}\n`);
  const telnet = many('11.7.7.7', 9).map((packet): Packet => ({ ...packet, port: 23 }));
  const other = many('11.7.7.8', 2).map((packet): Packet => ({ ...packet, port: 25 }));
  await passing(wire, [...telnet, ...other, ...many('11.7.7.9', 2)]);
  const log = execFileSync('dmesg', { encoding: 'utf8' });
  const lines = log.slice(log.indexOf(mark)).split('\n');
  const of = (source: string) => lines.filter((line) => line.includes(`SRC=${source} `));
  assert.equal(of('11.7.7.7').length, 3);
  assert.match(of('11.7.7.7')[0]!, /portcullis denies \(rule 2\): IN=wire .* DPT=23 /);
  assert.match(of('11.7.7.8')[0]!, /portcullis denies \(default\): IN=wire .* DPT=25 /);
  assert.deepEqual(of('11.7.7.9'), [], 'what is allowed is not logged');
});

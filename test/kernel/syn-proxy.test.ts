// The SYN proxy with real handshakes: who answers the cookie is connected, and half-open ones leave nothing behind.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  defaultKernel,
  findDrift,
  type KernelSettings,
  listTable,
  noCallers,
  offTrial,
  onTrial,
  putTable,
  render,
  type Table,
  tableName,
  tableOf,
  textOf,
} from '../../src/firewall/firewall.ts';
import { policyOf } from './agreement.ts';
import { machine } from './machine.ts';
import { addresses, type World, whyNot, world } from './namespace.ts';
import { frameOf, sendFrames } from './packets.ts';

const skip = whyNot();
const port = 8080;

/** A world whose gate has the sysctls and a server that says who calls. */
async function served(t: TestContext): Promise<World> {
  const wire = world(t);
  wire.gate.run('sysctl', '-qw', 'net.netfilter.nf_conntrack_tcp_loose=0');
  const serves = `require('node:net').createServer((s) => s.on('error', () => {}).on('data', (d) => s.end(s.remoteAddress + ' ' + d)))
    .listen(${port}, '::', () => console.log('up'))`;
  const server = spawn('ip', ['netns', 'exec', wire.gate.name, process.execPath, '-e', serves], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => server.kill('SIGKILL'));
  await once(server.stdout, 'data');
  return wire;
}

/** What the server says to a client in the caller's namespace, or why there is none. */
function call({ caller }: World, to: string, from = ''): string {
  const calls = `const s = require('node:net').connect({ port: ${port}, host: '${to}'${from && `, localAddress: '${from}'`} }, () => s.write('hello'));
    s.on('data', (d) => process.stdout.write(d)).on('error', (e) => process.stdout.write(e.code));`;
  return caller.run(process.execPath, '-e', calls);
}

const both = 'allow tcp 8080 from 10.50.0.0/24,11.0.0.0/8,fd50::/64,2001:db8::/32';

function tableOfRules(kernel: Partial<KernelSettings>): Table {
  const { policy } = policyOf({ lines: ['deny tcp 8080 from 11.9.0.0/16', both], default: 'deny' });
  return render({ ...policy, kernel: { ...defaultKernel, ...kernel }, callers: noCallers, cut: [] });
}

async function put({ gate }: World, table: Table): Promise<void> {
  const done = await putTable(gate.nft, table);
  assert.ok(done.ok, done.ok ? '' : done.trouble.says);
}

async function listing({ gate }: World) {
  const listed = await listTable(gate.nft);
  assert.ok(listed.ok && listed.value !== null);
  return listed.value;
}

/** Packets counted by the rules of a chain. */
async function counted(wire: World, chain: string): Promise<number> {
  type Listed = { rule?: { chain: string; expr: { counter?: { packets: number } }[] } };
  return ((await listing(wire)) as Listed[])
    .filter(({ rule }) => rule?.chain === chain)
    .flatMap(({ rule }) => rule!.expr.map(({ counter }) => counter?.packets ?? 0))
    .reduce((sum, each) => sum + each, 0);
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setImmediate(resolve));
}

/** Sockets in SYN_RECV (03 in proc(5)), and connections that are tracked. */
function halfOpen({ gate }: World): { readonly waiting: number; readonly tracked: number } {
  const rows = ['tcp', 'tcp6'].flatMap((name) => gate.run('cat', `/proc/net/${name}`).split('\n'));
  const tracked = Number(gate.run('cat', '/proc/sys/net/netfilter/nf_conntrack_count'));
  return { waiting: rows.filter((row) => row.trim().split(/\s+/)[3] === '03').length, tracked };
}

const burst = (source: string, count: number) =>
  Array.from({ length: count }, (_, id) => frameOf({ source, protocol: 'tcp', sourcePort: 20_000 + id, port }, id));

test('clients connect through it, are seen with their own address, and count once by the rule that allows them', {
  skip,
}, async (t) => {
  const wire = await served(t);
  await put(wire, tableOfRules({ synProxyPorts: [port], maxNewPerSource: { limit: 50, windowMs: 60_000 } }));
  assert.equal(call(wire, addresses.gate.four), `::ffff:${addresses.caller.four} hello`);
  assert.equal(call(wire, addresses.gate.six), `${addresses.caller.six} hello`);
  assert.equal(call(wire, addresses.gate.four), `::ffff:${addresses.caller.four} hello`);
  assert.equal(await counted(wire, 'rule_2'), 3);
  assert.equal(await counted(wire, 'syn_untracked'), 3);
});

test('a burst of SYNs leaves no half-open socket and no tracked connection; without it each leaves both', {
  skip,
}, async (t) => {
  const wire = await served(t);
  const frames = [...burst('11.1.1.1', 400), ...burst('2001:db8:1::1', 100)];
  await put(wire, tableOfRules({ synProxyPorts: [port] }));
  sendFrames(wire.caller, frames);
  await until(async () => (await counted(wire, 'syn_proxy')) === 500);
  assert.equal(halfOpen(wire).waiting, 0);
  assert.equal(halfOpen(wire).tracked, 0);
  assert.equal(await counted(wire, 'rule_2'), 0);
  assert.equal(call(wire, addresses.gate.four), `::ffff:${addresses.caller.four} hello`);

  await put(wire, tableOfRules({}));
  sendFrames(wire.caller, frames);
  await until(async () => (await counted(wire, 'rule_2')) >= 500);
  const without = halfOpen(wire);
  assert.ok(without.waiting > 0, 'half-open sockets');
  assert.ok(without.tracked >= 500, `${without.tracked} tracked`);
});

test('who is denied gets no answer, and packets that only look like the end of a handshake reach nobody', {
  skip,
}, async (t) => {
  const wire = await served(t);
  await put(wire, tableOfRules({ synProxyPorts: [port] }));
  sendFrames(wire.caller, burst('11.9.1.1', 20));
  await until(async () => (await counted(wire, 'rule_1')) === 20);
  assert.equal(await counted(wire, 'syn_proxy'), 0);
  // ACK in place of SYN; the checksum is mended.
  const forged = burst('11.1.1.1', 20).map((frame) => {
    frame[14 + 20 + 13] = 0x10;
    frame.writeUInt16BE(frame.readUInt16BE(14 + 20 + 16) - 0x0e, 14 + 20 + 16);
    return frame;
  });
  sendFrames(wire.caller, forged);
  await until(async () => (await counted(wire, 'syn_proxy')) === 20);
  assert.equal(await counted(wire, 'rule_2'), 0);
  assert.equal(halfOpen(wire).tracked, 0);
});

test('the kernel lists it as it was written, takes its own listing, and takes the exported text', {
  skip,
}, async (t) => {
  const wire = world(t);
  const table = tableOfRules({ synProxyPorts: [80, port] });
  await put(wire, table);
  assert.deepEqual(findDrift(table, await listing(wire)), []);
  const read = tableOf(await listing(wire), tableName);
  assert.ok(read.ok);
  await put(wire, read.value);
  assert.deepEqual(findDrift(table, await listing(wire)), []);
  const loaded = await wire.gate.nft.run(['-f', '-'], textOf(table));
  assert.ok(loaded.ok, loaded.ok ? '' : loaded.text);
  assert.deepEqual(findDrift(table, await listing(wire)), []);
  wire.gate.run('nft', 'flush', 'chain', 'inet', tableName, 'syn_untracked');
  assert.equal(findDrift(table, await listing(wire)).length, 1);
});

test('after a trial that nobody confirms, the former proxy works again, though the new rules have none', {
  skip,
}, async (t) => {
  const wire = await served(t);
  const without = tableOfRules({});
  const trial = onTrial(without, tableOfRules({ synProxyPorts: [port] }), 1);
  await put(wire, trial);
  const read = tableOf(await listing(wire), tableName);
  assert.ok(read.ok);
  assert.deepEqual(
    offTrial(read.value)
      .chains.map(({ name }) => name)
      .sort(),
    without.chains.map(({ name }) => name).sort(),
  );
  type Listed = { set?: { name: string; elem?: unknown[] } };
  await until(async () => ((await listing(wire)) as Listed[]).every(({ set }) => set?.name !== 'trial' || !set.elem));
  assert.equal(call(wire, addresses.gate.four), `::ffff:${addresses.caller.four} hello`);
  assert.equal(await counted(wire, 'former_rule_2'), 1);
  assert.ok((await counted(wire, 'former_syn_proxy')) >= 2);
});

test('plan and apply say which sysctl is wrong and change nothing; set by its owner they apply, and verify watches it', {
  skip,
}, async (t) => {
  const it = await machine(t);
  const file = [
    'listen: [{ port: 8443 }]',
    'sites: [{ host: a, to: 3000 }]',
    'data_directory: data',
    'firewall:',
    '  enforce: [accept, kernel]',
    '  rules: [allow tcp 22 from 10.50.0.0/24, allow tcp 8443 from any]',
    '  kernel: { syn_proxy: true }',
  ];
  const write = (lines: readonly string[]) =>
    writeFileSync(join(it.folder, 'portcullis.yaml'), `${lines.join('\n')}\n`);
  write(file);
  const says =
    'firewall.kernel.syn_proxy cannot work here: net.netfilter.nf_conntrack_tcp_loose is 1 and must be 0 (the end of a handshake would pass for a connection, and none would work)';
  const instead =
    'run `sysctl -w net.netfilter.nf_conntrack_tcp_loose=0` and keep it in /etc/sysctl.d, or leave syn_proxy out';
  it.gate.run('sysctl', '-qw', 'net.netfilter.nf_conntrack_tcp_loose=1');
  const session = await it.call();
  for (const command of ['plan', 'apply'])
    assert.deepEqual(await session.say(command), { code: 1, text: `portcullis: ${says}\n  ${instead}\n` });
  const listed = await listTable(it.gate.nft);
  assert.ok(listed.ok && listed.value === null);
  const checked = await session.say('check');
  assert.equal(checked.code, 0);
  assert.ok(checked.text.includes(says) && checked.text.includes('portcullis.yaml:7'), checked.text);

  // Because the session was open before the kernel tracked anything, it is picked up before picking up ends.
  write(file.slice(0, -1));
  const first = await session.say('apply');
  assert.equal(first.code, 0, first.text);
  write(file);
  it.gate.run('sysctl', '-qw', 'net.netfilter.nf_conntrack_tcp_loose=0');
  const applied = await session.say('apply');
  assert.equal(applied.code, 0, applied.text);
  assert.deepEqual(await session.say('firewall verify'), {
    code: 0,
    text: 'the kernel has the rules of the configuration\n',
  });
  it.gate.run('sysctl', '-qw', 'net.netfilter.nf_conntrack_tcp_loose=1');
  const verified = await session.say('firewall verify');
  assert.equal(verified.code, 1);
  assert.ok(verified.text.startsWith(`${says}; ${instead}\n`), verified.text);
});

test('where the kernel picks up no connection, plan names those that would end, apply refuses, and what it says to do helps', {
  skip,
}, async (t) => {
  const it = await machine(t);
  it.gate.run('sysctl', '-qw', 'net.netfilter.nf_conntrack_tcp_loose=0');
  const session = await it.call();
  const plan = await session.say('plan');
  assert.equal(plan.code, 1, plan.text);
  const why = 'not tracked by the kernel, and net.netfilter.nf_conntrack_tcp_loose is 0';
  assert.match(
    plan.text,
    new RegExp(
      `^cuts no live connection\nends 1 live connection that the rules allow:\n  tcp 10\\.50\\.0\\.2:\\d+ → :22 \\(${why}\\)  your own connection\n  first run \`sysctl -w net`,
      'm',
    ),
  );
  const refused = await session.say('apply');
  assert.equal(refused.code, 1);
  assert.match(refused.text, /^portcullis: this would cut your own connection: tcp .* \(not tracked by the kernel/);
  const listed = await listTable(it.gate.nft);
  assert.ok(listed.ok && listed.value === null, 'nothing was applied');
  it.gate.run('sysctl', '-qw', 'net.netfilter.nf_conntrack_tcp_loose=1');
  assert.equal((await session.say('apply')).code, 0);
  it.gate.run('sysctl', '-qw', 'net.netfilter.nf_conntrack_tcp_loose=0');
  const again = await session.say('apply');
  assert.equal(again.code, 0, again.text);
});

// Our table in a kernel: put there whole, read back as it was meant, its refusals told by the rule, and programs that answer nonsense.

import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Chance, policyOf, ruleCase } from '../../../test/kernel/agreement.ts';
import { namespace, whyNot } from '../../../test/kernel/namespace.ts';
import { defaultKernel } from './accompaniment.ts';
import { banCommands, blocklistCommands } from './callers.ts';
import { checkTable, listRuleset, listTable, putTable, readListing, removeTable, send } from './kernel.ts';
import { nftProgram, type Program } from './program.ts';
import { tableOf, withCallersOf, withoutCallers } from './reading.ts';
import { noCallers, render } from './render.ts';
import { shapeOf } from './shape.ts';
import { type Json, type Table, tableName } from './table.ts';
import { textOf } from './text.ts';
import { offTrial, onTrial } from './trial.ts';
import { findDrift } from './verify.ts';

const skip = whyNot();

function tableFor(lines: readonly string[], settings: Partial<typeof defaultKernel> = {}): Table {
  const { policy } = policyOf({ lines, default: 'deny' });
  return render({ ...policy, kernel: { ...defaultKernel, ...settings } });
}

async function listed(nft: Program): Promise<readonly Json[]> {
  const found = await listTable(nft);
  assert.ok(found.ok && found.value !== null);
  return found.value;
}

async function put(nft: Program, table: Table): Promise<void> {
  const done = await putTable(nft, table);
  assert.ok(done.ok, done.ok ? '' : done.trouble.says);
}

test('what is put there is what is read back, as JSON and as text, for every kind of rule', { skip }, async (t) => {
  const { nft } = namespace(t, 'k');
  const chance = new Chance(7);
  for (let round = 0; round < 12; round++) {
    const { policy } = policyOf(ruleCase(chance));
    const limits = {
      maxNewPerSource: { limit: 100, windowMs: 10_000 },
      maxConnectionsPerSource: 50,
      log: 'all',
    } as const;
    const table = render({ ...policy, kernel: { ...defaultKernel, ...(round % 2 === 0 ? limits : {}) } });
    await put(nft, table);
    assert.deepEqual(findDrift(table, await listed(nft)), []);
    const ran = await nft.run(['-f', '-'], textOf(table));
    assert.ok(ran.ok, ran.ok ? '' : ran.text);
    assert.deepEqual(findDrift(table, await listed(nft)), []);
    const read = tableOf(await listed(nft), tableName);
    assert.ok(read.ok);
    assert.deepEqual(findDrift(read.value, await listed(nft)), []);
  }
});

test('other tables are left alone, whatever is put, removed or refused', { skip }, async (t) => {
  const { nft, run } = namespace(t, 'k');
  run(
    'nft',
    'add table ip docker; add chain ip docker nat { type nat hook prerouting priority -100; }; add rule ip docker nat tcp dport 80 counter dnat to 10.0.0.2:8080',
  );
  const others = async () => {
    const found = await listRuleset(nft);
    assert.ok(found.ok);
    return found.value.filter((each) => JSON.stringify(each).includes('docker'));
  };
  const before = await others();
  assert.equal(before.length, 3);
  await put(nft, tableFor(['allow tcp 22 from any']));
  await put(nft, tableFor(['allow tcp 23 from any']));
  assert.equal((await send(nft, [{ json: { add: { nonsense: {} } }, from: 0, makes: 'x' }])).ok, false);
  assert.ok((await removeTable(nft)).ok);
  assert.ok((await removeTable(nft)).ok);
  assert.deepEqual(await others(), before);
  const none = await listTable(nft);
  assert.deepEqual(none, { ok: true, value: null });
});

test('what somebody else changes in the kernel is told as drift, with the rule', { skip }, async (t) => {
  const { nft, run } = namespace(t, 'k');
  const table = tableFor([
    'allow tcp 22,80-90 from 10.0.0.0/8',
    `deny tcp 25 from ${Array.from({ length: 20 }, (_, n) => `192.0.${n}.1`)}`,
  ]);
  const afterwards = async (...commands: string[]) => {
    await put(nft, table);
    for (const command of commands) run('nft', command);
    const found = await listTable(nft);
    assert.ok(found.ok);
    return findDrift(table, found.value).map(({ says, rule }) => [says, rule]);
  };
  assert.deepEqual(await afterwards(), []);
  assert.deepEqual(await afterwards('delete table inet portcullis'), [['the kernel has no table inet portcullis', 0]]);
  assert.deepEqual(await afterwards('flush chain inet portcullis rule_1'), [
    [
      'rule 1 of the chain rule_1 is missing: {"counter":null} {"accept":null} # rule 1: allow tcp 22,80-90 from 10.0.0.0/8',
      1,
    ],
  ]);
  assert.deepEqual(await afterwards('insert rule inet portcullis rules_input tcp dport 3306 accept'), [
    [
      'rule 1 of the chain rules_input is {"match":{"left":{"payload":{"field":"dport","protocol":"tcp"}},"op":"==","right":3306}} {"accept":null}, not {"match":{"left":{"payload":{"field":"dport","protocol":"tcp"}},"op":"==","right":{"set":["22","80-90"]}}} {"match":{"left":{"payload":{"field":"saddr","protocol":"ip"}},"op":"==","right":{"set":["10.0.0.0-10.255.255.255"]}}} {"goto":{"target":"rule_1"}}',
      0,
    ],
  ]);
  assert.deepEqual(
    await afterwards(
      'delete element inet portcullis rule_2_ip4 { 192.0.3.1 }',
      'add element inet portcullis rule_2_ip4 { 198.51.100.0/24 }',
    ),
    [
      ['the set rule_2_ip4 lacks 192.0.3.1', 2],
      ['the set rule_2_ip4 has 198.51.100.0-198.51.100.255, which the configuration has not', 2],
    ],
  );
  assert.deepEqual(
    await afterwards('add chain inet portcullis mine', 'add set inet portcullis odd { type ipv4_addr; }'),
    [
      ['the chain mine is in the kernel and not in the configuration', 0],
      ['the set odd is in the kernel and not in the configuration', 0],
    ],
  );
  assert.deepEqual(await afterwards('add element inet portcullis bans4 { 203.0.113.7 timeout 1h }'), []);
});

test('bans come and go while the table stands, and stay when it is replaced', { skip }, async (t) => {
  const { nft } = namespace(t, 'k');
  const table = tableFor(['allow tcp 22 from any']);
  await put(nft, table);
  const ban = { cidr: { family: 4, start: 167_772_160, end: 184_549_376, prefix: 8 }, remainingSeconds: 3600 } as const;
  assert.ok((await send(nft, banCommands([ban]))).ok);
  const read = tableOf(await listed(nft), tableName);
  assert.ok(read.ok);
  await put(nft, withCallersOf(tableFor(['allow tcp 23 from any']), read.value));
  const [bans] = (await listed(nft)).flatMap((each) =>
    (each as { set?: { name: string; elem?: Json } }).set?.name === 'bans4' ? [each] : [],
  );
  const { elem } = (bans as { set: { elem: { elem: { val: Json; timeout: number } }[] } }).set;
  assert.deepEqual(elem[0]!.elem.val, { prefix: { addr: '10.0.0.0', len: 8 } });
  assert.ok(elem[0]!.elem.timeout <= 3600 && elem[0]!.elem.timeout > 3000);
  assert.deepEqual(withoutCallers(read.value).sets.find(({ name }) => name === 'bans4')!.elements, []);
});

test('a blocklist is neither read nor written when the table around it is replaced', { skip }, async (t) => {
  const { nft } = namespace(t, 'k');
  const asked: string[] = [];
  const watched: Program = {
    run: (args, input) => {
      asked.push(`${args.join(' ')} ${input ?? ''}`);
      return nft.run(args, input);
    },
  };
  const withList = (lines: string[]) => {
    const { policy } = policyOf({ lines, default: 'deny' });
    const callers = { ...noCallers, blocklists: [{ name: 'bad', four: [], six: [] }] };
    return render({ ...policy, kernel: defaultKernel, callers });
  };
  const manyAddresses = Array.from({ length: 20 }, (_, n) => `192.0.${n}.1`).join();
  await put(nft, withList(['allow tcp 22 from any', `deny tcp 25 from ${manyAddresses}`]));
  const bad = { name: 'bad', four: [{ first: 3_405_803_776, last: 3_405_804_031 }], six: [] };
  assert.ok((await send(watched, blocklistCommands(0, bad))).ok);
  const found = await listTable(watched);
  assert.ok(found.ok && found.value !== null);
  const read = tableOf(found.value, tableName);
  assert.ok(read.ok);
  assert.deepEqual(
    read.value.sets.filter(({ isKept }) => isKept).map(({ name }) => name),
    ['blocklist_1_ip4', 'blocklist_1_ip6'],
  );
  assert.ok(read.value.sets.find(({ name }) => name === 'rule_2_ip4')!.elements.length > 0);
  for (const lines of [['allow tcp 23 from any'], [`deny tcp 26 from ${manyAddresses}`]]) {
    const next = withCallersOf(withList(lines), read.value);
    assert.ok((await checkTable(watched, next)).ok);
    await put(watched, next);
    const now = await listTable(watched);
    assert.ok(now.ok);
    assert.deepEqual(findDrift(next, now.value), []);
  }
  const everything = await listRuleset(nft);
  assert.ok(everything.ok);
  const rules = everything.value.filter((each) => JSON.stringify(each).includes('@blocklist_1_ip4'));
  assert.equal(rules.length > 0, true);
  const sets = everything.value.flatMap((each) => (each as { set?: { name: string; elem?: Json } }).set ?? []);
  assert.deepEqual(sets.find(({ name }) => name === 'blocklist_1_ip4')!.elem, [
    { prefix: { addr: '203.0.113.0', len: 24 } },
  ]);
  const whole = asked.filter(
    (each) =>
      each.includes('list table') || each.includes('"element"') || each.includes('list set inet portcullis blocklist'),
  );
  assert.deepEqual(whole, []);
});

test('a table on trial holds the former one whole, and comes off trial as the new one', { skip }, async (t) => {
  const { nft } = namespace(t, 'k');
  const limits = { maxNewPerSource: { limit: 5, windowMs: 1000 } };
  const former = tableFor(['allow tcp 22 from any', 'allow tcp 80 from 10.0.0.0/8'], limits);
  await put(nft, former);
  const read = tableOf(await listed(nft), tableName);
  assert.ok(read.ok);
  const table = tableFor(['allow tcp 443 from any'], limits);
  await put(nft, onTrial(table, read.value, 60));
  const standing = tableOf(await listed(nft), tableName);
  assert.ok(standing.ok);
  const names = shapeOf(await listed(nft)).chains;
  for (const { name } of former.chains) assert.ok(names.has(`former_${name}`), name);
  // Because a second trial must not carry the first one along.
  await put(nft, onTrial(tableFor(['allow tcp 25 from any'], limits), offTrial(standing.value), 60));
  assert.equal(
    [...shapeOf(await listed(nft)).chains.keys()].some((name) => name.startsWith('former_former_')),
    false,
  );
  await put(nft, offTrial(standing.value));
  assert.deepEqual(findDrift(table, await listed(nft)), []);
});

test('what the kernel refuses is told with the rule it comes from, and nothing has changed', { skip }, async (t) => {
  const { nft } = namespace(t, 'k');
  const good = tableFor(['allow tcp 22 from any']);
  await put(nft, good);
  const bad = tableFor(['allow tcp 22 from any', 'allow tcp 80 from any', 'deny all from any']);
  const chains = bad.chains.map((chain) =>
    chain.name !== 'rules_input'
      ? chain
      : {
          ...chain,
          rules: chain.rules.map((rule) =>
            rule.from === 2 ? { ...rule, statements: [{ goto: { target: 'nowhere' } }] } : rule,
          ),
        },
  );
  for (const done of [await putTable(nft, { ...bad, chains }), await checkTable(nft, { ...bad, chains })]) {
    assert.ok(!done.ok);
    assert.deepEqual(done.trouble, {
      kind: 'refused',
      says: 'the kernel refuses rule 2: Could not process rule: No such file or directory',
      instead: 'this kernel lacks a module that the table needs; turn the setting off, or load the module',
      rule: 2,
    });
  }
  assert.deepEqual(findDrift(good, await listed(nft)), []);
});

/** A program that does what this shell script says. */
function scripted(
  t: TestContext,
  script: string,
  settings: { timeoutMs?: number; maxOutputBytes?: number } = {},
): Program {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-nft-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'nft');
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return nftProgram({ command: [path], ...settings });
}

test('an nft that is not there, may not, hangs, floods or answers nonsense is a trouble with a remedy', async (t) => {
  const troubleOf = async (program: Program) => {
    const done = await listTable(program);
    assert.ok(!done.ok);
    return [done.trouble.kind, done.trouble.says.replace(/\/\S+\//g, ''), done.trouble.instead];
  };
  assert.deepEqual(await troubleOf(nftProgram({ command: ['/nonexistent/nft'] })), [
    'missing',
    'the program nft is not installed',
    'install it (Debian: apt install nftables)',
  ]);
  assert.deepEqual(
    await troubleOf(scripted(t, 'echo "Error: Operation not permitted (you must be root)" >&2; exit 1')),
    ['forbidden', 'nft may only be run by root', 'run this command as root, or give the process CAP_NET_ADMIN'],
  );
  assert.deepEqual(await troubleOf(scripted(t, 'exec sleep 60', { timeoutMs: 50 })), [
    'broken',
    'nft took longer than 50 ms',
    'run `nft -j list ruleset` by hand to see what it answers',
  ]);
  assert.deepEqual(await troubleOf(scripted(t, 'exec yes', { maxOutputBytes: 1000 })), [
    'broken',
    'nft wrote more than 1000 bytes',
    'run `nft -j list ruleset` by hand to see what it answers',
  ]);
  assert.deepEqual(await troubleOf(scripted(t, 'echo "BUG: unhandled op" >&2; exit 134')), [
    'refused',
    'nft refused (exit code 134): BUG: unhandled op',
    'run `nft -j list ruleset` to see what the kernel has',
  ]);
  for (const text of [
    '',
    'nonsense',
    'null',
    '[]',
    '{}',
    '{"nftables":7}',
    '{"nftables":[7]}',
    '{"nftables":[null]}',
  ]) {
    const done = readListing(text);
    assert.ok(!done.ok, text);
    assert.equal(done.trouble.says, 'nft gave a listing that is not its JSON');
  }
});

test('a listing with what we never write is no table of ours', () => {
  const strange = (object: Json) => {
    const read = tableOf([object], tableName);
    return read.ok ? '' : read.says;
  };
  const by = 'the table in the kernel was changed by somebody else: ';
  assert.equal(strange({ counter: { name: 'x' } }), `${by}it holds a counter`);
  assert.equal(strange({ set: { name: 'x', type: 'mark', size: 5 } }), `${by}the set x has size`);
  assert.equal(
    strange({ map: { name: 'x', type: 'mark', map: 'mark' } }),
    `${by}the map x has values that are no verdicts`,
  );
});

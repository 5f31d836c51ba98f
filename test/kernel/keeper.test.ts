// A gate that runs keeps the kernel's table company: rules come back after a restart of the machine, bans and lists are in its sets.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Json, listRuleset, type Program } from '../../src/firewall/firewall.ts';
import { type Circumstances, runToEnd, start } from '../portcullis-process.ts';
import { namespace, whyNot } from './namespace.ts';

const skip = whyNot();

/** The elements of a set, as texts; null where there is no such set. */
async function elementsOf(nft: Program, name: string): Promise<string[] | null> {
  const listed = await listRuleset(nft);
  assert.ok(listed.ok);
  for (const object of listed.value) {
    const { set } = object as { set?: { name: string; elem?: readonly Json[] } };
    if (set?.name === name) return (set.elem ?? []).map(textOf);
  }
  return null;
}

function textOf(element: Json): string {
  const { elem, prefix } = element as { elem?: { val: Json }; prefix?: { addr: string; len: number } };
  if (typeof element === 'string') return element;
  if (elem !== undefined) return textOf(elem.val);
  return prefix === undefined ? JSON.stringify(element) : `${prefix.addr}/${prefix.len}`;
}

function place(t: TestContext): { folder: string; circumstances: (through: readonly string[]) => Circumstances } {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-keeper-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'list.txt'), '198.51.100.0/24\n2001:db8:bad::/48\n');
  const lines = [
    'listen: [{ port: 8443, address: 127.0.0.1 }]',
    'sites: [{ host: a, to: 3000 }]',
    'data_directory: data',
    'bans: { never_loopback: true }',
    'blocklists: [{ name: bad, from: list.txt }]',
    'firewall:',
    '  enforce: [accept, kernel]',
    '  rules: [allow tcp 22 from any]',
    '',
  ];
  writeFileSync(join(folder, 'portcullis.yaml'), lines.join('\n'));
  return { folder, circumstances: (through) => ({ cwd: folder, through }) };
}

test('bans and blocklists of a running gate are in the kernel, and the rules come back after a restart of the machine', {
  skip,
}, async (t) => {
  const { name, nft, run } = namespace(t, 'keeper');
  const { circumstances } = place(t);
  const inside = circumstances(['ip', 'netns', 'exec', name]);
  const applied = await runToEnd(['apply'], inside);
  assert.equal(applied.code, 0, applied.stderr);
  assert.deepEqual(await elementsOf(nft, 'blocklist_1_ip4'), ['198.51.100.0/24']);
  const first = start(['run'], inside);
  await first.says(/^Ctrl-C ends it$/m);
  assert.deepEqual(await elementsOf(nft, 'blocklist_1_ip4'), ['198.51.100.0/24']);
  assert.deepEqual(await elementsOf(nft, 'blocklist_1_ip6'), ['2001:db8:bad::/48']);
  for (const target of ['203.0.113.7', '192.0.2.0/25', '2001:db8:7::1']) {
    const added = await runToEnd(['bans', 'add', target, '--for', '1h'], inside);
    assert.equal(added.code, 0, added.stderr);
  }
  const hasAll = async () =>
    (await elementsOf(nft, 'bans4'))?.length === 2 && (await elementsOf(nft, 'bans6'))?.length === 1;
  while (!(await hasAll())) await new Promise((resolve) => setImmediate(resolve));
  assert.equal((await runToEnd(['bans', 'remove', '203.0.113.7'], inside)).code, 0);
  while ((await elementsOf(nft, 'bans4'))?.length !== 1) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(await elementsOf(nft, 'bans4'), ['192.0.2.0/25']);
  // Because another generation takes over what is banned, nobody slips through while it is applied.
  assert.equal((await runToEnd(['apply'], inside)).code, 0);
  assert.deepEqual(await elementsOf(nft, 'bans4'), ['192.0.2.0/25']);
  assert.equal((await runToEnd(['firewall', 'verify'], inside)).code, 0);
  await first.stop('SIGKILL');
  run('nft', 'delete table inet portcullis');
  const second = start(['run'], inside);
  await second.says(/^Ctrl-C ends it$/m);
  assert.deepEqual(await elementsOf(nft, 'bans4'), ['192.0.2.0/25']);
  assert.deepEqual(await elementsOf(nft, 'blocklist_1_ip4'), ['198.51.100.0/24']);
  assert.equal((await runToEnd(['firewall', 'verify'], inside)).code, 0);
  await second.stop('SIGKILL');
});

test('where no gate runs, what lies on disk is in the kernel when rules are applied, and bans go there', {
  skip,
}, async (t) => {
  const { name, nft, run } = namespace(t, 'keeper');
  const inside = place(t).circumstances(['ip', 'netns', 'exec', name]);
  assert.equal((await runToEnd(['apply'], inside)).code, 0);
  const added = await runToEnd(['bans', 'add', '203.0.113.7', '--for', '1h'], inside);
  assert.deepEqual([added.code, added.stderr], [0, 'no gate runs: this is what its data directory holds\n']);
  assert.deepEqual(await elementsOf(nft, 'bans4'), ['203.0.113.7']);
  run('nft', 'delete table inet portcullis');
  assert.match((await runToEnd(['bans', 'list'], inside)).stdout, /^203\.0\.113\.7 +owner /m);
  assert.equal(await elementsOf(nft, 'bans4'), null, 'looking puts nothing there');
  assert.equal((await runToEnd(['apply'], inside)).code, 0);
  assert.deepEqual(await elementsOf(nft, 'bans4'), ['203.0.113.7']);
  assert.deepEqual(await elementsOf(nft, 'blocklist_1_ip4'), ['198.51.100.0/24']);
});

test('what keeps the rules out of the kernel is said, and the gate goes on', { skip }, async (t) => {
  const { name } = namespace(t, 'keeper');
  const { circumstances } = place(t);
  const fresh = start(['run'], circumstances(['ip', 'netns', 'exec', name]));
  await fresh.says(/^Ctrl-C ends it$/m);
  const ended = await fresh.stop('SIGKILL');
  assert.match(ended.stderr, /no rules are in the kernel yet; `portcullis apply --confirm-within 60s` puts them there/);
  const powerless = start(
    ['run'],
    circumstances(['ip', 'netns', 'exec', name, 'setpriv', '--bounding-set', '-net_admin', '--inh-caps', '-net_admin']),
  );
  await powerless.says(/^Ctrl-C ends it$/m);
  const { stderr } = await powerless.stop('SIGKILL');
  assert.match(
    stderr,
    /the rules are not in the kernel: nft may only be run by root; run this command as root, or give the process CAP_NET_ADMIN/,
  );
});

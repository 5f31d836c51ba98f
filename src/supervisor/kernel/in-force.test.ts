// Which rules hold at accept: the kernel's where they stand there, the configuration's where they do not.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { build, defaultKernel, type FirewallSettings, type Program, settingOf } from '../../firewall/firewall.ts';
import { generationInForce, withRulesOf } from './in-force.ts';
import { Store, type StoredGeneration } from './store.ts';

const works: Program = { run: async () => ({ ok: true, output: '{"nftables": []}' }) };
const missing: Program = { run: async () => ({ ok: false, kind: 'missing', says: 'no nft', text: '' }) };

function firewall(rules: readonly string[], change: Partial<FirewallSettings> = {}): FirewallSettings {
  return {
    default: 'deny',
    rules,
    comments: rules.map(() => ''),
    enforce: ['accept', 'kernel'],
    expect: [],
    ...change,
  };
}

function generation(number: number, port: number): StoredGeneration {
  const built = build(firewall([`allow tcp ${port} from any`]), { locate: () => '' });
  assert.ok(built.ok);
  return {
    number,
    at: '',
    how: 'apply',
    default: 'deny',
    rules: built.value.ruleSet.rules.map(settingOf),
    kernel: defaultKernel,
    blocklists: [],
    changes: [],
  };
}

async function storeIn(t: TestContext): Promise<Store> {
  const directory = mkdtempSync(join(tmpdir(), 'portcullis-in-force-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const store = new Store(directory);
  await store.open();
  return store;
}

test('the generation that stands holds, one on trial until its deadline, and none where nothing was applied', async (t) => {
  const store = await storeIn(t);
  let nowMs = 1000;
  const tools = { nft: works, store, now: () => nowMs };
  const asked = firewall(['allow tcp 1 from any']);
  assert.equal(await generationInForce(asked, tools), null);
  await store.keep(generation(1, 22));
  await store.setCurrent(1);
  assert.equal((await generationInForce(asked, tools))?.number, 1);
  const about = { former: null, formerNumber: 1, caller: null, known: [], guardPid: 0 };
  await store.setPending({ ...about, generation: generation(2, 23), deadline: 2000 });
  assert.equal((await generationInForce(asked, tools))?.number, 2);
  nowMs = 2000;
  assert.equal((await generationInForce(asked, tools))?.number, 1, 'the kernel has turned back by itself');
  await store.setCurrent(0);
  assert.equal(await generationInForce(asked, tools), null);
});

test('the configuration holds where it says the same, leaves the kernel alone, or nft does not work', async (t) => {
  const store = await storeIn(t);
  await store.keep(generation(1, 22));
  await store.setCurrent(1);
  const tools = { nft: works, store, now: () => 0 };
  assert.equal(
    await generationInForce(firewall(['allow tcp 22-22 from ::/0,0.0.0.0/0']), tools),
    null,
    'written otherwise',
  );
  const described = firewall(['allow tcp 22 from any'], { comments: ['SSH'] });
  assert.equal(await generationInForce(described, tools), null, 'described otherwise');
  const asked = firewall(['allow tcp 1 from any']);
  assert.equal(await generationInForce({ ...asked, enforce: ['accept'] }, tools), null);
  assert.equal(await generationInForce(asked, { ...tools, nft: missing }), null);
  assert.equal((await generationInForce(firewall(['allow tcp 22 from any'], { default: 'allow' }), tools))?.number, 1);
});

test('what stands in the kernel does not have to meet what the configuration expects', () => {
  const asked = firewall(['allow tcp 1 from any'], { expect: ['deny tcp 22 from any'] });
  const { rules, expect, comments, enforce } = withRulesOf(asked, generation(1, 22));
  assert.deepEqual([rules, expect, comments, enforce], [generation(1, 22).rules, [], [], asked.enforce]);
});

test('the store tells that another generation stands or waits', async (t) => {
  const store = await storeIn(t);
  const seen = new Set([await store.version()]);
  await store.setCurrent(1);
  seen.add(await store.version());
  const about = { former: null, formerNumber: 1, caller: null, known: [], guardPid: 0 };
  await store.setPending({ ...about, generation: generation(2, 23), deadline: 2000 });
  seen.add(await store.version());
  assert.equal(seen.size, 3);
  assert.ok(seen.has(await store.version()));
  await store.takePending();
  assert.ok(seen.has(await store.version()), 'and that none waits any more');
});

test('one command alone has the store; that of one that was killed is taken over', async (t) => {
  const store = await storeIn(t);
  const lives = () => true;
  assert.equal(await store.lock(7, lives), true);
  assert.equal(await store.lock(8, lives), false);
  assert.equal(await store.lock(8, (pid) => pid !== 7), true, '7 is no more');
  assert.equal(await store.lock(9, (pid) => pid === 8), false, '8 has it now');
  await store.unlock();
  assert.equal(await store.lock(9, lives), true);
  assert.equal(await new Store('/nowhere/at/all').lock(1, lives), true, 'no store, nothing to take');
});

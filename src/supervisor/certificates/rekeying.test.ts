// Changes of account keys against Pebble, also where the CA's answer, or the gate, is lost in between.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { countingProxy } from '../../../test/counting-proxy.ts';
import { acmeSettings, keeperWorld } from '../../../test/keeper-world.ts';
import { startPebble } from '../../../test/pebble.ts';
import { rekeyAccounts } from './rekeying.ts';
import type { KeptAccount } from './store.ts';

function accountIn(directory: string): KeptAccount {
  const at = join(directory, 'acme', 'accounts');
  const names = readdirSync(at);
  assert.equal(names.length, 1);
  return JSON.parse(readFileSync(join(at, names[0]!), 'utf8')) as KeptAccount;
}

test('an account has another key, and is the same account', async (context) => {
  const { directory, keeperOf, port, until, said } = await keeperWorld(context);
  const pebble = await startPebble(context, { httpPort: port });
  const keeper = keeperOf();
  await keeper.adopt(acmeSettings(context, [pebble], ['a.example.net']), []);
  const { host } = new URL(pebble.directory);
  assert.deepEqual(await rekeyAccounts(keeper), [{ authority: host, outcome: 'no account', says: '' }]);
  keeper.start();
  await until(() => said.length === 1);
  while (keeper.all.some(({ isBusy }) => isBusy)) await new Promise(setImmediate);
  const before = accountIn(directory);
  assert.deepEqual(await rekeyAccounts(keeper), [{ authority: host, outcome: 'changed', says: '' }]);
  const after = accountIn(directory);
  assert.notEqual(after.keyPem, before.keyPem);
  assert.deepEqual([after.url, after.nextKeyPem], [before.url, '']);
  await keeper.renew('a.example.net', true);
  keeper.stop();
  const second = keeperOf();
  await second.adopt(acmeSettings(context, [pebble], ['a.example.net']), []);
  await second.renew('a.example.net', true);
  assert.equal(said.length, 3, 'the key on disk is the one that the CA knows');
});

for (const lost of ['the request', 'the answer'] as const)
  test(`${lost} is lost: whichever key the CA knows is found, and the account stays`, async (context) => {
    const { directory, keeperOf, port, until, said } = await keeperWorld(context);
    const pebble = await startPebble(context, { httpPort: port, env: { PEBBLE_WFE_NONCEREJECT: '0' } });
    const ca = await countingProxy(context, pebble);
    const settings = acmeSettings(context, [ca], ['a.example.net']);
    const first = keeperOf();
    await first.adopt(settings, []);
    first.start();
    await until(() => said.length === 1);
    while (first.all.some(({ isBusy }) => isBusy)) await new Promise(setImmediate);
    const before = accountIn(directory);
    let isChange = false;
    ca.before = (_, line) => {
      isChange = line.startsWith('POST /rollover-account-key');
      return !isChange || lost === 'the answer';
    };
    ca.after = () => !isChange;
    const [outcome] = await rekeyAccounts(first);
    assert.deepEqual([outcome!.outcome, /cannot be asked/.test(outcome!.says)], ['failed', true]);
    assert.notEqual(accountIn(directory).nextKeyPem, '', 'both keys are kept');
    first.stop();
    ca.before = () => true;
    ca.after = () => true;
    const second = keeperOf();
    await second.adopt(settings, []);
    await second.renew('a.example.net', true);
    const after = accountIn(directory);
    assert.deepEqual([after.url, after.nextKeyPem], [before.url, '']);
    assert.equal(after.keyPem !== before.keyPem, lost === 'the answer');
  });

test('while an order is under way no key is changed, and while one is changed no order is begun', async (context) => {
  const { keeperOf, until, warned } = await keeperWorld(context);
  const pebble = await startPebble(context);
  const keeper = keeperOf();
  await keeper.adopt(acmeSettings(context, [pebble], ['a.example.net']), []);
  keeper.start();
  const renewing = keeper.renew('a.example.net', true).catch(() => {});
  await assert.rejects(rekeyAccounts(keeper), /an order for a\.example\.net is under way; again when it is over/);
  await until(() => warned.length === 1);
  await renewing;
  const changing = rekeyAccounts(keeper);
  await assert.rejects(keeper.renew('a.example.net', true), /keys of accounts are being changed; again in a moment/);
  await assert.rejects(rekeyAccounts(keeper), /keys of accounts are being changed/);
  assert.equal((await changing)[0]!.outcome, 'changed');
});

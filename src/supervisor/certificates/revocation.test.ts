// Revocation against Pebble, which knows what it has revoked.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { acmeSettings, keeperWorld, rested } from '../../../test/keeper-world.ts';
import { startPebble } from '../../../test/pebble.ts';
import { refusal, scriptedCa } from '../../../test/scripted-ca.ts';
import { systemClock } from '../../base/clock.ts';
import type { CertificateKeeper } from './keeper.ts';
import { Revocations } from './revocation.ts';

/** Revocations over a keeper, and what they said. */
function revocationsOf(context: TestContext, keeper: CertificateKeeper) {
  const told: string[] = [];
  let wake = (): void => {};
  const tell = (says: string): void => {
    told.push(says);
    wake();
  };
  const revocations = new Revocations(keeper, { clock: systemClock, random: () => 0, warn: tell, say: tell });
  context.after(() => revocations.stop());
  /** Fulfilled once so many things were said. */
  const hears = async (count: number): Promise<readonly string[]> => {
    while (told.length < count)
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    return told;
  };
  return { revocations, hears };
}

test('a certificate is replaced, and then the one before is revoked', async (context) => {
  const { keeperOf, port, until, said, served, warned } = await keeperWorld(context);
  const pebble = await startPebble(context, { httpPort: port });
  const keeper = keeperOf();
  const { revocations } = revocationsOf(context, keeper);
  const settings = acmeSettings(context, [pebble], ['a.example.net']);
  await keeper.adopt(settings, []);
  await assert.rejects(revocations.revoke('a.example.net', 'superseded', false), /has no certificate yet/);
  keeper.start();
  await until(() => said.length === 1 || warned.length === 1);
  const managed = keeper.find('a.example.net');
  const before = managed.chain!.leaf;
  await assert.rejects(revocations.revoke('a.example.net', 'boredom', false), {
    message:
      '"boredom" is no reason; it is one of unspecified, keyCompromise, affiliationChanged, superseded, cessationOfOperation',
  });
  assert.deepEqual(await revocations.revoke('a.example.net', 'keyCompromise', false), {
    names: ['a.example.net'],
    serial: before.serialNumber,
    reason: 'keyCompromise',
    withoutNew: '',
    replacedAt: null,
  });
  const after = managed.chain!.leaf;
  assert.notEqual(after.serialNumber, before.serialNumber);
  assert.ok(!after.publicKey.equals(before.publicKey), 'a key that is compromised is not used again');
  assert.match(served.get('acme:a.example.net')!.certificate, /BEGIN/);
  const account = await keeper.authority(settings.authorities[0]!).account();
  await assert.rejects(account.revoke(before.raw, 1), /alreadyRevoked/);
  // Where no other can be had, nothing is taken back, unless that is what is wanted.
  await keeper.adopt({ ...settings, profile: 'none' }, []);
  await assert.rejects(
    revocations.revoke('a.example.net', 'superseded', false),
    /^Error: nothing is revoked, because there is no other certificate: .*; --force revokes all the same$/,
  );
  const revoked = await revocations.revoke('a.example.net', 'superseded', true);
  assert.equal(revoked.serial, after.serialNumber);
  assert.match(revoked.withoutNew, /the CA has no profile none/);
  await assert.rejects(account.revoke(after.raw, 4), /alreadyRevoked/);
});

test('a certificate of a CA that is asked no more is told', async (context) => {
  const { keeperOf, port, until, said } = await keeperWorld(context);
  const pebble = await startPebble(context, { httpPort: port });
  const keeper = keeperOf();
  const { revocations } = revocationsOf(context, keeper);
  const settings = acmeSettings(context, [pebble], ['b.example.net']);
  await keeper.adopt(settings, []);
  keeper.start();
  await until(() => said.length === 1);
  const [authority] = settings.authorities;
  await keeper.adopt({ ...settings, authorities: [{ ...authority!, directory: 'https://127.0.0.1:1/dir' }] }, []);
  await assert.rejects(
    revocations.revoke('b.example.net', 'superseded', true),
    /the certificate is from 127\.0\.0\.1:\d+, which tls\.acme names no longer: name it as fallback/,
  );
});

test('what was replaced long ago is revoked by its serial number, once', async (context) => {
  const { keeperOf, port, until, said } = await keeperWorld(context);
  const pebble = await startPebble(context, { httpPort: port });
  const keeper = keeperOf();
  const settings = acmeSettings(context, [pebble], ['c.example.net']);
  await keeper.adopt(settings, []);
  keeper.start();
  await until(() => said.length === 1);
  const managed = keeper.find('c.example.net');
  const [first] = [managed.chain!.leaf];
  await keeper.renew('c.example.net', true);
  await rested(keeper);
  const inUse = managed.chain!.leaf.serialNumber;
  keeper.stop();

  // Another gate over the same directory knows it, too.
  const next = keeperOf();
  const { revocations } = revocationsOf(context, next);
  await next.adopt(settings, []);
  assert.deepEqual(
    next.former.all.map(({ serial, names, revocation }) => [serial, names, revocation]),
    [[first.serialNumber, ['c.example.net'], null]],
  );
  const withColons = first.serialNumber.toLowerCase().replace(/..(?=.)/g, '$&:');
  const revoked = await revocations.revoke(withColons, 'keyCompromise', false);
  assert.deepEqual([revoked.serial, revoked.withoutNew, revoked.names], [first.serialNumber, '', ['c.example.net']]);
  assert.match(revoked.replacedAt ?? '', /^20/);
  assert.equal(next.find('c.example.net').chain!.leaf.serialNumber, inUse, 'the one in use has nothing to do with it');
  const account = await next.authority(settings.authorities[0]!).account();
  await assert.rejects(account.revoke(first.raw, 1), /alreadyRevoked/);
  await assert.rejects(revocations.revoke(first.serialNumber, 'superseded', false), {
    message: `${first.serialNumber} is revoked already (keyCompromise)`,
  });
  await assert.rejects(revocations.revoke('ABCDEF', 'superseded', false), /no certificate of a CA is kept for ABCDEF/);
});

test('a gate that ends anywhere between the wish and the revocation goes on with it at its next start', async (context) => {
  // Where the CA holds its answer the gate is killed: nothing that it does afterwards reaches anybody.
  for (const at of ['/new-order', '/finalize', '/certificate', '/revoke']) {
    const ca = await scriptedCa(context);
    const { keeperOf, until, said } = await keeperWorld(context);
    const settings = acmeSettings(context, [ca], ['d.example.net']);
    const keeper = keeperOf();
    await keeper.adopt(settings, []);
    keeper.start();
    await until(() => said.length === 1);
    await rested(keeper);
    const serial = keeper.find('d.example.net').chain!.leaf.serialNumber;
    const { revocations } = revocationsOf(context, keeper);
    const killed = new Promise<void>((resolve) => {
      ca.script = ({ path }) => {
        if (path !== at) return null;
        resolve();
        return refusal('serverInternal', 503);
      };
    });
    const asked = revocations.revoke('d.example.net', 'keyCompromise', false).catch(() => undefined);
    await killed;
    revocations.stop();
    keeper.stop();
    await asked;

    ca.script = () => null;
    ca.asked.length = 0;
    const next = keeperOf();
    const again = revocationsOf(context, next);
    await next.adopt(settings, []);
    next.start();
    again.revocations.resume();
    assert.deepEqual(await again.hears(1), [
      `the certificate ${serial} for d.example.net is revoked (keyCompromise), as was asked before`,
    ]);
    assert.notEqual(next.find('d.example.net').chain!.leaf.serialNumber, serial, at);
    const order = ca.asked.map(({ path }) => path).filter((path) => path === '/certificate' || path === '/revoke');
    assert.deepEqual(order, at === '/revoke' ? ['/revoke'] : ['/certificate', '/revoke'], `killed at ${at}`);
    assert.deepEqual(ca.asked.find(({ path }) => path === '/revoke')!.payload.reason, 1);
    again.revocations.resume();
    next.stop();
  }
});

test('a CA that will not revoke now is asked again, one that never will is not', async (context) => {
  const ca = await scriptedCa(context);
  const { keeperOf, until, said } = await keeperWorld(context);
  const settings = acmeSettings(context, [ca], ['e.example.net']);
  const keeper = keeperOf();
  await keeper.adopt(settings, []);
  keeper.start();
  await until(() => said.length === 1);
  const { revocations, hears } = revocationsOf(context, keeper);
  let answer = refusal('serverInternal', 503);
  ca.script = ({ path }) => (path === '/revoke' ? answer : null);
  const first = keeper.find('e.example.net').chain!.leaf.serialNumber;
  await assert.rejects(
    revocations.revoke('e.example.net', 'superseded', false),
    /the script says serverInternal.*; it is tried again by itself$/,
  );
  assert.equal(keeper.former.find(first)!.revocation!.doneAt, 0);
  revocations.resume();
  assert.match((await hears(1))[0]!, /^the certificate \w+ for e\.example\.net is to be revoked: .*serverInternal/);
  answer = refusal('unauthorized', 403);
  revocations.resume();
  assert.match((await hears(2))[1]!, /is to be revoked: .*unauthorized/);
  assert.equal(keeper.former.find(first)!.revocation, null, 'it was replaced, and that is all');
});

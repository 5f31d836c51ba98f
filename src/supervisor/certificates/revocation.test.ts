// Revocation against Pebble, which knows what it has revoked.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acmeSettings, keeperWorld } from '../../../test/keeper-world.ts';
import { startPebble } from '../../../test/pebble.ts';
import { revokeCertificate } from './revocation.ts';

test('a certificate is replaced, and then the one before is revoked', async (context) => {
  const { keeperOf, port, until, said, served, warned } = await keeperWorld(context);
  const pebble = await startPebble(context, { httpPort: port });
  const keeper = keeperOf();
  const settings = acmeSettings(context, [pebble], ['a.example.net']);
  await keeper.adopt(settings, []);
  await assert.rejects(revokeCertificate(keeper, 'a.example.net', 'superseded', false), /has no certificate yet/);
  keeper.start();
  await until(() => said.length === 1 || warned.length === 1);
  const managed = keeper.find('a.example.net');
  const before = managed.chain!.leaf;
  await assert.rejects(revokeCertificate(keeper, 'a.example.net', 'boredom', false), {
    message:
      '"boredom" is no reason; it is one of unspecified, keyCompromise, affiliationChanged, superseded, cessationOfOperation',
  });
  assert.deepEqual(await revokeCertificate(keeper, 'a.example.net', 'keyCompromise', false), {
    names: ['a.example.net'],
    serial: before.serialNumber,
    reason: 'keyCompromise',
    withoutNew: '',
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
    revokeCertificate(keeper, 'a.example.net', 'superseded', false),
    /^Error: nothing is revoked, because there is no other certificate: .*; --force revokes all the same$/,
  );
  const revoked = await revokeCertificate(keeper, 'a.example.net', 'superseded', true);
  assert.equal(revoked.serial, after.serialNumber);
  assert.match(revoked.withoutNew, /the CA has no profile none/);
  await assert.rejects(account.revoke(after.raw, 4), /alreadyRevoked/);
});

test('a certificate of a CA that is asked no more is told', async (context) => {
  const { keeperOf, port, until, said } = await keeperWorld(context);
  const pebble = await startPebble(context, { httpPort: port });
  const keeper = keeperOf();
  const settings = acmeSettings(context, [pebble], ['b.example.net']);
  await keeper.adopt(settings, []);
  keeper.start();
  await until(() => said.length === 1);
  const [authority] = settings.authorities;
  await keeper.adopt({ ...settings, authorities: [{ ...authority!, directory: 'https://127.0.0.1:1/dir' }] }, []);
  await assert.rejects(
    revokeCertificate(keeper, 'b.example.net', 'superseded', true),
    /the certificate is from 127\.0\.0\.1:\d+, which tls\.acme names no longer: name it as fallback/,
  );
});

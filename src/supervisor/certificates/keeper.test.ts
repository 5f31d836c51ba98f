// The keeper against Pebble: certificates come, stay, are renewed, and whatever breaks is told and mended.

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { proxyDirectory } from '../../../test/directory-proxy.ts';
import { rested, acmeSettings as settingsFor, keeperWorld as world } from '../../../test/keeper-world.ts';
import { type Pebble, startPebble } from '../../../test/pebble.ts';

const leafOf = ({ certificate }: { certificate: string }) => new X509Certificate(certificate);

test('certificates are got, kept for their owner alone, and there at once after the next start', async (context) => {
  const { directory, served, until, keeperOf, port, said } = await world(context);
  const pebble = await startPebble(context, { httpPort: port });
  const settings = settingsFor(context, [pebble], ['a.example.net', 'b.example.net']);
  const keeper = keeperOf();
  await keeper.adopt(settings, []);
  assert.equal(served.size, 0);
  keeper.start();
  await until(() => said.length === 2);
  assert.deepEqual([...served.keys()].sort(), ['acme:a.example.net', 'acme:b.example.net']);
  const files = readdirSync(join(directory, 'acme'), { recursive: true, encoding: 'utf8' }).map((name) =>
    join(directory, 'acme', name),
  );
  for (const path of [join(directory, 'acme'), ...files]) {
    const { mode } = statSync(path);
    assert.equal(mode & 0o077, 0, `${path} is readable by others`);
  }
  keeper.stop();
  const before = new Map(served);
  served.clear();
  pebble.stop();
  await keeperOf().adopt(settings, []);
  assert.deepEqual(served, before, 'without a word to the CA');
});

test('a name that is no longer wanted, or that a file serves, is not served', async (context) => {
  const { served, until, keeperOf, port, said } = await world(context);
  const pebble = await startPebble(context, { httpPort: port });
  const names = ['a.example.net', 'b.example.net', 'c.example.net'];
  const keeper = keeperOf();
  await keeper.adopt(settingsFor(context, [pebble], names), []);
  keeper.start();
  await until(() => said.length === 3);
  await keeper.adopt(settingsFor(context, [pebble], names.slice(0, 2)), ['*.example.net']);
  assert.equal(served.size, 0);
  await keeper.adopt(settingsFor(context, [pebble], names), ['b.example.net']);
  assert.deepEqual([...served.keys()].sort(), ['acme:a.example.net', 'acme:c.example.net']);
});

/** What a gate with two certificates leaves on disk, for a test to change before the next one goes on with it. */
async function leftBehind(context: TestContext) {
  const there = await world(context);
  const { directory, served, until, keeperOf, port, said } = there;
  const pebble = await startPebble(context, { httpPort: port });
  const settings = settingsFor(context, [pebble], ['d.example.net', 'e.example.net']);
  const first = keeperOf();
  await first.adopt(settings, []);
  first.start();
  await until(() => said.length === 2);
  await rested(first);
  await first.stop();
  const goOn = async (): Promise<void> => {
    served.clear();
    const second = keeperOf();
    await second.adopt(settings, []);
    second.start();
  };
  return { ...there, goOn, path: (name: string) => join(directory, 'acme', 'certificates', `${name}.json`) };
}

test('a damaged store is told, kept aside, and made anew', async (context) => {
  const { directory, served, until, said, warned, path, goOn } = await leftBehind(context);
  writeFileSync(path('d.example.net'), '{"names":["d.exa');
  // A key that is another's: a file that looks whole, and is not.
  const whole = JSON.parse(readFileSync(path('e.example.net'), 'utf8')) as { certificate: { keyPem: string } };
  const [, other] = [...served.values()].map(({ key }) => key);
  const [one] = [...served.values()].map(({ key }) => key);
  whole.certificate.keyPem = whole.certificate.keyPem === one ? other! : one!;
  writeFileSync(path('e.example.net'), JSON.stringify(whole));
  for (const name of readdirSync(join(directory, 'acme', 'accounts')))
    writeFileSync(join(directory, 'acme', 'accounts', name), 'x');
  writeFileSync(join(directory, 'acme', 'ledger.json'), '[[[');
  await goOn();
  await until(() => said.length === 4 || warned.some((says) => says.startsWith('no certificate')));
  assert.equal(warned.filter((says) => says.includes('was damaged; it is kept as')).length, 4, warned.join('\n'));
  assert.equal(served.size, 2);
  assert.ok(statSync(`${path('d.example.net')}.damaged`).isFile());
});

test('a file that others may read is closed, and one that cannot be set aside is told', async (context) => {
  const { served, until, said, warned, path, goOn } = await leftBehind(context);
  chmodSync(path('d.example.net'), 0o644);
  writeFileSync(path('e.example.net'), 'x');
  mkdirSync(`${path('e.example.net')}.damaged`);
  await goOn();
  await until(() => said.length === 3);
  assert.equal(statSync(path('d.example.net')).mode & 0o777, 0o600);
  assert.equal(served.size, 2, 'what was open is still good');
  const [open, damaged] = warned;
  assert.match(
    open!,
    /d\.example\.net\.json was open to others \(644\) and is so no more; .*: certs renew NAME --force$/,
  );
  assert.match(
    damaged!,
    /was damaged; it cannot be kept as .*\.damaged \(EISDIR\), and what was in it is asked for anew$/,
  );
});

test('a failure is kept with what was seen of its cause, and tried again later', async (context) => {
  const { until, keeperOf, warned, served } = await world(context);
  const pebble = await startPebble(context);
  const keeper = keeperOf();
  await keeper.adopt(settingsFor(context, [pebble], ['f.example.net']), []);
  keeper.start();
  await until(() => warned.length === 1);
  const { failure, order } = keeper.all[0]!.kept;
  assert.match(
    failure!.says,
    /^f\.example\.net could not be proven by http-01: the CA says connection: .*\. the doctor looked at f\.example\.net$/,
  );
  assert.equal(failure!.count, 1);
  assert.equal(failure!.nextAt - failure!.at, 60_000);
  assert.equal(order, null);
  assert.equal(served.size, 0);
  await assert.rejects(keeper.renew('f.example.net', false), /is not due before .*; --force asks the CA all the same/);
  await assert.rejects(keeper.renew('f.example.net', true), /could not be proven/);
  assert.equal(keeper.all[0]!.kept.failure!.count, 2);
  await assert.rejects(
    keeper.renew('nobody.example.net', true),
    /no certificate of a CA is kept for nobody\.example\.net/,
  );
});

test('a second CA is asked where the first is not there', async (context) => {
  const { until, keeperOf, port, said } = await world(context);
  const pebble = await startPebble(context, { httpPort: port });
  const gone = { directory: 'https://127.0.0.1:1/dir', roots: pebble.roots };
  const keeper = keeperOf();
  await keeper.adopt(settingsFor(context, [gone, pebble], ['g.example.net']), []);
  keeper.start();
  await until(() => said.length === 1);
  assert.equal(keeper.all[0]!.kept.certificate!.authority, pebble.directory);
});

test('a new name is tried at the test system first, an old one is not', async (context) => {
  const { until, keeperOf, port, said, warned, served } = await world(context);
  const [staging, pebble] = [await startPebble(context), await startPebble(context, { httpPort: port })];
  const more = (of: Pebble) => ({ staging: settingsFor(context, [of], []).authorities[0]! });
  const keeper = keeperOf();
  await keeper.adopt(settingsFor(context, [pebble], ['h.example.net'], more(staging)), []);
  keeper.start();
  await until(() => warned.length === 1);
  assert.match(warned[0]!, /could not be proven/, 'the test system looks where nobody answers');
  const spent = (of: Pebble) =>
    keeper.ledger.budgets(of.directory, ['h.example.net'], Date.now()).map(({ left, most }) => most - left);
  assert.deepEqual(
    [spent(staging), spent(pebble)],
    [
      [1, 0, 0, 1],
      [0, 0, 0, 0],
    ],
    'it costs nothing of the budget',
  );
  await keeper.adopt(settingsFor(context, [pebble], ['h.example.net'], more(pebble)), []);
  await keeper.renew('h.example.net', true);
  assert.equal(said.length, 1);
  // Found good once: from here on the test system, which would fail, is left out.
  await keeper.adopt(settingsFor(context, [pebble], ['h.example.net'], more(staging)), []);
  const first = leafOf(served.get('acme:h.example.net')!).serialNumber;
  await keeper.renew('h.example.net', true);
  assert.notEqual(leafOf(served.get('acme:h.example.net')!).serialNumber, first);
});

test('renewal when the CA would have it, and not before (ARI)', async (context) => {
  const { until, keeperOf, port, said } = await world(context);
  const pebble = await startPebble(context, { httpPort: port });
  const day = 86_400_000;
  const later = { start: Date.now() + 10 * day, end: Date.now() + 12 * day };
  const proxy = await proxyDirectory(context, pebble, later);
  const settings = settingsFor(context, [proxy], ['i.example.net']);
  const keeper = keeperOf();
  await keeper.adopt(settings, []);
  keeper.start();
  await until(() => said.length === 1);
  const asked = new Promise<void>((resolve) => {
    proxy.onAsked = resolve;
  });
  if (proxy.asked.length === 0) await asked;
  await rested(keeper);
  assert.equal(proxy.asked[0], keeper.all[0]!.certificateId);
  keeper.stop();
  // Something happened at the CA: the certificate is to be replaced now.
  proxy.window = { start: Date.now() - 2000, end: Date.now() - 1000 };
  const path = join(keeper.store.directory, 'certificates', 'i.example.net.json');
  const kept = JSON.parse(readFileSync(path, 'utf8')) as object;
  const { certificate } = kept as { certificate: object };
  writeFileSync(path, JSON.stringify({ ...kept, certificate: { ...certificate, gotAt: 0 }, renewal: null }));
  const second = keeperOf();
  await second.adopt(settings, []);
  const before = second.all[0]!.certificateId;
  second.start();
  await until(() => said.length === 2);
  await rested(second);
  assert.equal(proxy.asked.filter((id) => id === before).length, 2);
  const { certificateId } = second.all[0]!;
  assert.notEqual(certificateId, before);
  assert.ok(
    second.all[0]!.renewAt > Date.now() + 3_500_000,
    'a window that stays in the past is no reason to ask again and again',
  );
  second.stop();
});

test('one more name is got on demand, and asked for once', async (context) => {
  const { until, keeperOf, port, said, served } = await world(context);
  const pebble = await startPebble(context, { httpPort: port });
  const keeper = keeperOf();
  await keeper.adopt(settingsFor(context, [pebble], []), []);
  keeper.start();
  const both = await Promise.all([keeper.demand('new.example.net'), keeper.demand('new.example.net')]);
  assert.deepEqual(both, [true, true]);
  await until(() => said.length === 1);
  assert.deepEqual([...served.keys()], ['acme:new.example.net']);
  assert.equal(await keeper.demand('new.example.net'), true);
});

test('an account is bound to a customer of the CA by a key in a file, which nobody else may read', async (context) => {
  const { directory, until, keeperOf, port, said, warned } = await world(context);
  const macKey = Buffer.alloc(32, 7).toString('base64url');
  const pebble = await startPebble(context, { httpPort: port, externalKeys: { 'kid-1': macKey } });
  const settings = settingsFor(context, [pebble], ['l.example.net']);
  const file = join(directory, 'eab.key');
  writeFileSync(file, `${macKey}\n`, { mode: 0o644 });
  const externalAccount = { kid: 'kid-1', macKey: { file } };
  const keeper = keeperOf();
  await keeper.adopt({ ...settings, authorities: [{ ...settings.authorities[0]!, externalAccount }] }, []);
  keeper.start();
  await until(() => warned.length === 1);
  assert.match(warned[0]!, /eab\.key is open to every user of this machine: chmod o= /);
  chmodSync(file, 0o600);
  await keeper.renew('l.example.net', true);
  assert.equal(said.length, 1);
});

test('an account that the CA has forgotten is registered anew', async (context) => {
  const { until, keeperOf, port, said } = await world(context);
  const pebble = await startPebble(context, { httpPort: port });
  const keeper = keeperOf();
  await keeper.adopt(settingsFor(context, [pebble], ['j.example.net']), []);
  keeper.start();
  await until(() => said.length === 1);
  await pebble.restart();
  await keeper.renew('j.example.net', true);
  assert.equal(said.length, 2);
});

test('a profile is asked for where the CA has it, and told with those that it has where not', async (context) => {
  const { until, keeperOf, port, said, warned } = await world(context);
  const pebble = await startPebble(context, { httpPort: port });
  const later = { start: Date.now() + 1e9, end: Date.now() + 2e9 };
  const proxy = await proxyDirectory(context, pebble, later, { classic: 'as ever', shortlived: 'six days' });
  const keeper = keeperOf();
  await keeper.adopt(settingsFor(context, [proxy], ['k.example.net', '127.0.0.1'], { profile: 'clasic' }), []);
  keeper.start();
  await until(() => warned.length === 2);
  assert.match(warned[0]!, /the CA has no profile clasic, it offers: classic, shortlived; change tls\.acme\.profile/);
  await keeper.adopt(settingsFor(context, [proxy], ['k.example.net', '127.0.0.1'], { profile: '' }), []);
  for (const name of ['k.example.net', '127.0.0.1']) await keeper.renew(name, true);
  await until(() => said.length === 2);
  assert.deepEqual(
    keeper.all.map(({ kept }) => kept.certificate?.profile),
    ['', 'shortlived'],
    'addresses have the one profile that may have them',
  );
});

// One keeper goes on where another over the same directory was: after an upgrade, and where that came to nothing.

import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { acmeSettings, keeperWorld, rested } from '../../../test/keeper-world.ts';
import { startPebble } from '../../../test/pebble.ts';
import { scriptedCa } from '../../../test/scripted-ca.ts';

test('a keeper that read the directory before the other let go takes up what was written since', async (context) => {
  const ca = await scriptedCa(context);
  const { keeperOf, until, said, served } = await keeperWorld(context);
  const settings = acmeSettings(context, [ca], ['a.example.net']);
  const [old, next] = [keeperOf(), keeperOf()];
  await old.adopt(settings, []);
  await next.adopt(settings, []);
  old.start();
  await until(() => said.length === 1);
  await rested(old);
  await old.stop(true);
  served.clear();
  assert.equal(next.find('a.example.net').chain, null);
  await next.takeOver();
  assert.equal(next.find('a.example.net').chain?.leaf.serialNumber, old.find('a.example.net').chain!.leaf.serialNumber);
  assert.deepEqual([...served.keys()], ['acme:a.example.net']);
  next.start();
  assert.equal(ca.orders, 1, 'nothing is asked for twice');
});

test('what is under way when it lets go is gone on with, and its proofs are not taken away', async (context) => {
  const { keeperOf, port, until, said, web } = await keeperWorld(context);
  // Long enough that the CA has not looked when it lets go.
  const env = { PEBBLE_VA_NOSLEEP: '', PEBBLE_VA_SLEEPTIME: '3', PEBBLE_AUTHZREUSE: '0' };
  const pebble = await startPebble(context, { httpPort: port, env });
  const settings = acmeSettings(context, [pebble], ['b.example.net']);
  const [old, next] = [keeperOf(), keeperOf()];
  await old.adopt(settings, []);
  await next.adopt(settings, []);
  old.start();
  await until(() => web.tokens.length === 1);
  const [token] = web.tokens;
  await until(() => old.find('b.example.net').kept.order !== null);
  await old.stop(true);
  assert.deepEqual(web.tokens, [token], 'the CA may look at any time');
  assert.equal(old.find('b.example.net').kept.failure, null);
  await next.takeOver();
  const { note } = next.find('b.example.net').kept.order!;
  next.start();
  await until(() => said.length === 1);
  assert.equal(next.find('b.example.net').kept.certificate?.keyPem, note.keyPem, 'the same order came to its end');
});

test('a keeper whose successor came to nothing goes on itself', async (context) => {
  const ca = await scriptedCa(context);
  const { keeperOf, until, said } = await keeperWorld(context);
  const settings = acmeSettings(context, [ca], ['c.example.net']);
  const keeper = keeperOf();
  await keeper.adopt(settings, []);
  keeper.start();
  await until(() => said.length === 1);
  await rested(keeper);
  await keeper.stop(true);
  keeper.start();
  await keeper.renew('c.example.net', true);
  assert.equal(ca.orders, 2);
  await rested(keeper);
});

test('half-written files are removed by whoever starts, not by whoever looks', async (context) => {
  const ca = await scriptedCa(context);
  const { keeperOf, until, said, directory } = await keeperWorld(context);
  const keeper = keeperOf();
  await keeper.adopt(acmeSettings(context, [ca], ['d.example.net']), []);
  const half = join(directory, 'acme', 'certificates', 'x.json.1234.tmp');
  writeFileSync(half, '{');
  await keeperOf().adopt(acmeSettings(context, [ca], ['d.example.net']), []);
  assert.ok(existsSync(half), 'another gate may be at it');
  keeper.start();
  await until(() => said.length === 1);
  assert.ok(!existsSync(half));
});

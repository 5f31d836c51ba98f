// Dynamic updates against a small primary that `nsupdate` (BIND) gets along with too.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { type UpdateServer, updateServer } from '../../test/update-server.ts';
import { systemClock } from '../base/clock.ts';
import type { TsigKey } from './dns-tsig.ts';
import { type UpdateSettings, updateRecord } from './dns-update.ts';

const secret = Buffer.from('a secret that both of them know!');
const name = '_acme-challenge.www.example.net';

async function world(context: TestContext, algorithm: TsigKey['algorithm'] = 'hmac-sha256') {
  const server = await updateServer(context, 'example.net', { name: 'gate.', algorithm, secret });
  const settings: UpdateSettings = {
    server: server.server,
    keyName: 'gate.',
    key: secret.toString('base64'),
    algorithm,
    zone: '',
    ttl: 60,
  };
  return { server, settings };
}

for (const algorithm of ['hmac-sha256', 'hmac-sha384', 'hmac-sha512'] as const)
  test(`a record is added and removed, others of its name stay (${algorithm})`, async (context) => {
    const { server, settings } = await world(context, algorithm);
    await updateRecord(settings, 'add', name, 'one', systemClock);
    await updateRecord(settings, 'add', name, 'two', systemClock);
    assert.deepEqual(server.texts.get(name), ['one', 'two']);
    await updateRecord(settings, 'remove', name, 'one', systemClock);
    assert.deepEqual(server.texts.get(name), ['two']);
  });

test('what goes wrong is told with the cure', async (context) => {
  const { server, settings } = await world(context);
  const says = (change: Partial<UpdateSettings>) =>
    updateRecord({ ...settings, ...change }, 'add', name, 'x', systemClock).then(
      () => assert.fail('it was taken'),
      (error: Error) => error.message.replaceAll(server.server, 'SERVER'),
    );
  assert.equal(
    await says({ key: Buffer.from('another').toString('base64') }),
    `SERVER did not change ${name}: it is not the primary of the zone, or the signature was not taken (NOTAUTH); the answer is not signed`,
  );
  server.refuses = 5;
  assert.equal(
    await says({}),
    `SERVER did not change ${name}: it refuses (REFUSED): let the key change this zone, or name the zone`,
  );
  server.refuses = 0;
  server.signs = false;
  assert.equal(await says({}), `SERVER said it changed ${name}, but the answer is not signed`);
  assert.match(
    await says({ server: '127.0.0.1:1' }),
    /^the name server 127\.0\.0\.1:1 cannot be asked over TCP \(.*ECONNREFUSED/,
  );
});

/** Has BIND's own client send an update. */
async function nsupdate({ server }: UpdateServer, keyName: string, ...commands: readonly string[]): Promise<number> {
  const [address, port] = server.split(':');
  const child = spawn('nsupdate', ['-v', '-y', `hmac-sha256:${keyName}:${secret.toString('base64')}`], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.stdin.end([`server ${address} ${port}`, ...commands, 'send', ''].join('\n'));
  const [code] = (await once(child, 'close')) as [number];
  return code;
}

test('the primary of these tests is one that BIND speaks with: it takes its signature and gives one that it takes', async (context) => {
  const { server } = await world(context);
  const add = `update add ${name}. 60 TXT "from nsupdate"`;
  assert.equal(await nsupdate(server, 'gate.', 'zone example.net.', add), 0);
  assert.deepEqual(server.texts.get(name), ['from nsupdate']);
  assert.notEqual(await nsupdate(server, 'other.', 'zone example.net.', add), 0, 'another key is refused');
});

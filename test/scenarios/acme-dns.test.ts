// Wildcards, proven in DNS: by a command of the owner's, and by dynamic updates to the primary of the zone.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { acmeWorld } from '../acme-world.ts';
import { updateServer } from '../update-server.ts';

test('a command sets the records, and takes them away', async (context) => {
  const world = await acmeWorld(context, 1);
  const script = join(world.directory, 'hook.mjs');
  writeFileSync(
    script,
    `import { appendFileSync } from 'node:fs';
const [admin, what, name, value] = process.argv.slice(2);
appendFileSync(${JSON.stringify(join(world.directory, 'calls'))}, what + ' ' + name + '\\n');
const host = name + '.';
await fetch(admin + (what === 'present' ? '/set-txt' : '/clear-txt'), { method: 'POST', body: JSON.stringify({ host, value }) });
`,
  );
  const dns = { hook: [process.execPath, script, world.pebble.dnsAdmin], wait: '0s' };
  await world.start(world.words(['*.wild.example.net'], { dns, challenges: ['dns-01'] }));
  await world.hears(/^\*\.wild\.example\.net has a certificate/);
  // The CA's name server knows no NS, so that nobody can be asked.
  await world.hears(
    /^the name servers of _acme-challenge\.wild\.example\.net cannot be found, so that the CA is asked after 0 s/,
  );
  const socket = await world.connect('any.wild.example.net');
  assert.equal(socket.getPeerCertificate().subjectaltname, 'DNS:*.wild.example.net');
  socket.destroy();
  const calls = readFileSync(join(world.directory, 'calls'), 'utf8');
  assert.equal(calls, 'present _acme-challenge.wild.example.net\ncleanup _acme-challenge.wild.example.net\n');
});

test('a command that fails is told with what it said', async (context) => {
  const world = await acmeWorld(context, 1);
  const dns = { hook: ['sh', '-c', 'echo "no token for the API" >&2; exit 3'], wait: '0s' };
  await world.start(world.words(['*.wild.example.net'], { dns, challenges: ['dns-01'] }));
  const says = await world.hears(/^no certificate for/);
  assert.match(says, /the DNS hook sh present _acme-challenge\.wild\.example\.net ended with 3: no token for the API/);
});

test('dynamic updates with TSIG set the records, and take them away', async (context) => {
  const world = await acmeWorld(context, 1);
  const secret = Buffer.from('known to the gate and the server');
  const server = await updateServer(context, 'example.net', { name: 'gate.', algorithm: 'hmac-sha256', secret });
  // What the primary learns, the server that the CA asks says.
  server.onChange = async (name, texts) => {
    const host = `${name}.`;
    await world.pebble.dns('clear-txt', { host });
    for (const value of texts) await world.pebble.dns('set-txt', { host, value });
  };
  const file = join(world.directory, 'tsig.key');
  writeFileSync(file, `${secret.toString('base64')}\n`, { mode: 0o600 });
  const update = { server: server.server, key_name: 'gate.', key: { file } };
  await world.start(world.words(['*.zone.example.net'], { dns: { update, wait: '0s' }, challenges: ['dns-01'] }));
  await world.hears(/^\*\.zone\.example\.net has a certificate/);
  assert.deepEqual(server.texts.get('_acme-challenge.zone.example.net'), []);
});

// A gate and a CA (Pebble) that talk to each other as on the Internet: proofs are answered by the gate itself, whatever else it would do.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Finding } from '../../src/supervisor/supervisor.ts';
import { acmeWorld } from '../acme-world.ts';
import { clientAuthority } from '../client-authority.ts';

async function shop(context: TestContext): Promise<number> {
  const server = createServer((_, response) => response.end('the shop'));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  context.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

/** The strictest gate that there is: nothing but the names of sites, one request an hour, and the WAF on. */
const strict = { rates: [{ limit: '1 per 1h' }], waf: { mode: 'block' as const } };

for (const challenge of ['http-01', 'tls-alpn-01'])
  test(`${challenge}: the first certificate comes while the gate runs, and is in use at once; what is open stays open`, async (context) => {
    const world = await acmeWorld(context, await shop(context));
    await world.start(world.words(['first.example.net'], { challenges: [challenge] }, strict));
    const before = await world.connect('first.example.net').catch((error: Error) => error);
    await world.hears(/^first\.example\.net has a certificate of Pebble Intermediate CA .* until 20/);
    const socket = await world.connect('first.example.net');
    const { subjectaltname, issuer } = socket.getPeerCertificate();
    assert.equal(subjectaltname, 'DNS:first.example.net');
    assert.match(String(issuer.CN), /^Pebble Intermediate/);
    if (!(before instanceof Error)) {
      assert.equal(before.destroyed, false);
      before.end();
    }
    await world.ask({ ask: 'renew', name: 'first.example.net', force: true });
    const renewed = await world.connect('first.example.net');
    assert.notEqual(renewed.getPeerCertificate().serialNumber, socket.getPeerCertificate().serialNumber);
    socket.write('GET / HTTP/1.1\r\nHost: first.example.net\r\nConnection: close\r\n\r\n');
    let answer = '';
    for await (const piece of socket) answer += String(piece);
    assert.match(answer, /^HTTP\/1\.1 200 OK\r\n[\s\S]*the shop$/, 'a connection under the old certificate goes on');
    renewed.end();
  });

test('a gate that asks every client for a certificate, and knows no strangers, proves its names all the same', async (context) => {
  const world = await acmeWorld(context, await shop(context));
  const authority = clientAuthority(join(world.directory, 'clients'), 'Clients');
  const words = world.words(['closed.example.net'], { challenges: ['tls-alpn-01'] });
  const client_certificates = { ca: authority.caPath, mode: 'require' as const };
  const tls = { ...words.tls, client_certificates, unknown_names: 'refuse' as const, min_version: '1.3' as const };
  await world.start({ ...words, tls, limits: { max_handshakes_per_client_per_second: 20 } });
  await world.hears(/^closed\.example\.net has a certificate/);
  const findings = (await world.ask({ ask: 'diagnose', name: 'closed.example.net' })) as Finding[];
  assert.deepEqual(
    findings.filter(({ level }) => level === 'problem'),
    [],
  );
  // Who is no CA needs a certificate, and a name that is served.
  const socket = await world.connect('closed.example.net');
  let answer = '';
  socket
    .on('error', () => {})
    .on('data', (piece) => {
      answer += String(piece);
    });
  socket.write('GET / HTTP/1.1\r\nHost: closed.example.net\r\n\r\n');
  await once(socket, 'close');
  assert.equal(answer, '');
  await assert.rejects(world.connect('elsewhere.example.net'));
});

test('what is kept is listed, with names, issuer, end, next renewal and the last error', async (context) => {
  const world = await acmeWorld(context, await shop(context));
  await world.pebble.dns('add-a', { host: 'lost.example.net.', addresses: ['127.0.0.9'] });
  await world.start(world.words(['good.example.net', 'lost.example.net'], { challenges: ['http-01'] }));
  await world.hears(/^good\.example\.net has/);
  await world.hears(/^no certificate for lost\.example\.net/);
  const [good, lost] = await world.listed();
  assert.deepEqual(good!.names, ['good.example.net']);
  assert.match(good!.issuer, /^Pebble/);
  assert.deepEqual([good!.state, good!.lastError], ['good', '']);
  assert.ok(Date.parse(good!.renewAt!) < Date.parse(good!.notAfter!));
  assert.equal(lost!.state, 'failing');
  assert.match(lost!.lastError, /^lost\.example\.net could not be proven by http-01: the CA says connection/);
  assert.equal(lost!.notAfter, null);
});

test('a reload with more names gets these and keeps the others', async (context) => {
  const world = await acmeWorld(context, await shop(context));
  const gate = await world.start(world.words(['one.example.net']));
  await world.hears(/^one\.example\.net has/);
  const { serialNumber } = (await world.connect('one.example.net')).getPeerCertificate();
  await gate.reload({
    settings: world.settings(world.words(['one.example.net', 'two.example.net'])),
    locate: () => '',
  });
  await world.hears(/^two\.example\.net has/);
  assert.equal((await world.connect('one.example.net')).getPeerCertificate().serialNumber, serialNumber);
  assert.equal((await world.connect('two.example.net')).getPeerCertificate().subjectaltname, 'DNS:two.example.net');
});

test('the journey of a challenge says what it was', async (context) => {
  const world = await acmeWorld(context, await shop(context));
  await world.start(world.words(['told.example.net'], { challenges: ['http-01'] }));
  await world.hears(/^told\.example\.net has/);
  const status = (await world.ask({ ask: 'status' })) as { requests: { refusedByWhy: Record<string, number> } };
  assert.ok((status.requests.refusedByWhy['http/acme-challenge'] ?? 0) >= 1);
});

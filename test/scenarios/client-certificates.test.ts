// Client certificates through a whole gate: who is let in where, under which name others are turned away, and what the upstream is told.

import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { ConnectionOptions } from 'node:tls';
import { clientAuthority } from '../client-authority.ts';
import { answering, type Message, ok, stand } from './world.ts';

const root = mkdtempSync(join(tmpdir(), 'portcullis-clients-'));
after(() => rmSync(root, { recursive: true, force: true }));

const ours = clientAuthority(join(root, 'ours'), 'Ours');
const theirs = clientAuthority(join(root, 'theirs'), 'Theirs');
const [ada, ended, revoked, stranger] = [
  ours.issue('Ada'),
  ours.issue('Ended', 'before'),
  ours.issue('Revoked'),
  theirs.issue('Stranger'),
];
ours.revoke('Revoked');

const required = { ca: ours.caPath, crl: ours.crlPath };
const get = (host: string, fields = '') => `GET / HTTP/1.1\r\nHost: ${host}\r\n${fields}Connection: close\r\n\r\n`;

test('who shows a good certificate is let in and announced; what a client says of itself is not', async (t) => {
  const seen: Message[] = [];
  const upstream = await answering(t, (request) => {
    seen.push(request);
    return ok('in');
  });
  const world = await stand(t, upstream.port, {
    listen: [{ address: '127.0.0.1', port: 0, tls: true }],
    tls: { local_names: ['localhost'], client_certificates: required },
  });
  const wire = await world.secureClient(ada);
  const lies = ['Client-Cert: :AAAA:', 'X-Client-Cert-Subject: CN=root', 'x-client-cert-FINGERPRINT: 00'];
  wire.send(get('localhost', `${lies.join('\r\n')}\r\nClient-Cert-Chain: :AAAA:\r\n`));
  assert.equal((await wire.message()).status, 200);
  const { headers } = seen[0]!;
  const der = new X509Certificate(ada.cert).raw;
  assert.equal(headers.get('client-cert'), `:${der.toString('base64')}:`);
  assert.equal(headers.get('x-client-cert-subject'), 'CN=Ada,O=Test');
  assert.equal(headers.get('x-client-cert-fingerprint'), createHash('sha256').update(der).digest('hex'));
  assert.equal(headers.has('client-cert-chain'), false);
  const [journey] = await world.stopAndReadJournal();
  assert.equal(journey!.tls!.client!.subject, 'CN=Ada,O=Test');
  assert.ok(!JSON.stringify(journey).includes(der.toString('base64')));
});

/** Who is turned away, and why. */
const refused: readonly (readonly [string, ConnectionOptions, string])[] = [
  ['shows none', {}, 'tls/client-certificate-missing'],
  ['is from another CA', stranger, 'tls/client-certificate-unknown'],
  ['has an ended one', ended, 'tls/client-certificate-expired'],
  ['has a revoked one', revoked, 'tls/client-certificate-revoked'],
];

for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const)
  for (const [name, options, why] of refused)
    test(`${maxVersion}: a client that ${name} is turned away as ${why}`, async (t) => {
      const upstream = await answering(t, () => ok('in'));
      const world = await stand(t, upstream.port, {
        listen: [{ address: '127.0.0.1', port: 0, tls: true }],
        tls: { local_names: ['localhost'], client_certificates: required },
      });
      // In TLS 1.3 the client is done before the gate has seen its certificate; in TLS 1.2 its handshake fails.
      const wire = await world.secureClient({ ...options, maxVersion }).catch(() => null);
      assert.equal(wire === null, maxVersion === 'TLSv1.2');
      wire?.send(get('localhost'));
      await wire?.ended();
      assert.equal(wire?.text ?? '', '');
      const [journey] = await world.stopAndReadJournal();
      assert.equal(journey!.verdict.why, why);
      assert.equal(upstream.wires.length, 0);
    });

test('a CA without its revocation list lets nobody in', async (t) => {
  const upstream = await answering(t, () => ok('in'));
  const world = await stand(t, upstream.port, {
    listen: [{ address: '127.0.0.1', port: 0, tls: true }],
    tls: { local_names: ['localhost'], client_certificates: { ca: ours.caPath, crl: theirs.crlPath } },
  });
  const wire = await world.secureClient(ada);
  wire.send(get('localhost'));
  await wire.ended();
  const [journey] = await world.stopAndReadJournal();
  assert.equal(journey!.verdict.why, 'tls/client-certificate-unchecked');
});

test('requested, a client may have none; a bad one is turned away all the same; nothing is resumed', async (t) => {
  const seen: Message[] = [];
  const upstream = await answering(t, (request) => {
    seen.push(request);
    return ok('in');
  });
  const world = await stand(t, upstream.port, {
    listen: [{ address: '127.0.0.1', port: 0, tls: true }],
    tls: { local_names: ['localhost'], client_certificates: { ...required, mode: 'request' } },
  });
  const wire = await world.secureClient();
  let session: Buffer | undefined;
  wire.socket.on('session', (ticket: Buffer) => {
    session = ticket;
  });
  wire.send(get('localhost', 'Client-Cert: :AAAA:\r\n'));
  assert.equal((await wire.message()).status, 200);
  assert.equal(seen[0]!.headers.has('client-cert'), false);
  const again = await world.secureClient({ session });
  again.send(get('localhost'));
  await again.message();
  const bad = await world.secureClient(revoked);
  bad.send(get('localhost'));
  await bad.ended();
  const journeys = await world.stopAndReadJournal();
  assert.deepEqual(
    journeys.map(({ tls, verdict }) => [tls?.resumed, verdict.why]),
    [
      [false, ''],
      [false, ''],
      [undefined, 'tls/client-certificate-revoked'],
    ],
  );
});

test('a site of its own: SNI decides what is asked for, and no connection serves a site with other rules', async (t) => {
  const upstream = await answering(t, () => ok('in'));
  const to = [`127.0.0.1:${upstream.port}`];
  const world = await stand(t, upstream.port, {
    listen: [
      { address: '127.0.0.1', port: 0, tls: true },
      { address: '127.0.0.1', port: 0 },
      { address: '127.0.0.1', port: 0, redirect: 'https' },
    ],
    tls: { local_names: ['open.test', 'closed.test', 'partners.test'] },
    sites: [
      { host: 'open.test', to },
      { host: 'closed.test', to, client_certificates: required },
      { host: 'partners.test', to, client_certificates: { ca: theirs.caPath } },
    ],
  });
  const asking = async (sni: string, host: string, options: ConnectionOptions = {}) => {
    const wire = await world.secureClient({ servername: sni, ...options });
    wire.send(get(host));
    const { status } = await wire.message();
    wire.socket.destroy();
    return status;
  };
  assert.equal(await asking('open.test', 'open.test'), 200);
  assert.equal(await asking('closed.test', 'closed.test', ada), 200);
  assert.equal(await asking('partners.test', 'partners.test', stranger), 200);
  // Whoever came in by another door.
  assert.equal(await asking('open.test', 'closed.test', ada), 421);
  assert.equal(await asking('partners.test', 'CLOSED.test', stranger), 421);
  assert.equal(await asking('closed.test', 'open.test', ada), 421);
  const plain = async (port: number) => {
    const wire = await world.client(port);
    wire.send(get('closed.test'));
    return wire.message();
  };
  assert.equal((await plain(world.port)).status, 421);
  const redirected = await plain(world.redirectPort);
  assert.equal(redirected.status, 301);
  const journeys = await world.stopAndReadJournal();
  assert.ok(journeys.some(({ verdict }) => verdict.why === 'tls/misdirected'));
});

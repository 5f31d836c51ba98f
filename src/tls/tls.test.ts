// The TLS station over real sockets: who gets which certificate, what is agreed, and why a handshake fails.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect as connectPlain, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type ConnectionOptions, checkServerIdentity, connect, TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { helloMessage, inRecords, serverName } from '../../test/client-hello-bytes.ts';
import { systemClock } from '../base/clock.ts';
import type { ClientSocket } from '../traffic/client-socket.ts';
import type { TlsFacts } from '../traffic/connection.ts';
import type { Expiring, Timekeeper } from '../traffic/deadline.ts';
import { keyPem, newKey, type Signer, writeAuthority, writeLeaf } from './certificate-writer.ts';
import { whyOf } from './failures.ts';
import {
  build,
  type PemPair,
  type ReadFrom,
  reasons,
  Shelf,
  systemFiles,
  type Tls,
  type TlsSettings,
  type TlsTools,
} from './tls.ts';

const dayMs = 86_400_000;
const root = mkdtempSync(join(tmpdir(), 'portcullis-tls-'));
const servers: Server[] = [];
const sockets: Socket[] = [];
after(() => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers) server.close();
  rmSync(root, { recursive: true, force: true });
});

const statement = { commonName: 'Test CA', notBefore: Date.now() - dayMs, notAfter: Date.now() + 900 * dayMs };
const authority: Signer = { commonName: 'Test CA', key: newKey() };
const authorityPem = writeAuthority(statement, authority.key);

/** Files of a certificate for these names. */
function certify(...names: string[]): { certificate: string; key: string } {
  const key = newKey();
  const file = join(root, names.join('+'));
  const paths = { certificate: `${file}.crt`, key: `${file}.key` };
  writeFileSync(
    paths.certificate,
    writeLeaf({ ...statement, commonName: names[0]! }, names, key, authority) + authorityPem,
  );
  writeFileSync(paths.key, keyPem(key), { mode: 0o600 });
  return paths;
}

type Outcome =
  | { why: ''; facts: TlsFacts; socket: ClientSocket }
  | { why: string; says: string; destroyed: boolean }
  | { why: ''; plain: string; socket: Socket };

interface Gate {
  readonly tls: Tls;
  readonly port: number;
  /** Outcome of the connection with this number, from 0, in the order of accepting. */
  outcome(number: number): Promise<Outcome>;
  /** Every call that came, by connection: exactly one each. */
  readonly calls: number[];
}

/** Each deadline has a timer of its own here. */
const timers = new WeakMap<Expiring, NodeJS.Timeout>();
const timekeeper: Timekeeper = {
  set(entry, ms) {
    clearTimeout(timers.get(entry));
    timers.set(
      entry,
      setTimeout(() => entry.expire(), ms),
    );
  },
  clear: (entry) => clearTimeout(timers.get(entry)),
};

const tools: TlsTools = {
  dataDirectory: join(root, 'data'),
  hostname: 'test',
  clock: systemClock,
  files: systemFiles,
  handshakeTimeoutMs: 3000,
  maxHandshakesPerClientPerSecond: 1_000_000,
  timekeeper,
  classify: (bytes) => {
    const text = Buffer.from(bytes).toString('latin1');
    return text.startsWith('SSH-') ? 'ssh' : text.length < 4 ? 'more' : text.includes(' /') ? 'http1' : 'unknown';
  },
};

const oneSite: TlsSettings = {
  certificates: [certify('one.test')],
  localNames: [],
  minVersion: 'TLSv1.2',
  policy: 'intermediate',
  unknownNames: 'default',
  clientCertificates: [],
};
const sites: TlsSettings = {
  ...oneSite,
  certificates: [certify('first.test'), certify('second.test', '*.second.test'), certify('www.second.test')],
};

async function open(settings: TlsSettings, changed: Partial<TlsTools> = {}): Promise<Gate> {
  const station = await build(settings, { ...tools, ...changed });
  assert.ok(station.ok, JSON.stringify(station));
  const calls: number[] = [];
  const outcomes: PromiseWithResolvers<Outcome>[] = [];
  const outcome = (number: number) => (outcomes[number] ??= Promise.withResolvers<Outcome>());
  let accepted = 0;
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    const number = accepted++;
    calls[number] = 0;
    sockets.push(socket);
    secure(station.value, socket, (result) => {
      calls[number]!++;
      outcome(number).resolve(result);
    });
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { tls: station.value, port, calls, outcome: (number) => outcome(number).promise };
}

const readFrom: ReadFrom = (socket, onBytes) => {
  socket.on('data', (bytes: Buffer) => onBytes(bytes, bytes.length));
};

function secure(tls: Tls, socket: Socket, settle: (outcome: Outcome) => void, rest: Buffer | null = null): void {
  tls.secure(socket, '127.0.0.1', rest, readFrom, {
    onSecure: (tlsSocket, facts) => {
      tlsSocket.on('error', () => tlsSocket.destroy());
      tlsSocket.resume();
      tlsSocket.on('end', () => tlsSocket.end());
      settle({ why: '', facts, socket: tlsSocket });
    },
    onFailed: (why, says) => settle({ why, says, destroyed: socket.destroyed }),
    onPlain: (bytes) => settle({ why: '', plain: bytes.toString('latin1'), socket }),
  });
}

interface Visit {
  readonly facts: TlsFacts;
  readonly servedBy: string;
  readonly session: Buffer | undefined;
  readonly group: string;
}

/** A whole client: handshake, a word each way, the end. */
async function visit(gate: Gate, number: number, options: ConnectionOptions): Promise<Visit> {
  const client = connect({
    port: gate.port,
    host: '127.0.0.1',
    ca: authorityPem,
    checkServerIdentity: options.ca === undefined ? () => undefined : checkServerIdentity,
    ...options,
  });
  sockets.push(client);
  let session: Buffer | undefined;
  client.on('session', (ticket) => {
    session = ticket;
  });
  await once(client, 'secureConnect');
  const outcome = await gate.outcome(number);
  assert.ok('facts' in outcome, JSON.stringify(outcome.why));
  outcome.socket.end('hello');
  const servedBy = client.getPeerX509Certificate()?.subjectAltName ?? 'nobody: resumed';
  const key = client.getEphemeralKeyInfo();
  client.end();
  client.resume();
  await once(client, 'close');
  return { facts: outcome.facts, servedBy, session, group: key !== null && 'name' in key ? String(key.name) : '' };
}

/** A client that must fail: its error's code, or '' where it was only closed. */
async function failing(gate: Gate, options: ConnectionOptions): Promise<string> {
  const client = connect({ port: gate.port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
  const code = await new Promise<string>((resolve) => {
    client.on('error', (error) => resolve('code' in error ? String(error.code) : ''));
    client.on('close', () => resolve(''));
  });
  client.destroy();
  return code;
}

/** Sends bytes without TLS and gives what came back until the end. */
async function sending(gate: Gate, bytes: string | Buffer, then: 'wait' | 'end' | 'reset' = 'wait'): Promise<string> {
  const socket = connectPlain(gate.port, '127.0.0.1');
  let got = '';
  socket.on('data', (data) => {
    got += data.toString('latin1');
  });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  if (bytes.length > 0) await new Promise((resolve) => socket.write(bytes, resolve));
  if (then === 'end') socket.end();
  if (then === 'reset') socket.resetAndDestroy();
  if (!socket.closed) await once(socket, 'close');
  return got;
}

async function failure(gate: Gate, number = 0): Promise<{ why: string; says: string }> {
  const outcome = await gate.outcome(number);
  assert.ok('says' in outcome, JSON.stringify('facts' in outcome ? outcome.facts : outcome.why));
  assert.equal(outcome.destroyed, true);
  assert.ok(Object.hasOwn(reasons, outcome.why), outcome.why);
  return { why: outcome.why, says: outcome.says };
}

test('TLS 1.3 with the facts of the session', async () => {
  const gate = await open(oneSite);
  const { facts, group } = await visit(gate, 0, { servername: 'One.test', ALPNProtocols: ['http/1.1', 'h2'] });
  const { ja4, ...others } = facts;
  assert.deepEqual(others, {
    version: 'TLSv1.3',
    cipher: 'TLS_AES_128_GCM_SHA256',
    alpn: 'h2',
    sni: 'one.test',
    resumed: false,
    group: '',
    client: null,
    clientPolicy: '',
  });
  assert.equal(ja4.slice(0, 4), 't13d');
  assert.equal(ja4.slice(8, 10), 'h1');
  assert.equal(group, 'X25519MLKEM768');
  assert.deepEqual(gate.calls, [1]);
});

test('where Node does not show what it has beneath a TLSSocket, a TLSSocket does the same', async () => {
  const binding = (): never => {
    throw new Error('No such module');
  };
  const [plain, streamed] = [await open(oneSite, { binding }), await open(oneSite)];
  for (const options of [{ ALPNProtocols: ['h2'] }, { maxVersion: 'TLSv1.2' }, {}] as ConnectionOptions[]) {
    const [one, other] = [
      await visit(plain, plain.calls.length, options),
      await visit(streamed, streamed.calls.length, options),
    ];
    assert.deepEqual(one.facts, other.facts);
    assert.equal(one.servedBy, other.servedBy);
    const again = await visit(plain, plain.calls.length, { ...options, session: one.session });
    assert.equal(again.facts.resumed, true);
  }
  const outcomes = [await plain.outcome(0), await streamed.outcome(0)];
  assert.deepEqual(
    outcomes.map((outcome) => 'facts' in outcome && outcome.socket instanceof TLSSocket),
    [true, false],
  );
  await failing(plain, { ALPNProtocols: ['x'] });
  assert.equal((await failure(plain, plain.calls.length - 1)).why, 'tls/alpn-refused');
});

test('OpenSSL gets the hello in pieces that its first small buffer holds', async (context) => {
  const gate = await open(oneSite);
  const proxied = connect({ port: gate.port, host: '127.0.0.1', ca: authorityPem, servername: 'one.test' });
  sockets.push(proxied);
  const handles = Object.getPrototypeOf((proxied as unknown as { _handle: object })._handle);
  const received: number[] = [];
  const { receive } = handles;
  context.mock.method(handles, 'receive', function (this: unknown, bytes: Buffer) {
    received.push(bytes.length);
    return receive.call(this, bytes);
  });
  const outcome = await gate.outcome(0);
  assert.ok('facts' in outcome, outcome.why);
  assert.ok(received.length > 1, 'a hello with X25519MLKEM768 is longer than one piece');
  assert.ok(Math.max(...received) <= 1000, String(received));
});

test('TLS 1.2 without SNI and ALPN', async () => {
  const gate = await open(oneSite);
  const { facts } = await visit(gate, 0, { maxVersion: 'TLSv1.2' });
  const { ja4, ...others } = facts;
  assert.deepEqual(others, {
    version: 'TLSv1.2',
    cipher: 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
    alpn: '',
    sni: '',
    resumed: false,
    group: '',
    client: null,
    clientPolicy: '',
  });
  assert.equal(ja4.slice(0, 4), 't12i');
});

test('the client is heard on ChaCha20, and on nothing else in the order of ciphers', async () => {
  const gate = await open(oneSite);
  const ask = async (number: number, ciphers: string) => (await visit(gate, number, { ciphers })).facts.cipher;
  assert.equal(await ask(0, 'TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256'), 'TLS_CHACHA20_POLY1305_SHA256');
  assert.equal(await ask(1, 'TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256'), 'TLS_AES_128_GCM_SHA256');
});

test('SNI chooses the certificate: exact, wildcard, default', async () => {
  const gate = await open(sites);
  const cases: [string | undefined, string][] = [
    ['first.test', 'DNS:first.test'],
    ['second.test', 'DNS:second.test, DNS:*.second.test'],
    ['API.second.test', 'DNS:second.test, DNS:*.second.test'],
    ['www.second.test', 'DNS:www.second.test'],
    ['a.b.second.test', 'DNS:first.test'],
    ['unknown.test', 'DNS:first.test'],
    [undefined, 'DNS:first.test'],
  ];
  for (const [number, [servername, expected]] of cases.entries())
    assert.equal(
      (await visit(gate, number, servername === undefined ? {} : { servername })).servedBy,
      expected,
      `${servername}`,
    );
});

test('a hostile SNI gets the default certificate and is shown tamely', async () => {
  const gate = await open(sites);
  const { facts, servedBy } = await visit(gate, 0, { servername: 'a"\n{x}\u001b[2J' });
  assert.equal(servedBy, 'DNS:first.test');
  assert.equal(facts.sni, 'a???x???2j');
  const long = await visit(gate, 1, { servername: 'x'.repeat(255) });
  assert.equal(long.facts.sni, 'x'.repeat(253));
});

for (const version of ['TLSv1.3', 'TLSv1.2'] as const)
  test(`${version} sessions are resumed, also by another worker with the same ticket keys, and not by one with others`, async () => {
    const [one, two] = [await open(sites), await open(sites)];
    const shared = randomBytes(48);
    one.tls.useTicketKeys([shared]);
    two.tls.useTicketKeys([Buffer.from(shared)]);
    for (const servername of ['first.test', 'www.second.test']) {
      const options: ConnectionOptions = { servername, maxVersion: version };
      const first = await visit(one, one.calls.length, options);
      assert.equal(first.facts.resumed, false);
      const again = { ...options, session: first.session };
      assert.equal((await visit(one, one.calls.length, again)).facts.resumed, true, servername);
      assert.equal((await visit(two, two.calls.length, again)).facts.resumed, true, servername);
    }
    const options: ConnectionOptions = { servername: 'first.test', maxVersion: version };
    const { session } = await visit(one, one.calls.length, options);
    two.tls.useTicketKeys([randomBytes(48)]);
    assert.equal((await visit(two, two.calls.length, { ...options, session })).facts.resumed, false);
  });

for (const version of ['TLSv1.3', 'TLSv1.2'] as const)
  test(`${version} tickets of the key before are still good, and new ones are sealed with the new key`, async () => {
    const gate = await open(sites);
    const [first, second, third] = [randomBytes(48), randomBytes(48), randomBytes(48)];
    const options: ConnectionOptions = { servername: 'first.test', maxVersion: version };
    const go = async (session?: Buffer) => visit(gate, gate.calls.length, { ...options, session });
    gate.tls.useTicketKeys([first]);
    const old = await go();
    gate.tls.useTicketKeys([second, first]);
    assert.equal((await go(old.session)).facts.resumed, true);
    const fresh = await go();
    gate.tls.useTicketKeys([third, second]);
    assert.equal((await go(fresh.session)).facts.resumed, true);
    assert.equal((await go(old.session)).facts.resumed, false);
  });

/** What a client offers, the reason it is refused with, and the alert it gets. */
const refused: readonly (readonly [string, ConnectionOptions, string, string])[] = [
  ['only SPDY', { ALPNProtocols: ['spdy/3.1'] }, 'tls/alpn-refused', 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL'],
  [
    'TLS 1.1',
    { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' },
    'tls/protocol-too-old',
    'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
  ],
  [
    'only CBC',
    { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA' },
    'tls/no-shared-cipher',
    'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE',
  ],
  [
    'only RSA',
    { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' },
    'tls/no-shared-cipher',
    'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE',
  ],
  ['only P-521', { ecdhCurve: 'P-521' }, 'tls/no-shared-cipher', 'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE'],
];

for (const [name, options, why, alert] of refused)
  test(`a client with ${name} is refused with an alert`, async () => {
    const gate = await open(sites);
    assert.equal(await failing(gate, options), alert);
    assert.equal((await failure(gate)).why, why);
    assert.deepEqual(gate.calls, [1]);
  });

test('renegotiation is refused', async () => {
  const gate = await open(oneSite);
  const client = connect({
    port: gate.port,
    host: '127.0.0.1',
    ca: authorityPem,
    servername: 'one.test',
    maxVersion: 'TLSv1.2',
  });
  sockets.push(client);
  await once(client, 'secureConnect');
  await gate.outcome(0);
  const [error] = await Promise.all([
    once(client, 'error').then(([first]) => first),
    client.renegotiate({}, () => undefined),
  ]);
  assert.equal(error.code, 'ERR_SSL_NO_RENEGOTIATION');
});

test('minVersion TLSv1.3 refuses TLS 1.2', async () => {
  const gate = await open({ ...oneSite, minVersion: 'TLSv1.3' });
  assert.equal(await failing(gate, { maxVersion: 'TLSv1.2' }), 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION');
  assert.equal((await failure(gate)).why, 'tls/protocol-too-old');
});

for (const pieces of [['GET /secret HTTP/1.1\r\nHost: one.test\r\n\r\n'], ['G', 'ET /secret']])
  test(`plain HTTP in ${pieces.length} packets goes back to who accepted it, with what was read`, async () => {
    const gate = await open(oneSite);
    const client = connectPlain(gate.port, '127.0.0.1');
    client.setNoDelay(true);
    sockets.push(client);
    for (const piece of pieces) {
      await new Promise((resolve) => client.write(piece, resolve));
      await new Promise((resolve) => setImmediate(resolve));
    }
    const outcome = await gate.outcome(0);
    assert.ok('plain' in outcome);
    assert.equal(outcome.plain, pieces.join(''));
    assert.equal(outcome.socket.destroyed, false);
    outcome.socket.end('bye');
    assert.equal(String((await once(client, 'data'))[0]), 'bye');
  });

/** Bytes that are no ClientHello. */
const garbage: readonly (readonly [string, string | Buffer])[] = [
  ['SSH', 'SSH-2.0-OpenSSH_9.9\r\n'],
  ['a ClientHello that lies about its length', Buffer.from('160301000501000001ff', 'hex')],
  ['a record longer than records are', Buffer.from('160301ffff0100fffb', 'hex')],
  ['an alert out of nowhere', Buffer.from('15030100020100', 'hex')],
  ['application data out of nowhere', Buffer.from('1703030001ff', 'hex')],
  ['a ClientHello of zeros', Buffer.concat([Buffer.from('16030100cc010000c80303', 'hex'), Buffer.alloc(198)])],
];

for (const [name, bytes] of garbage)
  test(`${name} is garbage`, async () => {
    const gate = await open(oneSite);
    await sending(gate, bytes);
    assert.equal((await failure(gate)).why, 'tls/garbage');
    assert.deepEqual(gate.calls, [1]);
  });

test('a client that says nothing, or not enough, is closed after the timeout', async () => {
  const gate = await open(oneSite, { handshakeTimeoutMs: 20 });
  await sending(gate, '');
  await sending(gate, Buffer.from('16030100', 'hex'));
  for (const number of [0, 1])
    assert.deepEqual(await failure(gate, number), {
      why: 'tls/handshake-timeout',
      says: 'the handshake was not complete in time',
    });
  assert.deepEqual(gate.calls, [1, 1]);
});

test('a client that drips bytes does not put the timeout off', async () => {
  const gate = await open(oneSite, { handshakeTimeoutMs: 40 });
  const socket = connectPlain(gate.port, '127.0.0.1');
  socket.on('error', () => undefined);
  const bytes = Buffer.concat([Buffer.from('160301400001003ffc0303', 'hex'), Buffer.alloc(10_000)]);
  let sent = 0;
  const drip = setInterval(() => socket.write(bytes.subarray(sent, ++sent)), 5);
  assert.equal((await failure(gate)).why, 'tls/handshake-timeout');
  clearInterval(drip);
  socket.destroy();
});

for (const then of ['end', 'reset'] as const)
  test(`a client that leaves (${then}) before and in its ClientHello is gone`, async () => {
    const gate = await open(oneSite);
    await sending(gate, '', then);
    await sending(gate, Buffer.from('160301', 'hex'), then);
    for (const number of [0, 1]) assert.equal((await failure(gate, number)).why, 'tls/client-gone');
    assert.deepEqual(gate.calls, [1, 1]);
  });

test('a client that left before its connection was accepted is gone at once, as ports accepts them', async () => {
  const { tls } = await open(oneSite);
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  servers.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  const client = connectPlain((server.address() as AddressInfo).port, '127.0.0.1').end();
  const [[socket]] = (await Promise.all([once(server, 'connection'), once(client, 'finish')])) as [[Socket], unknown];
  const outcome = await new Promise<Outcome>((resolve) => secure(tls, socket, resolve));
  assert.equal(outcome.why, 'tls/client-gone');
  client.destroy();
});

test('a socket that is destroyed already, or by its owner during the handshake, is gone', async () => {
  const { tls } = await open(oneSite);
  const server = createServer();
  servers.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  for (const order of ['before', 'during']) {
    const client = connectPlain((server.address() as AddressInfo).port, '127.0.0.1');
    const [socket] = (await once(server, 'connection')) as [Socket];
    if (order === 'before') socket.destroy();
    const settled = Promise.withResolvers<Outcome>();
    let returned = false;
    secure(tls, socket, (outcome) => {
      assert.equal(returned, true);
      settled.resolve(outcome);
    });
    returned = true;
    socket.destroy();
    assert.equal((await settled.promise).why, 'tls/client-gone');
    client.destroy();
  }
});

test('property: whatever is sent, each connection has exactly one outcome, and the next client is served', async () => {
  const gate = await open(sites);
  let number = 0;
  const hello = fc.uint8Array({ maxLength: 80 }).map((body) => {
    const head = Buffer.from([0x16, 3, 1, 0, body.length + 4, 1, 0, 0, body.length]);
    return Buffer.concat([head, body]);
  });
  const anything = fc.oneof(
    hello,
    fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes)),
  );
  await fc.assert(
    fc.asyncProperty(anything, async (bytes) => {
      await sending(gate, bytes, 'end');
      const outcome = await gate.outcome(number++);
      assert.ok('says' in outcome);
    }),
    { numRuns: 100 },
  );
  await visit(gate, number, { servername: 'first.test' });
  assert.deepEqual(gate.calls, Array(number + 1).fill(1));
});

test('what was read before the handshake is not lost', async () => {
  const gate = await open(oneSite);
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    socket.once('data', (rest: Buffer) => {
      socket.pause();
      secure(gate.tls, socket, () => undefined, rest);
    });
    socket.resume();
  });
  servers.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  const client = connect({ port: (server.address() as AddressInfo).port, ca: authorityPem, servername: 'one.test' });
  await once(client, 'secureConnect');
  client.destroy();
});

test('the local CA serves the names that no file has, and a first run needs no file', async () => {
  const dataDirectory = join(root, 'local');
  const localNames = ['app.localhost', '127.0.0.1'];
  const gate = await open({ ...oneSite, certificates: [], localNames }, { dataDirectory });
  assert.equal(gate.tls.caCertificatePath, join(dataDirectory, 'ca', 'ca.crt'));
  const ca = readFileSync(gate.tls.caCertificatePath!);
  await visit(gate, 0, { ca, servername: 'app.localhost' });

  const both = await open({ ...sites, localNames: ['app.localhost', 'www.second.test'] }, { dataDirectory });
  assert.deepEqual(
    both.tls.describe().map(({ names, from }) => [from, ...names]),
    [
      ['file', 'first.test'],
      ['file', 'second.test', '*.second.test'],
      ['file', 'www.second.test'],
      ['local-ca', 'app.localhost'],
    ],
  );
  assert.equal((await visit(both, 0, { ca, servername: 'app.localhost' })).servedBy, 'DNS:app.localhost');
  const covered = await open({ ...sites, localNames: ['any.second.test'] });
  assert.equal(covered.tls.caCertificatePath, null);
});

/** Settings that are wrong, and what is said of them. */
const wrong: readonly (readonly [string, Partial<TlsSettings>, readonly string[]])[] = [
  ['nothing to show', { certificates: [] }, ['certificates tls/no-certificate']],
  [
    'bad names',
    { localNames: ['ok.test', '*', 'a b', 'x,DNS:y'] },
    [1, 2, 3].map((at) => `localNames.${at} tls/bad-name`),
  ],
  [
    'too many names',
    { localNames: Array.from({ length: 101 }, (_, at) => `n${at}.test`) },
    ['localNames tls/too-many-names'],
  ],
  [
    'bad files and bad names at once',
    { certificates: [{ certificate: join(root, 'none'), key: sites.certificates[0]!.key }], localNames: ['-'] },
    ['certificates.0.certificate tls/file-unreadable', 'localNames.0 tls/bad-name'],
  ],
];

for (const [name, changed, expected] of wrong)
  test(`${name}: every problem at once, and nothing written`, async () => {
    const dataDirectory = join(root, 'unwritten');
    const station = await build({ ...oneSite, ...changed }, { ...tools, dataDirectory });
    assert.ok(!station.ok);
    assert.deepEqual(
      station.problems.map(({ path, code }) => `${path.join('.')} ${code}`),
      expected,
    );
    assert.equal(existsSync(dataDirectory), false);
  });

test('a data directory that cannot be used is a problem of the station', async () => {
  const dataDirectory = join(root, 'a-file', 'below');
  writeFileSync(join(root, 'a-file'), '');
  const station = await build({ ...oneSite, localNames: ['app.localhost'] }, { ...tools, dataDirectory });
  assert.ok(!station.ok);
  assert.equal(station.problems[0]!.code, 'tls/data-directory-unusable');
});

test('a name in two certificates is a warning', async () => {
  const station = await build(
    { ...oneSite, certificates: [certify('twice.test'), certify('more.test', 'twice.test')] },
    tools,
  );
  assert.ok(station.ok);
  assert.deepEqual(
    station.warnings.map(({ path, code, says }) => [path, code, says]),
    [
      [
        ['certificates', 1],
        'tls/name-twice',
        'twice.test is in more than one certificate, and the first of them serves it',
      ],
    ],
  );
});

test("error codes that no test's client provokes have their reason too", () => {
  const cases: [string, string][] = [
    ['ERR_SSL_HTTPS_PROXY_REQUEST', 'tls/plain-http'],
    ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'tls/certificate-distrusted'],
    ['ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_UNKNOWN', 'tls/certificate-distrusted'],
    ['ERR_SSL_TLSV1_ALERT_DECODE_ERROR', 'tls/client-alert'],
    ['ERR_SSL_SOMETHING_NEW', 'tls/garbage'],
    ['EPIPE', 'tls/client-gone'],
    ['', 'tls/client-gone'],
  ];
  for (const [code, why] of cases) assert.equal(whyOf(code), why);
});

const curl = '/usr/bin/curl';

test('curl trusts the local CA for a name and for an address, and nobody without it', {
  skip: !existsSync(curl) && 'no curl here',
}, async () => {
  const gate = await open({ ...oneSite, certificates: [], localNames: ['app.localhost', '127.0.0.1'] });
  const { port } = gate;
  const run = async (number: number, url: string, ...options: string[]) => {
    const answered = gate.outcome(number).then((outcome) => {
      if ('socket' in outcome) outcome.socket.end('HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n');
      return outcome.why;
    });
    const args = [
      '-sS',
      '--http1.1',
      '--noproxy',
      '*',
      '--resolve',
      `app.localhost:${port}:127.0.0.1`,
      '-w',
      '%{http_code}',
      ...options,
      url,
    ];
    const { stdout } = await promisify(execFile)(curl, args).catch((error: { stdout: string; code: number }) => ({
      stdout: `exit ${error.code}`,
    }));
    return [stdout, await answered];
  };
  const trust = ['--cacert', gate.tls.caCertificatePath!];
  assert.deepEqual(await run(0, `https://app.localhost:${port}/`, ...trust), ['204', '']);
  assert.deepEqual(await run(1, `https://127.0.0.1:${port}/`, ...trust), ['204', '']);
  assert.deepEqual(await run(2, `https://127.0.0.1:${port}/`), ['exit 60', 'tls/certificate-distrusted']);
});

/** A certificate with its key as the shelf takes it. */
function pemPair(...names: string[]): PemPair {
  const { certificate, key } = certify(...names);
  return { certificate: readFileSync(certificate, 'utf8'), key: readFileSync(key, 'utf8') };
}

test('certificates that come while the station runs are served at once, behind files and before the local CA', async () => {
  const shelf = new Shelf();
  const dataDirectory = join(root, 'shelf');
  const gate = await open({ ...oneSite, localNames: ['app.localhost'] }, { shelf, dataDirectory });
  const go = async (servername: string, session?: Buffer) =>
    visit(gate, gate.calls.length, { servername, session, rejectUnauthorized: false });
  gate.tls.useTicketKeys([randomBytes(48)]);
  assert.equal((await go('app.localhost')).servedBy, 'DNS:app.localhost');
  const pair = pemPair('app.localhost', 'new.test', 'one.test');
  shelf.apply([{ kind: 'certificate', id: 'new', pair }]);
  const served = await go('new.test');
  assert.equal(served.servedBy, 'DNS:app.localhost, DNS:new.test, DNS:one.test');
  assert.equal((await go('app.localhost')).servedBy, served.servedBy);
  assert.equal((await go('one.test')).servedBy, 'DNS:one.test');
  assert.equal((await go('new.test', served.session)).facts.resumed, true);
  shelf.apply([{ kind: 'certificate', id: 'new', pair: null }]);
  assert.equal((await go('new.test')).servedBy, 'DNS:one.test');
});

test('a station that expects its certificates refuses clients by name until they come', async () => {
  const shelf = new Shelf();
  const gate = await open({ ...oneSite, certificates: [] }, { shelf, isExpecting: true });
  assert.equal(await failing(gate, { servername: 'new.test' }), 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME');
  assert.deepEqual(await failure(gate), {
    why: 'tls/no-certificate',
    says: 'no certificate is there that could be shown (new.test)',
  });
  shelf.apply([{ kind: 'certificate', id: 'new', pair: pemPair('new.test') }]);
  assert.equal((await visit(gate, 1, { servername: 'new.test' })).servedBy, 'DNS:new.test');
});

test('TLS-ALPN-01: a CA gets the certificate of its challenge and nothing else; others get what they always got', async () => {
  const shelf = new Shelf();
  const gate = await open(oneSite, { shelf });
  shelf.apply([{ kind: 'challenge', name: 'one.test', pair: pemPair('one.test', 'challenge.test') }]);
  const client = connect({
    port: gate.port,
    host: '127.0.0.1',
    servername: 'one.test',
    ALPNProtocols: ['acme-tls/1'],
    ca: authorityPem,
  });
  sockets.push(client);
  client.on('error', () => {});
  await once(client, 'secureConnect');
  assert.equal(client.alpnProtocol, 'acme-tls/1');
  assert.equal(client.getPeerX509Certificate()?.subjectAltName, 'DNS:one.test, DNS:challenge.test');
  assert.deepEqual(await failure(gate), {
    why: 'tls/acme-challenge',
    says: 'a certificate authority asked for its challenge (TLS-ALPN-01), and was answered (one.test)',
  });
  assert.equal((await visit(gate, 1, { servername: 'one.test' })).servedBy, 'DNS:one.test');
  const alert = 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL';
  assert.equal(await failing(gate, { servername: 'other.test', ALPNProtocols: ['acme-tls/1'] }), alert);
  assert.equal((await failure(gate, 2)).why, 'tls/alpn-refused');
});

test('modern is TLS 1.3 alone, whatever the oldest version', async () => {
  const gate = await open({ ...oneSite, policy: 'modern' });
  assert.equal(await failing(gate, { maxVersion: 'TLSv1.2' }), 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION');
  assert.equal((await failure(gate)).why, 'tls/protocol-too-old');
  assert.equal((await visit(gate, 1, {})).facts.version, 'TLSv1.3');
});

test('unknown names may be refused; who asks for none gets the first certificate', async () => {
  const gate = await open({ ...sites, unknownNames: 'refuse' });
  assert.equal(await failing(gate, { servername: 'unknown.test' }), 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME');
  assert.deepEqual(await failure(gate), {
    why: 'tls/unknown-name',
    says: 'no certificate serves the name that the client asked for, and tls.unknown_names is refuse (unknown.test)',
  });
  assert.equal((await visit(gate, 1, {})).servedBy, 'DNS:first.test');
  assert.equal((await visit(gate, 2, { servername: 'x.second.test' })).servedBy, 'DNS:second.test, DNS:*.second.test');
});

test('a client that begins too many handshakes is turned away before it is read', async () => {
  const gate = await open(oneSite, { maxHandshakesPerClientPerSecond: 2 });
  for (const number of [0, 1]) await visit(gate, number, {});
  await sending(gate, '');
  assert.equal((await failure(gate, 2)).why, 'tls/too-many-handshakes');
});

test('a ClientHello in many records and packets is read, and one that is too long is refused with an alert', async () => {
  const gate = await open(oneSite);
  const raw = connectPlain(gate.port, '127.0.0.1');
  sockets.push(raw);
  raw.on('error', () => {});
  const hello = inRecords(helloMessage({ extensions: [serverName('one.test')] }), [1, 2, 40]);
  for (const byte of hello) {
    raw.write(Buffer.from([byte]));
    await new Promise((resolve) => setImmediate(resolve));
  }
  // It offers nothing that would be needed for TLS 1.3, and no cipher of TLS 1.2.
  assert.equal((await failure(gate)).why, 'tls/no-shared-cipher');
  const got = await sending(gate, inRecords(helloMessage({ extensions: [[9, Buffer.alloc(16_000)]] }), [100]));
  // The longest that is read gets OpenSSL's own answer: handshake_failure.
  assert.equal(Buffer.from(got, 'latin1').toString('hex'), '15030300020228');
  const answered = await sending(gate, inRecords(helloMessage({ extensions: [[9, Buffer.alloc(17_000)]] }), [9_000]));
  assert.equal((await failure(gate, 2)).why, 'tls/hello-too-large');
  assert.equal(Buffer.from(answered, 'latin1').toString('hex'), '15030100020232');
});

test('an SSLv2 hello is told apart, with the alert that fits', async () => {
  const gate = await open(oneSite);
  const got = await sending(gate, Buffer.from('802e0100020015000000100100800700c0', 'hex'));
  assert.equal(Buffer.from(got, 'latin1').toString('hex'), '15030100020246');
  assert.deepEqual(await failure(gate), {
    why: 'tls/protocol-too-old',
    says: 'the client speaks only TLS versions that are no longer safe (an SSLv2 hello)',
  });
});

test('which names have a certificate', async () => {
  const shelf = new Shelf();
  const gate = await open(
    { ...sites, localNames: ['127.0.0.1', '::1'] },
    { shelf, dataDirectory: join(root, 'covers') },
  );
  const covered = ['first.test', 'any.second.test', '*.second.test', '127.0.0.1', '[::1]'];
  for (const name of covered) assert.equal(gate.tls.covers(name), true, name);
  for (const name of ['*.first.test', 'new.test', 'a.b.second.test']) assert.equal(gate.tls.covers(name), false, name);
  shelf.apply([{ kind: 'certificate', id: 'new', pair: pemPair('new.test') }]);
  assert.equal(gate.tls.covers('new.test'), true);
});

test('no source ever has node tell the keys of a connection', () => {
  const folder = join(import.meta.dirname, '..');
  const named = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .filter((file) => /keylog|SSLKEYLOGFILE|exportKeyingMaterial/i.test(readFileSync(join(folder, file), 'utf8')));
  // The command refuses to run where node was told to.
  assert.deepEqual(named, ['cli/run.ts']);
});

test('on demand: a client waits for its certificate, others are served meanwhile, and a refused name gets an alert', async () => {
  const shelf = new Shelf();
  const wanted: string[] = [];
  const answers = new Map<string, (isThere: boolean) => void>();
  const want = (name: string): Promise<boolean> => {
    wanted.push(name);
    return new Promise((resolve) => answers.set(name, resolve));
  };
  const gate = await open(oneSite, { shelf, want });
  const [waiting, same] = [visit(gate, 0, { servername: 'new.test' }), visit(gate, 1, { servername: 'NEW.test' })];
  const refused = failing(gate, { servername: 'no.test' });
  assert.equal((await visit(gate, 3, { servername: 'one.test' })).servedBy, 'DNS:one.test');
  assert.equal((await visit(gate, 4, {})).servedBy, 'DNS:one.test');
  assert.deepEqual(wanted.sort(), ['new.test', 'no.test']);
  answers.get('no.test')!(false);
  assert.equal(await refused, 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME');
  assert.equal((await failure(gate, 2)).why, 'tls/not-on-demand');
  shelf.apply([{ kind: 'certificate', id: 'new', pair: pemPair('new.test') }]);
  answers.get('new.test')!(true);
  assert.equal((await waiting).servedBy, 'DNS:new.test');
  assert.equal((await same).servedBy, 'DNS:new.test');
});

test('on demand: a client that does not wait, or says more than a hello, is over as any other', async () => {
  const gate = await open(oneSite, { want: () => new Promise(() => {}), handshakeTimeoutMs: 200 });
  const hello = inRecords(helloMessage({ extensions: [serverName('new.test')] }));
  await sending(gate, hello, 'end');
  assert.equal((await failure(gate, 0)).why, 'tls/client-gone');
  await sending(gate, hello);
  assert.equal((await failure(gate, 1)).why, 'tls/handshake-timeout');
  await sending(gate, Buffer.concat([hello, Buffer.alloc(40_000, 1)]));
  assert.equal((await failure(gate, 2)).why, 'tls/hello-too-large');
  assert.deepEqual(gate.calls, [1, 1, 1]);
});

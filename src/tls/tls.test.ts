// The TLS station over real sockets: who gets which certificate, what is agreed, and why a handshake fails.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect as connectPlain, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type ConnectionOptions, checkServerIdentity, connect, type TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { systemClock } from '../base/clock.ts';
import type { TlsFacts } from '../traffic/connection.ts';
import { keyPem, newKey, type Signer, writeAuthority, writeLeaf } from './certificate-writer.ts';
import { whyOf } from './failures.ts';
import { build, reasons, systemFiles, type Tls, type TlsSettings, type TlsTools } from './tls.ts';

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
  const paths = { certificate: join(root, `${names[0]}.crt`), key: join(root, `${names[0]}.key`) };
  writeFileSync(
    paths.certificate,
    writeLeaf({ ...statement, commonName: names[0]! }, names, key, authority) + authorityPem,
  );
  writeFileSync(paths.key, keyPem(key), { mode: 0o600 });
  return paths;
}

type Outcome = { why: ''; facts: TlsFacts; socket: TLSSocket } | { why: string; says: string; destroyed: boolean };

interface Gate {
  readonly tls: Tls;
  readonly port: number;
  /** Outcome of the connection with this number, from 0, in the order of accepting. */
  outcome(number: number): Promise<Outcome>;
  /** Every call that came, by connection: exactly one each. */
  readonly calls: number[];
}

const tools: TlsTools = {
  dataDirectory: join(root, 'data'),
  hostname: 'test',
  clock: systemClock,
  files: systemFiles,
  handshakeTimeoutMs: 10_000,
};

const oneSite: TlsSettings = { certificates: [certify('one.test')], localNames: [], minVersion: 'TLSv1.2' };
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

function secure(tls: Tls, socket: Socket, settle: (outcome: Outcome) => void): void {
  tls.secure(
    socket,
    (tlsSocket, facts) => {
      tlsSocket.on('error', () => tlsSocket.destroy());
      tlsSocket.resume();
      tlsSocket.on('end', () => tlsSocket.end());
      settle({ why: '', facts, socket: tlsSocket });
    },
    (why, says) => settle({ why, says, destroyed: socket.destroyed }),
  );
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
  assert.ok('facts' in outcome);
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
  assert.ok('says' in outcome, JSON.stringify('facts' in outcome ? outcome.facts : outcome));
  assert.equal(outcome.destroyed, true);
  assert.ok(Object.hasOwn(reasons, outcome.why), outcome.why);
  return { why: outcome.why, says: outcome.says };
}

test('TLS 1.3 with the facts of the session', async () => {
  const gate = await open(oneSite);
  const { facts, group } = await visit(gate, 0, { servername: 'One.test', ALPNProtocols: ['http/1.1', 'h2'] });
  assert.deepEqual(facts, {
    version: 'TLSv1.3',
    cipher: 'TLS_AES_128_GCM_SHA256',
    alpn: 'h2',
    sni: 'one.test',
    resumed: false,
    group: '',
  });
  assert.equal(group, 'X25519MLKEM768');
  assert.deepEqual(gate.calls, [1]);
});

test('TLS 1.2 without SNI and ALPN', async () => {
  const gate = await open(oneSite);
  const { facts } = await visit(gate, 0, { maxVersion: 'TLSv1.2' });
  assert.deepEqual(facts, {
    version: 'TLSv1.2',
    cipher: 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
    alpn: '',
    sni: '',
    resumed: false,
    group: '',
  });
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
    one.tls.useTicketKeys(shared);
    two.tls.useTicketKeys(Buffer.from(shared));
    const options: ConnectionOptions = { servername: 'www.second.test', maxVersion: version };
    const first = await visit(one, 0, options);
    assert.equal(first.facts.resumed, false);
    const again = { ...options, session: first.session };
    assert.equal((await visit(one, 1, again)).facts.resumed, true);
    assert.equal((await visit(two, 0, again)).facts.resumed, true);
    two.tls.useTicketKeys(randomBytes(48));
    assert.equal((await visit(two, 1, again)).facts.resumed, false);
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

for (const method of ['GET', 'POST', 'HEAD', 'PUT'])
  test(`plain HTTP (${method}) is named and answered in the clear`, async () => {
    const gate = await open(oneSite);
    const got = await sending(gate, `${method} /secret HTTP/1.1\r\nHost: one.test\r\n\r\n`);
    assert.deepEqual(await failure(gate), {
      why: 'tls/plain-http',
      says: 'an HTTP request came without TLS to a TLS port (OpenSSL: http request)',
    });
    assert.match(got, /^HTTP\/1\.1 400 Bad Request\r\n/);
    assert.match(got, /Connection: close\r\n\r\nThis port speaks HTTPS/);
    assert.ok(!got.includes('secret'));
    assert.deepEqual(gate.calls, [1]);
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
      await failure(gate, number++);
    }),
    { numRuns: 100 },
  );
  await visit(gate, number, { servername: 'first.test' });
  assert.deepEqual(gate.calls, Array(number + 1).fill(1));
});

test('what was read before the handshake is not lost', async () => {
  const gate = await open(oneSite);
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    socket.once('readable', () => {
      socket.unshift(socket.read());
      secure(gate.tls, socket, () => undefined);
    });
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

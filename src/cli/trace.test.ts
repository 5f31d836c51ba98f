import assert from 'node:assert/strict';
import type { KeyObject } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import { systemClock } from '../base/clock.ts';
import { keyPem, newKey, writeAuthority, writeLeaf } from '../tls/certificate-writer.ts';
import { type Arguments, Trouble, UsageError, type World } from './command.ts';
import { type Machine, trace, traceOn } from './trace.ts';

const day = 86_400_000;
const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Request-Id: 01JD\r\n\r\nhello';

const machine: Machine = {
  clock: systemClock,
  lookup: async (host) => {
    if (host === 'shop.example') return ['127.0.0.1'];
    if (host === 'two.example') return ['::ffff:127.0.0.2', '127.0.0.1'];
    throw Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: 'ENOTFOUND' });
  },
  roots: () => [],
  ephemeralRange: () => ({ from: 32768, to: 60999, reserved: [], ports: 28232 }),
};

async function said(words: readonly string[], options: Arguments['options'] = {}, on = machine, stop?: AbortSignal) {
  let text = '';
  const world: World = {
    stdout: { write: (some: string) => (text += some) },
    stderr: { write: () => {} },
    env: {},
    cwd: '/',
    stop: stop ?? new AbortController().signal,
  };
  const code = await traceOn(on).run({ words, options: { 'data-dir': '/nonexistent', ...options } }, world);
  return { code, text };
}

async function walked(words: readonly string[], options: Arguments['options'] = {}) {
  const { code, text } = await said(words, { ...options, json: true });
  return { code, ...JSON.parse(text) };
}

async function listen(context: TestContext, server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket.on('error', () => {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return address.port;
}

/** A server that answers the whole of what it is told with `text`; `heard` has what was told. */
async function answering(context: TestContext, text: string | null): Promise<{ port: number; heard: string[] }> {
  const heard: string[] = [];
  const server = createServer((socket) => {
    socket.on('data', (bytes) => {
      heard.push(bytes.toString('latin1'));
      if (text !== null) socket.write(text, 'latin1');
    });
  });
  return { port: await listen(context, server), heard };
}

const authorityKey = newKey();
const statement = (commonName: string, from = -day, to = 30 * day) => ({
  commonName,
  notBefore: Date.now() + from,
  notAfter: Date.now() + to,
});
const authority = writeAuthority(statement('Test CA'), authorityKey);

async function secureServer(context: TestContext, names: readonly string[], from?: number, to?: number) {
  const key: KeyObject = newKey();
  const cert = writeLeaf(statement(names[0]!, from, to), names, key, { commonName: 'Test CA', key: authorityKey });
  const server = createTlsServer({ key: keyPem(key), cert, ALPNProtocols: ['http/1.1'] }, (socket) => {
    socket.on('error', () => {});
    socket.on('data', () => socket.write(answer));
  });
  server.on('tlsClientError', () => {});
  return listen(context, server);
}

async function directory(context: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'trace-'));
  context.after(() => rm(path, { recursive: true }));
  return path;
}

test('a plain journey, every step with its facts', async (context) => {
  const { port, heard } = await answering(context, answer);
  const found = await walked([`http://shop.example:${port}/users?id=1`]);
  assert.deepEqual([found.code, found.ok, found.failure, found.tls], [0, true, null, null]);
  assert.deepEqual(found.dns.answers, ['127.0.0.1']);
  assert.equal(found.tcp.to, `127.0.0.1:${port}`);
  assert.equal(found.tcp.from, `127.0.0.1:${found.tcp.localPort}`);
  assert.ok(['registered', 'ephemeral'].includes(found.tcp.localRange));
  assert.equal(found.request.line, 'GET /users?id=1 HTTP/1.1');
  assert.deepEqual(
    [found.response.status, found.response.bodyBytes, found.response.bodyEnd, found.response.requestId],
    [200, 5, 'length', '01JD'],
  );
  assert.equal(
    heard.join(''),
    `GET /users?id=1 HTTP/1.1\r\nHost: shop.example:${port}\r\nUser-Agent: portcullis-trace\r\nAccept: */*\r\nConnection: close\r\n\r\n`,
  );
});

test('the text has the seven steps of the guide', async (context) => {
  const { port } = await answering(
    context,
    'HTTP/1.1 302 Found\r\nLocation: /in\x1b[2J\r\nX-Request-Id: 7\r\nContent-Length: 0\r\n\r\n',
  );
  const { code, text } = await said([`http://shop.example:${port}/`]);
  assert.equal(code, 0);
  const lines = text.split('\n');
  assert.ok(lines[0]?.startsWith('1 DNS        shop.example → 127.0.0.1   '));
  assert.ok(lines[1]?.startsWith('2 TCP        127.0.0.1:'));
  assert.ok(lines[2]?.includes('chosen by this machine from 32768–60999'));
  assert.equal(lines[3], '3 Firewall   let the connection in, as far as a client can see');
  assert.equal(lines[4], '4 TLS        none: the request is plain text');
  assert.equal(lines[5], '5 WAF        let the request through, as far as a client can see');
  assert.ok(lines[6]?.startsWith('6 Server     GET / HTTP/1.1   sent in '));
  assert.ok(lines[7]?.startsWith('7 Response   302 Found   0 bytes   first byte '));
  assert.equal(lines[8], '             Location: /in\\x1b[2J   (not followed)');
  assert.equal(lines[9], '             id 7   on the gate: portcullis explain 7');
});

test('method, header fields and --connect', async (context) => {
  const { port, heard } = await answering(context, answer);
  const options = { method: 'POST', header: ['Host: other.example', 'X-A: b:c'], connect: `127.0.0.1:${port}` };
  const found = await walked(['http://nowhere.example'], options);
  assert.deepEqual([found.code, found.dns], [0, null]);
  assert.equal(
    heard.join(''),
    'POST / HTTP/1.1\r\nUser-Agent: portcullis-trace\r\nAccept: */*\r\nConnection: close\r\nContent-Length: 0\r\nHost: other.example\r\nX-A: b:c\r\n\r\n',
  );
  const upgrade = await walked([`ws://[::ffff:127.0.0.1]:${port}/`]);
  assert.equal(upgrade.request.fields.find(([name]: string[]) => name === 'Upgrade')[1], 'websocket');
});

test('an address that does not answer is followed by the next', async (context) => {
  const { port } = await answering(context, answer);
  const found = await walked([`http://two.example:${port}`]);
  assert.deepEqual(found.dns.answers, ['127.0.0.2', '127.0.0.1']);
  assert.deepEqual(found.tcp.failed, [{ to: `127.0.0.2:${port}`, code: 'ECONNREFUSED' }]);
  assert.deepEqual([found.tcp.to, found.dns.chosen, found.ok], [`127.0.0.1:${port}`, '127.0.0.1', true]);
  const { text } = await said([`http://two.example:${port}`]);
  assert.ok(text.startsWith('1 DNS        two.example → 127.0.0.1   (also 127.0.0.2)'), text);
});

test('names under localhost need no DNS', async (context) => {
  const { port } = await answering(context, answer);
  const found = await walked([`http://shop.localhost:${port}`]);
  assert.deepEqual([found.ok, found.dns.note], [true, 'no DNS: a name under localhost is this machine']);
});

test('TLS: what was agreed, and a certificate of the CA in the data directory', async (context) => {
  const port = await secureServer(context, ['shop.example']);
  const data = await directory(context);
  await mkdir(join(data, 'ca'));
  await writeFile(join(data, 'ca', 'ca.crt'), authority);
  const found = await walked([`https://shop.example:${port}`], { 'data-dir': data });
  assert.deepEqual(
    [found.code, found.tls.verified, found.tls.verificationCode, found.tls.matchesHost],
    [0, true, '', true],
  );
  assert.deepEqual([found.tls.version, found.tls.alpn, found.tls.names], ['TLSv1.3', 'http/1.1', 'DNS:shop.example']);
  assert.ok(found.tls.cipher.startsWith('TLS_'));
  assert.ok(found.tls.issuer.includes('Test CA') && found.tls.subject.includes('shop.example'));
  assert.equal(found.response.status, 200);
  const file = join(data, 'ca', 'ca.crt');
  const { code, text } = await said([`https://shop.example:${port}`], { ca: file });
  assert.equal(code, 0);
  assert.ok(text.includes('for DNS:shop.example: matches the host\n'), text);
  assert.ok(text.includes('(29 days left)\n             verified\n'), text);
});

test('TLS: a certificate that is not accepted ends the journey, unless --insecure', async (context) => {
  const data = await directory(context);
  const ca = join(data, 'ca.crt');
  await writeFile(ca, authority);
  const good = await secureServer(context, ['shop.example']);
  const old = await secureServer(context, ['shop.example'], -2 * day, -day);
  const young = await secureServer(context, ['shop.example'], day, 2 * day);
  const other = await secureServer(context, ['other.example', 'www.other.example']);
  for (const [port, options, code, means] of [
    [
      good,
      {},
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'its issuer (O=Portcullis, CN=Test CA) was not sent and is not trusted here',
    ],
    [old, { ca }, 'CERT_HAS_EXPIRED', 'the certificate was valid until 20'],
    [young, { ca }, 'CERT_NOT_YET_VALID', 'the certificate is valid from 20'],
    [
      other,
      { ca },
      'ERR_TLS_CERT_ALTNAME_INVALID',
      'the certificate is for DNS:other.example, DNS:www.other.example, not for shop.example',
    ],
  ] as const) {
    const found = await walked([`https://shop.example:${port}`], options);
    assert.deepEqual([found.code, found.failure.step, found.failure.code], [1, 'tls', code]);
    assert.ok(found.failure.means.startsWith(means), found.failure.means);
    assert.deepEqual([found.request, found.tls.verified], [null, false]);
    const insecure = await walked([`https://shop.example:${port}`], { ...options, insecure: true });
    assert.deepEqual([insecure.code, insecure.response.status, insecure.tls.verificationCode], [0, 200, code]);
  }
  const { text } = await said([`https://shop.example:${old}`], { ca });
  assert.ok(
    text.includes('NOT verified (CERT_HAS_EXPIRED)\n             FAILED  the certificate is not accepted'),
    text,
  );
  assert.ok(text.includes('do      renew it'), text);
  assert.ok(text.includes('\n5 WAF        not reached\n6 Server     not reached\n7 Response   not reached\n'), text);
});

test('every failure is named at its step', async (context) => {
  const silent = await answering(context, null);
  const plain = await answering(context, 'HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n');
  const ssh = await answering(context, 'SSH-2.0-OpenSSH\r\n');
  const garbled = await answering(context, 'HTTP/1.1 OK\r\n\r\n');
  const alert = await answering(context, '\x15\x03\x01\x00\x02\x02\x46');
  const shutting = await listen(
    context,
    createServer((socket) => socket.destroy()),
  );
  const resetting = await listen(
    context,
    createServer((socket) => socket.resetAndDestroy()),
  );
  const gone = createServer();
  const closed = await listen(context, gone);
  await new Promise((resolve) => gone.close(resolve));
  for (const [url, step, code, means] of [
    ['http://nowhere.example', 'dns', 'ENOTFOUND', 'no DNS server knows an address for nowhere.example'],
    [
      `http://127.0.0.1:${closed}`,
      'tcp',
      'ECONNREFUSED',
      `the machine answered that nothing listens on 127.0.0.1:${closed}`,
    ],
    [`https://127.0.0.1:${silent.port}`, 'tls', 'TIMEOUT', 'the port took the connection and says nothing'],
    [`https://127.0.0.1:${plain.port}`, 'tls', '*', 'what listens on this port does not speak TLS'],
    [`https://127.0.0.1:${shutting}`, '*', 'ECONNRESET', 'the connection was accepted and ended at once'],
    [`https://127.0.0.1:${resetting}`, '*', '*', 'the connection was accepted and ended at once'],
    [`http://127.0.0.1:${silent.port}`, 'response', 'TIMEOUT', 'the request went out whole and no answer came'],
    [`http://127.0.0.1:${shutting}`, '*', '*', 'the connection was accepted and ended'],
    [`http://127.0.0.1:${resetting}`, '*', '*', 'the connection was accepted and ended'],
    [`http://127.0.0.1:${ssh.port}`, 'response', 'NOT_HTTP', 'what listens on this port does not speak HTTP/1.1'],
    [`http://127.0.0.1:${alert.port}`, 'response', 'SPEAKS_TLS', 'what listens on this port speaks TLS'],
    [`http://127.0.0.1:${garbled.port}`, 'response', 'BAD_ANSWER', 'the answer cannot be read as HTTP/1.1'],
  ] as const) {
    const found = await walked([url], code === 'TIMEOUT' ? { timeout: '0.2' } : {});
    assert.equal(found.code, 1, url);
    if (step !== '*') assert.equal(found.failure.step, step, JSON.stringify(found.failure));
    if (code !== '*') assert.equal(found.failure.code, code, url);
    assert.ok(found.failure.means.startsWith(means), JSON.stringify(found.failure));
    assert.notEqual(found.failure.instead, '');
    assert.equal(found.response, null);
  }
});

test('a body that never ends is no failure', async (context) => {
  const { port } = await answering(context, 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n');
  const found = await walked([`http://127.0.0.1:${port}`], { timeout: '0.2' });
  assert.deepEqual([found.code, found.response.bodyEnd, found.response.bodyBytes], [0, 'deadline', 9]);
});

test('stopped by the user', async (context) => {
  const { port } = await answering(context, null);
  const stop = new AbortController();
  stop.abort();
  const { code, text } = await said([`http://127.0.0.1:${port}`], {}, machine, stop.signal);
  assert.equal(code, 1);
  assert.ok(text.includes('FAILED  stopped  (STOPPED)'), text);
});

test('wrong usage teaches', async () => {
  for (const [words, options, message] of [
    [[], {}, 'trace takes one URL'],
    [['a', 'b'], {}, 'trace takes one URL'],
    [['htps://x'], {}, '"htps" is not a scheme of the web\n  instead: did you mean "https://"?'],
    [['http://x'], { method: 'G T' }, '--method is one word of letters, such as GET, HEAD or POST'],
    [['http://x'], { method: 'GET\r\nX:' }, '--method is one word of letters, such as GET, HEAD or POST'],
    [['http://x'], { header: ['nonsense'] }, "--header 'nonsense' is not of the form 'Name: value'"],
    [
      ['http://x'],
      { header: ['A: b\r\nC: d'] },
      "--header 'A: b\\x0d\\x0aC: d' holds a character that no header field may hold",
    ],
    [
      ['http://x'],
      { connect: 'example.com:80' },
      '--connect is an address and a port, such as 127.0.0.1:8443 or [::1]:8443',
    ],
    [
      ['http://x'],
      { connect: '127.0.0.1' },
      '--connect is an address and a port, such as 127.0.0.1:8443 or [::1]:8443',
    ],
    [['http://x'], { timeout: '0' }, '--timeout is a number of seconds greater than 0 and at most 3600'],
  ] as const)
    await assert.rejects(said(words, options as Arguments['options']), new UsageError(message));
  await assert.rejects(said(['https://x'], { ca: '/nonexistent/ca.pem' }), Trouble);
  await assert.rejects(
    said(['https://x'], { ca: import.meta.filename }),
    new Trouble(
      `--ca ${import.meta.filename} holds no certificate\n  instead: a PEM file with -----BEGIN CERTIFICATE-----`,
    ),
  );
});

test('the command on this machine reaches a server on loopback', async (context) => {
  const { port } = await answering(context, answer);
  let text = '';
  const world: World = {
    stdout: { write: (some: string) => (text += some) },
    stderr: { write: () => {} },
    env: {},
    cwd: '/',
    stop: new AbortController().signal,
  };
  assert.equal(await trace.run({ words: [`http://localhost:${port}`], options: { json: true } }, world), 0);
  assert.equal(JSON.parse(text).response.status, 200);
});

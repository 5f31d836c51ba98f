// How the gate reaches upstreams: under TLS and believing no stranger, over Unix sockets, and announcing its clients. nginx is the peer.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import tls from 'node:tls';
import { closedPort, eventually, ok, type Standing, stand, Wire } from './world.ts';

const get = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';

function openssl(...args: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (bytes) => {
      said += bytes;
    });
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(said))));
  });
}

/** A CA, a certificate of its for `upstream.test`, and one for a client. */
async function certificates(t: TestContext): Promise<(name: string) => string> {
  const directory = await mkdtemp(join(tmpdir(), 'portcullis-upstream-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const file = (name: string) => join(directory, name);
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  await openssl('req', '-x509', ...key, '-keyout', file('ca.key'), '-out', file('ca.pem'), '-subj', '/CN=Test CA');
  for (const [name, extension] of [
    ['server', 'subjectAltName=DNS:upstream.test'],
    ['client', 'extendedKeyUsage=clientAuth'],
  ] as const) {
    await openssl(
      'req',
      '-new',
      ...key.slice(0, -2),
      '-keyout',
      file(`${name}.key`),
      '-out',
      file(`${name}.csr`),
      '-subj',
      `/CN=${name}`,
      '-addext',
      extension,
    );
    await openssl(
      'x509',
      '-req',
      '-days',
      '2',
      '-in',
      file(`${name}.csr`),
      '-CA',
      file('ca.pem'),
      '-CAkey',
      file('ca.key'),
      '-CAcreateserial',
      '-copy_extensions',
      'copy',
      '-out',
      file(`${name}.crt`),
    );
  }
  return file;
}

/** nginx with these servers; `%` in the text is its directory. */
async function nginx(t: TestContext, port: number, servers: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'portcullis-nginx-'));
  const config = join(directory, 'nginx.conf');
  await writeFile(
    config,
    `daemon off; master_process off; pid %/pid; error_log %/error.log;
events {}
http { access_log off; client_body_temp_path %/b; proxy_temp_path %/p; fastcgi_temp_path %/f; uwsgi_temp_path %/u; scgi_temp_path %/s;
${servers}
}`.replaceAll('%', directory),
  );
  const child = spawn('nginx', ['-c', config, '-p', directory], { stdio: 'ignore' });
  t.after(async () => {
    child.kill();
    await rm(directory, { recursive: true, force: true });
  });
  await eventually(() => canConnect(port), 'nginx listens');
  return directory;
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

async function refusal(standing: Standing): Promise<[number, string, string]> {
  const answer = await standing.get('/');
  const { verdict } = await standing.journey(answer.headers.get('x-request-id')!);
  return [answer.status, verdict.why, verdict.says];
}

test('TLS: the certificate must be of a CA that is known and for the name that is asked for, unless a person wrote otherwise', async (t) => {
  const file = await certificates(t);
  const port = await closedPort();
  await nginx(
    t,
    port,
    `server { listen 127.0.0.1:${port} ssl; ssl_protocols TLSv1.3; ssl_certificate ${file('server.crt')}; ssl_certificate_key ${file('server.key')};
      location / { return 200 "$ssl_server_name $ssl_protocol $ssl_session_reused"; } }`,
  );
  const url = `https://localhost:${port}`;
  const ca = file('ca.pem');
  const withTls = (words: object) => stand(t, [], { sites: [{ host: '*', to: { url, tls: words } }] } as object);

  const right = await withTls({ ca, server_name: 'upstream.test' });
  assert.equal((await right.get('/')).body.toString(), 'upstream.test TLSv1.3 .');

  for (const [words, says] of [
    [{}, 'unable to verify the first certificate'],
    [
      { ca },
      "Hostname/IP does not match certificate's altnames: Host: localhost. is not in the cert's altnames: DNS:upstream.test",
    ],
    [{ server_name: 'upstream.test' }, 'unable to verify the first certificate'],
  ] as const) {
    const [status, why, said] = await refusal(await withTls(words));
    assert.deepEqual([status, why], [502, 'proxy/untrusted-certificate']);
    assert.match(
      said,
      new RegExp(
        `^the certificate of https://localhost:${port}( \\(127\\.0\\.0\\.1\\))?: ${says.replaceAll(/[.()]/g, '\\$&')}$`,
      ),
    );
  }
  const blind = await withTls({ insecure_skip_verify: true });
  assert.match((await blind.get('/')).body.toString(), /^localhost TLSv1.3/);
});

test('TLS: where the upstream does not speak it, that is said', async (t) => {
  const port = await closedPort();
  await nginx(t, port, `server { listen 127.0.0.1:${port}; location / { return 200 plain; } }`);
  const standing = await stand(t, [], { sites: [{ host: '*', to: `https://127.0.0.1:${port}` }] });
  const [status, why, says] = await refusal(standing);
  assert.deepEqual([status, why], [502, 'proxy/tls-failed']);
  assert.match(says, /^https:\/\/127\.0\.0\.1:\d+ does not speak TLS there \(ERR_SSL_/);
});

test('TLS: an upstream that wants a client certificate gets it, behind a PROXY header, too', async (t) => {
  const file = await certificates(t);
  const port = await closedPort();
  await nginx(
    t,
    port,
    `server { listen 127.0.0.1:${port} ssl proxy_protocol; ssl_certificate ${file('server.crt')}; ssl_certificate_key ${file('server.key')};
      ssl_client_certificate ${file('ca.pem')}; ssl_verify_client on;
      location / { return 200 "$ssl_client_s_dn $proxy_protocol_addr:$proxy_protocol_port"; } }`,
  );
  const url = `https://127.0.0.1:${port}`;
  const shared = { ca: file('ca.pem'), server_name: 'upstream.test' };
  for (const version of ['v1', 'v2']) {
    const own = { ...shared, certificate: file('client.crt'), key: file('client.key') };
    const standing = await stand(t, [], {
      sites: [{ host: '*', to: { url, proxy_protocol: version, tls: own } }],
    } as object);
    const wire = await standing.client();
    for (let request = 0; request < 2; request++) {
      wire.send(get);
      assert.equal((await wire.message()).body.toString(), `CN=client 127.0.0.1:${wire.socket.localPort}`);
    }
    const { upstreams } = (await standing.ask({ ask: 'status' })) as {
      upstreams: { opened: number; reused: number }[];
    };
    assert.deepEqual(
      [upstreams[0]!.opened, upstreams[0]!.reused],
      [1, 1],
      'a client’s connection is used again by that client',
    );
    const other = await standing.client();
    other.send(get);
    assert.equal((await other.message()).body.toString(), `CN=client 127.0.0.1:${other.socket.localPort}`);
  }
  const without = await stand(t, [], {
    sites: [{ host: '*', to: { url, proxy_protocol: 'v2', tls: shared } }],
  } as object);
  assert.equal((await without.get('/')).status, 400, 'nginx asks for one in the answer');
});

test('PROXY protocol to an upstream: each client has its own connections, and checks speak for the gate', async (t) => {
  const port = await closedPort();
  const directory = await nginx(
    t,
    port,
    `log_format who "$proxy_protocol_addr|$request_uri"; server { listen 127.0.0.1:${port} proxy_protocol; access_log %/who.log who;
      location / { return 200 "$proxy_protocol_addr:$proxy_protocol_port"; } }`,
  );
  const words = {
    listen: [{ address: '127.0.0.1', port: 0, proxy_protocol: '127.0.0.1' }],
    sites: [{ host: '*', to: { url: port, proxy_protocol: 'v2' }, health: { path: '/up', interval: '1s' } }],
  };
  const standing = await stand(t, [], words as object);
  const clients = await Promise.all(Array.from({ length: 5 }, () => standing.client()));
  for (const [index, wire] of clients.entries())
    wire.send(`PROXY TCP6 2001:db8::${index + 1} ::1 ${1000 + index} 443\r\n`);
  for (let round = 0; round < 3; round++)
    for (const [index, wire] of clients.entries()) {
      wire.send(get);
      assert.equal((await wire.message()).body.toString(), `2001:db8::${index + 1}:${1000 + index}`);
    }
  await eventually(async () => (await readFile(join(directory, 'who.log'), 'utf8')).includes('/up'), 'a check');
  const checks = (await readFile(join(directory, 'who.log'), 'utf8'))
    .split('\n')
    .filter((line) => line.endsWith('|/up'));
  assert.ok(
    checks.every((line) => line === '|/up' || line === '-|/up'),
    checks.join(),
  );
});

test('a Unix socket: requests, health, and a socket that is not there', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'portcullis-socket-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const path = join(directory, 'app.sock');
  const standing = await stand(t, [], { sites: [{ host: '*', to: `unix:${path}` }] });
  assert.deepEqual(await refusal(standing), [502, 'proxy/refused', `there is no socket at unix:${path} (ENOENT)`]);
  const hosts: string[] = [];
  const server = net.createServer((socket) => {
    const wire = new Wire(socket);
    void (async () => {
      for (;;) {
        hosts.push((await wire.message()).headers.get('host')!);
        wire.send(ok('over a socket'));
      }
    })().catch(() => {});
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  t.after(() => server.close());
  const answer = await standing.get('/');
  assert.equal(answer.body.toString(), 'over a socket');
  const { upstream } = await standing.journey(answer.headers.get('x-request-id')!);
  assert.equal(upstream?.to, `unix:${path}`);
  assert.deepEqual(hosts, ['localhost']);
});

test('a TLS session of one connection is resumed by the next', async (t) => {
  const file = await certificates(t);
  const resumed: boolean[] = [];
  const options = { cert: await readFile(file('server.crt')), key: await readFile(file('server.key')) };
  const server = tls.createServer(options, (socket) => {
    resumed.push(socket.isSessionReused());
    socket.on('error', () => {});
    socket.on('data', () => socket.end('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const { port } = server.address() as net.AddressInfo;
  const to = { url: `https://127.0.0.1:${port}`, tls: { ca: file('ca.pem'), server_name: 'upstream.test' } };
  const standing = await stand(t, [], { sites: [{ host: '*', to }] } as object);
  for (let request = 0; request < 3; request++) assert.equal((await standing.get('/')).body.toString(), 'ok');
  assert.deepEqual(resumed, [false, true, true]);
});

test('a request that waits for a connection on its way takes one that becomes free sooner', async (t) => {
  const file = await certificates(t);
  const options = { cert: await readFile(file('server.crt')), key: await readFile(file('server.key')) };
  const held: tls.TLSSocket[] = [];
  const behind = tls.createServer(options, (socket) => {
    socket.on('error', () => {});
    socket.on('data', () => held.push(socket));
  });
  await new Promise<void>((resolve) => behind.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    behind.close();
    for (const socket of held) socket.destroy();
  });
  // The first connection gets its handshake, the second one's ClientHello is never answered.
  const fronts: net.Socket[] = [];
  const front = net.createServer((socket) => {
    fronts.push(socket);
    socket.on('error', () => {});
    if (fronts.length > 1) return;
    const inner = net.connect((behind.address() as net.AddressInfo).port, '127.0.0.1');
    inner.on('error', () => {});
    socket.pipe(inner).pipe(socket);
  });
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    front.close();
    for (const socket of fronts) socket.destroy();
  });
  const url = `https://127.0.0.1:${(front.address() as net.AddressInfo).port}`;
  const to = { url, tls: { ca: file('ca.pem'), server_name: 'upstream.test' } };
  const standing = await stand(t, [], { sites: [{ host: '*', to }] } as object);
  const first = await standing.client();
  first.send(get);
  await eventually(() => held.length === 1, 'the first is in hand');
  const second = await standing.client();
  second.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody');
  await eventually(() => fronts.length === 2, 'the second has a connection on its way');
  held[0]!.write(ok('first'));
  assert.equal((await first.message()).body.toString(), 'first');
  await eventually(() => held.length === 2, 'the second came over the connection of the first');
  held[1]!.write(ok('second'));
  assert.equal((await second.message()).body.toString(), 'second');
  const { upstreams } = (await standing.ask({ ask: 'status' })) as { upstreams: Record<string, number>[] };
  const { opened, reused, busy, idle } = upstreams[0]!;
  assert.deepEqual({ opened, reused, busy, idle }, { opened: 2, reused: 1, busy: 0, idle: 1 });
});

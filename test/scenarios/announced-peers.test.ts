// Balancers before the gate that announce their clients in a PROXY header: whom the firewall, the limits and the journey then see.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import tls from 'node:tls';
import { answering, closedPort, eventually, ok, type Standing, stand, Wire } from './world.ts';

const trusted = { address: '127.0.0.1', port: 0, proxy_protocol: ['127.0.0.0/8'] };
const signature = '\r\n\r\n\0\r\nQUIT\n';
const get = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';

/** An upstream that answers with the forwarding fields it was told. */
const echoing = (t: TestContext) => answering(t, ({ headers }) => ok(headers.get('x-forwarded-for') ?? 'none'));

async function journeyOf(standing: Standing, wire: Wire) {
  const message = await wire.message();
  return { message, journey: await standing.journey(message.headers.get('x-request-id')!) };
}

test('the announced address is the peer: in the journey, in the fields, in the table of connections', async (t) => {
  const standing = await stand(t, (await echoing(t)).port, { listen: [trusted] });
  for (const [header, version] of [
    ['PROXY TCP4 203.0.113.7 192.0.2.1 52431 443\r\n', 1],
    [`${signature}\x21\x11\0\x0c\xcb\0\x71\x07\xc0\0\x02\x01\xcc\xcf\x01\xbb`, 2],
  ] as const) {
    const wire = await standing.client();
    wire.send(header + get);
    const { message, journey } = await journeyOf(standing, wire);
    assert.equal(message.body.toString(), '203.0.113.7');
    assert.equal(journey.connection.from, '203.0.113.7:52431');
    assert.equal(journey.client, '203.0.113.7');
    const own = wire.socket.localPort;
    assert.equal(journey.connection.via, `127.0.0.1:${own} (PROXY v${version})`);
    wire.send(get);
    assert.equal((await wire.message()).body.toString(), '203.0.113.7', 'the header belongs to the whole connection');
    const { rows } = (await standing.ask({ ask: 'connections' })) as { rows: { from: string }[] };
    assert.ok(rows.some(({ from }) => from === '203.0.113.7:52431'));
  }
});

test('a header that comes byte by byte, and one that speaks for the balancer itself', async (t) => {
  const standing = await stand(t, (await echoing(t)).port, { listen: [trusted] });
  const slow = await standing.client();
  for (const byte of `PROXY TCP6 2001:db8::7 ::1 1 2\r\n${get}`) {
    slow.send(byte);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal((await slow.message()).body.toString(), '2001:db8::7');
  for (const header of ['PROXY UNKNOWN\r\n', `${signature}\x20\0\0\0`]) {
    const wire = await standing.client();
    wire.send(header + get);
    const { message, journey } = await journeyOf(standing, wire);
    assert.equal(message.body.toString(), '127.0.0.1');
    assert.equal(journey.connection.via, undefined);
  }
});

test('under TLS the header stands before the handshake, in one packet with it or alone', async (t) => {
  const standing = await stand(t, (await echoing(t)).port, { listen: [{ ...trusted, tls: true }] });
  for (const isTogether of [true, false]) {
    const plain = net.connect(standing.tlsPort, '127.0.0.1');
    t.after(() => plain.destroy());
    if (isTogether) plain.cork();
    plain.write('PROXY TCP4 203.0.113.7 192.0.2.1 52431 443\r\n');
    const secured = tls.connect({ socket: plain, servername: 'localhost', rejectUnauthorized: false });
    if (isTogether) await new Promise((resolve) => setImmediate(resolve));
    plain.uncork();
    const wire = new Wire(secured);
    wire.send(get);
    const { message, journey } = await journeyOf(standing, wire);
    assert.equal(message.body.toString(), '203.0.113.7');
    assert.equal(journey.tls?.version, 'TLSv1.3');
  }
});

test('a trusted source without a header is turned away, and the journal says why', async (t) => {
  const standing = await stand(t, (await echoing(t)).port, { listen: [trusted] });
  for (const bytes of [get, 'PROXY TCP4 1.2.3.4 5.6.7.8 1 99999\r\n', `${signature}\x21\x11\xff\xff`]) {
    const wire = await standing.client();
    wire.send(bytes);
    await wire.ended();
    assert.equal(wire.text, '');
  }
  const silent = await standing.client();
  silent.socket.end();
  await silent.ended();
  const journal = await standing.stopAndReadJournal();
  assert.deepEqual(
    journal.map(({ verdict }) => [verdict.station, verdict.why, verdict.says]),
    [
      ['ports', 'ports/bad-proxy-header', '127.0.0.1: it does not begin with a PROXY header'],
      ['ports', 'ports/bad-proxy-header', '127.0.0.1: its PROXY line has a port that is none'],
      ['ports', 'ports/bad-proxy-header', '127.0.0.1: its PROXY header has 65551 bytes, and 4096 are read'],
      ['ports', 'ports/no-proxy-header', '127.0.0.1: it ended the connection without a PROXY header'],
    ],
  );
});

test('a trusted source that says nothing is let go after its time', async (t) => {
  const words = { listen: [trusted], limits: { header_timeout: '100ms' } };
  const standing = await stand(t, (await echoing(t)).port, words);
  const wire = await standing.client();
  wire.send('PROXY TCP4 ');
  await wire.ended();
  const [line] = await standing.stopAndReadJournal();
  assert.equal(line?.verdict.says, '127.0.0.1: it sent no whole PROXY header within 100 ms');
});

test('from everybody else a header is what it is without trust: no request', async (t) => {
  const standing = await stand(t, (await echoing(t)).port, {
    listen: [{ ...trusted, proxy_protocol: '192.0.2.0/24' }],
  });
  const wire = await standing.client();
  wire.send(`PROXY TCP4 203.0.113.7 192.0.2.1 52431 443\r\n${get}`);
  const { status } = await wire.message();
  assert.equal(status, 400);
  const direct = await standing.get('/');
  assert.equal(direct.body.toString(), '127.0.0.1');
});

test('the firewall and the limits judge whom it brings, not the balancer', async (t) => {
  const standing = await stand(t, (await echoing(t)).port, {
    listen: [trusted],
    firewall: { default: 'allow', rules: ['deny tcp all from 203.0.113.0/24'] },
    limits: { max_connections_per_client: 2 },
  });
  const denied = await standing.client();
  denied.send(`PROXY TCP4 203.0.113.7 192.0.2.1 52431 443\r\n${get}`);
  await denied.ended();
  assert.equal(denied.text, '');
  const open: Wire[] = [];
  for (const port of [1, 2, 3]) {
    const wire = await standing.client();
    wire.send(`PROXY TCP4 198.51.100.1 192.0.2.1 ${port} 443\r\n${get}`);
    open.push(wire);
    if (port < 3) assert.equal((await wire.message()).status, 200);
  }
  await open[2]!.ended();
  const other = await standing.client();
  other.send(`PROXY TCP4 198.51.100.2 192.0.2.1 3 443\r\n${get}`);
  assert.equal((await other.message()).status, 200, 'another client of the same balancer');
  const journal = await standing.stopAndReadJournal();
  const whys = journal.map(({ verdict, connection }) => [verdict.why, connection.from]);
  assert.ok(
    whys.some(([why, from]) => why === 'firewall/denied' && from === '203.0.113.7:52431'),
    JSON.stringify(whys),
  );
  assert.ok(whys.some(([why, from]) => why === 'connections/too-many-of-client' && from === '198.51.100.1:3'));
});

test('two balancers may bring the same peer from the same port, and both connections count', async (t) => {
  const standing = await stand(t, (await echoing(t)).port, { listen: [trusted] });
  const wires = [await standing.client(), await standing.client()];
  for (const wire of wires) {
    wire.send(`PROXY TCP4 203.0.113.7 192.0.2.1 52431 443\r\n${get}`);
    await wire.message();
  }
  const { total } = (await standing.ask({ ask: 'connections' })) as { total: number };
  assert.equal(total, 2);
});

test('HAProxy announces its clients in both versions, and checks with its own address', async (t) => {
  const standing = await stand(t, (await echoing(t)).port, { listen: [trusted] });
  const directory = await mkdtemp(join(tmpdir(), 'portcullis-haproxy-'));
  const [first, second] = [await closedPort(), await closedPort()];
  const server = `127.0.0.1:${standing.port}`;
  const config = join(directory, 'haproxy.cfg');
  await writeFile(
    config,
    `global
  maxconn 50
defaults
  mode tcp
  timeout connect 5s
  timeout client 5s
  timeout server 5s
listen one
  bind 127.0.0.1:${first}
  server gate ${server} send-proxy check
listen two
  bind 127.0.0.1:${second}
  server gate ${server} send-proxy-v2 proxy-v2-options crc32c check
`,
  );
  const haproxy = spawn('haproxy', ['-db', '-f', config], { stdio: 'ignore' });
  t.after(async () => {
    haproxy.kill();
    await rm(directory, { recursive: true, force: true });
  });
  for (const [port, version] of [
    [first, 1],
    [second, 2],
  ] as const) {
    let wire: Wire | null = null;
    await eventually(async () => {
      wire = await standing.client(port).catch(() => null);
      return wire !== null;
    }, 'HAProxy listens');
    wire!.send(get);
    const { journey } = await journeyOf(standing, wire!);
    assert.equal(journey.connection.from, `127.0.0.1:${wire!.socket.localPort}`, 'it announces our own port');
    assert.match(journey.connection.via ?? '', new RegExp(`\\(PROXY v${version}\\)$`));
  }
});

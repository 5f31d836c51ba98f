// Certificates where a gate has several workers: each of them can answer the CA, and each has a new certificate, without losing a connection.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { ask } from '../src/cli/ask.ts';
import { countingProxy } from './counting-proxy.ts';
import { freePorts } from './free-ports.ts';
import { startPebble } from './pebble.ts';
import { runToEnd, start } from './portcullis-process.ts';

const name = 'several.example.net';

/** A gate of two workers before a shop, and the CA that it asks; the gate runs as its own processes. */
async function gateOfTwo(context: TestContext, challenge: string) {
  const shop = createServer((_, response) => response.end('the shop'));
  await once(shop.listen(0, '127.0.0.1'), 'listening');
  context.after(() => {
    shop.close();
    shop.closeAllConnections();
  });
  const directory = mkdtempSync(join(tmpdir(), 'acme-workers-'));
  const [httpPort, tlsPort] = (await freePorts(2)) as [number, number];
  // Without reuse, so that each certificate is proven anew; and no request is asked for twice, because they are counted.
  const env = { PEBBLE_AUTHZREUSE: '0', PEBBLE_WFE_NONCEREJECT: '0' };
  const pebble = await startPebble(context, { httpPort, tlsPort, env });
  const ca = await countingProxy(context, pebble);
  writeFileSync(join(directory, 'roots.pem'), ca.roots);
  writeFileSync(
    join(directory, 'portcullis.yaml'),
    `listen:
  - { port: ${tlsPort}, address: 127.0.0.1, tls: true }
  - { port: ${httpPort}, address: 127.0.0.1, redirect: https }
firewall: { default: allow }
tls:
  acme:
    directory: '${ca.directory}'
    roots: roots.pem
    challenges: [${challenge}]
    http_port: ${httpPort}
    tls_port: ${tlsPort}
proxy: { resolvers: ['127.0.0.1:${pebble.dnsPort}'] }
sites: [{ host: ${name}, to: ${(shop.address() as AddressInfo).port} }]
workers: 2
limits: { max_new_connections_per_client_per_second: 100000, max_handshakes_per_client_per_second: 100000 }
data_directory: data
`,
  );
  const gate = start(['run'], { cwd: directory });
  let heard = '';
  let wake = (): void => {};
  gate.child.stderr.on('data', (text: string) => {
    heard += text;
    wake();
  });
  context.after(async () => {
    // Whatever runs there by now: it has what the gate wrote to.
    const status = (await ask(join(directory, 'data'), { ask: 'status' }).catch(() => null)) as { pid: number } | null;
    if (status !== null && status.pid !== gate.child.pid) process.kill(status.pid, 'SIGKILL');
    for (const pipe of [gate.child.stdout, gate.child.stderr]) pipe.destroy();
    await gate.stop('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  });
  /** How many certificates it has told of. */
  const certificates = (): number => heard.split(`${name} has a certificate`).length - 1;
  const hasCertificates = async (count: number): Promise<void> => {
    while (certificates() < count) {
      assert.ok(!heard.includes('no certificate for'), heard);
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  await gate.says(/^Ctrl-C ends it$/m);
  await hasCertificates(1);
  const data = join(directory, 'data');
  const { crew } = (await ask(data, { ask: 'status' })) as { crew: { workers: readonly { pid: number }[] } };
  const pids = crew.workers.map(({ pid }) => pid) as [number, number];
  return { ca, data, directory, httpPort, tlsPort, pids, certificates, hasCertificates };
}

/** A worker that is stopped leaves every connection to the other. */
async function without<T>(pid: number, act: () => Promise<T>): Promise<T> {
  process.kill(pid, 'SIGSTOP');
  return act().finally(() => process.kill(pid, 'SIGCONT'));
}

function shakeHands(port: number): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, servername: name, rejectUnauthorized: false };
    const socket = connect(options, () => resolve(socket)).once('error', reject);
  });
}

/** A request over a connection that stays open. */
async function visit(socket: TLSSocket): Promise<string> {
  socket.write(`GET / HTTP/1.1\r\nHost: ${name}\r\n\r\n`);
  let answer = '';
  while (!answer.includes('the shop')) {
    const [piece] = (await once(socket, 'data')) as [Buffer];
    answer += piece.toString('latin1');
  }
  return answer;
}

for (const challenge of ['http-01', 'tls-alpn-01'])
  test(`${challenge}: the CA is answered by whichever worker it meets, and both have the new certificate`, async (context) => {
    const { ca, data, tlsPort, pids } = await gateOfTwo(context, challenge);
    const open: TLSSocket[] = [];
    for (const pid of pids) open.push(await without(pid, () => shakeHands(tlsPort)));
    for (const [resting, answering] of [pids, [...pids].reverse()] as [number, number][]) {
      let looks = 0;
      ca.before = (_, line) => {
        // From the word that the CA may look until it has seen, one worker alone is there.
        if (line.startsWith('POST /chalZ/')) {
          looks++;
          process.kill(resting, 'SIGSTOP');
        }
        return true;
      };
      ca.after = (_, answer) => {
        if (looks > 0 && answer.includes('"challenges"') && !answer.includes('"pending"'))
          process.kill(resting, 'SIGCONT');
        return true;
      };
      const before = await without(resting, () => shakeHands(tlsPort));
      // Without reuse (0) Pebble still believes an older proof once in a hundred times, and does not look.
      for (let time = 0; looks === 0 && time < 5; time++) await ask(data, { ask: 'renew', name, force: true });
      assert.ok(looks > 0, `the CA looked while ${answering} alone could answer`);
      const serials = new Set<string>();
      for (const pid of pids) {
        const socket = await without(pid, () => shakeHands(tlsPort));
        serials.add(socket.getPeerCertificate().serialNumber);
        socket.destroy();
      }
      assert.equal(serials.size, 1, 'both workers have the same certificate');
      assert.ok(!serials.has(before.getPeerCertificate().serialNumber), 'and it is the new one');
      before.destroy();
    }
    for (const socket of open) {
      assert.match(await visit(socket), /^HTTP\/1\.1 200 OK/, 'what was open before both renewals still is');
      socket.destroy();
    }
  });

for (const challenge of ['http-01', 'tls-alpn-01'])
  test(`${challenge}: an upgrade while an order is under way loses neither the order nor an answer to the CA`, async (context) => {
    const gate = await gateOfTwo(context, challenge);
    const { ca, data, directory, httpPort, tlsPort } = gate;
    let token = '';
    let askedAt = (): void => {};
    const asked = new Promise<void>((resolve) => {
      askedAt = resolve;
    });
    let release = (): void => {};
    const isUpgraded = new Promise<void>((resolve) => {
      release = resolve;
    });
    let words = 0;
    // The CA is told that it may look, and the gate that told it is replaced before it hears anything.
    ca.before = async (_, line) => {
      if (!line.startsWith('POST /chalZ/') || words++ > 0) return true;
      askedAt();
      await isUpgraded;
      return false;
    };
    ca.after = (_, answer) => {
      const found = challenge === 'http-01' ? /"type":\s*"http-01"[^}]*"token":\s*"([\w-]+)"/s.exec(answer) : null;
      if (found !== null && answer.includes('"pending"')) token = found[1]!;
      return true;
    };
    // Without reuse (0) Pebble still believes an older proof once in a hundred times, and does not look.
    const renewing = (async () => {
      while (words === 0) await ask(data, { ask: 'renew', name, force: true }, 60_000).catch(() => {});
    })();
    await asked;
    const orders = () => ca.seen.filter((line) => line.includes('/order-plz')).length;
    const [ordersBefore, certificatesBefore] = [orders(), gate.certificates()];
    const before = await shakeHands(tlsPort);
    const serial = before.getPeerCertificate().serialNumber;
    before.destroy();
    // As a CA looks meanwhile, again and again, at whichever process it meets.
    let isOver = false;
    const looks: string[] = [];
    const looking = (async () => {
      while (!isOver) looks.push(challenge === 'http-01' ? await proofOf(httpPort, token) : await proofByTls(tlsPort));
    })();
    const upgraded = await runToEnd(['upgrade', '--data-dir', data], { cwd: directory });
    assert.equal(upgraded.code, 0, upgraded.stderr);
    isOver = true;
    await looking;
    release();
    await renewing;
    assert.ok(looks.length > 3, `${looks.length} looks`);
    assert.equal(new Set(looks).size, 1, [...new Set(looks)].join(' | '));
    assert.notEqual(looks[0], '');
    await gate.hasCertificates(certificatesBefore + 1);
    const after = await shakeHands(tlsPort);
    assert.notEqual(after.getPeerCertificate().serialNumber, serial);
    after.destroy();
    assert.equal(orders(), ordersBefore, 'the order is gone on with');
    const { rows } = (await ask(data, { ask: 'certificates' })) as { rows: { state: string; lastError: string }[] };
    assert.deepEqual(
      rows.map(({ state, lastError }) => [state, lastError]),
      [['good', '']],
    );
  });

/** What the gate answers a CA that looks for this token; '' where it is none. */
async function proofOf(port: number, token: string): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}/.well-known/acme-challenge/${token}`, {
    headers: { host: name },
    redirect: 'manual',
  });
  const body = await answer.text();
  return answer.status === 200 && body.startsWith(`${token}.`) ? body : `${answer.status}`;
}

/** The subject's fingerprint of what a CA is shown that asks with acme-tls/1. */
function proofByTls(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, servername: name, ALPNProtocols: ['acme-tls/1'] };
    const socket = connect({ ...options, rejectUnauthorized: false }, () => {
      const { infoAccess, issuer } = socket.getPeerCertificate() as { infoAccess?: object; issuer: { CN?: string } };
      resolve(`${socket.alpnProtocol} ${issuer.CN} ${infoAccess === undefined}`);
      socket.destroy();
    }).once('error', reject);
  });
}

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
import { freePorts, startPebble } from './pebble.ts';
import { start } from './portcullis-process.ts';

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
  // Without reuse, so that each certificate is proven anew.
  const pebble = await startPebble(context, { httpPort, tlsPort, env: { PEBBLE_AUTHZREUSE: '0' } });
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
    await gate.stop('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  });
  await gate.says(/^Ctrl-C ends it$/m);
  while (!heard.includes(`${name} has a certificate`)) {
    assert.ok(!heard.includes('no certificate for'), heard);
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
  const data = join(directory, 'data');
  const { crew } = (await ask(data, { ask: 'status' })) as { crew: { workers: readonly { pid: number }[] } };
  const pids = crew.workers.map(({ pid }) => pid) as [number, number];
  return { ca, data, tlsPort, pids };
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

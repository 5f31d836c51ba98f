// Certificates at length: two hundred names at once, and a gate that is killed at every word it says to the CA.

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { acmeWorld } from '../acme-world.ts';
import { countingProxy } from '../counting-proxy.ts';
import { freePorts } from '../free-ports.ts';
import { startPebble } from '../pebble.ts';
import { type Running, start } from '../portcullis-process.ts';

test('two hundred names have their certificates, whatever the CA rejects by chance', {
  timeout: 600_000,
}, async (context) => {
  const world = await acmeWorld(context, 1);
  const names = Array.from({ length: 200 }, (_, index) => `host-${index}.example.net`);
  // One client looks at all of them, faster than one client may.
  const limits = { max_new_connections_per_client_per_second: 100_000, max_handshakes_per_client_per_second: 100_000 };
  await world.start(world.words(names, {}, { limits }));
  for (const name of names) await world.hears(new RegExp(`^${name.replaceAll('.', '\\.')} has a certificate`));
  const serials = new Set<string>();
  for (const name of names) {
    const socket = await world.connect(name);
    const { subjectaltname, serialNumber } = socket.getPeerCertificate();
    assert.equal(subjectaltname, `DNS:${name}`);
    serials.add(serialNumber);
    socket.destroy();
  }
  assert.equal(serials.size, names.length);
  assert.ok((await world.listed()).every(({ state, lastError }) => state !== 'failing' && lastError === ''));
});

/** A configuration of its own in a directory of its own. */
function place(
  context: TestContext,
  directory: string,
  roots: string,
  httpPort: number,
): { file: string; data: string } {
  const at = mkdtempSync(join(tmpdir(), 'killed-'));
  context.after(() => rmSync(at, { recursive: true, force: true }));
  const file = join(at, 'portcullis.yaml');
  writeFileSync(join(at, 'roots.pem'), roots);
  writeFileSync(
    file,
    `listen: [{ port: ${httpPort}, address: 127.0.0.1 }]
firewall: { rules: [allow tcp all from any] }
tls: { acme: { directory: '${directory}', roots: roots.pem, challenges: [http-01] } }
sites: [{ host: killed.example.net, to: 1 }]
workers: 1
data_directory: data
`,
  );
  return { file, data: join(at, 'data') };
}

/** Fulfilled with whether it said so on stderr before it ended. */
function saysBeforeItsEnd({ child, ended }: Running, text: string): Promise<boolean> {
  let said = '';
  const heard = new Promise<boolean>((resolve) => {
    child.stderr.on('data', (piece: string) => {
      said += piece;
      if (said.includes(text)) resolve(true);
    });
  });
  return Promise.race([heard, ended.then(() => false)]);
}

for (const when of ['before', 'after'] as const)
  test(`killed ${when} each request to the CA, it goes on with the same order at the next start`, {
    timeout: 900_000,
  }, async (context) => {
    const [httpPort] = await freePorts(1);
    const pebble = await startPebble(context, {
      httpPort: httpPort!,
      env: { PEBBLE_WFE_NONCEREJECT: '5', PEBBLE_AUTHZREUSE: '0' },
    });
    const proxy = await countingProxy(context, pebble);
    let killed = 0;
    let resumed = 0;
    for (let step = 1; ; step++) {
      const { file, data } = place(context, proxy.directory, proxy.roots, httpPort!);
      const from = proxy.count;
      const first = start(['run', '--config', file]);
      proxy[when] = (number) => {
        if (number !== from + step) return true;
        process.kill(first.child.pid!, 'SIGKILL');
        return false;
      };
      const isDone = await saysBeforeItsEnd(first, 'killed.example.net has a certificate');
      proxy[when] = () => true;
      if (isDone) {
        await first.stop('SIGTERM');
        break;
      }
      killed++;
      const hadOrder = keptOrder(data);
      const before = proxy.seen.length;
      const second = start(['run', '--config', file]);
      assert.ok(await saysBeforeItsEnd(second, 'killed.example.net has a certificate'), `step ${step}`);
      const orders = proxy.seen.slice(before).filter((line) => line.startsWith('POST /order-plz')).length;
      if (hadOrder) {
        resumed++;
        // A rejected nonce makes a request twice; an order that was noted is made no second time.
        assert.equal(orders, 0, `step ${step} made another order`);
      }
      await second.stop('SIGTERM');
    }
    assert.ok(killed >= 8 && resumed >= 4, `${killed} kills, ${resumed} orders gone on with`);
  });

/** Whether an order under way is on disk. */
function keptOrder(data: string): boolean {
  const directory = join(data, 'acme', 'certificates');
  if (!existsSync(directory)) return false;
  const [file] = readdirSync(directory).filter((name) => name.endsWith('.json'));
  return (
    file !== undefined && (JSON.parse(readFileSync(join(directory, file), 'utf8')) as { order: unknown }).order !== null
  );
}

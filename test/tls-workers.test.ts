// What workers have in common of TLS: a session that one began, another resumes; also after a reload.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { connect, type SecureVersion } from 'node:tls';
import { ask } from '../src/cli/ask.ts';
import { freePorts } from './free-ports.ts';
import { compileCache, runToEnd, start } from './portcullis-process.ts';

interface Journey {
  readonly connection: { readonly id: number };
  readonly tls: { readonly resumed: boolean; readonly version: string };
}

/** A gate of two workers that answers 404 to everything, over TLS. */
async function gateOfTwo(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'portcullis-tls-workers-'));
  const [port] = await freePorts(1);
  writeFileSync(
    join(directory, 'portcullis.yaml'),
    `listen: [{ port: ${port}, address: 127.0.0.1, tls: true }]
data_directory: data
firewall: { default: allow }
tls: { local_names: [app.localhost] }
sites: [{ host: nobody.test, to: 1 }]
workers: 2
`,
  );
  const surroundings = { cwd: directory, env: { NODE_COMPILE_CACHE: compileCache } };
  const gate = start(['run', '--journal', 'journal'], surroundings);
  t.after(async () => {
    await gate.stop('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  });
  await gate.says(/^Ctrl-C ends it$/m);
  const status = (await ask(join(directory, 'data'), { ask: 'status' })) as {
    crew: { workers: readonly { pid: number }[] };
  };
  return { directory, port, surroundings, pids: status.crew.workers.map(({ pid }) => pid), gate };
}

/** One request; gives the ticket that came with it. */
async function visit(port: number, version: SecureVersion, session?: Buffer): Promise<Buffer> {
  const client = connect({
    port,
    host: '127.0.0.1',
    servername: 'app.localhost',
    rejectUnauthorized: false,
    maxVersion: version,
    session,
  });
  let ticket: Buffer | undefined;
  client.on('session', (given) => {
    ticket = given;
  });
  client.write('GET / HTTP/1.1\r\nHost: app.localhost\r\nConnection: close\r\n\r\n');
  client.resume();
  await once(client, 'close');
  return ticket ?? session!;
}

test('a session that one worker began is resumed by the other, in TLS 1.2 and 1.3, and after a reload', async (t) => {
  const { directory, port, surroundings, pids, gate } = await gateOfTwo(t);
  const [one, other] = pids as [number, number];
  // A worker that is stopped leaves every connection to the other.
  const alone = async <T>(pid: number, act: () => Promise<T>): Promise<T> => {
    const resting = pid === one ? other : one;
    process.kill(resting, 'SIGSTOP');
    return act().finally(() => process.kill(resting, 'SIGCONT'));
  };
  const tickets = new Map<SecureVersion, Buffer>();
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    tickets.set(version, await alone(one, () => visit(port, version)));
    await alone(other, () => visit(port, version, tickets.get(version)));
  }
  const reloaded = await runToEnd(['reload'], surroundings);
  assert.equal(reloaded.code, 0, reloaded.stderr);
  for (const [version, ticket] of tickets) await alone(other, () => visit(port, version, ticket));
  await gate.stop('SIGTERM');
  const journeys = readFileSync(join(directory, 'journal'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Journey);
  // Numbers of connections are odd with the first worker and even with the second.
  const seen = journeys.map(({ connection, tls }) => `${tls.version} ${connection.id % 2} ${tls.resumed}`).sort();
  const expected = ['TLSv1.2', 'TLSv1.3'].flatMap((version) => [
    `${version} 0 true`,
    `${version} 0 true`,
    `${version} 1 false`,
  ]);
  assert.deepEqual(seen, expected);
});

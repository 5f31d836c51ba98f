// Workers as processes: killed, stopped and reloaded under load. What clients lose is counted.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { ask } from '../src/cli/ask.ts';
import { answerOn, load, opened, place, roomy, type Status } from './loaded-gate.ts';

test('reload under load: nothing is lost and nothing is wrong', async (t) => {
  const { ports, write, reload, until } = await place(t, roomy);
  let isOver = false;
  const loaded = load(ports[0]!, 16, ({ answered }) => isOver && answered >= 1500);
  for (const [round, mode] of ['detect', 'off', 'block'].entries()) {
    write(`${roomy}\nwaf: { mode: ${mode} }`);
    const { code, stdout, stderr } = await reload();
    assert.equal(code, 0, stderr);
    assert.match(stdout, new RegExp(`^reloaded, generation ${round + 2} in \\d+ ms\n`));
    assert.match(stdout, /^ {2}waf\.mode: "\w+" → "\w+"$/m);
  }
  isOver = true;
  const { answered, lost, wrong } = await loaded;
  assert.deepEqual({ lost, wrong }, { lost: 0, wrong: 0 });
  assert.ok(answered >= 1500);
  const { crew } = await until(() => true);
  assert.deepEqual(
    crew.workers.map(({ generation }) => generation),
    [4, 4],
  );
});

test('a worker that is killed under load takes its own requests with it and no others, and has a successor', async (t) => {
  const { gate, ports, status, until, directory } = await place(t, roomy);
  const before = (await status()).crew.workers;
  let isOver = false;
  const loaded = load(ports[0]!, 16, ({ answered }) => isOver && answered >= 1000);
  await until(({ requests }) => requests.total > 300);
  process.kill(before[0]!.pid, 'SIGKILL');
  const after = await until(({ crew }) => crew.deaths === 1 && crew.workers.length === 2);
  isOver = true;
  const { lost, wrong } = await loaded;
  assert.ok(lost <= 16, `${lost} requests were lost, and only 16 can have been in flight`);
  assert.equal(wrong, 0);
  assert.notEqual(after.crew.workers[0]!.pid, before[0]!.pid);
  assert.equal(after.crew.workers[1]!.pid, before[1]!.pid);
  assert.match(after.crew.last!.says, /^worker 1 \(pid \d+\) was ended by SIGKILL after /);
  const { stderr } = await gate.stop('SIGTERM');
  assert.match(
    stderr,
    /^portcullis: worker 1 \(pid \d+\) was ended by SIGKILL after [\d.]+ s; another takes its place$/m,
  );
  const lines = readFileSync(join(directory, 'journal'), 'utf8').trimEnd().split('\n');
  const journeys = lines.map((line) => JSON.parse(line) as { id: string; connection: { id: number; from: string } });
  assert.equal(new Set(journeys.map(({ id }) => id)).size, lines.length, 'every id is given once');
  const owners = new Map<number, string>();
  for (const { connection } of journeys) {
    assert.equal(
      owners.get(connection.id) ?? connection.from,
      connection.from,
      'every connection number is given once',
    );
    owners.set(connection.id, connection.from);
  }
});

test('an error that nobody caught, of a timer or a socket, ends its worker and the connections of that one alone', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'portcullis-faults-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const faults = join(directory, 'faults.mjs');
  // Node loads it into every worker before the program; signals that mean nothing there set the faults off.
  writeFileSync(
    faults,
    `import { connect } from 'node:net';
if (process.argv[2] === 'worker') {
  process.on('SIGVTALRM', () => setTimeout(() => { throw new Error('made to fail in a timer'); }, 1));
  // Nothing listens there, and nobody listens to its error.
  process.on('SIGPROF', () => connect(1, '127.0.0.1'));
}\n`,
  );
  const env = { NODE_OPTIONS: `--import=${pathToFileURL(faults)}` };
  const { gate, ports, until } = await place(t, roomy, undefined, env);
  for (const [deaths, signal] of [
    [1, 'SIGVTALRM'],
    [2, 'SIGPROF'],
  ] as const) {
    const sockets = await Promise.all(Array.from({ length: 24 }, () => opened(ports[0]!)));
    for (const [number, socket] of sockets.entries())
      assert.match((await answerOn(socket, `/${number}`))!, /you asked \/\d+$/);
    const sum = ({ crew }: Status) => crew.workers.reduce((total, { open }) => total + open, 0);
    const before = (await until((now) => now.crew.workers.length === 2 && sum(now) === 24)).crew.workers;
    const faulty = before.find(({ open }) => open > 0)!;
    process.kill(faulty.pid, signal);
    const after = await until(({ crew }) => crew.deaths === deaths && crew.workers.length === 2);
    assert.match(after.crew.last!.says, /^worker \d \(pid \d+\) ends itself after an error that nobody caught after /);
    assert.ok(!after.crew.workers.some(({ pid }) => pid === faulty.pid));
    const texts = await Promise.all(sockets.map((socket, number) => answerOn(socket, `/again/${number}`)));
    assert.equal(texts.filter((text) => text === null).length, faulty.open, 'its own connections, and no others');
    for (const socket of sockets) socket.destroy();
    await until((now) => sum(now) === 0);
  }
  const { stderr } = await gate.stop('SIGTERM');
  assert.match(
    stderr,
    /another takes its place[\s\S]* {2}\| Error: made to fail in a timer\n[\s\S]* {2}\| Error: connect ECONNREFUSED/,
  );
});

test('a worker that stalls is replaced, and one that dies again and again is called so', async (t) => {
  const { gate, status, until } = await place(t, `${roomy.replace('drain_timeout: 10s', 'worker_stall: 1s')}`);
  const [first] = (await status()).crew.workers;
  process.kill(first!.pid, 'SIGSTOP');
  // Asking it would wait for the stopped worker; the supervisor says by itself what it did.
  const stalled = await until(({ crew }) => crew.stalls === 1 && crew.workers.length === 2);
  assert.match(stalled.crew.last!.says, /^worker 1 \(pid \d+\) said nothing for [\d.]+ s and was killed after /);
  for (const deaths of [2, 3]) {
    const { crew } = await until(({ crew: { workers } }) => workers.length === 2);
    process.kill(crew.workers.find(({ worker }) => worker === 1)!.pid, 'SIGKILL');
    await until((now) => now.crew.deaths === deaths && now.crew.workers.length === 2);
  }
  const { stderr } = await gate.stop('SIGTERM');
  assert.match(stderr, /SIGKILL after [\d.]+ s; another takes its place in 0\.2 s; it died 3 times in a row/);
});

test('a wrong configuration is refused with all its problems, and everything stays as it was', async (t) => {
  const { ports, write, reload, status, directory } = await place(t, roomy);
  write(`${roomy}\nwaf: { mode: blok }\ntrusted_proxies: [elsewhere]`);
  const { code, stderr } = await reload();
  assert.equal(code, 1);
  assert.match(stderr, /expected block, detect or off, found "blok"/);
  assert.match(stderr, /elsewhere/);
  assert.match(stderr, /2 problems in portcullis\.yaml/);
  write(`${roomy}\ntls: { certificates: [{ certificate: no.pem, key: no.key }] }`, [ports[0]!, ports[1]!]);
  assert.equal((await reload()).code, 0, 'certificates are not looked at where no listener speaks TLS');
  write(roomy.replace('workers: 2', 'data_directory: other\nworkers: 2').replace('data_directory: data\n', ''));
  writeFileSync(
    join(directory, 'portcullis.yaml'),
    readFileSync(join(directory, 'portcullis.yaml'), 'utf8').replace('data_directory: data\n', ''),
  );
  assert.match(
    (await reload('--data-dir', 'data')).stderr,
    /^portcullis: the data directory cannot change while the gate runs: /,
  );
  assert.equal((await status()).generation, 2);
  assert.match((await answerOn(await opened(ports[0]!), '/still'))!, /you asked \/still$/);
});

test('listeners come and go with a reload; a tunnel lives on, and those of a listener that goes drain', async (t) => {
  const { gate, ports, write, status } = await place(t, roomy);
  const [first, second] = ports as [number, number];
  const tunnel = await opened(first);
  tunnel.write(
    'GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
  assert.match(String((await once(tunnel, 'data'))[0]), /^HTTP\/1\.1 101 /);
  write(`${roomy}\nwaf: { mode: off }`, [first, second]);
  gate.child.kill('SIGHUP');
  await gate.says(/^reloaded, generation 2$/m);
  const idle = await opened(second);
  assert.match((await answerOn(idle, '/second'))!, /you asked \/second$/);
  tunnel.write('still there');
  assert.equal(String((await once(tunnel, 'data'))[0]), 'still there');
  const idleEnded = once(idle.resume(), 'close');
  write(roomy, [first]);
  gate.child.kill('SIGHUP');
  await gate.says(/^reloaded, generation 3$/m);
  await idleEnded;
  const refused = connect(second, '127.0.0.1');
  assert.equal(((await once(refused, 'error')) as [NodeJS.ErrnoException])[0].code, 'ECONNREFUSED');
  tunnel.write('and still');
  assert.equal(String((await once(tunnel, 'data'))[0]), 'and still');
  tunnel.destroy();
  assert.equal((await status()).generation, 3);
});

test('a limit holds over all workers, and over a reload', async (t) => {
  const limited = 'workers: 2\nrates: [{ limit: 60 per 10m, by: client }]';
  const { ports, reload, write } = await place(t, limited);
  let passed = 0;
  const rounds = async (count: number) => {
    for (let round = 0; round < count; round++) {
      const answers = await Promise.all([1, 2, 3, 4, 5, 6].map(async () => answerOn(await opened(ports[0]!), '/')));
      passed += answers.filter((text) => text?.startsWith('HTTP/1.1 200 ')).length;
    }
  };
  await rounds(8);
  write(`${limited}\nwaf: { mode: off }`);
  assert.equal((await reload()).code, 0);
  await rounds(30);
  // Deltas take a moment: within it, the other worker may let through as many as came meanwhile.
  assert.ok(passed >= 60 && passed < 110, `${passed} passed`);
  const before = passed;
  await rounds(5);
  assert.equal(passed, before, 'nobody passes any more');
});

test('offences are counted over all workers: who spreads them is banned in all', async (t) => {
  const { ports, directory } = await place(
    t,
    'workers: 2\nrates: []\nbans: { automatic: true, never_loopback: false, waf_blocks: 6 per 10m }',
  );
  const control = join(directory, 'data');
  // Connections have numbers by turns: those of worker 1 are odd, those of worker 2 even.
  const byWorker: Socket[][] = [[], []];
  while (byWorker.some(({ length }) => length === 0)) {
    const socket = await opened(ports[0]!);
    assert.match((await answerOn(socket, '/'))!, /^HTTP\/1\.1 200 /);
    const { rows } = (await ask(control, { ask: 'connections' })) as { rows: { number: number; from: string }[] };
    const { number } = rows.find(({ from }) => from.endsWith(`:${socket.localPort}`))!;
    byWorker[(number + 1) % 2]!.push(socket);
  }
  const sockets = byWorker.flat();
  const ended = Promise.all(sockets.map((socket) => (socket.destroyed ? null : once(socket, 'close'))));
  const attack = async (worker: number, times: number) => {
    for (let time = 0; time < times; time++)
      assert.match((await answerOn(byWorker[worker]![0]!, '/?id=1;DROP%20TABLE%20users;--'))!, /^HTTP\/1\.1 403 /);
  };
  await attack(0, 3);
  await attack(1, 3);
  await ended;
  const { bans } = (await ask(control, { ask: 'bans' })) as { bans: { target: string; reason: string }[] };
  assert.deepEqual(
    bans.map(({ target, reason }) => [target, reason]),
    [['127.0.0.1', '6 requests that the WAF refused in 600 s']],
  );
  assert.equal(await answerOn(await opened(ports[0]!), '/'), null, 'nobody of it is let in again');
});

test('SIGTERM lets what runs end, and takes nothing new', async (t) => {
  const waiting: ServerResponse[] = [];
  let isAsked = (): void => {};
  const asked = new Promise<void>((resolve) => {
    isAsked = resolve;
  });
  const { gate, ports } = await place(t, roomy, (_asked, answer) => {
    waiting.push(answer);
    isAsked();
  });
  const idle = await opened(ports[0]!);
  const answer = answerOn(await opened(ports[0]!), '/slow');
  await asked;
  const idleEnded = once(idle.resume(), 'close');
  gate.child.kill('SIGTERM');
  await gate.says(/^draining…$/m);
  await idleEnded;
  waiting[0]!.end('at last');
  assert.match((await answer)!, /^HTTP\/1\.1 200 [\s\S]*\r\n\r\nat last$/);
  assert.equal((await gate.ended).code, 0);
});

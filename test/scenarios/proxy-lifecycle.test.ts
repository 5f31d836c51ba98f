// A gate's own life: it starts whole or not at all, stops without losing an answer, and its journal tells everything that happened.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { settingsFrom } from '../../src/config/config.ts';
import { GateTrouble, startGate } from '../../src/supervisor/supervisor.ts';
import type { Journey } from '../../src/traffic/journey.ts';
import { answering, eventually, listening, ok, scripted, stand } from './world.ts';

async function directoryOf(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'portcullis-life-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

function isRefused(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: '127.0.0.1', port });
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'));
    socket.on('connect', () => {
      socket.destroy();
      resolve(false);
    });
  });
}

test('a drain lets what runs end whole, closes what is idle, and takes nobody new', async (t) => {
  let release: () => void = () => {};
  const upstream = await scripted(t, async (wire) => {
    for (;;) {
      const { first } = await wire.message();
      if (!first.includes('/slow')) {
        wire.send(ok('quick'));
        continue;
      }
      wire.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst');
      release = () => wire.send('later');
    }
  });
  const world = await stand(t, upstream.port, { limits: { drain_timeout: '10s' } });
  const idle = await world.client();
  idle.send('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await idle.message();
  const busy = await world.client();
  busy.send('GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\nGET /never HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await busy.until(() => (busy.text.includes('first') ? true : null));
  const stopped = world.gate.stop();
  assert.equal(await idle.ended(), 'fin');
  idle.socket.end();
  assert.ok(await isRefused(world.port));
  assert.equal(busy.end, null);
  release();
  const answer = await busy.message();
  assert.equal(answer.body.toString(), 'firstlater');
  // A request that was sent behind it is not begun any more.
  assert.equal(await busy.ended(), 'fin');
  assert.equal(busy.text, '');
  busy.socket.end();
  await stopped;
  await world.gate.finished;
  await eventually(() => upstream.wires.every(({ end }) => end !== null), 'no connection to the upstream is left');
  assert.deepEqual(
    (await readdir(world.directory)).filter((name) => name.endsWith('.sock')),
    [],
  );
  await assert.rejects(world.ask({ ask: 'pid' }));
});

test('what does not end in time is cut off, and told', async (t) => {
  const upstream = await scripted(t, async (wire) => {
    await wire.message();
    wire.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst');
  });
  const world = await stand(t, upstream.port, { limits: { drain_timeout: '100ms' } });
  const busy = await world.client();
  busy.send('GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await busy.until(() => (busy.text.includes('first') ? true : null));
  const half = await world.client();
  half.send('GET / HT');
  await eventually(
    async () => ((await world.ask({ ask: 'connections' })) as { total: number }).total === 2,
    'both are known',
  );
  const journeys = await world.stopAndReadJournal();
  assert.equal((await busy.message()).isWhole, false);
  assert.deepEqual(journeys.map(({ verdict }) => verdict.why).sort(), ['http/drained', 'http/drained']);
});

const life = (directory: string, to: number, port: number) =>
  settingsFrom({
    data_directory: directory,
    listen: [{ address: '127.0.0.1', port }],
    firewall: { default: 'allow' },
    sites: [{ to: [`127.0.0.1:${to}`] }],
  });

test('a second gate with the same data directory says so, and the first one goes on', async (t) => {
  const upstream = await answering(t, () => ok('fine'));
  const world = await stand(t, upstream.port);
  await assert.rejects(startGate(life(world.directory, upstream.port, 0), { locate: () => '' }), (error: Error) => {
    assert.ok(error instanceof GateTrouble);
    assert.match(error.message, new RegExp(`a gate already runs with this data directory \\(pid ${process.pid}\\)`));
    return true;
  });
  assert.equal((await world.get('/')).status, 200);
});

test('a port in use says who has it, and leaves nothing open', async (t) => {
  const directory = await directoryOf(t);
  const holder = net.createServer();
  const port = await listening(holder);
  t.after(() => holder.close());
  const settings = settingsFrom({
    data_directory: directory,
    listen: [
      { address: '127.0.0.1', port: 0, tls: true },
      { address: '127.0.0.1', port },
    ],
    firewall: { default: 'allow' },
    sites: [{ to: ['127.0.0.1:1'] }],
  });
  await assert.rejects(startGate(settings, { locate: () => '' }), (error: Error) => {
    assert.ok(error instanceof GateTrouble);
    assert.match(error.message, new RegExp(`^cannot listen on 127\\.0\\.0\\.1:${port}: .*${process.pid}`));
    return true;
  });
  assert.deepEqual(
    (await readdir(directory)).filter((name) => name.endsWith('.sock')),
    [],
  );
  // The directory and the other listener are free: the same gate starts once the port is.
  await new Promise((resolve) => holder.close(resolve));
  const gate = await startGate(settings, { locate: () => '' });
  await gate.stop();
});

test('an address that this machine does not have, and a journal that cannot be written, keep a gate from starting', async (t) => {
  const directory = await directoryOf(t);
  const settings = life(directory, 1, 0);
  const elsewhere = { ...settings, listen: [{ ...settings.listen[0]!, address: '192.0.2.1' }] };
  await assert.rejects(
    startGate(elsewhere, { locate: () => '' }),
    /cannot listen on 192\.0\.2\.1:0: no interface of this machine has the address/,
  );
  const mute = { ...settings, observe: { ...settings.observe, journal: join(directory, 'no', 'such', 'journal') } };
  await assert.rejects(startGate(mute, { locate: () => '' }), /observe\/journal-not-writable/);
  assert.deepEqual(
    (await readdir(directory)).filter((name) => name.endsWith('.sock')),
    [],
  );
});

/** `portcullis run` as a process of its own. */
async function command(
  t: TestContext,
  directory: string,
  to: number,
): Promise<{ child: ChildProcess; port: number; journal: string; output: () => string }> {
  const file = join(directory, 'portcullis.yaml');
  const journal = join(directory, 'journal.jsonl');
  await writeFile(
    file,
    `listen:\n  - { address: 127.0.0.1, port: 0 }\nfirewall: { default: allow }\nsites:\n  - { host: "*", to: ["127.0.0.1:${to}"] }\nlimits: { drain_timeout: 5s }\n`,
  );
  const binary = new URL('../../bin/portcullis', import.meta.url).pathname;
  const child = spawn(process.execPath, [
    binary,
    'run',
    '--config',
    file,
    '--data-dir',
    join(directory, 'data'),
    '--journal',
    journal,
    '--json',
  ]);
  t.after(() => child.kill('SIGKILL'));
  let output = '';
  child.stdout!.on('data', (piece: Buffer) => {
    output += piece.toString();
  });
  child.stderr!.on('data', (piece: Buffer) => {
    output += piece.toString();
  });
  await eventually(() => output.includes('\n') || child.exitCode !== null, 'the gate stands');
  const { addresses } = JSON.parse(output.split('\n')[0]!) as { addresses: { port: number }[] };
  return { child, port: addresses[0]!.port, journal, output: () => output };
}

async function linesOf(path: string): Promise<Journey[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  assert.ok(text === '' || text.endsWith('\n'), 'every line is whole');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Journey);
}

function fetchFrom(port: number, target: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: '127.0.0.1', port });
    let text = '';
    socket.on('data', (piece: Buffer) => {
      text += piece.toString('latin1');
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(text));
    socket.write(`GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
  });
}

test('SIGHUP goes on in a fresh journal, SIGTERM drains and exits with 0', async (t) => {
  const directory = await directoryOf(t);
  let isAsked = false;
  let release: () => void = () => {};
  const upstream = await scripted(t, async (wire) => {
    for (;;) {
      const { first } = await wire.message();
      if (first.includes('/slow')) {
        isAsked = true;
        release = () => wire.send(ok('at last'));
      } else wire.send(ok('fine'));
    }
  });
  const { child, port, journal, output } = await command(t, directory, upstream.port);
  assert.match(await fetchFrom(port, '/one'), /fine$/);
  await eventually(async () => (await linesOf(journal)).length === 1, 'the first line is written');
  await rename(journal, `${journal}.1`);
  child.kill('SIGHUP');
  await eventually(async () => {
    await fetchFrom(port, '/two');
    return (await linesOf(journal)).length > 0;
  }, 'the new journal has a line');
  assert.equal((await linesOf(`${journal}.1`))[0]!.request?.target, '/one');

  const slow = fetchFrom(port, '/slow');
  await eventually(() => isAsked, 'the slow one is asked');
  child.kill('SIGTERM');
  await eventually(() => isRefused(port), 'nobody listens');
  release();
  assert.match(await slow, /at last$/);
  const [code, signal] =
    child.exitCode === null ? ((await once(child, 'exit')) as [number, string | null]) : [child.exitCode, null];
  assert.deepEqual([code, signal], [0, null], output());
  assert.deepEqual(
    await readdir(join(directory, 'data')).then((names) => names.filter((name) => name.endsWith('.sock'))),
    [],
  );
  // Because a knock of `isRefused` that was still let in is a line too, and may be told after it.
  const asked = (await linesOf(journal)).filter(({ request }) => request !== null);
  assert.equal(asked.at(-1)?.request?.target, '/slow');
});

test('a gate that cannot start exits with 1 and one clear sentence', async (t) => {
  const directory = await directoryOf(t);
  const upstream = await answering(t, () => ok('fine'));
  const { child: first } = await command(t, directory, upstream.port);
  const binary = new URL('../../bin/portcullis', import.meta.url).pathname;
  const second = spawn(process.execPath, [
    binary,
    'run',
    '--config',
    join(directory, 'portcullis.yaml'),
    '--data-dir',
    join(directory, 'data'),
  ]);
  let errors = '';
  second.stderr.on('data', (piece: Buffer) => {
    errors += piece.toString();
  });
  const [code] = (await once(second, 'close')) as [number];
  assert.equal(code, 1);
  assert.match(errors, new RegExp(`^portcullis: a gate already runs with this data directory \\(pid ${first.pid}\\)`));
  first.kill('SIGTERM');
  assert.equal(((await once(first, 'exit')) as [number])[0], 0);
});

/** The form of DESIGN §5: each key with its type; a null stands for "may be null". */
const form = {
  id: 'string',
  time: 'string',
  connection: { id: 'number', from: 'string', to: 'string', reused: 'boolean' },
  client: 'string',
  firewall: { action: 'string', rule: 'number', description: 'string' },
  tls: { version: 'string', cipher: 'string', alpn: 'string', sni: 'string', resumed: 'boolean' },
  request: { method: 'string', target: 'string', version: 'string', host: 'string', headers: 'object' },
  rates: { limit: 'number', remaining: 'number' },
  waf: { action: 'string', score: 'number', rules: 'object', us: 'number' },
  upstream: { from: 'string', to: 'string', reused: 'boolean', ms: 'number' },
  response: { status: 'number', bytes: 'number' },
  ms: 'number',
};
const mayBeNull = new Set(['tls', 'request', 'rates', 'waf', 'upstream', 'response']);

function checkForm(value: Record<string, unknown>, expected: Record<string, unknown>, path = ''): void {
  for (const [name, type] of Object.entries(expected)) {
    const one = value[name];
    const at = `${path}${name}`;
    if (one === null && mayBeNull.has(at)) continue;
    if (typeof type === 'string') assert.equal(typeof one, type, at);
    else checkForm(one as Record<string, unknown>, type as Record<string, unknown>, `${at}.`);
  }
}

test('every line of the journal has the form that DESIGN promises, for exchanges and connections of all kinds', async (t) => {
  const upstream = await answering(t, () => ok('fine'));
  const world = await stand(t, upstream.port, {
    listen: [
      { address: '127.0.0.1', port: 0 },
      { address: '127.0.0.1', port: 0, tls: true },
    ],
    rates: [{ limit: '1000 per 10s' }],
  });
  await world.get('/fine?a=1', 'Cookie: secret=1\r\nAuthorization: Basic c2VjcmV0\r\n');
  await world.get("/?id=1'%20OR%20'1'='1");
  await world.get(`/${'x'.repeat(3000)}`);
  const secure = await world.secureClient();
  secure.send('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await secure.message();
  for (const bytes of [
    'nonsense\r\n\r\n',
    'GET / HTTP/1.1\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n',
  ]) {
    const client = await world.client();
    client.send(bytes);
    assert.equal((await client.message()).status, 400);
    client.socket.destroy();
  }
  const silent = await world.client();
  silent.socket.end();
  await silent.ended();
  const plain = await world.client(world.tlsPort);
  plain.send('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
  await plain.ended();
  assert.match(
    plain.text,
    /^HTTP\/1\.1 301 [\s\S]*\r\n\r\nThis port speaks HTTPS, and the request came as plain HTTP\./,
  );
  secure.socket.destroy();
  await eventually(
    async () => ((await world.ask({ ask: 'connections' })) as { total: number }).total === 0,
    'all are over',
  );
  const journeys = await world.stopAndReadJournal();
  assert.equal(journeys.length, 9);
  for (const journey of journeys) {
    checkForm(journey as unknown as Record<string, unknown>, form);
    assert.ok(!JSON.stringify(journey).includes('secret'), 'no secret is written down');
    assert.ok(!Number.isNaN(Date.parse(journey.time)));
  }
  assert.equal(new Set(journeys.map(({ id }) => id)).size, 9, 'ids are unique');
  const whys = journeys.map(({ verdict }) => verdict.why);
  for (const why of ['http/two-lengths', 'http/no-host', 'tls/plain-http', 'http/no-request'])
    assert.ok(whys.includes(why), `${why} in ${whys}`);
});

interface Asked {
  readonly method?: string;
  readonly target: string;
  readonly host?: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: string;
}

const asked: readonly Asked[] = [
  { target: '/' },
  { target: '/search?q=hello+world' },
  { target: "/users?id=1'%20OR%20'1'='1" },
  { target: '/users?id=1;DROP%20TABLE%20users;--' },
  { target: '/?q=%3Cscript%3Ealert(1)%3C/script%3E' },
  { target: '/files/../../etc/passwd' },
  { target: '/', headers: [['User-Agent', 'sqlmap/1.7']] },
  { target: '/', headers: [['Cookie', "id=1' UNION SELECT password FROM users--"]] },
  {
    target: '/form',
    method: 'POST',
    body: 'name=Anna&age=7',
    headers: [['Content-Type', 'application/x-www-form-urlencoded']],
  },
  {
    target: '/form',
    method: 'POST',
    body: "name=1' OR '1'='1",
    headers: [['Content-Type', 'application/x-www-form-urlencoded']],
  },
  {
    target: '/api',
    method: 'PUT',
    body: '{"name":"<script>alert(1)</script>"}',
    headers: [['Content-Type', 'application/json']],
  },
  { target: '/api', method: 'PUT', body: '{"name":', headers: [['Content-Type', 'application/json']] },
  { target: '/long', method: 'POST', body: 'x'.repeat(3000), headers: [['Content-Type', 'text/plain']] },
  { target: '/', host: 'nobody.test' },
  { target: '/', method: 'TRACE' },
  { target: '/', headers: [['Content_Length', '5']] },
  { target: '/', headers: [['X-A', 'a\u0001b']] },
  { target: '*', method: 'GET' },
  { target: '*', method: 'OPTIONS' },
];

test('a rehearsal says what traffic gets, for every request of a table', async (t) => {
  const upstream = await answering(t, () => ok('fine'));
  const world = await stand(t, upstream.port, {
    sites: [{ host: 'app.test', to: [`127.0.0.1:${upstream.port}`], max_body: '2KiB' }],
  });
  for (const { method = 'GET', target, host = 'app.test', headers = [], body = '' } of asked) {
    const fields = [['Host', host], ...headers, ...(body === '' ? [] : [['Content-Length', String(body.length)]])];
    const client = await world.client();
    client.send(
      `${method} ${target} HTTP/1.1\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`,
    );
    const answer = await client.message();
    const from = `127.0.0.1:${client.socket.localPort}`;
    client.socket.destroy();
    let real: Journey | undefined;
    await eventually(async () => {
      const { journeys } = (await world.ask({ ask: 'explain', from })) as { journeys: Journey[] };
      real = journeys[0];
      return real !== undefined;
    }, `the journey of ${target}`);
    const { journey } = (await world.ask({
      ask: 'rehearse',
      from,
      method,
      target,
      host,
      headers,
      ...(body === '' ? {} : { body }),
    })) as { journey: Journey };
    const says = `${method} ${target} ${answer.status}`;
    const { why, station, rule, place, value } = real!.verdict;
    assert.deepEqual(
      { ...journey.verdict, says: '', at: '' },
      { ...real!.verdict, says: '', at: '', action: journey.verdict.action, why, station, rule, place, value },
      says,
    );
    assert.equal(journey.verdict.action, real!.verdict.action, says);
    assert.equal(journey.waf?.score, real!.waf?.score, says);
    assert.deepEqual(
      journey.waf?.rules.map(({ id }) => id),
      real!.waf?.rules.map(({ id }) => id),
      says,
    );
    if (real!.verdict.action === 'answer') assert.equal(journey.response?.status, answer.status, says);
  }
});

// The first hour of a new user: start the demonstration, paste what it prints, ask why, end it with Ctrl-C.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { attacks, goodRequest, type Trial } from '../demo/attacks.ts';
import type { Journey } from '../src/traffic/journey.ts';
import { type Ended, type Running, runToEnd, start } from './portcullis-process.ts';

/** What `explain` has to say of each attack that the WAF stops. */
const journeys: Readonly<Record<string, { place: string; bytes: string; rule: number; phase: number }>> = {
  'sql-injection': { place: 'ARGS:id', bytes: '1;DROP TABLE users;', rule: 1_042_100, phase: 1 },
  'cross-site-scripting': {
    place: 'JSON:text',
    bytes: '<script>steal(cookies)</script>',
    rule: 1_041_001,
    phase: 2,
  },
  'attack-tool': { place: 'REQUEST_HEADERS:user-agent', bytes: 'sqlmap', rule: 1_013_001, phase: 1 },
  'path-traversal': { place: 'REQUEST_FILENAME', bytes: '../../../etc/passwd', rule: 1_030_001, phase: 1 },
};

interface Place {
  readonly port: number;
  readonly httpPort: number;
  readonly shopPort: number;
}

let folder: string;
let demo: Running;
let place: Place;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'portcullis-first-hour-'));
  await open('data');
});
after(async () => {
  await demo.stop('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** Starts a demonstration and reads from its printout where things are. */
async function open(dataDirectory: string): Promise<void> {
  demo = start(['demo', '--data-dir', dataDirectory, '--port', '0', '--http-port', '0'], { cwd: folder });
  await demo.says(/^Ctrl-C ends it\.$/m);
  const port = (pattern: RegExp) => Number(pattern.exec(demo.said())![1]);
  place = {
    port: port(/https:\/\/localhost:(\d+) {4}the gate$/m),
    httpPort: port(/http:\/\/localhost:(\d+) +sends you there$/m),
    shopPort: port(/http:\/\/127\.0\.0\.1:(\d+) {4}the shop itself/m),
  };
}

/** The line of the printout that tries this, as it stands there. */
function printed(trial: Trial): string {
  const lines = demo
    .said()
    .split('\n')
    .filter((line) => line.startsWith('  curl --cacert data'));
  return lines[[goodRequest, ...attacks].indexOf(trial)]!.trim();
}

/** Pastes a line into a shell in the folder where the demonstration was started. */
async function paste(line: string): Promise<string> {
  const { stdout } = await promisify(execFile)('sh', ['-c', line], { cwd: folder });
  return stdout;
}

/** The shop asked without the gate, byte for byte. */
function askShop({ path, method, headers, body }: Pick<Trial, 'path' | 'method' | 'headers' | 'body'>) {
  return ask(place.shopPort, path, method, headers, body);
}

async function ask(port: number, path: string, method = 'GET', headers = {}, body: string | null = null) {
  const asked = request({ port, host: '127.0.0.1', path, method, headers: { Host: `localhost:${port}`, ...headers } });
  asked.end(body ?? undefined);
  const [answer] = await once(asked, 'response');
  let text = '';
  for await (const piece of answer.setEncoding('utf8')) text += piece;
  return { status: Number(answer.statusCode), headers: answer.headers, text };
}

async function visits(): Promise<string[]> {
  return JSON.parse((await ask(place.shopPort, '/visits')).text);
}

async function explain(id: string, ...more: string[]): Promise<Ended> {
  return await runToEnd(['explain', id, '--data-dir', 'data', ...more], { cwd: folder });
}

describe('the demonstration', () => {
  it('lets the good request through', async () => {
    const users = JSON.parse(await paste(printed(goodRequest)));
    assert.deepEqual(
      users.map(({ name }: { name: string }) => name),
      ['Ada', 'Grace', "Seán O'Brien"],
    );
    assert.deepEqual(await visits(), ['GET /api/users']);
  });

  for (const trial of attacks.filter(({ stoppedBy }) => stoppedBy === 'waf'))
    it(`stops the line that it prints for ${trial.says}, and can say why`, async () => {
      const before = await visits();
      const body = await paste(printed(trial));
      assert.deepEqual(await visits(), before, 'nothing of it reached the shop');
      assert.match(body, trial.body === null ? /<h1>403 Forbidden<\/h1>/ : /^\{"status":403,"title":"Forbidden",/);
      const id = /\b[0-9A-HJKMNP-TV-Z]{26}\b/.exec(body)![0];
      assertJourney(JSON.parse((await explain(id, '--json')).stdout), trial, id);
      assertTold((await explain(id)).stdout, trial, id);
    });

  it('sends plain HTTP to the gate', async () => {
    const { status, headers } = await ask(place.httpPort, '/search?q=wool', 'GET', {
      Host: `localhost:${place.httpPort}`,
    });
    assert.equal(status, 301);
    assert.equal(headers.location, `https://localhost:${place.port}/search?q=wool`);
    const posted = await ask(place.httpPort, '/comment', 'POST', { 'Content-Length': 0 });
    assert.equal(posted.status, 308);
  });

  it('stops the sixth hundred of requests, and can say why', async () => {
    const trial = attacks.find(({ stoppedBy }) => stoppedBy === 'rates')!;
    const before = (await visits()).length;
    const lines = (await paste(printed(trial))).trim().split('\n');
    const counts = Object.fromEntries(lines.map((line) => line.trim().split(/ +/).toReversed()));
    assert.deepEqual(Object.keys(counts), ['200', '429']);
    assert.equal(Number(counts[200]) + Number(counts[429]), trial.count);
    // Because a window of 10 s slides while 600 requests go through it on a slow machine.
    assert.ok(Number(counts[200]) <= 500 + 100, `${counts[200]} passed`);
    assert.equal((await visits()).length - before, Number(counts[200]), 'only what passed reached the shop');
    const { stdout } = await runToEnd(['explain', '127.0.0.1', '--data-dir', 'data', '--json'], { cwd: folder });
    const refused = (JSON.parse(stdout) as Journey[]).find(({ response }) => response?.status === 429)!;
    const { verdict, rates, upstream } = refused;
    assert.deepEqual([verdict.station, verdict.why, verdict.value], ['rates', 'rates/over-limit', '127.0.0.1']);
    assert.deepEqual([rates?.limit, rates?.remaining, upstream], [500, 0, null]);
    assert.match(
      (await explain(refused.id)).stdout,
      /rates\/over-limit {2}127\.0\.0\.1 used up its 500 requests in 10 s/,
    );
  });

  it('shows what the same attacks do to the shop without the gate', async () => {
    const told = await Promise.all(attacks.slice(0, 4).map((trial) => askShop(trial)));
    assert.deepEqual(
      told.map(({ status }) => status),
      [200, 201, 200, 200],
    );
    assert.match((await ask(place.shopPort, '/users?id=1')).text, /no such table: users/);
    assert.match((await ask(place.shopPort, '/comments')).text, /<li><script>steal\(cookies\)<\/script><\/li>/);
    assert.match(told[3]!.text, /^root:/);
    const flood = await Promise.all(Array.from({ length: 600 }, () => askShop(attacks[4]!)));
    assert.equal(flood.filter(({ status }) => status === 200).length, 600);
  });

  it('lets a running request end, exits 0 at Ctrl-C, and takes the shop along', async () => {
    await demo.stop('SIGINT');
    // Because the flood has used up the limit of the first one.
    await open('data2');
    const held = paste(printed(goodRequest).replace('/api/users', '/slow?ms=1000').replace('curl ', 'curl -si '));
    while (!(await visits()).includes('GET /slow?ms=1000')) await new Promise(setImmediate);
    const ended = demo.stop('SIGINT');
    assert.match(await held, /^HTTP\/2 200 [\s\S]*\{"slow":true\}/);
    const { code, signal, stderr } = await ended;
    assert.deepEqual([code, signal, stderr], [0, null, '']);
    for (const port of [place.port, place.httpPort, place.shopPort]) await assertClosed(port);
    assert.equal(existsSync(join(folder, 'data2', 'control.sock')), false);
  });
});

function assertJourney(journey: Journey, trial: Trial, id: string): void {
  const { place: where, bytes, rule, phase } = journeys[trial.name]!;
  assert.equal(journey.id, id);
  const { firewall, tls, request: asked, upstream, response, verdict, waf, connection } = journey;
  assert.match(connection.from, /^127\.0\.0\.1:\d+$/);
  assert.equal(connection.to, `127.0.0.1:${place.port}`);
  assert.deepEqual([firewall.action, firewall.rule, firewall.description], ['ALLOW', 1, 'HTTPS from anywhere']);
  assert.deepEqual([tls?.version, tls?.alpn, tls?.sni], ['TLSv1.3', 'h2', 'localhost']);
  assert.deepEqual([asked?.method, asked?.target], [trial.method, trial.path]);
  assert.deepEqual([upstream, response?.status], [null, trial.status]);
  const { station, action, why, rule: spoke, place: at, value } = verdict;
  assert.deepEqual(
    { station, action, why, spoke, at, value },
    { station: 'waf', action: 'answer', why: `waf/${trial.finding}`, spoke: String(rule), at: where, value: bytes },
  );
  assert.deepEqual([waf?.action, waf?.score, waf?.threshold, waf?.rules.length], ['block', 5, 5, 1]);
  const { message, decoded, ...finding } = waf!.rules[0]!;
  assert.deepEqual(finding, {
    id: rule,
    detector: trial.finding,
    phase,
    severity: 'CRITICAL',
    score: 5,
    variable: where,
    value: bytes,
  });
}

function assertTold(text: string, trial: Trial, id: string): void {
  const { place: where, bytes, rule } = journeys[trial.name]!;
  const lines = [
    /^1 DNS {8}localhost/,
    new RegExp(
      `^2 TCP {8}127\\.0\\.0\\.1:\\d+ → 127\\.0\\.0\\.1:${place.port} {3}ephemeral port, connected socket \\d+`,
    ),
    /^3 Firewall {3}ALLOW {2}rule 1 "HTTPS from anywhere"/,
    /^4 TLS {8}1\.3 {2}TLS_AES_\S+ {2}h2 {2}SNI localhost/,
    /^6 Server {5}not reached$/,
    new RegExp(`^7 Response {3}403 {2}\\d+ bytes {2}id ${id}`),
    new RegExp(`^Why {10}waf/${trial.finding} `),
    new RegExp(`^Rule {9}${rule}$`),
  ];
  const told = text.split('\n');
  for (const line of lines)
    assert.ok(
      told.some((one) => line.test(one)),
      `${line} in\n${text}`,
    );
  assert.ok(text.includes(`\n5 WAF        BLOCK  ${trial.finding}  ${where} = "${bytes}"  score 5/5`), text);
}

async function assertClosed(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  const [error] = await once(socket, 'error').catch((reason: unknown) => [reason]);
  assert.equal((error as NodeJS.ErrnoException).code, 'ECONNREFUSED', `port ${port} is closed`);
}

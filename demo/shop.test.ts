// Without a gate every attack of the guide does harm to the shop: what the gate's tests prove is worth proving.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, beforeEach, describe, it } from 'node:test';
import { attacks, curlOf, goodRequest, type Trial } from './attacks.ts';
import { warning } from './pages.ts';
import { secret } from './shop.ts';
import { type ShopProcess, startShop } from './start-shop.ts';

interface Answer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

let shop: ShopProcess;

/** Sends the request byte for byte: `fetch` would tidy the path. */
async function send(path: string, more: { method?: string; headers?: Record<string, string>; body?: string } = {}) {
  const socket = connect(shop.port, '127.0.0.1');
  const body = more.body ?? '';
  const headers = { Host: 'localhost', Connection: 'close', 'Content-Length': body.length, ...more.headers };
  const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`${more.method ?? 'GET'} ${path} HTTP/1.1\r\n${fields.join('')}\r\n${body}`);
  let text = '';
  socket.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
  });
  await once(socket, 'close');
  const end = text.indexOf('\r\n\r\n');
  return { status: Number(text.slice(9, 12)), head: text.slice(0, end), body: text.slice(end + 4) } as Answer;
}

const attempt = ({ path, method, headers, body }: Trial) =>
  send(path, { method, headers, ...(body === null ? {} : { body }) });
const attack = (name: string) => attacks.find((one) => one.name === name)!;

before(async () => {
  shop = await startShop();
});
after(() => shop.stop());
beforeEach(() => send('/reset'));

describe('the shop without a gate', () => {
  it('answers a good request', async () => {
    const answer = await attempt(goodRequest);
    assert.equal(answer.status, 200);
    assert.match(answer.body, /Ada.*Grace/);
  });

  it('tells what reached it, itself apart', async () => {
    await send('/health?seen=1');
    const { body } = await send('/visits');
    assert.match(body, /"GET \/health\?seen=1"\]/);
  });

  it('loses its table of users to SQL injection', async () => {
    assert.match((await send('/users?id=1')).body, /ada@shop\.example/);
    assert.equal((await attempt(attack('sql-injection'))).status, 200);
    const after = await send('/users?id=1');
    assert.equal(after.status, 500);
    assert.match(after.body, /no such table: users/);
  });

  it('gives its passwords to a search with a union in it', async () => {
    const answer = await send(`/search?q=${encodeURIComponent("' UNION SELECT id, name, password FROM users --")}`);
    assert.match(answer.body, /lovelace/);
  });

  it('shows what the database thinks of a quote', async () => {
    const answer = await send("/search?q='");
    assert.equal(answer.status, 500);
    assert.match(answer.body, /SELECT id, name, price FROM products/);
  });

  it('shows a script in a comment to everyone, from JSON and from a form', async () => {
    assert.equal((await attempt(attack('cross-site-scripting'))).status, 201);
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    const form = await send('/comments', { method: 'POST', headers, body: 'text=%3Cimg+src=x+onerror=steal()%3E' });
    assert.equal(form.status, 303);
    const shown = (await send('/comments')).body;
    assert.ok(shown.includes('<li><script>steal(cookies)</script></li>'));
    assert.ok(shown.includes('<li><img src=x onerror=steal()></li>'));
  });

  it('welcomes a known attack tool', async () => {
    assert.equal((await attempt(attack('attack-tool'))).status, 200);
  });

  it('hands out files from outside its folder, by path and by argument', async () => {
    for (const path of ['/files/../secret.txt', '/files/..%2fsecret.txt', '/files?name=../secret.txt']) {
      const answer = await send(path);
      assert.equal(answer.status, 200, path);
      assert.ok(answer.body.includes(secret), path);
    }
  });

  it('hands out files from outside its temporary folder', async () => {
    const answer = await send(`/files/${'../'.repeat(20)}etc/passwd`);
    assert.match(answer.body, /^root:/m);
    assert.equal(attack('path-traversal').path, '/files/../../../etc/passwd');
  });

  it('runs commands that come with a host', async () => {
    const answer = await send(`/ping?host=${encodeURIComponent('x; expr 20 + 22')}`);
    assert.match(answer.body, /pong from x\n42\n/);
  });

  it('answers six hundred requests as fast as they come', async () => {
    const { path, count } = attack('too-many-requests');
    const answers = await Promise.all(Array.from({ length: count }, (_, n) => send(`${path}?${n}`)));
    assert.ok(answers.every(({ status }) => status === 200));
  });

  it('warns on every page and in every answer', async () => {
    for (const path of ['/', '/users?id=1', '/search?q=wool', '/comments', '/ping?host=x', '/nowhere', '/users?id=x'])
      assert.ok((await send(path)).body.includes(warning), path);
    for (const path of ['/api/users', '/health', '/files/prices.txt'])
      assert.ok((await send(path)).head.includes(warning), path);
  });

  it('is closed to pages of the web in the browser of its owner', async () => {
    assert.equal((await send('/health', { headers: { Host: 'rebound.example' } })).status, 403);
    assert.equal((await send('/health', { headers: { 'Sec-Fetch-Site': 'cross-site' } })).status, 403);
    assert.equal(
      (await send('/health', { headers: { 'Sec-Fetch-Site': 'none', Host: '127.0.0.1:8443' } })).status,
      200,
    );
  });

  it('has an environment that is not worth stealing', async () => {
    assert.doesNotMatch((await send(`/ping?host=${encodeURIComponent('x; env')}`)).body, /HOME=/);
  });
});

describe('the curl command of a trial', () => {
  it('is what a person would type', () => {
    const base = 'https://localhost:8443';
    const lines = [goodRequest, ...attacks].map((trial) => curlOf(trial, base, '/data/ca.crt'));
    assert.deepEqual(lines, [
      'curl --cacert /data/ca.crt https://localhost:8443/api/users',
      "curl --cacert /data/ca.crt 'https://localhost:8443/users?id=1;DROP%20TABLE%20users;--'",
      `curl --cacert /data/ca.crt -H 'Content-Type: application/json' -d '{"text":"<script>steal(cookies)</script>"}' https://localhost:8443/comment`,
      "curl --cacert /data/ca.crt -H 'User-Agent: sqlmap/1.5' https://localhost:8443/",
      'curl --cacert /data/ca.crt --path-as-is https://localhost:8443/files/../../../etc/passwd',
      `curl --cacert /data/ca.crt -s -o /dev/null -w '%{http_code}\\n' 'https://localhost:8443/health?[1-600]' | sort | uniq -c`,
    ]);
  });

  it('quotes a data directory with a space and an apostrophe', () => {
    assert.match(curlOf(goodRequest, 'https://localhost', "/Ada's data/ca"), /--cacert '\/Ada'\\''s data\/ca' /);
  });

  const withoutCurl = spawnSync('curl', ['--version']).error !== undefined && 'curl is not installed';
  it('does the same harm as the trial when it is really typed', { skip: withoutCurl }, async () => {
    const line = curlOf(attack('sql-injection'), `http://localhost:${shop.port}`, null);
    assert.equal(spawnSync('sh', ['-c', `${line} --silent`]).status, 0);
    assert.match((await send('/users?id=1')).body, /no such table/);
  });
});

describe("the shop's process", () => {
  it('ends when whoever started it is gone', async () => {
    const script = `import { startShop } from '${import.meta.dirname}/start-shop.ts';
      const { port } = await startShop(); console.log(port); process.kill(process.pid, 'SIGKILL');`;
    const parent = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
    assert.equal(parent.signal, 'SIGKILL');
    const port = Number(parent.stdout);
    assert.ok(port > 0);
    while (await takesConnections(port));
  });

  it('ends when it is told to', async () => {
    const other = await startShop();
    await other.stop();
    assert.equal(await other.ended, 'the shop ended (code 0)');
    assert.equal(await takesConnections(other.port), false);
  });
});

function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

// The station over real sockets: who is let in, what is refused, what is written down, what is told.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import fc from 'fast-check';
import { systemClock } from '../base/clock.ts';
import { Admin, digestOf } from './admin.ts';
import { allEndpoints } from './endpoints/all-endpoints.ts';

const status = { version: '0', pid: 1, since: '', text: '</script><script>alert(1)</script>\u202e' };

/** What the gate answers here. */
const answers: Record<string, (question: Record<string, unknown>) => unknown> = {
  status: () => status,
  bans: () => ({ total: 0, bans: [], never: [], blocklists: [] }),
  ban: ({ target }) => {
    if (target === '127.0.0.1') throw new Error("127.0.0.1 is never banned: it is this machine's loopback");
    return { ban: { target, reason: '', by: 'owner', madeAt: 0, leftMs: null }, spared: [], kept: true };
  },
  connections: ({ after, limit }) => {
    const rest = [1, 2, 3].filter((number) => number > Number(after));
    const numbers = rest.slice(0, Number(limit));
    const next = numbers.length < rest.length ? numbers.at(-1) : null;
    return { total: 3, rows: numbers.map((number) => ({ ...row, number })), next };
  },
  close: ({ number }) => number === 1,
  explain: ({ id }) => ({
    journey: id === 'A' ? { id, time: '', verdict: { why: 'waf/score' } } : null,
    reasons: { 'waf/score': { says: 's', allow: 'a' } },
  }),
  metrics: ({ accept }) => ({ type: 'text/plain; version=0.0.4', text: `# ${accept}\n` }),
  firewall: () => ({ rules: 'odd' }),
};
const row = {
  from: 'a:1',
  to: 'b:2',
  listener: 'l',
  rule: 'r',
  stage: 'idle',
  tls: '',
  requests: 0,
  bytesIn: 0,
  bytesOut: 0,
  ageMs: 0,
};

const tokens = [
  { name: 'viewer', role: 'read', sha256: digestOf('look').toString('hex') },
  { name: 'deploy', role: 'write', sha256: digestOf('change').toString('hex') },
] as const;

let folder: string;
let admin: Admin;
let asked: Record<string, unknown>[] = [];

function fresh(listen: ConstructorParameters<typeof Admin>[0]['listen'], assets = folder): Admin {
  return new Admin(
    { listen, hosts: ['gate.internal'], tokens },
    {
      clock: systemClock,
      random: (count) => randomBytes(count),
      dataDirectory: folder,
      assets,
      version: '0',
      ask: async (question) => {
        asked.push(question);
        return answers[question.ask]!(question);
      },
      every: (ms, call) => {
        const timer = setInterval(call, ms / 50);
        return () => clearInterval(timer);
      },
    },
  );
}

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'portcullis-admin-'));
  admin = fresh({ address: '127.0.0.1', port: 0 });
  await admin.start();
});
beforeEach(() => {
  asked = [];
});
after(async () => {
  await admin.stop();
  rmSync(folder, { recursive: true });
});

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** One request as raw as node:http sends it; Host is the station's own unless `headers` say otherwise. */
function send(method: string, path: string, headers: Record<string, string> = {}, body?: string): Promise<Answer> {
  const { hostname, port } = new URL(admin.url!);
  return new Promise((resolve, reject) => {
    const framed = body === undefined ? headers : { ...headers, 'content-length': String(Buffer.byteLength(body)) };
    const sent = request({ hostname, port, method, path, headers: framed, agent: false }, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece) => pieces.push(piece));
      response.on('end', () =>
        resolve({ status: response.statusCode!, headers: response.headers, text: Buffer.concat(pieces).toString() }),
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

const json = { 'content-type': 'application/json' };
const viewer = { authorization: 'Bearer look' };
const deploy = { authorization: 'Bearer change' };

async function login() {
  const token = admin.link()!.split('/').at(-1);
  const answer = await send('POST', '/api/v1/session', json, JSON.stringify({ token }));
  const [set] = answer.headers['set-cookie'] as string[];
  return { answer, set: set!, cookie: set!.split(';')[0]!, csrf: JSON.parse(answer.text).csrf as string };
}

const codeOf = ({ status, text }: Answer) => [status, JSON.parse(text).error?.code];

test('the page may be loaded by anybody on this machine, and nothing else', async () => {
  const page = await send('GET', '/');
  assert.equal(page.status, 200);
  const policy = String(page.headers['content-security-policy']);
  for (const part of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "trusted-types 'none'"])
    assert.ok(policy.includes(part), part);
  assert.ok(!policy.includes('unsafe') && !policy.includes('http'));
  assert.deepEqual(
    ['x-content-type-options', 'referrer-policy', 'cross-origin-opener-policy', 'cross-origin-resource-policy'].map(
      (name) => page.headers[name],
    ),
    ['nosniff', 'no-referrer', 'same-origin', 'same-origin'],
  );
  for (const { method, path } of allEndpoints) {
    const answer = await send(method, `/api/v1${path.replace(/\{.*\}/, '1')}`);
    assert.deepEqual(codeOf(answer), [401, 'nobody'], path);
  }
  for (const path of ['/api/v1/openapi.json', '/api/v1/events', '/api/v1/session', '/metrics'])
    assert.deepEqual(codeOf(await send('GET', path)), [401, 'nobody'], path);
  assert.deepEqual(asked, []);
});

test('a page that rebound its name to the loopback gets nothing, not even the page', async () => {
  const { port } = new URL(admin.url!);
  for (const host of ['evil.example', `evil.example:${port}`, `127.0.0.1.evil.example:${port}`])
    assert.deepEqual(codeOf(await send('GET', '/', { host })), [421, 'not-ours'], host);
  assert.equal((await send('GET', '/', { host: `gate.internal:${port}` })).status, 200);
});

test('pages of other sites and of other ports of this machine may not ask, whatever they know', async () => {
  const { cookie, csrf } = await login();
  const known = { cookie, 'x-portcullis-csrf': csrf };
  assert.equal((await send('GET', '/api/v1/status', known)).status, 200);
  for (const more of [
    { origin: 'http://127.0.0.1:3000' },
    { origin: 'null' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'cross-site' },
  ])
    assert.deepEqual(
      codeOf(await send('GET', '/api/v1/status', { ...known, ...more })),
      [403, 'not-ours'],
      JSON.stringify(more),
    );
  // A link in a mail opens the page; the page knows what to do.
  assert.equal((await send('GET', '/', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' })).status, 200);
  assert.equal((await send('GET', '/', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' })).status, 403);
});

test('a link logs one browser in; its cookie alone is worth nothing', async () => {
  const { set, cookie, csrf } = await login();
  assert.match(set, /; HttpOnly; SameSite=Strict; /);
  assert.equal((await send('GET', '/api/v1/status', { cookie })).status, 401);
  assert.equal((await send('GET', '/api/v1/status', { cookie, 'x-portcullis-csrf': 'x' })).status, 401);
  assert.equal((await send('GET', '/api/v1/status', { 'x-portcullis-csrf': csrf })).status, 401);
  const known = { cookie, 'x-portcullis-csrf': csrf };
  assert.equal(JSON.parse((await send('GET', '/api/v1/session', known)).text).role, 'write');
  assert.equal((await send('DELETE', '/api/v1/session', known)).status, 200);
  assert.equal((await send('GET', '/api/v1/status', known)).status, 401);
});

test('a used, old or invented link does not', async () => {
  const token = admin.link()!.split('/').at(-1)!;
  const open = (value: unknown) => send('POST', '/api/v1/session', json, JSON.stringify({ token: value }));
  assert.equal((await open(token)).status, 200);
  for (const value of [token, '', 'x', 1, null, ['x']]) assert.deepEqual(codeOf(await open(value)), [401, 'link-used']);
});

test('who may look may not change', async () => {
  assert.equal((await send('GET', '/api/v1/status', viewer)).status, 200);
  for (const { method, path, role } of allEndpoints.filter((endpoint) => endpoint.role === 'write')) {
    const answer = await send(method, `/api/v1${path.replace(/\{.*\}/, '1')}`, { ...viewer, ...json }, '{}');
    assert.deepEqual(codeOf(answer), [403, 'role'], `${role} ${path}`);
  }
  assert.deepEqual(
    asked.map(({ ask }) => ask),
    ['status'],
  );
});

test('every change is in the trail, done or not, with who asked', async () => {
  const ban = (target: string) =>
    send('POST', '/api/v1/bans', { ...deploy, ...json }, JSON.stringify({ target, reason: 'scans' }));
  assert.equal((await ban('192.0.2.1')).status, 200);
  assert.deepEqual(
    [(await ban('127.0.0.1')).status, (await send('DELETE', '/api/v1/connections/9', deploy)).status],
    [422, 404],
  );
  const trail = JSON.parse((await send('GET', '/api/v1/audit', viewer)).text) as {
    who: string;
    what: string;
    with: unknown;
    outcome: string;
  }[];
  assert.deepEqual(
    trail.slice(0, 3).map(({ who, what, with: particulars, outcome }) => [who, what, particulars, outcome]),
    [
      ['deploy', 'DELETE /connections/{number}', { number: 9 }, 'connection 9 is over already'],
      [
        'deploy',
        'POST /bans',
        { target: '127.0.0.1', reason: 'scans' },
        "127.0.0.1 is never banned: it is this machine's loopback",
      ],
      ['deploy', 'POST /bans', { target: '192.0.2.1', reason: 'scans' }, 'done'],
    ],
  );
  assert.equal(readFileSync(join(folder, 'admin-audit.jsonl'), 'utf8').split('\n').length - 1, trail.length);
});

test('a change is not made where the trail cannot be written', async () => {
  rmSync(join(folder, 'admin-audit.jsonl'), { force: true });
  symlinkSync('/dev/full', join(folder, 'admin-audit.jsonl'));
  const answer = await send('POST', '/api/v1/bans', { ...deploy, ...json }, '{"target":"192.0.2.1","reason":"scans"}');
  rmSync(join(folder, 'admin-audit.jsonl'));
  assert.deepEqual(codeOf(answer), [503, 'trail']);
  assert.deepEqual(asked, []);
});

test('bodies are JSON within their bound, and as the schema says', async () => {
  const ban = async (body: string, headers: Record<string, string> = json) =>
    codeOf(await send('POST', '/api/v1/bans', { ...deploy, ...headers }, body));
  assert.deepEqual(await ban('{}', { 'content-type': 'text/plain' }), [415, 'bad-body']);
  assert.deepEqual(await ban('{'), [400, 'bad-body']);
  assert.deepEqual(await ban(`{"target":"${'x'.repeat(1024 * 1024)}"}`), [413, 'bad-body']);
  for (const body of ['{}', '[]', 'null', '{"target":1}', '{"target":"1.2.3.4","lengthMs":-1}'])
    assert.deepEqual(await ban(body), [400, 'bad-request'], body);
});

test('pages of connections follow each other', async () => {
  const page = async (query: string) => JSON.parse((await send('GET', `/api/v1/connections${query}`, viewer)).text);
  const first = await page('?limit=2');
  assert.deepEqual([first.rows.map(({ number }: { number: number }) => number), first.next], [[1, 2], 2]);
  const second = await page(`?limit=2&after=${first.next}`);
  assert.deepEqual([second.rows.map(({ number }: { number: number }) => number), second.next], [[3], null]);
  assert.equal((await send('GET', '/api/v1/connections?limit=100000', viewer)).status, 400);
  assert.deepEqual(JSON.parse((await send('DELETE', '/api/v1/connections/1', deploy)).text), { closed: true });
});

test('a journey comes with what its reason means', async () => {
  const found = JSON.parse((await send('GET', '/api/v1/journeys/A', viewer)).text);
  assert.deepEqual(found.reason, { says: 's', allow: 'a' });
  assert.deepEqual(codeOf(await send('GET', '/api/v1/journeys/B', viewer)), [404, 'not-found']);
});

test('an answer that is not what the manual promises is not passed on', async () => {
  assert.deepEqual(codeOf(await send('GET', '/api/v1/firewall', viewer)), [500, 'bad-answer']);
});

test('paths and methods that are not there', async () => {
  assert.deepEqual(codeOf(await send('GET', '/api/v1/nothing', viewer)), [404, 'not-found']);
  assert.deepEqual(codeOf(await send('GET', '/api/v2/status', viewer)), [404, 'not-found']);
  const wrong = await send('PUT', '/api/v1/bans', viewer);
  assert.deepEqual([wrong.status, wrong.headers.allow], [405, 'GET, POST']);
  assert.equal((await send('POST', '/')).status, 405);
  for (const path of ['/../package.json', '/%2e%2e/package.json', '/assets/../../x', '//evil.example/'])
    assert.notEqual((await send('GET', path)).status, 500, path);
});

test('metrics are passed on as they are, to whoever has a token', async () => {
  const { headers, text } = await send('GET', '/metrics', { ...viewer, accept: 'application/openmetrics-text' });
  assert.deepEqual([headers['content-type'], text], ['text/plain; version=0.0.4', '# application/openmetrics-text\n']);
});

test('one caller has an allowance', async () => {
  const { cookie, csrf } = await login();
  const known = { cookie, 'x-portcullis-csrf': csrf };
  const all = await Promise.all(Array.from({ length: 400 }, () => send('GET', '/api/v1/session', known)));
  const counts = [200, 429].map((code) => all.filter((answer) => answer.status === code).length);
  assert.equal(counts[0]! + counts[1]!, 400);
  assert.ok(counts[0]! >= 200 && counts[1]! > 0, String(counts));
  assert.equal((await send('GET', '/api/v1/status', viewer)).status, 200);
});

test('events tell the state to whoever reads along, once a second for all', async () => {
  const { hostname, port } = new URL(admin.url!);
  const text = await new Promise<string>((resolve, reject) => {
    const sent = request({ hostname, port, path: '/api/v1/events', headers: viewer, agent: false }, (response) => {
      let got = '';
      assert.equal(response.headers['content-type'], 'text/event-stream; charset=utf-8');
      response.on('data', (piece) => {
        got += piece;
        if (got.split('event: status').length <= 3) return;
        resolve(got);
        sent.destroy();
      });
    });
    sent.on('error', reject);
    sent.end();
  });
  const data = text.split('\n').find((line) => line.startsWith('data: '))!;
  assert.deepEqual(JSON.parse(data.slice(6)), status);
  assert.ok(admin.tuples().every(({ from, to }) => from === '127.0.0.1' && to === '127.0.0.1'));
});

test('the manual has every endpoint, and every reference in it leads somewhere', async () => {
  const document = JSON.parse((await send('GET', '/api/v1/openapi.json', viewer)).text);
  assert.equal(document.openapi, '3.1.0');
  for (const { method, path } of allEndpoints) {
    const operation = document.paths[`/api/v1${path}`][method.toLowerCase()];
    assert.ok(operation.summary.endsWith('.'), path);
    const named = (operation.parameters ?? []).filter((parameter: { in: string }) => parameter.in === 'path');
    assert.equal(named.length, path.includes('{') ? 1 : 0, path);
  }
  const ids = Object.values(document.paths as Record<string, Record<string, { operationId: string }>>).flatMap((path) =>
    Object.values(path).map(({ operationId }) => operationId),
  );
  assert.equal(new Set(ids).size, ids.length);
  for (const [, reference] of JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]*)"/g))
    assert.ok(
      reference!.split('/').reduce((part, name) => part?.[name], document),
      reference,
    );
});

test('whatever is asked, the station answers in its own words and stands', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('GET', 'POST', 'DELETE', 'PUT', 'PATCH', 'OPTIONS'),
      fc.array(
        fc.constantFrom('..', '%00', '%', 'api', 'v1', 'bans', '{id}', 'journeys', '__proto__', 'ä', '?a=b', ';', ':'),
        { maxLength: 6 },
      ),
      fc.constantFrom('', '{"a":', '{"__proto__":{"x":1}}', '[[[[', '"x"'),
      async (method, parts, body) => {
        const path = `/${parts.map((part) => (part.startsWith('%') ? part : encodeURI(part))).join('/')}`;
        const answer = await send(
          method,
          path,
          { ...json, ...(parts.length % 2 ? deploy : {}) },
          method === 'GET' ? undefined : body,
        );
        assert.ok(
          [200, 400, 401, 404, 405, 415, 422, 429].includes(answer.status),
          `${method} ${path} ${answer.status} ${answer.text}`,
        );
      },
    ),
    { numRuns: 60 },
  );
});

test('where the usual place is taken another is, and where one was named that is a trouble', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const { port } = taken.address() as { port: number };
  await assert.rejects(
    fresh({ address: '127.0.0.1', port }).start(),
    /the dashboard cannot be served at 127\.0\.0\.1:\d+: .*EADDRINUSE/,
  );
  taken.close();
  const [one, other] = [fresh('auto'), fresh('auto')];
  await one.start();
  await other.start();
  assert.notEqual(one.url, other.url);
  await Promise.all([one.stop(), other.stop()]);
  const off = fresh(null);
  await off.start();
  assert.deepEqual([off.url, off.link(), off.tuples()], [null, null, []]);
});

// What upstreams are told of the client, where requests are placed and sent to, and what is refused before any upstream hears of it.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { answering, eventually, ok, type ScriptedUpstream, stand } from './world.ts';

/** The head of a request as the upstream got it, as lines. */
function lastHead(upstream: ScriptedUpstream, heads: string[]): string[] {
  assert.ok(upstream.wires.length > 0);
  return heads.at(-1)!.split('\r\n');
}

async function listeningUpstream(t: Parameters<typeof answering>[0]) {
  const heads: string[] = [];
  const upstream = await answering(t, ({ first, headers }) => {
    heads.push([first, ...[...headers].map(([name, value]) => `${name}: ${value}`)].join('\r\n'));
    return ok('fine');
  });
  return { upstream, heads };
}

interface HeadCase {
  readonly says: string;
  readonly sent: string;
  readonly expected: Readonly<Record<string, string | undefined>>;
  readonly target?: string;
  readonly version?: string;
}

const vouching = { trusted_proxies: ['127.0.0.0/8', '10.0.0.0/8'] };

const untrusted: readonly HeadCase[] = [
  {
    says: 'who came, how, and to which port',
    sent: 'Host: app.test:8080\r\n',
    expected: {
      host: 'app.test:8080',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'app.test:8080',
      'x-real-ip': '127.0.0.1',
      forwarded: 'for=127.0.0.1;proto=http',
      connection: undefined,
    },
  },
  {
    says: 'what a stranger claims is replaced',
    sent: 'Host: app.test\r\nX-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil.test\r\nX-Forwarded-Port: 1\r\nX-Real-IP: 1.2.3.4\r\nForwarded: for=1.2.3.4\r\nX-Request-Id: mine\r\n',
    expected: {
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'app.test',
      'x-real-ip': '127.0.0.1',
      forwarded: 'for=127.0.0.1;proto=http',
    },
  },
  {
    says: 'hop-by-hop fields end here, those that Connection names among them',
    sent: 'Host: app.test\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\nTE: trailers, deflate\r\nProxy-Connection: close\r\nProxy: http://evil\r\nProxy-Authorization: x\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA\r\nX-End: 1\r\n',
    expected: {
      'x-hop': undefined,
      'keep-alive': undefined,
      te: 'trailers',
      'proxy-connection': undefined,
      proxy: undefined,
      'proxy-authorization': undefined,
      upgrade: undefined,
      'http2-settings': undefined,
      connection: 'TE',
      'x-end': '1',
    },
  },
  {
    says: 'an absolute target becomes a path',
    target: 'http://app.test/a?b=c',
    sent: 'Host: app.test\r\n',
    expected: { host: 'app.test', ':first': 'GET /a?b=c HTTP/1.1' },
  },
  {
    says: 'an empty query stays',
    target: '/a?',
    sent: 'Host: app.test\r\n',
    expected: { ':first': 'GET /a? HTTP/1.1' },
  },
  {
    says: 'HTTP/1.0 without Host',
    version: '1.0',
    sent: '',
    expected: { ':first': 'GET / HTTP/1.1', 'x-forwarded-for': '127.0.0.1' },
  },
];

const trusted: readonly HeadCase[] = [
  {
    says: 'a chain is continued',
    sent: 'X-Forwarded-For: 203.0.113.9, 10.0.0.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: out.test\r\nX-Forwarded-Port: 443\r\n',
    expected: {
      'x-forwarded-for': '203.0.113.9, 10.0.0.1, 127.0.0.1',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'out.test',
      'x-forwarded-port': '443',
      'x-real-ip': '203.0.113.9',
      forwarded: 'for=203.0.113.9, for=127.0.0.1;proto=http',
    },
  },
  {
    says: 'two lines are one chain',
    sent: 'X-Forwarded-For: 198.51.100.1\r\nX-Forwarded-For: 203.0.113.9\r\n',
    expected: { 'x-forwarded-for': '198.51.100.1, 203.0.113.9, 127.0.0.1', 'x-real-ip': '203.0.113.9' },
  },
  {
    says: 'a proxy that speaks Forwarded only',
    sent: 'Forwarded: for="[2001:db8::7]:4711";proto=https\r\n',
    expected: {
      forwarded: 'for="[2001:db8::7]:4711";proto=https, for=127.0.0.1;proto=http',
      'x-forwarded-for': '2001:db8::7, 127.0.0.1',
      'x-real-ip': '2001:db8::7',
    },
  },
  {
    says: 'an X-Real-IP that the client sent through the proxy is not believed',
    sent: 'X-Forwarded-For: 203.0.113.9\r\nX-Real-IP: 1.2.3.4\r\n',
    expected: { 'x-real-ip': '203.0.113.9' },
  },
  {
    says: 'where the two contradict each other neither goes on',
    sent: 'X-Forwarded-For: 203.0.113.9\r\nForwarded: for=1.2.3.4\r\n',
    expected: { 'x-forwarded-for': '127.0.0.1', forwarded: 'for=127.0.0.1;proto=http', 'x-real-ip': '127.0.0.1' },
  },
  {
    says: 'a trusted proxy that says nothing',
    sent: '',
    expected: {
      'x-forwarded-for': '127.0.0.1',
      forwarded: 'for=127.0.0.1;proto=http',
      'x-real-ip': '127.0.0.1',
      'x-forwarded-proto': 'http',
    },
  },
  {
    says: 'empty fields say nothing',
    sent: 'X-Forwarded-For:\r\nX-Forwarded-Proto:\r\nX-Forwarded-Host:\r\n',
    expected: { 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'http', 'x-forwarded-host': 'app.test' },
  },
];

for (const [who, cases, words] of [
  ['strangers', untrusted, {}],
  ['trusted proxies', trusted, vouching],
] as const)
  test(`forwarding fields: ${who}`, async (t) => {
    const { upstream, heads } = await listeningUpstream(t);
    const world = await stand(t, upstream.port, { ...words, waf: { mode: 'off' } });
    const client = await world.client();
    for (const { says, sent, expected, target = '/', version = '1.1' } of cases) {
      const one = version === '1.0' ? await world.client() : client;
      one.send(`GET ${target} HTTP/${version}\r\n${who === 'strangers' ? '' : 'Host: app.test\r\n'}${sent}\r\n`);
      const answer = await one.message();
      assert.equal(answer.status, 200, says);
      const lines = lastHead(upstream, heads);
      const fields = new Map(
        lines.slice(1).map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
      );
      fields.set(':first', lines[0]!);
      for (const [name, value] of Object.entries(expected)) assert.equal(fields.get(name), value, `${says}: ${name}`);
      assert.equal(fields.get('x-request-id'), answer.headers.get('x-request-id'), says);
      if (!('x-forwarded-port' in expected)) assert.equal(fields.get('x-forwarded-port'), String(world.port), says);
    }
  });

test('Host as the site says', async (t) => {
  const { upstream, heads } = await listeningUpstream(t);
  const world = await stand(t, upstream.port, {
    sites: [{ host: '*', to: [`localhost:${upstream.port}`], host_header: 'upstream' }],
  });
  await world.get('/');
  assert.ok(lastHead(upstream, heads).includes(`host: localhost:${upstream.port}`));
  assert.ok(lastHead(upstream, heads).includes('x-forwarded-host: localhost'));
});

test('sites by host and path: exact before wildcard before any, the longer path first', async (t) => {
  const named = async (name: string) => ({ name, port: (await answering(t, () => ok(name))).port });
  const [exact, api, wild, any] = [await named('exact'), await named('api'), await named('wild'), await named('any')];
  const at = (host: string, to: { port: number }, path = '/') => ({ host, path, to: [`127.0.0.1:${to.port}`] });
  const world = await stand(t, any.port, {
    sites: [at('*', any), at('*.app.test', wild), at('www.app.test', exact), at('www.app.test', api, '/api')],
    waf: { mode: 'off' },
  });
  const client = await world.client();
  for (const [host, path, body] of [
    ['www.app.test', '/', 'exact'],
    ['WWW.App.Test:8080', '/', 'exact'],
    ['www.app.test.', '/', 'exact'],
    ['www.app.test', '/api', 'api'],
    ['www.app.test', '/api/users', 'api'],
    ['www.app.test', '/apiary', 'exact'],
    ['www.app.test', '/x/../api/users', 'api'],
    ['www.app.test', '/%61pi/users', 'api'],
    ['other.app.test', '/', 'wild'],
    ['deep.other.app.test', '/', 'any'],
    ['app.test', '/', 'any'],
    ['127.0.0.1', '/', 'any'],
    ['[::1]:80', '/', 'any'],
  ]) {
    client.send(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    assert.equal((await client.message()).body.toString(), body, `${host}${path}`);
  }
  const strict = await stand(t, any.port, { sites: [at('www.app.test', exact)] });
  const answer = await strict.get('/', '');
  assert.equal(answer.status, 404);
  assert.equal((await strict.journey(answer.headers.get('x-request-id')!)).verdict.why, 'http/no-site');
});

test('the redirect listener: where to, with which status, and 404 for hosts that nobody has', async (t) => {
  const { upstream } = await listeningUpstream(t);
  const world = await stand(t, upstream.port, {
    listen: [
      { address: '127.0.0.1', port: 0, tls: true },
      { address: '127.0.0.1', port: 0, redirect: 'https' },
    ],
    sites: [{ host: ['app.test', '[::1]', '127.0.0.1', 'localhost'], to: [`127.0.0.1:${upstream.port}`] }],
  });
  const to = `:${world.tlsPort}`;
  const client = await world.client(world.redirectPort);
  for (const [method, host, target, status, location] of [
    ['GET', 'app.test', '/a?b=c', 301, `https://app.test${to}/a?b=c`],
    ['HEAD', 'app.test', '/', 301, `https://app.test${to}/`],
    ['POST', 'app.test:8080', '/form', 308, `https://app.test${to}/form`],
    ['PUT', 'App.Test', '/', 308, `https://app.test${to}/`],
    ['GET', '[::1]:80', '/', 301, `https://[::1]${to}/`],
    ['GET', 'app.test', 'http://app.test/abs', 301, `https://app.test${to}/abs`],
    ['GET', 'app.test', "/?id=1'%20OR%20'1'='1", 301, `https://app.test${to}/?id=1'%20OR%20'1'='1`],
    ['OPTIONS', 'app.test', '*', 308, `https://app.test${to}/`],
    ['GET', 'evil.test', '/', 404, undefined],
  ] as const) {
    client.send(`${method} ${target} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    const answer = await client.message(method === 'HEAD');
    assert.equal(answer.status, status, `${method} ${host}${target}`);
    assert.equal(answer.headers.get('location'), location, `${method} ${host}${target}`);
    const journey = await world.journey(answer.headers.get('x-request-id')!);
    assert.equal(journey.verdict.why, status === 404 ? 'http/no-site' : 'http/redirected');
  }
  assert.equal(upstream.wires.length, 0);
  // The body of what was redirected is not read as another request.
  client.send(
    `POST /form HTTP/1.1\r\nHost: app.test\r\nContent-Length: 41\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: app.test\r\n\r\n`,
  );
  assert.equal((await client.message()).headers.get('connection'), 'close');
  assert.equal(await client.ended(), 'fin');
  assert.equal(client.text, '');
});

test('a redirect for HTTP/1.0 without Host leads to the address that was reached', async (t) => {
  const { upstream } = await listeningUpstream(t);
  const world = await stand(t, upstream.port, {
    listen: [
      { address: '127.0.0.1', port: 0, tls: true },
      { address: '127.0.0.1', port: 0, redirect: 'https' },
    ],
  });
  const client = await world.client(world.redirectPort);
  client.send('GET /a HTTP/1.0\r\n\r\n');
  assert.equal((await client.message()).headers.get('location'), `https://127.0.0.1:${world.tlsPort}/a`);
});

const run = promisify(execFile);

test('curl over TLS 1.2 and 1.3 trusts the local CA, and gets HSTS only there', async (t) => {
  const { upstream } = await listeningUpstream(t);
  const world = await stand(t, upstream.port, {
    listen: [
      { address: '127.0.0.1', port: 0, tls: true },
      { address: '127.0.0.1', port: 0 },
    ],
    sites: [{ host: '*', to: [`127.0.0.1:${upstream.port}`], hsts: true }],
    tls: { local_names: ['localhost'] },
  });
  for (const version of ['1.2', '1.3']) {
    const { stdout } = await run('curl', [
      '-si',
      '--max-time',
      '10',
      '--tls-max',
      version,
      `--tlsv${version}`,
      '--cacert',
      world.gate.caCertificatePath!,
      `https://localhost:${world.tlsPort}/`,
    ]);
    assert.match(stdout, /^HTTP\/2 200 \r\n/);
    assert.match(stdout, /\r\nstrict-transport-security: max-age=31536000\r\n/);
    assert.ok(stdout.endsWith('\r\n\r\nfine'));
    const journey = await world.journey(/x-request-id: (\S+)/.exec(stdout)![1]!);
    assert.equal(journey.tls?.version, `TLSv${version}`);
    assert.equal(journey.tls?.sni, 'localhost');
  }
  const plain = await world.get('/');
  assert.equal(plain.headers.get('strict-transport-security'), undefined);
});

test('rates over real connections: 429 with Retry-After and RateLimit fields, by client and by header', async (t) => {
  const { upstream } = await listeningUpstream(t);
  const world = await stand(t, upstream.port, {
    rates: [
      { limit: '4 per 10s', by: 'client' },
      { limit: '2 per 10s', by: 'header:X-Key' },
    ],
  });
  const statuses: number[] = [];
  for (let index = 0; index < 3; index++) statuses.push((await world.get('/', 'X-Key: one\r\n')).status);
  assert.deepEqual(statuses, [200, 200, 429]);
  const last = await world.get('/', 'X-Key: two\r\n');
  assert.equal(last.status, 200);
  let refused = await world.get('/');
  if (refused.status === 200) refused = await world.get('/');
  assert.equal(refused.status, 429);
  // A sliding window that began in the last one may end in the next.
  const seconds = Number(refused.headers.get('retry-after'));
  assert.ok(seconds >= 1 && seconds <= 20, `${seconds} s`);
  assert.match(`${refused.headers.get('ratelimit') ?? refused.headers.get('ratelimit-remaining')}`, /0/);
  const journey = await world.journey(refused.headers.get('x-request-id')!);
  assert.equal(journey.verdict.station, 'rates');
  assert.equal(journey.upstream, null);
  assert.equal(refused.headers.get('connection'), undefined, 'the connection lives on');
});

test('whom the firewall denies is closed before a byte is read, and a journey tells of it', async (t) => {
  const { upstream } = await listeningUpstream(t);
  const world = await stand(t, upstream.port, {
    firewall: { default: 'allow', rules: ['deny tcp all from 127.0.0.0/8'] },
  });
  const client = await world.client();
  const from = `127.0.0.1:${client.socket.localPort}`;
  client.send('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await client.ended();
  assert.equal(client.text, '');
  await eventually(async () => {
    const { journeys } = (await world.ask({ ask: 'explain', from })) as {
      journeys: {
        verdict: { station: string; action: string };
        firewall: { action: string; rule: number };
        request: unknown;
      }[];
    };
    if (journeys.length === 0) return false;
    assert.equal(journeys[0]!.firewall.action, 'DENY');
    assert.equal(journeys[0]!.firewall.rule, 1);
    assert.deepEqual([journeys[0]!.verdict.station, journeys[0]!.verdict.action], ['firewall', 'close']);
    assert.equal(journeys[0]!.request, null);
    return true;
  }, 'the journey is told');
  const { rules } = (await world.ask({ ask: 'firewall' })) as { rules: { hits: number }[] };
  assert.equal(rules[0]!.hits, 1);
});

test('a client may hold so many connections and no more', async (t) => {
  const { upstream } = await listeningUpstream(t);
  const world = await stand(t, upstream.port, { limits: { max_connections_per_client: 3 } });
  const held = [await world.client(), await world.client(), await world.client()];
  for (const one of held) {
    one.send('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    assert.equal((await one.message()).status, 200);
  }
  const fourth = await world.client();
  await fourth.ended();
  const { journeys } = (await world.ask({ ask: 'explain', from: `127.0.0.1:${fourth.socket.localPort ?? 0}` })) as {
    journeys: unknown[];
  };
  assert.ok(Array.isArray(journeys));
  held[0]!.socket.destroy();
  await eventually(async () => {
    const one = await world.client();
    one.send('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    return one.message().then(
      ({ status }) => status === 200,
      () => false,
    );
  }, 'a place is free again');
  for (const { socket } of held) socket.destroy();
  const journeys2 = await world.stopAndReadJournal();
  assert.ok(journeys2.some(({ verdict }) => verdict.why === 'connections/too-many-of-client'));
});

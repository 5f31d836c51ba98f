// Access logs and traces of a gate: lines where the configuration wants them, rotation without a gap, and traces that go on upstream and to a collector.

import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { settingsFrom } from '../../src/config/config.ts';
import { answering, eventually, listening, type Message, ok, stand } from './world.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const parentId = 'b7ad6b7169203331';
const traceparent = (flags: string) => `traceparent: 00-${traceId}-${parentId}-${flags}\r\n`;

interface Attribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly attributes: readonly Attribute[];
}

/** A collector that takes OTLP over HTTP in its JSON encoding. */
async function collector(
  t: TestContext,
): Promise<{ port: number; spans: Span[]; authorization: Set<string | undefined> }> {
  const spans: Span[] = [];
  const authorization = new Set<string | undefined>();
  const server = createServer((request, answer) => {
    let body = '';
    request.setEncoding('utf8').on('data', (piece: string) => {
      body += piece;
    });
    request.on('end', () => {
      authorization.add(request.headers.authorization);
      assert.equal(request.headers['content-type'], 'application/json');
      assert.equal(request.url, '/v1/traces');
      for (const { scopeSpans } of JSON.parse(body).resourceSpans)
        for (const scope of scopeSpans) spans.push(...scope.spans);
      answer.setHeader('Content-Type', 'application/json').end('{}');
    });
  });
  const port = await listening(server);
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { port, spans, authorization };
}

test('a request that says traceparent is traced through the gate, to the upstream and to the collector', async (t) => {
  const asked: Message[] = [];
  const upstream = await answering(t, (request) => {
    asked.push(request);
    return ok('fine');
  });
  const { port, spans, authorization } = await collector(t);
  const world = await stand(t, upstream.port, {
    traces: { to: `http://127.0.0.1:${port}`, sample: '0%', headers: ['Authorization: Bearer key'] },
  });
  await world.get('/traced', `${traceparent('01')}tracestate: vendor=1\r\n`);
  const told = asked[0]!.headers;
  const [version, id, spanId, flags] = told.get('traceparent')!.split('-');
  assert.deepEqual([version, id, flags, told.get('tracestate')], ['00', traceId, '01', 'vendor=1']);
  assert.notEqual(spanId, parentId);
  await eventually(() => spans.length > 0, 'spans');
  const server = spans.find(({ name }) => name === 'GET')!;
  assert.deepEqual([server.traceId, server.spanId, server.parentSpanId], [traceId, spanId, parentId]);
  assert.ok(spans.some(({ name, parentSpanId }) => name === 'waf' && parentSpanId === spanId));
  assert.deepEqual([...authorization], ['Bearer key']);
  // What is not sampled goes on as it came, and what is no traceparent is nobody's business here.
  await world.get('/not', traceparent('00'));
  assert.equal(asked[1]!.headers.get('traceparent'), `00-${traceId}-${parentId}-00`);
  await world.get('/plain');
  assert.equal(asked[2]!.headers.get('traceparent'), undefined);
});

test('one by chance begins a trace, and two lines of a client become one of ours', async (t) => {
  const asked: Message[] = [];
  const upstream = await answering(t, (request) => {
    asked.push(request);
    return ok('fine');
  });
  const { port, spans } = await collector(t);
  const world = await stand(t, upstream.port, { traces: { to: `http://127.0.0.1:${port}/v1/traces`, sample: '100%' } });
  await world.get('/', 'traceparent: 00-bad\r\nTraceparent: 00-worse\r\ntracestate: a=1\r\n');
  const { headers } = asked[0]!;
  assert.match(headers.get('traceparent')!, /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  assert.equal(headers.get('tracestate'), undefined);
  await eventually(() => spans.some(({ name }) => name === 'GET'), 'a span');
});

test('a collector that is not there stops no request, and is told in the status', async (t) => {
  const upstream = await answering(t, () => ok('fine'));
  const world = await stand(t, upstream.port, { traces: { to: 'http://127.0.0.1:1/v1/traces', sample: '100%' } });
  assert.equal((await world.get('/')).status, 200);
  await eventually(async () => {
    const { traces } = (await world.ask({ ask: 'status' })) as { traces: { trouble: string } };
    return traces.trouble.startsWith('the collector cannot be reached');
  }, 'the trouble');
  assert.equal((await world.get('/')).status, 200);
});

test('access logs in both formats; SIGUSR2 and the rotation open them anew, and no line is lost', async (t) => {
  const upstream = await answering(t, () => ok('fine'));
  const directory = await mkdtemp(join(tmpdir(), 'portcullis-logs-'));
  t.after(() => rm(directory, { recursive: true }));
  const [plain, json] = [join(directory, 'access.log'), join(directory, 'access.json')];
  const world = await stand(t, upstream.port, {
    logs: [{ to: plain }, { to: json, format: 'json', only_troubles: true }],
    log_rotation: { max_size: '1MiB', keep: 2 },
  });
  const agent = `User-Agent: ${'x'.repeat(500)}\r\n`;
  let sent = 0;
  await eventually(async () => {
    const wire = await world.client();
    for (let number = 0; number < 400; number++) {
      wire.send(`GET /n${sent++} HTTP/1.1\r\nHost: localhost\r\n${agent}\r\n`);
      await wire.message();
    }
    return (await stat(`${plain}.1`).catch(() => null)) !== null;
  }, 'a file that was renamed');
  await world.get('/users?id=1;DROP%20TABLE%20users;--');
  await world.gate.reopen();
  await world.gate.stop();
  const files = (await readdir(directory)).filter((name) => name.startsWith('access.log'));
  const lines = (await Promise.all(files.map((name) => readFile(join(directory, name), 'utf8')))).join('').split('\n');
  const numbers = new Set(lines.flatMap((line) => / "GET \/n(\d+) HTTP\/1\.1" 200 4 "-" "x+" ?/.exec(line)?.[1] ?? []));
  assert.equal(numbers.size, sent);
  assert.equal(lines.length, sent + 2);
  const [trouble, ...rest] = (await readFile(json, 'utf8')).split('\n');
  assert.deepEqual([JSON.parse(trouble!).verdict, rest], ['block', ['']]);
});

test('a log in a directory that is not there keeps the gate from starting, and says so', async (t) => {
  const upstream = await answering(t, () => ok('fine'));
  await assert.rejects(
    stand(t, upstream.port, { logs: [{ to: '/nowhere/at/all/access.log' }] }),
    /an access log cannot be written: ENOENT/,
  );
});

test('what is no target, share or collector is told', () => {
  for (const [words, says] of [
    [{ logs: [{ to: 'syslog+dtls://x' }] }, /a file, journald, or a syslog address/],
    [{ logs: [{ to: 'syslog+tcp://host/path' }] }, /a file, journald, or a syslog address/],
    [{ logs: [{ to: 'syslog+unix:relative' }] }, /a file, journald, or a syslog address/],
    [{ logs: [{ to: 'syslog+tcp://logs', ca: 'ca.pem' }] }, /are for servers of syslog\+tls/],
    [{ logs: [{ to: 'syslog+tls://logs', key: 'a.key' }] }, /a certificate and its key belong together/],
    [{ traces: { to: 'collector' } }, /an http\(s\) address such as/],
    [{ traces: { sample: '101%' } }, /a percentage such as 1% or 0\.5%/],
    [{ traces: { headers: ['no colon'] } }, /a header field such as/],
    [{ traces: { headers: ['X: a\nY: b'] } }, /a header field such as/],
  ] as const)
    assert.throws(() => settingsFrom(words as never), says, JSON.stringify(words));
  const { observe } = settingsFrom({
    logs: [
      { to: 'syslog+tls://logs.example', ca: 'ca.pem', certificate: 'gate.pem', key: '/etc/gate.key' },
      { to: 'syslog+udp://[::1]' },
      { to: 'syslog+tcp://logs:80', facility: 'daemon' },
      { to: 'journald' },
    ],
    traces: { to: 'http://collector:4318', sample: '0.5%' },
  });
  assert.deepEqual(
    observe.logs.map(({ to, facility }) => [to, facility]),
    [
      [
        {
          kind: 'syslog',
          transport: 'tls',
          host: 'logs.example',
          port: 6514,
          ca: '/ca.pem',
          certificate: '/gate.pem',
          key: '/etc/gate.key',
        },
        16,
      ],
      [{ kind: 'syslog', transport: 'udp', host: '::1', port: 514 }, 16],
      [{ kind: 'syslog', transport: 'tcp', host: 'logs', port: 80 }, 3],
      [{ kind: 'journald' }, 16],
    ],
  );
  assert.deepEqual([observe.traces!.to, observe.traces!.share], ['http://collector:4318/v1/traces', 0.005]);
});

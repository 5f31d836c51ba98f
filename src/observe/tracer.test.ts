import assert from 'node:assert/strict';
import { randomFillSync } from 'node:crypto';
import { test } from 'node:test';
import { Connection } from '../traffic/connection.ts';
import { Exchange } from '../traffic/exchange.ts';
import { Headers } from '../traffic/headers.ts';
import { answer } from '../traffic/verdict.ts';
import { type Posted, Tracer, type TraceWords } from './tracer.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const parentId = 'b7ad6b7169203331';

interface Message {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly { key: string; value: { stringValue: string } }[] };
    readonly scopeSpans: readonly { readonly spans: readonly SpanText[] }[];
  }[];
}

interface SpanText {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly traceState?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { key: string; value: Record<string, unknown> }[];
  readonly status: { code?: number };
}

function made(more: Partial<TraceWords> = {}, answers: (() => Posted | Error)[] = []) {
  const bodies: string[] = [];
  let nowMs = 0;
  const words = {
    to: 'http://collector/v1/traces',
    headers: [],
    share: 0,
    maxPerSecond: 1000,
    service: 'gate',
    ...more,
  };
  const tracer = new Tracer(words, {
    post: async (_to, _headers, body) => {
      const said = answers.shift()?.() ?? { status: 200, retryAfterSeconds: 0 };
      if (said instanceof Error) throw said;
      bodies.push(body);
      return said;
    },
    fill: (block) => randomFillSync(block),
    now: () => nowMs,
    hostname: 'gate.example',
    version: '0',
  });
  const spans = (): SpanText[] =>
    bodies.flatMap((body) => (JSON.parse(body) as Message).resourceSpans[0]!.scopeSpans[0]!.spans);
  return { tracer, spans, bodies, advance: (ms: number) => (nowMs += ms) };
}

function exchange(fields: readonly (readonly [string, string])[] = [], requestNumber = 2): Exchange {
  const connection = new Connection(1, '203.0.113.7', 50_000, '192.0.2.1', 443, ':443', true, 1_800_000_000_000);
  const facts = { version: 'TLSv1.3', cipher: '', alpn: '', sni: '', resumed: false, group: '', ja4: '' };
  connection.tls = { ...facts, client: null, clientPolicy: '' };
  connection.tlsMicroseconds = 900;
  const one = new Exchange(
    '01J',
    connection,
    requestNumber,
    1_800_000_000_000.5,
    'GET',
    '/a?secret=1',
    '/a',
    'secret=1',
    '1.1',
    'a.example',
    Headers.from(fields),
    0,
  );
  one.client = '198.51.100.9';
  one.wafAction = 'pass';
  one.wafMicroseconds = 30;
  one.rateLimit = 10;
  one.ratesMicroseconds = 5;
  one.upstreamTo = '127.0.0.1:3000';
  one.upstreamMs = 2;
  one.status = 200;
  one.ms = 3;
  return one;
}

const parent = (flags = '01') => ['traceparent', `00-${traceId}-${parentId}-${flags}`] as const;

test('who asks with traceparent is traced under that trace, with tracestate passed on', () => {
  const { tracer } = made();
  const trace = tracer.begin(exchange([parent(), ['tracestate', 'a=1'], ['tracestate', 'b=2']]))!;
  assert.deepEqual([trace.traceId, trace.parentId, trace.state], [traceId, parentId, 'a=1,b=2']);
  assert.match(trace.spanId, /^[0-9a-f]{16}$/);
  assert.equal(tracer.begin(exchange([parent('00')])), null);
  assert.equal(tracer.begin(exchange()), null);
  assert.equal(tracer.begin(exchange([['traceparent', 'nonsense']])), null);
  assert.equal(tracer.begin(exchange([parent(), parent()])), null);
});

test('chance begins traces of its own, and what claims to be a parent and is none changes nothing', () => {
  const { tracer } = made({ share: 1 });
  const one = tracer.begin(
    exchange([
      ['traceparent', '00-0-0-01'],
      ['tracestate', 'a=1'],
    ]),
  )!;
  const other = tracer.begin(exchange())!;
  assert.deepEqual([one.parentId, one.state], ['', '']);
  assert.match(one.traceId, /^[0-9a-f]{32}$/);
  assert.notEqual(one.traceId, other.traceId);
  const { tracer: half } = made({ share: 0.5 });
  let count = 0;
  for (let number = 0; number < 1000; number++) if (half.begin(exchange()) !== null) count++;
  assert.ok(count > 400 && count < 600, String(count));
});

test('however many ask for it, a second has a bound', () => {
  const { tracer, advance } = made({ maxPerSecond: 3 });
  const count = () =>
    Array.from({ length: 10 }, () => tracer.begin(exchange([parent()]))).filter((trace) => trace !== null).length;
  assert.equal(count(), 3);
  advance(1000);
  assert.equal(count(), 3);
});

test('the whole and each layer is a span, with the names of the conventions, and no query', async () => {
  const { tracer, spans, bodies } = made();
  const one = exchange([parent()], 1);
  one.trace = tracer.begin(one);
  tracer.tell(one);
  await tracer.stop();
  const [server, ...children] = spans();
  assert.deepEqual(
    [server!.traceId, server!.parentSpanId, server!.name, server!.kind, server!.status],
    [traceId, parentId, 'GET', 2, {}],
  );
  assert.deepEqual(
    [server!.startTimeUnixNano, server!.endTimeUnixNano],
    ['1800000000000500000', '1800000000003500000'],
  );
  assert.deepEqual(
    children.map(({ name }) => name),
    ['firewall', 'tls', 'rates', 'waf', 'upstream'],
  );
  assert.ok(children.every(({ parentSpanId, traceId: id }) => parentSpanId === server!.spanId && id === traceId));
  const [, , rates, waf, upstream] = children;
  assert.equal(rates!.endTimeUnixNano, waf!.startTimeUnixNano);
  assert.equal(BigInt(upstream!.endTimeUnixNano) - BigInt(upstream!.startTimeUnixNano), 2_000_000n);
  const attributes = new Map(server!.attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
  assert.equal(attributes.get('http.response.status_code'), '200');
  assert.equal(attributes.get('client.address'), '198.51.100.9');
  assert.equal(attributes.get('url.path'), '/a');
  assert.ok(!bodies.join().includes('secret'));
  const resource = (JSON.parse(bodies[0]!) as Message).resourceSpans[0]!.resource.attributes;
  assert.equal(resource.find(({ key }) => key === 'service.name')!.value.stringValue, 'gate');
});

test('a method that nobody knows makes no name, and an answer of 500 is an error', async () => {
  const { tracer, spans } = made();
  const one = exchange([parent()]);
  one.method = 'BREW\u001b';
  one.status = 502;
  one.refusal = answer(502, 'proxy/refused', 'says');
  one.refusedBy = 'proxy';
  one.trace = tracer.begin(one);
  tracer.tell(one);
  await tracer.stop();
  const [server, ...children] = spans();
  assert.deepEqual([server!.name, server!.status], ['HTTP', { code: 2 }]);
  assert.deepEqual(children.at(-1)!.status, { code: 2 });
});

test('a collector that is busy is asked again after its pause, and spans wait within a bound', async () => {
  const busy = () => ({ status: 503, retryAfterSeconds: 2 });
  const { tracer, spans, advance } = made({}, [busy, () => new Error('ECONNREFUSED')]);
  const tell = () => {
    const one = exchange([parent()]);
    one.trace = { traceId, spanId: parentId, parentId: '', state: '' };
    tracer.tell(one);
  };
  for (let number = 0; number < 1200; number++) tell();
  const { waiting, dropped } = tracer.counts;
  assert.ok(waiting <= 4096 && dropped === 1200 * 4 - waiting, `${waiting} wait`);
  await tracer.stop();
  assert.match(tracer.counts.trouble, /ECONNREFUSED/);
  advance(60_000);
  await tracer.stop();
  assert.equal(spans().length - waiting, 512);
  assert.deepEqual([tracer.counts.written, tracer.counts.waiting, tracer.counts.trouble], [waiting, 0, '']);
});

test('what the collector does not understand is dropped, and said', async () => {
  const { tracer } = made({}, [() => ({ status: 400, retryAfterSeconds: 0 })]);
  const one = exchange([parent()]);
  one.trace = tracer.begin(one);
  tracer.tell(one);
  await tracer.stop();
  const { dropped, waiting, trouble } = tracer.counts;
  assert.deepEqual([dropped, waiting, trouble], [4, 0, 'the collector answers with status 400']);
});

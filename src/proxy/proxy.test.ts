import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { type TestContext, test } from 'node:test';
import { exchangeOf, Heard, proxyOf, requestOf } from '../../test/proxy-world.ts';
import type { Expiring } from '../traffic/deadline.ts';
import { Headers } from '../traffic/headers.ts';
import type { UpstreamSide } from '../traffic/sides.ts';
import { connectFailure, Failure, reasons } from './failure.ts';
import { forwardingFields, lastChunk, vouchedFields } from './hop-headers.ts';

test('upstreams are asked in turn, and sites that write the same one share its connections', async () => {
  const { proxy } = await proxyOf({
    sites: [
      { host: 'a.example', to: ['a:1', 'b:1', 'c:1'] },
      { host: 'b.example', to: 'b:1' },
    ],
  });
  const [first, second] = proxy.routes;
  const exchange = exchangeOf();
  const turns = Array.from({ length: 6 }, () => first!.choose(exchange, null)!.label);
  assert.deepEqual([...new Set(turns)].sort(), ['a:1', 'b:1', 'c:1']);
  assert.deepEqual(turns.slice(0, 3), turns.slice(3));
  assert.equal(second!.choose(exchange, null), first!.endpoints[1]);
  assert.equal(second!.choose(exchange, [second!.endpoints[0]!]), null, 'there is no other');
  assert.equal(proxy.describe().length, 3);
});

test('what may be sent again, and where', async () => {
  const { proxy } = await proxyOf({
    sites: [
      { host: 'a.example', to: ['a:1', 'b:1'] },
      { host: 'b.example', to: 'c:1' },
    ],
  });
  const [pair, single] = proxy.routes;
  const on = (isReused: boolean, hasAnswered: boolean) => ({ isReused, hasAnswered }) as UpstreamSide;
  const reset = new Failure(502, 'proxy/reset', '', false);
  const [a, b] = pair!.endpoints;
  const [c] = single!.endpoints;
  for (const [failure, side, method, inPair, alone] of [
    [reset, on(true, false), 'GET', b, c],
    [reset, on(true, false), 'HEAD', b, c],
    [reset, on(true, false), 'OPTIONS', b, c],
    [reset, on(true, false), 'PUT', b, c],
    [reset, on(true, false), 'DELETE', b, c],
    [reset, on(true, false), 'POST', null, null],
    [reset, on(true, false), 'PATCH', null, null],
    [reset, on(true, false), 'get', null, null],
    [reset, on(false, false), 'GET', b, null],
    [reset, on(false, false), 'POST', null, null],
    [reset, on(true, true), 'GET', null, null],
    [new Failure(504, 'proxy/answer-timeout', '', false), on(true, false), 'GET', null, null],
    [new Failure(502, 'proxy/bad-answer', '', false), on(true, false), 'GET', null, null],
    [connectFailure('ECONNREFUSED', 'a:1'), on(false, false), 'POST', b, null],
  ] as const) {
    const exchange = exchangeOf({ method });
    assert.equal(pair!.again(exchange, failure, side, [a!]), inPair, `${failure.why} ${method}`);
    assert.equal(single!.again(exchange, failure, side, [c!]), alone, `${failure.why} ${method} alone`);
  }
});

test('no more tries than may be, and no more retries than the budget has', async () => {
  const to = ['a:1', 'b:1', 'c:1', 'd:1', 'e:1'];
  const { proxy } = await proxyOf({ sites: [{ to, retries: { max: 2, budget: 20 } }] });
  const route = proxy.routes[0]!;
  const exchange = exchangeOf();
  const refused = connectFailure('ECONNREFUSED', 'a:1');
  const side = { isReused: false, hasAnswered: false } as UpstreamSide;
  const [a, b, c] = route.endpoints;
  assert.ok(route.again(exchange, refused, side, [a!]));
  assert.ok(route.again(exchange, refused, side, [a!, b!]));
  assert.equal(route.again(exchange, refused, side, [a!, b!, c!]), null, 'the third try was the last');
  let granted = 2;
  while (route.again(exchange, refused, side, [a!]) !== null) granted++;
  assert.equal(granted, 10, 'so many are there before there was traffic');
  for (let requests = 0; requests < 100; requests++) route.budget.earn();
  granted = 0;
  while (route.again(exchange, refused, side, [a!]) !== null) granted++;
  assert.equal(granted, 20, 'a fifth of a hundred');
});

test('a new generation takes over what has not changed', async () => {
  const words = { sites: [{ to: [{ url: 'a:1', max_connections: 1 }, 'b:1'], balance: 'least-connections' as const }] };
  const { proxy: old } = await proxyOf(words);
  const [a, b] = old.routes[0]!.endpoints;
  a!.health.checked(false, 'check: ill');
  const { proxy } = await proxyOf({ sites: [{ to: [{ url: 'a:1', max_connections: 1 }, 'c:1'] }] });
  proxy.adopt(old);
  const [same, other] = proxy.routes[0]!.endpoints;
  assert.deepEqual([same, other === b], [a, false]);
  assert.equal(proxy.describe()[0]!.says, 'check: ill');
  let closed = false;
  a!.pool.close = () => {
    closed = true;
  };
  old.stop();
  assert.equal(closed, false, 'what was taken over is not stopped with the old one');
  proxy.stop();
  assert.equal(closed, true);
});

test('one that is much slower than its peers is taken out when times are looked at', async () => {
  const { proxy, timekeeper } = await proxyOf({ sites: [{ to: ['a:1', 'b:1', 'c:1'], breaker: { slow_factor: 3 } }] });
  proxy.start();
  const [a, b, c] = proxy.routes[0]!.endpoints;
  for (let answers = 0; answers < 20; answers++) {
    a!.answered(200, 20);
    b!.answered(200, 900);
    c!.answered(200, 30);
  }
  timekeeper.pass(5000);
  assert.deepEqual(
    [a!, b!, c!].map(({ health }) => health.state),
    ['up', 'open', 'up'],
  );
  assert.equal(b!.health.says, 'it answered after 900 ms on average, more than 3 times as late as its peers');
  timekeeper.pass(10_000);
  assert.equal(b!.health.state, 'half-open');
  proxy.stop();
  assert.equal(timekeeper.due.size, 0, 'nothing is looked after any more');
});

test('answers that are asked elsewhere', async () => {
  const { proxy } = await proxyOf({ sites: [{ to: ['a:1', 'b:1'], retries: { statuses: [503], max: 1 } }] });
  const route = proxy.routes[0]!;
  const [a, b] = route.endpoints;
  assert.equal(route.instead(exchangeOf(), 503, [a!]), b);
  assert.equal(route.instead(exchangeOf(), 503, [a!, b!]), null);
  assert.equal(route.instead(exchangeOf(), 502, [a!]), null);
  assert.equal(route.instead(exchangeOf({ method: 'POST' }), 503, [a!]), null);
  assert.equal(route.instead(exchangeOf(), 503, [a!], 0), null, 'a request may have fewer tries than its site');
  assert.equal(route.instead(exchangeOf(), 503, [a!, a!], 2), b, 'or more');
});

test('a request says for itself how often it is tried, and how long it waits for a connection and for room', async (t) => {
  const port = await silentPort(t);
  const { proxy, timekeeper } = await proxyOf({
    sites: [{ to: { url: `127.0.0.1:${port}`, max_connections: 1 }, queue: { wait: '4s' } }],
    proxy: { connect_timeout: '3s' },
  });
  t.after(() => proxy.stop());
  const route = proxy.routes[0]!;
  const carry = (connectTimeoutMs: number | null, queueWaitMs: number | null) => {
    const request = requestOf(exchangeOf());
    request.patience = { connectTimeoutMs, queueWaitMs, answerTimeoutMs: 1 };
    const heard = new Heard();
    const waiting = route.carry(exchangeOf(), request, heard);
    assert.ok(!(waiting instanceof Failure));
    const side = (waiting ?? heard.side) as UpstreamSide & Expiring;
    return { side, heard, ms: timekeeper.due.get(side) };
  };
  const first = carry(700, null);
  assert.equal(first.ms, 700);
  const second = carry(null, 250);
  assert.equal(second.ms, 250);
  assert.equal(carry(null, null).ms, 4000);
  timekeeper.expire(second.side);
  assert.match((await second.heard.done).failure?.says ?? '', /within 250 ms$/);
  first.side.abort();

  const refused = connectFailure('ECONNREFUSED', 'a:1');
  const side = { isReused: false, hasAnswered: false } as UpstreamSide;
  const pair = (await proxyOf({ sites: [{ to: ['a:1', 'b:1'] }] })).proxy.routes[0]!;
  assert.equal(pair.again(exchangeOf(), refused, side, [pair.endpoints[0]!], 0), null);
});

test('of those that wait for one connection of HTTP/2 the most patient decides how long', async (t) => {
  const port = await silentPort(t);
  const { proxy, timekeeper } = await proxyOf({ sites: [{ to: `h2c://127.0.0.1:${port}` }] });
  t.after(() => proxy.stop());
  const { pool } = proxy.routes[0]!.endpoints[0]!;
  const waits: number[] = [];
  for (const connectTimeoutMs of [700, 300, null, 900]) {
    const request = requestOf(exchangeOf());
    request.patience = { connectTimeoutMs, queueWaitMs: null, answerTimeoutMs: 1 };
    pool.carry(false, request, new Heard(), null);
    waits.push(...timekeeper.due.values());
  }
  assert.deepEqual(waits, [700, 700, 700, 900]);
});

/** A port at which somebody listens and says nothing. */
async function silentPort(t: TestContext): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return (server.address() as net.AddressInfo).port;
}

test('each error of a connection attempt has its reason, and each reason a sentence and a cure', () => {
  for (const [code, why, status] of [
    ['ECONNREFUSED', 'proxy/refused', 502],
    ['ENOTFOUND', 'proxy/unresolved', 502],
    ['EAI_AGAIN', 'proxy/unresolved', 502],
    ['ETIMEDOUT', 'proxy/connect-timeout', 504],
    ['EADDRNOTAVAIL', 'proxy/no-ephemeral-port', 502],
    ['EMFILE', 'proxy/no-descriptor', 503],
    ['EHOSTUNREACH', 'proxy/unreachable', 502],
    ['something new', 'proxy/unreachable', 502],
  ] as const) {
    const failure = connectFailure(code, 'a:1');
    assert.deepEqual([failure.why, failure.status, failure.isUnsent], [why, status, true]);
    assert.ok(reasons[why]!.says.length > 10 && reasons[why]!.allow.length > 10);
  }
});

test('forwarding fields of strangers and of an IPv6 peer', () => {
  assert.equal(
    forwardingFields('192.0.2.7', 443, true),
    'X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Port: 443\r\nX-Real-IP: 192.0.2.7\r\nForwarded: for=192.0.2.7;proto=https\r\n',
  );
  assert.match(forwardingFields('2001:db8::7', 80, false), /\r\nForwarded: for="\[2001:db8::7\]";proto=http\r\n$/);
});

test('what a trusted proxy says is continued; of what it does not say nothing is made up', () => {
  const headers = new Headers();
  headers.add('X-Forwarded-For', '2001:db8::7');
  assert.equal(
    vouchedFields('10.0.0.1', 443, true, headers, '2001:db8::7'),
    'X-Forwarded-For: 2001:db8::7, 10.0.0.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Port: 443\r\nX-Real-IP: 2001:db8::7\r\nForwarded: for="[2001:db8::7]", for=10.0.0.1;proto=https\r\n',
  );
  headers.add('Forwarded', 'for=1.2.3.4');
  assert.equal(
    vouchedFields('10.0.0.1', 443, true, headers, '10.0.0.1'),
    forwardingFields('10.0.0.1', 443, true),
    'two chains that contradict each other say nothing',
  );
});

test('the end of a chunked body', () => {
  assert.equal(lastChunk(null), '0\r\n\r\n');
  const trailers = new Headers();
  trailers.add('X-Sum', '1');
  trailers.add('x-two', '2');
  assert.equal(lastChunk(trailers), '0\r\nX-Sum: 1\r\nx-two: 2\r\n\r\n');
});

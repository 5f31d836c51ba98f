import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerCodec } from '../http/http.ts';
import { Headers } from '../traffic/headers.ts';
import { connectFailure, Failure, reasons } from './failure.ts';
import { forwardingFields, lastChunk, vouchedFields } from './hop-headers.ts';
import { build, mayRetry } from './proxy.ts';
import type { Upstream } from './upstream.ts';

const settings = { connectTimeoutMs: 1, answerTimeoutMs: 1, maxIdleConnections: 1, idleMs: 1 };
const tools = {
  codec: answerCodec({ maxRequestLineBytes: 8192, maxHeaderBytes: 32_768, maxHeaders: 100 }),
  timekeeper: { set: () => {}, clear: () => {} },
};

test('endpoints: names, addresses, and what is none', () => {
  for (const [text, endpoint] of [
    ['localhost:3000', 'localhost:3000'],
    ['10.0.0.1:80', '10.0.0.1:80'],
    ['[::1]:8080', '[::1]:8080'],
    ['::1:8080', '[::1]:8080'],
    ['localhost', null],
    [':3000', null],
    ['localhost:0', null],
    ['localhost:65536', null],
    ['localhost:http', null],
    ['localhost:', null],
  ] as const) {
    const built = build(settings, [{ name: 'a', to: [text] }], tools);
    if (endpoint === null) {
      assert.ok(!built.ok, text);
      assert.deepEqual(built.problems[0]!.path, ['sites', 0, 'to', 0]);
      assert.equal(built.problems[0]!.code, 'proxy/bad-upstream');
    } else assert.equal(built.ok && built.value.routes[0]!.next().endpoint, endpoint, text);
  }
});

test('upstreams are asked in turn, and sites that name the same one share its connections', () => {
  const built = build(
    settings,
    [
      { name: 'a', to: ['a:1', 'b:1', 'c:1'] },
      { name: 'b', to: ['b:1'] },
    ],
    tools,
  );
  assert.ok(built.ok);
  const [first, second] = built.value.routes;
  const turns = Array.from({ length: 6 }, () => first!.next().endpoint);
  assert.deepEqual([...new Set(turns)].sort(), ['a:1', 'b:1', 'c:1']);
  assert.deepEqual(turns.slice(0, 3), turns.slice(3));
  assert.equal(second!.next(), first!.pools[1]);
  assert.equal(first!.after(first!.pools[2]!), first!.pools[0]);
  assert.equal(second!.after(second!.pools[0]!), second!.pools[0], 'where there is no other it is itself');
});

test('what may be sent again', () => {
  const on = (isReused: boolean, hasAnswered: boolean): Upstream => ({ isReused, hasAnswered }) as Upstream;
  const reset = new Failure(502, 'proxy/reset', '', false);
  for (const [failure, upstream, method, may] of [
    [reset, on(true, false), 'GET', true],
    [reset, on(true, false), 'HEAD', true],
    [reset, on(true, false), 'OPTIONS', true],
    [reset, on(true, false), 'PUT', true],
    [reset, on(true, false), 'DELETE', true],
    [reset, on(true, false), 'POST', false],
    [reset, on(true, false), 'PATCH', false],
    [reset, on(true, false), 'get', false],
    [reset, on(false, false), 'GET', false],
    [reset, on(true, true), 'GET', false],
    [new Failure(504, 'proxy/answer-timeout', '', false), on(true, false), 'GET', false],
    [new Failure(502, 'proxy/bad-answer', '', false), on(true, false), 'GET', false],
    [connectFailure('ECONNREFUSED', 'a:1'), on(false, false), 'POST', true],
  ] as const)
    assert.equal(mayRetry(failure, upstream, method), may, `${failure.why} ${method}`);
});

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

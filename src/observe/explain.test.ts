import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Journey } from '../traffic/journey.ts';
import type { Reason } from '../traffic/verdict.ts';
import { type ExplainOptions, explain } from './explain.ts';

const reasons: Record<string, Reason> = {
  'waf/blocked': {
    says: 'The request scored as an attack.',
    allow: 'Exclude the detector for this place under `waf.exclude` of the site.',
  },
  'firewall/denied': { says: 'A firewall rule denies this caller the port.', allow: 'Put an allow rule before it.' },
  'rates/over-limit': { says: 'The sender used up its requests.', allow: 'Raise the limit under `rates`.' },
  'proxy/upstream-refused': { says: 'The upstream does not take connections.', allow: '' },
};

type Changes = {
  [K in keyof Journey]?: Journey[K] extends object | null ? Partial<NonNullable<Journey[K]>> | null : Journey[K];
};

/** An ordinary journey with some of its parts changed. */
function journey(changes: Changes = {}): Journey {
  const whole: Journey = {
    id: '01JDX3',
    time: '2026-11-20T12:00:00.000Z',
    connection: { id: 10432, from: '72.14.200.1:52431', to: '93.184.216.34:443', listener: ':443', reused: false },
    client: '72.14.200.1',
    firewall: { action: 'ALLOW', rule: 1, description: 'HTTPS from anywhere', at: 'portcullis.yaml:7', us: 0.2 },
    tls: {
      version: 'TLSv1.3',
      cipher: 'TLS_AES_128_GCM_SHA256',
      alpn: 'h2',
      sni: 'example.com',
      resumed: false,
      group: 'X25519MLKEM768',
      ja4: 't13d1516h2_8daaf6152771_e5627efa2ab1',
      client: null,
      us: 900,
    },
    request: {
      method: 'GET',
      target: '/users?id=1',
      version: '1.1',
      host: 'example.com',
      site: 'example.com',
      headers: {},
      bytes: 120,
    },
    rates: { policy: '"client";q=500;w=10', limit: 500, remaining: 499, resetSeconds: 10, us: 0.3 },
    waf: { action: 'pass', score: 0, threshold: 5, rules: [], us: 12 },
    upstream: { from: '127.0.0.1:41234', to: '127.0.0.1:3000', reused: true, ms: 3.21 },
    response: { status: 200, bytes: 1024 },
    verdict: { action: 'pass', station: '', why: '', says: '', rule: '', at: '', place: '', value: '' },
    ms: 3.6,
  };
  const parts = whole as unknown as Record<string, unknown>;
  for (const [name, change] of Object.entries(changes)) {
    const before = parts[name];
    const merges = typeof before === 'object' && typeof change === 'object' && before !== null && change !== null;
    parts[name] = merges ? { ...before, ...change } : change;
  }
  return whole;
}

function told(changes: Changes, options: Partial<ExplainOptions> = {}): string[] {
  return explain(journey(changes), { color: false, reasons, ...options }).split('\n');
}

test('an ordinary request, all the way', () => {
  assert.deepEqual(told({}), [
    '1 DNS        example.com → 93.184.216.34',
    '2 TCP        72.14.200.1:52431 → 93.184.216.34:443   ephemeral port, connected socket 10432 of listener :443',
    '3 Firewall   ALLOW  rule 1 "HTTPS from anywhere" (portcullis.yaml:7)                         0.2 µs',
    '4 TLS        1.3  X25519MLKEM768  h2  SNI example.com                                        900 µs',
    '5 WAF        PASS  score 0/5                                                                 12 µs',
    '             rates  499 of 500 left, whole in 10 s  ("client";q=500;w=10)',
    '6 Server     127.0.0.1:41234 → 127.0.0.1:3000   kept socket   site example.com               3.2 ms',
    '7 Response   200  1024 bytes  id 01JDX3  `portcullis explain 01JDX3`                         3.6 ms',
    '',
  ]);
});

test('an attack, stopped by the WAF', () => {
  const rule = { id: 1_000_101, detector: 'sql-injection', phase: 1, severity: 'CRITICAL', score: 5 };
  const drop = {
    ...rule,
    message: 'a second statement follows',
    variable: 'ARGS:id',
    value: '1;DROP TABLE users;--',
    decoded: ['urlDecode'],
  };
  const changes: Changes = {
    waf: { action: 'block', score: 5, rules: [drop], us: 31 },
    upstream: null,
    response: { status: 403, bytes: 0 },
    verdict: {
      action: 'answer',
      station: 'waf',
      why: 'waf/blocked',
      says: 'score 5 of 5',
      rule: '1000101',
      place: 'ARGS:id',
      value: '1;DROP TABLE users;--',
    },
    ms: 0.4,
  };
  assert.deepEqual(told(changes), [
    '1 DNS        example.com → 93.184.216.34',
    '2 TCP        72.14.200.1:52431 → 93.184.216.34:443   ephemeral port, connected socket 10432 of listener :443',
    '3 Firewall   ALLOW  rule 1 "HTTPS from anywhere" (portcullis.yaml:7)                         0.2 µs',
    '4 TLS        1.3  X25519MLKEM768  h2  SNI example.com                                        900 µs',
    '5 WAF        BLOCK  sql-injection  ARGS:id = "1;DROP TABLE users;--"  score 5/5              31 µs',
    '             rule 1000101: a second statement follows (after urlDecode)',
    '             rates  499 of 500 left, whole in 10 s  ("client";q=500;w=10)',
    '6 Server     not reached',
    '7 Response   403  id 01JDX3  `portcullis explain 01JDX3`                                     400 µs',
    '',
    'Why          waf/blocked  The request scored as an attack.',
    '             score 5 of 5',
    'Rule         1000101',
    'Evidence     ARGS:id = "1;DROP TABLE users;--"',
    'Allow it     Exclude the detector for this place under `waf.exclude` of the site.',
    '',
  ]);
});

test('the same where the WAF only watches, with more findings than are shown', () => {
  const rules = Array.from({ length: 12 }, (_, index) => ({
    id: 1_000_200 + index,
    detector: 'cross-site-scripting',
    phase: 2,
    severity: 'CRITICAL',
    score: 5,
    message: 'a script element',
    variable: `ARGS:q${index}`,
    value: '<script>',
    decoded: [],
  }));
  const lines = told({ waf: { action: 'detect', score: 60, rules } });
  assert.deepEqual(lines.slice(4, 7), [
    '5 WAF        DETECT  cross-site-scripting  ARGS:q0 = "<script>"  score 60/5                  12 µs',
    '             rule 1000200: a script element',
    '             cross-site-scripting  ARGS:q1 = "<script>"  +5',
  ]);
  assert.deepEqual(lines.slice(19), [
    '             rule 1000207: a script element',
    '             and 4 more',
    '             rates  499 of 500 left, whole in 10 s  ("client";q=500;w=10)',
    '6 Server     127.0.0.1:41234 → 127.0.0.1:3000   kept socket   site example.com               3.2 ms',
    '7 Response   200  1024 bytes  id 01JDX3  `portcullis explain 01JDX3`                         3.6 ms',
    '',
    'Detected     the WAF only watches this site (mode: detect); in mode: block this request is refused',
    '',
  ]);
});

test('a connection that the firewall denied', () => {
  const changes: Changes = {
    connection: { to: '93.184.216.34:5432', listener: ':5432' },
    firewall: { action: 'DENY', rule: 4, description: 'Block everything else', at: 'portcullis.yaml:10' },
    tls: null,
    request: null,
    rates: null,
    waf: null,
    upstream: null,
    response: null,
    verdict: {
      action: 'close',
      station: 'firewall',
      why: 'firewall/denied',
      says: '72.14.200.1 may not reach port 5432',
      rule: '4',
      at: 'portcullis.yaml:10',
    },
    ms: 0,
  };
  assert.deepEqual(told(changes), [
    '1 DNS        no name reached the gate',
    '2 TCP        72.14.200.1:52431 → 93.184.216.34:5432   ephemeral port, closed at once',
    '3 Firewall   DENY  rule 4 "Block everything else" (portcullis.yaml:10)                       0.2 µs',
    '4 TLS        not reached',
    '5 WAF        not reached',
    '6 Server     not reached',
    '7 Response   none, the connection was closed  id 01JDX3  `portcullis explain 01JDX3`',
    '',
    'Why          firewall/denied  A firewall rule denies this caller the port.',
    '             72.14.200.1 may not reach port 5432',
    'Rule         4 (portcullis.yaml:10)',
    'Allow it     Put an allow rule before it.',
    '',
  ]);
});

test('a connection over a limit', () => {
  const changes: Changes = {
    tls: null,
    request: null,
    rates: null,
    waf: null,
    upstream: null,
    response: null,
    verdict: {
      action: 'close',
      station: 'connections',
      why: 'connections/too-many',
      says: 'all 100 connections are taken',
    },
    ms: 0,
  };
  assert.deepEqual(told(changes).slice(0, 8), [
    '1 DNS        no name reached the gate',
    '2 TCP        72.14.200.1:52431 → 93.184.216.34:443   ephemeral port, closed at once',
    '             CLOSE  connections/too-many  all 100 connections are taken',
    '3 Firewall   ALLOW  rule 1 "HTTPS from anywhere" (portcullis.yaml:7)                         0.2 µs',
    '4 TLS        not reached',
    '5 WAF        not reached',
    '6 Server     not reached',
    '7 Response   none, the connection was closed  id 01JDX3  `portcullis explain 01JDX3`',
  ]);
});

test('a handshake that failed', () => {
  const changes: Changes = {
    tls: null,
    request: null,
    rates: null,
    waf: null,
    upstream: null,
    response: null,
    verdict: { action: 'close', station: 'tls', why: 'tls/handshake-timeout', says: 'no ClientHello within 10 s' },
    ms: 10_000,
  };
  assert.deepEqual(told(changes).slice(2), [
    '3 Firewall   ALLOW  rule 1 "HTTPS from anywhere" (portcullis.yaml:7)                         0.2 µs',
    '4 TLS        FAILED  tls/handshake-timeout  no ClientHello within 10 s',
    '5 WAF        not reached',
    '6 Server     not reached',
    '7 Response   none, the connection was closed  id 01JDX3  `portcullis explain 01JDX3`         10 s',
    '',
    'Why          tls/handshake-timeout',
    '             no ClientHello within 10 s',
    '',
  ]);
});

test('a connection that came and went without a word', () => {
  const changes: Changes = {
    tls: null,
    request: null,
    rates: null,
    waf: null,
    upstream: null,
    response: null,
    verdict: { action: 'close' },
    ms: 60_000,
  };
  assert.deepEqual(told(changes).slice(3), [
    '4 TLS        no handshake',
    '5 WAF        no request came',
    '6 Server     not reached',
    '7 Response   none, the connection was closed  id 01JDX3  `portcullis explain 01JDX3`         60 s',
    '',
  ]);
});

test('a connection whose first bytes are no request', () => {
  const changes: Changes = {
    request: null,
    rates: null,
    waf: null,
    upstream: null,
    response: null,
    verdict: { action: 'close', station: 'http', why: 'http/bad-request-line', says: 'no "method target HTTP/1.1"' },
    ms: 2,
  };
  assert.deepEqual(told(changes).slice(4, 8), [
    '5 WAF        REFUSE  http/bad-request-line  no "method target HTTP/1.1"',
    '6 Server     not reached',
    '7 Response   a refusal, and the connection was closed  id 01JDX3  `portcullis explain 01JDX3`  2.0 ms',
    '',
  ]);
});

test('a request that cannot be read one way only', () => {
  const changes: Changes = {
    rates: null,
    waf: { action: 'off' },
    upstream: null,
    response: { status: 400, bytes: 120 },
    verdict: {
      action: 'answer',
      station: 'http',
      why: 'http/two-lengths',
      says: 'Content-Length 5 and 6 in one request',
    },
  };
  assert.deepEqual(told(changes).slice(4), [
    '5 WAF        REFUSE  http/two-lengths  Content-Length 5 and 6 in one request',
    '6 Server     not reached',
    '7 Response   400  120 bytes  id 01JDX3  `portcullis explain 01JDX3`                          3.6 ms',
    '',
    'Why          http/two-lengths',
    '             Content-Length 5 and 6 in one request',
    '',
  ]);
});

test('a client over its rate', () => {
  const changes: Changes = {
    rates: { remaining: 0, resetSeconds: 7 },
    upstream: null,
    response: { status: 429, bytes: 0 },
    verdict: {
      action: 'answer',
      station: 'rates',
      why: 'rates/over-limit',
      says: '72.14.200.1 used up its 500 requests in 10 s; there is room again in 1 s',
      rule: 'client',
      at: 'portcullis.yaml:15',
      place: 'client',
      value: '72.14.200.1',
    },
  };
  assert.deepEqual(told(changes).slice(4), [
    '5 WAF        REFUSE  rates/over-limit  72.14.200.1 used up its 500 requests in 10 s; there is room again in 1 s  0.3 µs',
    '6 Server     not reached',
    '7 Response   429  id 01JDX3  `portcullis explain 01JDX3`                                     3.6 ms',
    '',
    'Why          rates/over-limit  The sender used up its requests.',
    '             72.14.200.1 used up its 500 requests in 10 s; there is room again in 1 s',
    'Rule         client (portcullis.yaml:15)',
    'Evidence     client = "72.14.200.1"',
    'Allow it     Raise the limit under `rates`.',
    '',
  ]);
});

test('an upstream that refused', () => {
  const changes: Changes = {
    upstream: null,
    response: { status: 502, bytes: 0 },
    verdict: {
      action: 'answer',
      station: 'proxy',
      why: 'proxy/upstream-refused',
      says: '127.0.0.1:3000 refused the connection',
    },
  };
  assert.deepEqual(told(changes).slice(4), [
    '5 WAF        PASS  score 0/5                                                                 12 µs',
    '             rates  499 of 500 left, whole in 10 s  ("client";q=500;w=10)',
    '6 Server     FAILED  proxy/upstream-refused  127.0.0.1:3000 refused the connection',
    '7 Response   502  id 01JDX3  `portcullis explain 01JDX3`                                     3.6 ms',
    '',
    'Why          proxy/upstream-refused  The upstream does not take connections.',
    '             127.0.0.1:3000 refused the connection',
    '',
  ]);
});

test('an upstream that broke off, and a client that went away', () => {
  assert.deepEqual(told({ response: { status: 502, bytes: 0 }, verdict: { why: 'proxy/upstream-reset' } }).slice(6), [
    '6 Server     FAILED  proxy/upstream-reset                                                    3.2 ms',
    '             127.0.0.1:41234 → 127.0.0.1:3000   kept socket   site example.com',
    '7 Response   502  id 01JDX3  `portcullis explain 01JDX3`                                     3.6 ms',
    '',
    'Why          proxy/upstream-reset',
    '',
  ]);
  assert.deepEqual(told({ verdict: { why: 'http/client-gone' } }).slice(6), [
    '6 Server     127.0.0.1:41234 → 127.0.0.1:3000   kept socket   site example.com               3.2 ms',
    '7 Response   200  1024 bytes  id 01JDX3  `portcullis explain 01JDX3`                         3.6 ms',
    '',
    'Why          http/client-gone',
    '',
  ]);
});

test('a client behind a trusted proxy, on a kept connection without TLS, in IPv6', () => {
  const changes: Changes = {
    connection: { from: '[2001:db8::1]:443', to: '[2001:db8::2]:80', listener: ':80', reused: true },
    client: '203.0.113.9',
    tls: null,
  };
  assert.deepEqual(told(changes).slice(0, 5), [
    '1 DNS        example.com → 2001:db8::2',
    '2 TCP        [2001:db8::1]:443 → [2001:db8::2]:80   privileged port, kept socket 10432 of listener :80',
    '             client 203.0.113.9, for whom the trusted proxy 2001:db8::1 speaks',
    '3 Firewall   ALLOW  rule 1 "HTTPS from anywhere" (portcullis.yaml:7)                         0.2 µs',
    '4 TLS        none, plain HTTP',
  ]);
});

test('a rehearsal, with fields that only traffic has missing', () => {
  const changes: Changes = {
    id: '',
    connection: { id: 0, listener: '', from: '203.0.113.7:52431', to: ':443' },
    client: '203.0.113.7',
    firewall: { us: 0 },
    tls: null,
    waf: { us: 0 },
    rates: null,
    upstream: null,
    response: null,
    ms: -1,
  };
  assert.deepEqual(told(changes, { rehearsed: true, dns: 'example.com → 93.184.216.34, 2606:2800::1' }), [
    '1 DNS        example.com → 93.184.216.34, 2606:2800::1',
    '2 TCP        203.0.113.7:52431 → :443   ephemeral port, no socket, a rehearsal',
    '3 Firewall   ALLOW  rule 1 "HTTPS from anywhere" (portcullis.yaml:7)',
    '4 TLS        not rehearsed',
    '5 WAF        PASS  score 0/5',
    '6 Server     not asked in a rehearsal, it would be asked for site example.com',
    '7 Response   whatever the server answers',
    '',
  ]);
});

test('a rehearsal of a connection alone', () => {
  const rehearsed: Changes = {
    id: 'rehearsal',
    connection: { id: 0, listener: '', from: '203.0.113.7:52431', to: '[::]:22' },
    client: '203.0.113.7',
    tls: null,
    request: null,
    rates: null,
    waf: null,
    upstream: null,
    response: null,
    ms: 0,
  };
  assert.deepEqual(told(rehearsed, { rehearsed: true }), [
    '1 DNS        not rehearsed',
    '2 TCP        203.0.113.7:52431 → :22   ephemeral port, no socket, a rehearsal',
    '3 Firewall   ALLOW  rule 1 "HTTPS from anywhere" (portcullis.yaml:7)                         0.2 µs',
    '4 TLS        not rehearsed',
    '5 WAF        not rehearsed',
    '6 Server     not rehearsed',
    '7 Response   not rehearsed',
    '',
  ]);
  const denied: Changes = {
    ...rehearsed,
    firewall: { action: 'DENY', rule: 0, description: 'default', at: '' },
    verdict: { action: 'close', station: 'firewall', why: 'firewall/denied' },
  };
  assert.deepEqual(told(denied, { rehearsed: true }).slice(2, 7), [
    '3 Firewall   DENY  by default, no rule matches                                               0.2 µs',
    '4 TLS        not reached',
    '5 WAF        not reached',
    '6 Server     not reached',
    '7 Response   none, the connection would be closed',
  ]);
});

test('an answer of the gate itself', () => {
  const changes: Changes = {
    tls: null,
    waf: { action: 'off' },
    rates: null,
    upstream: null,
    response: { status: 308, bytes: 0 },
  };
  assert.deepEqual(told(changes).slice(4), [
    '5 WAF        OFF  for this site                                                              12 µs',
    '6 Server     not asked, the gate answered by itself',
    '7 Response   308  id 01JDX3  `portcullis explain 01JDX3`                                     3.6 ms',
    '',
  ]);
});

test('a redirect is an answer, not a refusal', () => {
  const changes: Changes = {
    tls: null,
    waf: { action: 'off' },
    rates: null,
    upstream: null,
    response: { status: 308, bytes: 0 },
    verdict: { action: 'answer', station: 'http', why: 'http/redirected', says: 'to https://example.com/' },
  };
  assert.deepEqual(told(changes).slice(4, 6), [
    '5 WAF        ANSWER  http/redirected  to https://example.com/',
    '6 Server     not reached',
  ]);
});

test('a robot is told with what the DNS said of it', () => {
  const lines = told({ bot: { name: 'Googlebot', standing: 'false' } });
  assert.ok(
    lines.some(
      (line) =>
        line.trim() ===
        'bot  says to be Googlebot and is none: its address has no such name, or the name leads elsewhere',
    ),
    lines.join('\n'),
  );
});

test('bytes of an attacker stay bytes', () => {
  const rule = {
    id: 1,
    detector: 'scanner',
    phase: 1,
    severity: 'ERROR',
    score: 5,
    message: 'a \x1b[31mtool',
    decoded: [],
  };
  const changes: Changes = {
    waf: {
      action: 'block',
      score: 5,
      rules: [{ ...rule, variable: 'ARGS:x" = "" PASS', value: '\x1b[2J\r\n6 Server     reached "\u202e' }],
    },
    request: { host: 'a\x07b' },
    upstream: null,
    verdict: {
      action: 'answer',
      station: 'waf',
      why: 'waf/blocked',
      says: 'ARGS:\n7 Response   200',
      place: 'ARGS:\x00',
      value: 'x'.repeat(5000),
    },
  };
  const lines = told(changes);
  assert.equal(lines[0], '1 DNS        a\\x07b → 93.184.216.34');
  assert.deepEqual(lines.slice(4, 6), [
    '5 WAF        BLOCK  scanner  "ARGS:x\\" = \\"\\" PASS" = "\\x1b[2J\\x0d\\x0a6 Server     reached \\"\\u{202e}"  score 5/5  12 µs',
    '             rule 1: a \\x1b[31mtool',
  ]);
  assert.equal(lines.length, 15);
  assert.ok(lines.every((line) => line.length < 700));
});

test('colours mark the verdicts and nothing else', () => {
  const plainText = explain(journey(), { color: false });
  const coloured = explain(journey(), { color: true });
  assert.ok(coloured.includes('\x1b[32mALLOW\x1b[0m  rule 1') && coloured.includes('\x1b[32mPASS\x1b[0m  score 0/5'));
  assert.equal(coloured.replaceAll('\x1b[32m', '').replaceAll('\x1b[0m', ''), plainText);
});

test('no journey makes it throw, or write anything that steers a terminal', () => {
  const text = fc.string({ unit: 'binary', maxLength: 30 });
  const why = fc.oneof(
    text,
    fc.constantFrom('', 'waf/blocked', 'tls/x', 'proxy/y', 'http/z', 'connections/a', '__proto__/x', 'constructor'),
  );
  const part = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
  const rule = fc.record({
    id: fc.nat(),
    detector: text,
    phase: fc.nat(),
    severity: text,
    score: fc.nat(),
    message: text,
    variable: text,
    value: text,
    decoded: fc.array(text),
  });
  const changes = fc.record({
    id: text,
    connection: fc.record({ from: text, to: text, listener: text }),
    client: text,
    firewall: fc.record({
      action: fc.constantFrom('ALLOW' as const, 'DENY' as const),
      description: text,
      at: text,
      us: fc.double(),
    }),
    tls: part(fc.record({ version: text, sni: text, us: fc.double() })),
    request: part(fc.record({ host: text, site: text })),
    waf: part(
      fc.record({
        rules: fc.array(rule),
        action: fc.constantFrom('off' as const, 'pass' as const, 'block' as const, 'detect' as const),
      }),
    ),
    upstream: part(fc.record({ from: text, to: text, ms: fc.double() })),
    response: part(fc.record({ status: fc.nat() })),
    verdict: fc.record({
      action: fc.constantFrom('pass' as const, 'answer' as const, 'close' as const),
      station: why,
      why,
      says: text,
      rule: text,
      place: text,
      value: text,
    }),
    ms: fc.double(),
  });
  fc.assert(
    fc.property(changes, fc.boolean(), (some, rehearsed) => {
      const lines = told(some, { rehearsed });
      assert.ok(lines.length >= 8);
      for (const line of lines)
        for (const character of line) assert.ok(character >= ' ' && (character < '\x7f' || character > '\x9f'));
    }),
  );
});

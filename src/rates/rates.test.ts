import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../base/clock.ts';
import { Connection } from '../traffic/connection.ts';
import { Exchange } from '../traffic/exchange.ts';
import { Headers } from '../traffic/headers.ts';
import { build, type Policy, type RateSettings, type Rates, type RateTools, rateHeaders, reasons } from './rates.ts';

const guide: RateSettings = { limit: 500, windowMs: 10_000, by: 'client', path: '/', status: 429 };

function made(
  settings: readonly RateSettings[],
  sites: readonly (readonly RateSettings[] | null)[] = [null],
  tools: Partial<RateTools> = {},
) {
  const clock = new ManualClock();
  const named = sites.map((rates, index) => ({ name: `site ${index}`, rates }));
  const result = build(settings, named, { clock, seed: 12345, maxKeys: 1024, ...tools });
  assert.ok(result.ok, JSON.stringify(result));
  const rates = result.value;
  const ask = (more: Ask = {}) => judge(rates, rates.policies[more.site ?? 0]!, more);
  return { rates, clock, ask };
}

interface Ask {
  client?: string;
  path?: string;
  headers?: [string, string][];
  site?: number;
  peek?: boolean;
}

function request({ client = '203.0.113.7', path = '/', headers = [] }: Ask = {}): Exchange {
  const connection = new Connection(1, client, 52431, '192.0.2.1', 443, ':443 tls', true, 0);
  const exchange = new Exchange(
    'id',
    connection,
    1,
    0,
    'GET',
    path,
    path,
    '',
    '1.1',
    'a.example',
    Headers.from(headers),
    0,
  );
  exchange.client = client;
  exchange.placingPath = path;
  return exchange;
}

function judge(rates: Rates, policy: Policy, more: Ask) {
  const exchange = request(more);
  return { exchange, verdict: more.peek ? rates.peek(exchange, policy) : rates.judge(exchange, policy) };
}

test('the guide: 500 requests of one client in 10 seconds pass, the 501st is refused', () => {
  const { ask, clock } = made([guide]);
  for (let number = 1; number <= 500; number++) {
    const { exchange, verdict } = ask();
    assert.equal(verdict.kind, 'pass', `request ${number}`);
    assert.equal(exchange.rateRemaining, 500 - number);
    clock.advance(19);
  }
  assert.deepEqual(ask().verdict, {
    kind: 'answer',
    status: 429,
    why: 'rates/over-limit',
    says: '203.0.113.7 used up its 500 requests in 10 s; there is room again in 1 s',
    rule: { id: 'client', description: '500 per 10s by client', at: '' },
    evidence: { place: 'client', value: '203.0.113.7' },
    retryAfterSeconds: 1,
  });
  assert.equal(ask({ client: '203.0.113.8' }).verdict.kind, 'pass');
});

test('knocking while refused does not lengthen the wait', () => {
  const { ask, clock } = made([{ ...guide, limit: 5 }]);
  for (let number = 0; number < 5; number++) ask();
  for (let knock = 0; knock < 99; knock++) {
    clock.advance(100);
    assert.equal(ask().verdict.kind, 'answer');
  }
  clock.advance(102);
  assert.equal(ask().verdict.kind, 'pass');
});

test('whoever waits as long as it is told gets through', () => {
  const { ask, clock } = made([{ ...guide, limit: 3 }]);
  for (let number = 0; number < 3; number++) {
    ask();
    clock.advance(1234);
  }
  const { verdict, exchange } = ask();
  assert.ok(verdict.kind === 'answer');
  assert.equal(verdict.retryAfterSeconds, 7);
  assert.equal(exchange.rateRemaining, 0);
  clock.advance(verdict.retryAfterSeconds * 1000);
  assert.equal(ask().verdict.kind, 'pass');
});

test('a peek says what a judgement would, and counts nothing', () => {
  const { ask } = made([{ ...guide, limit: 2 }]);
  for (let number = 0; number < 9; number++) assert.equal(ask({ peek: true }).exchange.rateRemaining, 1);
  ask();
  ask();
  assert.equal(ask({ peek: true }).verdict.kind, 'answer');
});

test('header fields of the draft', () => {
  const { ask, clock } = made([guide]);
  assert.equal(
    rateHeaders(ask().exchange),
    'RateLimit-Policy: "client";q=500;w=10\r\nRateLimit: "client";r=499;t=10\r\n',
  );
  clock.advance(4000);
  assert.equal(
    rateHeaders(ask({ peek: true }).exchange),
    'RateLimit-Policy: "client";q=500;w=10\r\nRateLimit: "client";r=498;t=6\r\n',
  );
  assert.equal(rateHeaders(request()), '');
});

test('of several limits the one with the fewest left is told, and a refused request costs nothing at the others', () => {
  const { ask } = made([guide, { ...guide, limit: 2, path: '/login' }]);
  assert.equal(rateHeaders(ask().exchange).split('\r\n')[1], 'RateLimit: "client";r=499;t=10');
  assert.equal(ask({ path: '/login' }).exchange.ratePolicy, '"client /login";q=2;w=10');
  ask({ path: '/Login' });
  for (let number = 0; number < 20; number++) assert.equal(ask({ path: '/login/2fa' }).verdict.kind, 'answer');
  assert.equal(ask().exchange.rateRemaining, 500 - 4);
});

test('of several limits that refuse, the one with the longest wait is told', () => {
  const { ask } = made([
    { ...guide, limit: 1 },
    { ...guide, limit: 1, windowMs: 60_000 },
  ]);
  ask();
  const { verdict } = ask();
  assert.ok(verdict.kind === 'answer');
  assert.equal(verdict.retryAfterSeconds, 60);
  assert.equal(verdict.rule?.id, 'client 60s');
});

test('sites without limits of their own share the counters of the gate, the others have theirs', () => {
  const { ask } = made([{ ...guide, limit: 2 }], [null, null, [{ ...guide, limit: 1 }], []]);
  assert.equal(ask({ site: 0 }).verdict.kind, 'pass');
  assert.equal(ask({ site: 1 }).verdict.kind, 'pass');
  assert.equal(ask({ site: 0 }).verdict.kind, 'answer');
  assert.equal(ask({ site: 2 }).verdict.kind, 'pass');
  assert.equal(ask({ site: 2 }).verdict.kind, 'answer');
  assert.equal(ask({ site: 3 }).verdict.kind, 'pass');
  assert.equal(ask({ site: 3 }).exchange.rateLimit, -1);
});

test('what no site takes counts at the limits of the gate', () => {
  const { rates } = made([{ ...guide, limit: 1 }], []);
  assert.equal(rates.judge(request(), rates.common).kind, 'pass');
  assert.equal(rates.judge(request(), rates.common).kind, 'answer');
});

test('values of headers and cookies are not told; without one the client counts', () => {
  const { ask } = made([{ ...guide, limit: 1, by: 'header:X-Api-Key' }]);
  const headers: [string, string][] = [['X-Api-Key', 'secret']];
  assert.equal(ask({ headers }).verdict.kind, 'pass');
  const { verdict } = ask({ headers, client: '203.0.113.9' });
  assert.ok(verdict.kind === 'answer');
  assert.equal(
    verdict.says,
    'one value of REQUEST_HEADERS:x-api-key used up its 1 request in 10 s; there is room again in 10 s',
  );
  assert.deepEqual(verdict.evidence, { place: 'REQUEST_HEADERS:x-api-key', value: '[redacted]' });
  assert.equal(ask().verdict.kind, 'pass');
  const without = ask().verdict;
  assert.ok(without.kind === 'answer');
  assert.deepEqual(without.evidence, { place: 'client', value: '203.0.113.7' });
});

test('a path counts for all clients together', () => {
  const { ask } = made([{ ...guide, limit: 1, by: 'path', path: '/search' }]);
  assert.equal(ask({ path: '/search' }).verdict.kind, 'pass');
  const { verdict } = ask({ path: '/Search/', client: '198.51.100.1' });
  assert.ok(verdict.kind === 'answer');
  assert.deepEqual(verdict.evidence, { place: 'REQUEST_FILENAME', value: '/search' });
  assert.equal(ask({ path: '/elsewhere' }).verdict.kind, 'pass');
});

test('an IPv6 client is its /64', () => {
  const { ask } = made([{ ...guide, limit: 1 }]);
  assert.equal(ask({ client: '2001:db8::1' }).verdict.kind, 'pass');
  const { verdict } = ask({ client: '2001:db8::2' });
  assert.ok(verdict.kind === 'answer');
  assert.equal(verdict.evidence?.value, '2001:db8::/64');
});

test('the counters go on in the next generation, where a limit stays', () => {
  const first = made([{ ...guide, limit: 5 }]);
  for (let number = 0; number < 5; number++) first.ask();
  const tools = { previous: first.rates, clock: first.clock, seed: 999 };
  assert.equal(made([{ ...guide, limit: 5 }], [null], tools).ask().verdict.kind, 'answer');
  assert.equal(made([{ ...guide, limit: 6 }], [null], tools).ask().exchange.rateRemaining, 0);
  assert.equal(made([{ ...guide, windowMs: 20_000 }], [null], tools).ask().exchange.rateRemaining, 499);
});

test('every problem at once, with its place', () => {
  const wrong: RateSettings = { limit: 0, windowMs: 10, by: 'ip', path: 'login', status: 200 };
  const result = build([wrong, guide, guide], [{ name: 'a', rates: [wrong] }], { clock: new ManualClock(), seed: 1 });
  assert.ok(!result.ok);
  const rows = result.problems.map(
    ({ path, code, says, instead }) => `${path.join('.')} ${code}: ${says} → ${instead}`,
  );
  assert.deepEqual(rows.slice(0, 6), [
    'rates.0.limit rates/bad-limit: a limit of 0 cannot be counted → a whole number from 1 to 8388607',
    'rates.0.limit rates/bad-window: a window of 10 ms cannot be kept → a time from 1s to 24h',
    'rates.0.by rates/bad-key: "ip" is nothing to count by → client, path, host, method, country, asn, header:NAME, cookie:NAME, jwt:CLAIM, form:NAME or json:NAME, or several of them joined by "and"',
    'rates.0.path rates/bad-path: the path "login" does not begin with a slash → /login',
    'rates.0.then rates/bad-status: 200 is not the status of a refusal → 429, or another from 400 to 599',
    'rates.2 rates/twice: this limit counts the same as number 2 of the list: same key, same path, same time → one of them, with the lower number of requests',
  ]);
  assert.equal(rows[6]?.startsWith('sites.0.rates.0.limit '), true);
  assert.equal(rows.length, 11);
});

test('an IPv6 client that wanders through its network is held by the /56 and the /48', () => {
  const { ask } = made([{ ...guide, limit: 2 }]);
  const from = (network: number, count: number) => {
    let passed = 0;
    for (let host = 0; host < count; host++)
      if (ask({ client: `2001:db8:1:${(network * 256 + host).toString(16)}::1` }).verdict.kind === 'pass') passed++;
    return passed;
  };
  assert.equal(from(0, 20), 8, 'four times the limit for a /56');
  const { verdict } = ask({ client: '2001:db8:1:20::1' });
  assert.equal(verdict.kind === 'answer' && verdict.evidence?.value, '2001:db8:1::/56');
  assert.equal(from(1, 20) + from(2, 20) + from(3, 20) + from(4, 20), 24, 'sixteen times for a /48, eight are used up');
  assert.equal(ask({ client: '2001:db8:2::1' }).verdict.kind, 'pass', 'the next /48 is another customer');
});

test('without `wider` each /64 stands for itself', () => {
  const { ask } = made([{ ...guide, limit: 1, wider: 0 }]);
  for (let host = 0; host < 100; host++)
    assert.equal(ask({ client: `2001:db8:1:${host.toString(16)}::1` }).verdict.kind, 'pass');
});

test('a bucket lets a burst through and then its flow', () => {
  const { ask, clock } = made([{ ...guide, limit: 10, windowMs: 1000, burst: 3 }]);
  for (let request = 0; request < 3; request++) assert.equal(ask().verdict.kind, 'pass');
  const { verdict, exchange } = ask();
  assert.equal(
    verdict.kind === 'answer' && verdict.says,
    '203.0.113.7 used up its 3 requests at once and 10 requests in 1 s after them; there is room again in 1 s',
  );
  assert.equal(rateHeaders(exchange), 'RateLimit-Policy: "client";q=3;w=1\r\nRateLimit: "client";r=0;t=1\r\n');
  clock.advance(100);
  assert.equal(ask().verdict.kind, 'pass');
  assert.equal(ask().verdict.kind, 'answer');
});

test('a limit in shadow mode refuses nobody and says whom it would have refused', () => {
  const { ask } = made([{ ...guide, limit: 1, shadow: true }]);
  assert.equal(ask().exchange.rateShadow, '');
  const { verdict, exchange } = ask();
  assert.equal(verdict.kind, 'pass');
  assert.equal(exchange.rateShadow, 'client');
  assert.equal(rateHeaders(exchange), '', 'a client is not told of a limit that does not hold');
});

test('an address that stands for many clients is not counted, but headers are', () => {
  const { rates } = made([
    { ...guide, limit: 1 },
    { ...guide, limit: 2, by: 'header:x-api-key' },
  ]);
  const ask = () => {
    const exchange = request({ headers: [['X-Api-Key', 'a']] });
    exchange.isShared = true;
    return rates.judge(exchange, rates.common).kind;
  };
  assert.deepEqual([ask(), ask(), ask()], ['pass', 'pass', 'answer']);
});

test('a country needs a database', () => {
  const result = build([{ ...guide, by: 'country and path' }], [], { clock: new ManualClock(), seed: 1 });
  assert.ok(!result.ok);
  assert.deepEqual(
    result.problems.map(({ says, instead }) => `${says} → ${instead}`),
    ['"country and path" needs a database, and none is named → geography: { country: FILE.mmdb }'],
  );
});

test('every why has its reason', () => {
  assert.deepEqual(Object.keys(reasons), ['rates/over-limit', 'rates/challenged', 'rates/tarpit']);
});

test('a rule knows its line', () => {
  const { ask } = made([{ ...guide, limit: 1 }], [null], { locate: (path) => `portcullis.yaml:${path.join('.')}` });
  ask();
  const { verdict } = ask();
  assert.equal(verdict.kind === 'answer' && verdict.rule?.at, 'portcullis.yaml:rates.0');
});

test('a million addresses leave the bytes as they were, and whoever is over its limit stays so', () => {
  const { rates, ask } = made([{ ...guide, limit: 20, wider: 0 }], [null], { maxKeys: 4096 });
  for (let number = 0; number < 21; number++) ask();
  const { bytes } = rates;
  const policy = rates.policies[0]!;
  const exchange = request();
  for (let number = 0; number < 500_000; number++) {
    exchange.client = `${11 + (number & 127)}.${(number >> 7) & 255}.${number >> 15}.1`;
    rates.judge(exchange, policy);
    exchange.client = `2001:db8:${(number >> 12).toString(16)}:${(number & 4095).toString(16)}::1`;
    rates.judge(exchange, policy);
  }
  const [counters] = rates.tables.values();
  assert.equal(rates.bytes, bytes);
  assert.ok(bytes <= 4096 * 140);
  assert.equal(counters!.size, 4096);
  assert.ok(counters!.evicted > 990_000);
  assert.equal(ask().verdict.kind, 'answer');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nameServer, type Zone } from '../../test/name-server.ts';
import { exchangeOf, proxyOf } from '../../test/proxy-world.ts';
import { endpointsOf, type Resolved, resolverOf } from './resolver.ts';

const ask = (servers: readonly string[], name: string) =>
  new Promise<Resolved | string>((done) => resolverOf(servers)(name, done));

test('a DNS server’s addresses come sorted, with their TTL; a name that is not there says so', async (t) => {
  const zone: Zone = { 'app.test': { addresses: ['10.0.0.2', '10.0.0.1'], ttl: 7 }, 'none.test': null };
  const { address } = await nameServer(t, zone);
  assert.deepEqual(await ask([address], 'app.test'), { addresses: ['10.0.0.1', '10.0.0.2'], ttlSeconds: 7 });
  assert.equal(await ask([address], 'none.test'), 'ENOTFOUND');
});

test('this machine’s own name is asked of this machine alone', async (t) => {
  const { address, questions } = await nameServer(t, {});
  const found = await ask([address], 'localhost');
  assert.ok(typeof found !== 'string' && found.addresses.includes('127.0.0.1'));
  assert.deepEqual([found.ttlSeconds, questions], [30, []]);
});

test('endpoints: loopback is one place, of two families the first is taken', () => {
  for (const [addresses, places] of [
    [['127.0.0.1', '::1'], [['127.0.0.1', '::1']]],
    [['::1'], [['::1']]],
    [
      ['10.0.0.1', '10.0.0.2'],
      [['10.0.0.1'], ['10.0.0.2']],
    ],
    [['10.0.0.1', '2001:db8::1'], [['10.0.0.1']]],
    [
      ['2001:db8::1', '2001:db8::2'],
      [['2001:db8::1'], ['2001:db8::2']],
    ],
    [
      ['10.0.0.1', '127.0.0.1'],
      [['10.0.0.1'], ['127.0.0.1']],
    ],
    [[], []],
  ] as const)
    assert.deepEqual(endpointsOf(addresses), places);
});

/** A proxy before `app.test`, whose addresses are what the test says they are. */
async function named() {
  let answer: Resolved | string = 'ESERVFAIL';
  const { proxy, timekeeper } = await proxyOf(
    { sites: [{ to: 'app.test:80', slow_start: '10s' }] },
    { resolve: (_name, done) => done(answer) },
  );
  const route = proxy.routes[0]!;
  return {
    proxy,
    route,
    timekeeper,
    labels: () => route.endpoints.map(({ label }) => label),
    places: () => route.endpoints.map(({ pool }) => pool.options.addresses.join()),
    answer: (next: Resolved | string) => {
      answer = next;
    },
  };
}

test('a name that does not resolve at the start is asked for again, less and less often, and is looked up with each connection', async () => {
  const { proxy, labels, places, route, timekeeper, answer } = await named();
  proxy.start();
  assert.deepEqual(labels(), ['app.test:80']);
  assert.equal(proxy.describe()[0]!.says, 'its name does not resolve (ESERVFAIL)');
  assert.ok(route.choose(exchangeOf(), null), 'it is tried all the same');
  answer({ addresses: ['10.0.0.1'], ttlSeconds: 60 });
  timekeeper.pass(2000);
  assert.deepEqual(places(), ['10.0.0.1']);
  assert.equal(proxy.describe()[0]!.says, '');
});

test('addresses that come are endpoints, those that go let their exchanges end, those that stay are not touched', async () => {
  const { proxy, labels, route, timekeeper, answer } = await named();
  answer({ addresses: ['10.0.0.1', '10.0.0.2'], ttlSeconds: 10 });
  proxy.start();
  const [one, two] = route.endpoints;
  assert.deepEqual([one!.health.state, two!.health.state], ['up', 'up'], 'at the start nobody starts slowly');
  let closed = 0;
  const { close } = one!.pool;
  one!.pool.close = () => {
    closed++;
    close.call(one!.pool);
  };
  answer({ addresses: ['10.0.0.2', '10.0.0.3'], ttlSeconds: 10 });
  timekeeper.pass(9999);
  assert.equal(route.endpoints[0], one, 'before its TTL nobody asks');
  timekeeper.pass(1);
  assert.deepEqual(labels(), ['app.test:80 (10.0.0.2)', 'app.test:80 (10.0.0.3)']);
  assert.equal(route.endpoints[0], two);
  assert.equal(route.endpoints[1]!.health.state, 'starting');
  assert.equal(closed, 1);
});

test('a resolver that fails later changes nothing; a TTL of 0 is a second, and of a year five minutes', async () => {
  const { proxy, places, timekeeper, answer } = await named();
  answer({ addresses: ['10.0.0.1'], ttlSeconds: 0 });
  proxy.start();
  const waits = () => [...timekeeper.due.values()];
  assert.ok(waits().includes(1000));
  answer('ETIMEOUT');
  timekeeper.pass(1000);
  assert.deepEqual(places(), ['10.0.0.1']);
  answer({ addresses: ['10.0.0.1'], ttlSeconds: 31_536_000 });
  timekeeper.pass(2000);
  assert.ok(waits().includes(300_000));
  proxy.stop();
  assert.equal(timekeeper.due.size, 0, 'nothing is looked after any more');
});

// What one worker finds out of an upstream holds in all: two proxies of one configuration, and the news carried by hand between them.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { type TestContext, test } from 'node:test';
import { exchangeOf, Heard, proxyOf, requestOf, until } from '../../test/proxy-world.ts';
import { Check } from './check.ts';
import { Failure } from './failure.ts';

/** A server that counts the questions and resets them, or answers. */
async function asked(t: TestContext): Promise<{ port: number; asked: number; isWell: boolean }> {
  const state = { port: 0, asked: 0, isWell: false };
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => {
      state.asked++;
      if (state.isWell) socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
      else socket.resetAndDestroy();
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => server.close());
  state.port = (server.address() as net.AddressInfo).port;
  return state;
}

async function worker(t: TestContext, site: object) {
  const { proxy, timekeeper } = await proxyOf({ sites: [site] } as Parameters<typeof proxyOf>[0]);
  t.after(() => proxy.stop());
  proxy.start();
  const check = [...timekeeper.due.keys()].find((entry) => entry instanceof Check);
  return { proxy, timekeeper, check, endpoint: proxy.routes[0]!.endpoints[0]! };
}

test('a check is made by one worker for all; another asks only when it hears of none any more', async (t) => {
  const server = await asked(t);
  const site = { to: `127.0.0.1:${server.port}`, health: { path: '/up', interval: '10s' } };
  const [one, other, late] = [await worker(t, site), await worker(t, site), await worker(t, site)];
  assert.equal(one.proxy.takeDeltas(), null);
  one.timekeeper.expire(one.check!);
  await until(() => one.endpoint.health.state === 'down');
  const news = structuredClone(one.proxy.takeDeltas());
  assert.equal(one.proxy.takeDeltas(), null, 'it is told once');
  other.proxy.absorb(news);
  assert.deepEqual([other.endpoint.health.state, other.endpoint.health.says], ['down', one.endpoint.health.says]);
  assert.equal(other.proxy.takeDeltas(), null, 'what was heard is not told on');
  const [next, standIn] = [one.timekeeper.due.get(one.check!)!, other.timekeeper.due.get(other.check!)!];
  assert.ok(next <= 11_000 && standIn >= 15_500 && standIn <= 20_500, `${next} ${standIn}`);
  assert.equal(server.asked, 1);
  // Nobody has asked for that long: this one does, and tells.
  server.isWell = true;
  for (const round of [1, 2]) {
    other.timekeeper.expire(other.check!);
    await until(() => (other.timekeeper.due.get(other.check!) ?? 0) >= 9000);
    assert.equal(server.asked, 1 + round);
  }
  assert.equal(other.endpoint.health.state, 'up');
  one.proxy.absorb(other.proxy.takeDeltas());
  assert.equal(one.endpoint.health.state, 'up');
  // A worker that starts knows what the others know, and need not ask at once.
  late.proxy.absorb(structuredClone(one.proxy.snapshot()));
  assert.ok(late.timekeeper.due.get(late.check!)! >= 15_500);
  // What another configuration has told is nothing to this one.
  late.proxy.absorb([['other', `127.0.0.1`, { check: { isUp: false, says: '' }, breaker: null }]]);
  assert.equal(late.endpoint.health.state, 'up');
});

test('whom the traffic of one worker takes out is out in all, and in again with the first success', async (t) => {
  const server = await asked(t);
  const site = { to: `127.0.0.1:${server.port}`, breaker: { failures: 2, open_for: '10s' }, retries: { max: 0 } };
  const [one, other] = [await worker(t, site), await worker(t, site)];
  const ask = async () => {
    const heard = new Heard();
    one.proxy.routes[0]!.carry(exchangeOf(), requestOf(exchangeOf()), heard);
    await heard.done;
  };
  await ask();
  await ask();
  assert.equal(one.endpoint.health.state, 'open');
  other.proxy.absorb(structuredClone(one.proxy.takeDeltas()));
  assert.equal(other.endpoint.health.state, 'open');
  assert.match(other.endpoint.health.says, /^2 failures in a row/);
  server.isWell = true;
  one.timekeeper.pass(10_000);
  assert.equal(one.endpoint.health.state, 'half-open');
  await ask();
  assert.equal(one.endpoint.health.state, 'up');
  other.proxy.absorb(one.proxy.takeDeltas());
  assert.deepEqual([other.endpoint.health.state, other.proxy.takeDeltas()], ['up', null]);
});

test('max_connections is divided among workers, and each has one at least', async (t) => {
  for (const [max, crew, parts] of [
    [7, 3, [3, 2, 2]],
    [8, 1, [8]],
    [2, 3, [1, 1, 1]],
  ] as const)
    for (const [index, part] of parts.entries()) {
      const { proxy, endpoint } = await worker(t, { to: { url: '127.0.0.1:1', max_connections: max } });
      proxy.divide(index + 1, crew);
      let busy = 0;
      Object.defineProperty(endpoint.pool, 'busy', { get: () => busy });
      while (endpoint.isReady) busy++;
      assert.equal(busy, part, `${max} over ${crew}, worker ${index + 1}`);
    }
});

test('who may wait for room is divided among workers, too', async (t) => {
  const { proxy, endpoint } = await worker(t, { to: { url: '127.0.0.1:1', max_connections: 1 }, queue: { length: 5 } });
  proxy.divide(2, 3);
  Object.defineProperty(endpoint.pool, 'busy', { get: () => 1 });
  const [route] = proxy.routes;
  const carry = () => route!.carry(exchangeOf(), requestOf(exchangeOf()), new Heard());
  carry();
  carry();
  const refused = carry();
  assert.deepEqual([route!.waiting, refused instanceof Failure && refused.why], [2, 'proxy/queue-full']);
});

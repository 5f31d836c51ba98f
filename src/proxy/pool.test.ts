import assert from 'node:assert/strict';
import net, { type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { exchangeOf, Heard, proxyOf, requestOf, until } from '../../test/proxy-world.ts';
import type { Upstream } from './proxy.ts';

const patience = { connect_timeout: '1s', answer_timeout: '2s', max_idle_connections: 3, idle: '4s' };
const idleMs = 4000;

/** A proxy before a server that says, as its answer, on which of its connections a request came. */
async function world(t: TestContext, settings = patience) {
  const sockets: Socket[] = [];
  const server = net.createServer((socket) => {
    sockets.push(socket);
    const number = String(sockets.length);
    socket.on('error', () => {});
    socket.on('data', () => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${number.length}\r\n\r\n${number}`));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  const { proxy, timekeeper } = await proxyOf({ sites: [{ to: `127.0.0.1:${port}` }], proxy: settings });
  t.after(() => {
    proxy.stop();
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const { pool } = proxy.routes[0]!.endpoints[0]!;
  /** Sends a request; the answer comes later. */
  const send = (fresh = false): { heard: Heard; upstream: Upstream } => {
    const heard = new Heard();
    return { heard, upstream: pool.carry(fresh, requestOf(exchangeOf()), heard, null) as Upstream };
  };
  const ask = async (fresh = false): Promise<string> => (await send(fresh).heard.done).body;
  const together = async (count: number): Promise<Upstream[]> => {
    const sent = Array.from({ length: count }, () => send());
    for (const { heard } of sent) await heard.done;
    return sent.map(({ upstream }) => upstream);
  };
  return { proxy, pool, sockets, timekeeper, send, ask, together };
}

test('a connection is used again, and the counters say so', async (t) => {
  const { ask, pool, proxy } = await world(t);
  assert.deepEqual([await ask(), await ask(), await ask()], ['1', '1', '1']);
  assert.deepEqual([pool.opened, pool.reused, pool.idle, pool.busy, pool.failures], [1, 2, 1, 0, 0]);
  assert.equal(await ask(true), '2', 'a fresh one is opened where it is asked for');
  assert.equal(proxy.describe()[0]!.idle, 2);
});

test('the most recently used one is taken first, also after one in the middle has gone', async (t) => {
  const { ask, together, pool, sockets } = await world(t);
  await together(3);
  assert.equal(pool.idle, 3);
  const newest = await ask();
  assert.equal(await ask(), newest);
  const [oldest, middle] = ['1', '2', '3'].filter((number) => number !== newest);
  sockets[Number(oldest) - 1]!.destroy();
  await until(() => pool.idle === 2);
  assert.equal(await ask(), newest, 'the order is kept');
  sockets[Number(newest) - 1]!.destroy();
  await until(() => pool.idle === 1);
  assert.equal(await ask(), middle);
});

test('no more idle connections are kept than the bound', async (t) => {
  const { together, pool, sockets } = await world(t);
  await together(7);
  assert.deepEqual([pool.opened, pool.idle, pool.busy], [7, 3, 0]);
  await until(() => sockets.filter(({ destroyed }) => destroyed).length === 4);
  const none = await world(t, { ...patience, max_idle_connections: 0 });
  assert.deepEqual([await none.ask(), await none.ask(), none.pool.idle], ['1', '2', 0]);
});

test('the connections of a burst serve the next one: no port is given up between them', async (t) => {
  const { together, pool } = await world(t, { ...patience, max_idle_connections: 1024 });
  for (let burst = 0; burst < 3; burst++) await together(400);
  assert.deepEqual([pool.opened, pool.reused, pool.ended, pool.idle], [400, 800, 0, 400]);
});

test('an idle connection ends when its time is over, and its deadline with it', async (t) => {
  const { together, pool, timekeeper, ask } = await world(t);
  const [one, two] = await together(2);
  assert.deepEqual([...timekeeper.due.values()], [idleMs, idleMs]);
  timekeeper.expire(one!);
  assert.deepEqual([pool.idle, pool.open], [1, 1]);
  timekeeper.expire(two!);
  assert.deepEqual([pool.idle, pool.open, timekeeper.due.size], [0, 0, 0]);
  assert.equal(await ask(), '3');
});

test('deadlines that pass within an exchange fail it, and its connection is gone', async (t) => {
  const { send, pool, timekeeper } = await world(t);
  const connecting = send();
  timekeeper.expire(connecting.upstream);
  assert.deepEqual(
    [(await connecting.heard.done).failure?.why, connecting.heard.failure?.isUnsent],
    ['proxy/connect-timeout', true],
  );
  assert.deepEqual([pool.open, pool.failures, timekeeper.due.size], [0, 1, 0]);
});

test('a pool that is closed ends what is idle, and what is busy when it is done', async (t) => {
  const { send, together, pool, proxy } = await world(t);
  await together(2);
  const { heard } = send();
  proxy.stop();
  assert.equal(pool.idle, 0);
  assert.match((await heard.done).body, /^[12]$/);
  assert.deepEqual([pool.idle, pool.open], [0, 0]);
});

test('an exchange that is given up takes its connection with it', async (t) => {
  const { send, pool, timekeeper } = await world(t);
  const { upstream } = send();
  upstream.abort();
  assert.deepEqual([pool.open, pool.idle, pool.failures, timekeeper.due.size], [0, 0, 0, 0]);
});

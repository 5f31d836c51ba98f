import assert from 'node:assert/strict';
import net, { type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { proxyOf, until } from '../../test/proxy-world.ts';
import { Check } from './check.ts';

/** A server whose answer to every request is what `answer` gives; an empty one is silence. */
async function serving(t: TestContext, answer: (request: string) => string) {
  const sockets: Socket[] = [];
  const requests: string[] = [];
  const server = net.createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      requests.push(bytes.toString('latin1'));
      const text = answer(requests.at(-1)!);
      if (text !== '') socket.end(text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { port: (server.address() as net.AddressInfo).port, sockets, requests, server };
}

/** A proxy that checks one upstream; `health` is the group of the settings. */
async function checking(t: TestContext, port: number, health: object) {
  const { proxy, timekeeper } = await proxyOf({ sites: [{ to: `127.0.0.1:${port}`, health }] });
  t.after(() => proxy.stop());
  proxy.start();
  const { health: state } = proxy.routes[0]!.endpoints[0]!;
  const check = [...timekeeper.due.keys()].find((entry) => entry instanceof Check)!;
  /** Asks once, and gives what is known then: the time of the next check is set when the answer was judged. */
  const next = async (): Promise<string> => {
    timekeeper.expire(check);
    await until(() => (timekeeper.due.get(check) ?? 0) >= 4500);
    return state.says === '' ? state.state : `${state.state}: ${state.says}`;
  };
  return { proxy, timekeeper, state, next, check };
}

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nwell';

test('HTTP: path, Host, status and body; the first answer decides alone, later ones in a row', async (t) => {
  let text = 'HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n';
  const { port, requests } = await serving(t, () => text);
  const health = { path: '/up', host: 'app.internal', status: '200-299', body: 'well', rise: 2, fall: 2 };
  const { next, state } = await checking(t, port, health);
  assert.equal(await next(), 'down: check: it answered 500 to /up');
  assert.match(requests[0]!, /^GET \/up HTTP\/1.1\r\nHost: app.internal\r\nUser-Agent: Portcullis health check\r\n/);
  text = ok;
  assert.match(await next(), /^down/, 'one good answer is not two');
  assert.equal(await next(), 'up');
  text = 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nill';
  assert.equal(await next(), 'up', 'one bad answer is not two');
  assert.equal(await next(), 'down: check: its answer to /up has no "well" in it');
  text = 'nonsense\r\n\r\n';
  assert.match(await next(), /^down: check: .* /);
  assert.equal(state.isAdmitting, false);
});

test('an answer that does not come in time is a bad one, and the question is given up', async (t) => {
  const { port, sockets } = await serving(t, () => '');
  const { timekeeper, state, proxy, check } = await checking(t, port, { path: '/up', timeout: '2s' });
  timekeeper.expire(check);
  await until(() => sockets.length === 1);
  timekeeper.expire(check);
  assert.equal(state.says, 'check: no answer within 2000 ms');
  assert.equal(proxy.describe()[0]!.busy, 0);
  await until(() => sockets[0]!.destroyed);
});

test('TCP: a connection is enough', async (t) => {
  const { port, sockets, server } = await serving(t, () => ok);
  const { next, state } = await checking(t, port, { fall: 1, rise: 1 });
  assert.equal(await next(), 'up');
  await until(() => sockets.length === 1);
  await new Promise((resolve) => server.close(resolve));
  await next();
  assert.equal(state.says, `check: 127.0.0.1:${port} refused the connection: nothing listens there`);
});

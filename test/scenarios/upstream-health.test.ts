// Upstreams that die, come back, are slow, full, or move, seen from the client's side of a gate.

import assert from 'node:assert/strict';
import net, { type Server } from 'node:net';
import { type TestContext, test } from 'node:test';
import { nameServer, type Zone } from '../name-server.ts';
import {
  answering,
  closedPort,
  eventually,
  listening,
  ok,
  type Standing,
  scripted,
  stand,
  type Wire,
} from './world.ts';

/** What `status` says of each upstream. */
interface Row {
  readonly upstream: string;
  readonly addresses: readonly string[];
  readonly health: string;
  readonly says: string;
  readonly busy: number;
  readonly failures: number;
}

const rows = async (standing: Standing) =>
  ((await standing.ask({ ask: 'status' })) as { upstreams: readonly Row[] }).upstreams;

/** A server that can be stopped and started again on the same port, and says its name. */
class Mortal {
  port = 0;
  answers = 0;
  readonly #name: string;
  #server: Server | null = null;
  readonly #sockets = new Set<net.Socket>();

  constructor(name: string) {
    this.#name = name;
  }

  async start(): Promise<void> {
    const server = net.createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('data', (bytes) => {
        const heads = bytes.toString('latin1').split('\r\n\r\n').length - 1;
        for (let head = 0; head < heads; head++) {
          this.answers++;
          socket.write(ok(this.#name));
        }
      });
    });
    this.#server = server;
    if (this.port === 0) this.port = await listening(server);
    else await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
  }

  /** Resets every connection and listens no more. */
  async kill(): Promise<void> {
    const closed = new Promise((resolve) => this.#server?.close(resolve));
    for (const socket of this.#sockets) socket.resetAndDestroy();
    await closed;
  }
}

async function mortal(t: TestContext, name: string): Promise<Mortal> {
  const server = new Mortal(name);
  await server.start();
  t.after(() => server.kill());
  return server;
}

const site = (to: readonly unknown[], words: object = {}) =>
  ({ sites: [{ host: '*', to: [...to], ...words }] }) as object;

test('an upstream dies under load and comes back: no client notices, and it gets its traffic again', async (t) => {
  const [one, two] = [await mortal(t, 'one'), await mortal(t, 'two')];
  const words = site([one.port, two.port], { breaker: { open_for: '500ms' } });
  const standing = await stand(t, [], words);
  const statuses: number[] = [];
  let isOver = false;
  const client = async (): Promise<void> => {
    const wire = await standing.client();
    while (!isOver) {
      wire.send('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
      statuses.push((await wire.message()).status);
    }
    wire.socket.destroy();
  };
  const clients = Promise.all(Array.from({ length: 8 }, client));
  await eventually(() => one.answers > 50 && two.answers > 50, 'both have traffic');
  await one.kill();
  await eventually(async () => (await rows(standing))[0]!.health !== 'up', 'the first is out');
  const before = two.answers;
  await eventually(() => two.answers > before + 200, 'the second carries all');
  await one.start();
  const back = one.answers;
  await eventually(() => one.answers > back + 50, 'the first has traffic again');
  isOver = true;
  await clients;
  assert.equal((await rows(standing))[0]!.health, 'up');
  assert.deepEqual(
    [...new Set(statuses)],
    [200],
    `${statuses.filter((status) => status !== 200).length} of ${statuses.length}`,
  );
});

test('when all have died the answer is 503 with Retry-After, and says so in the journey; when one is back it serves', async (t) => {
  const [one, two] = [await mortal(t, 'one'), await mortal(t, 'two')];
  const standing = await stand(t, [], site([one.port, two.port], { breaker: { failures: 1, open_for: '500ms' } }));
  assert.equal((await standing.get('/')).status, 200);
  await Promise.all([one.kill(), two.kill()]);
  assert.equal((await standing.get('/')).status, 502, 'whoever finds out is told what was found');
  const refused = await standing.get('/');
  assert.equal(refused.status, 503);
  assert.match(refused.headers.get('retry-after') ?? '', /^[12]$/);
  const { verdict } = await standing.journey(refused.headers.get('x-request-id')!);
  assert.equal(verdict.why, 'proxy/no-upstream');
  assert.match(
    verdict.says,
    /^all 2 upstreams of the site are out; localhost:\d+: a failure, the last: .* refused the connection: nothing listens there$/,
  );
  await two.start();
  await eventually(async () => (await standing.get('/')).status === 200, 'the second serves again');
});

test('backups serve only while nobody else is well', async (t) => {
  const [main, backup] = [await mortal(t, 'main'), await mortal(t, 'backup')];
  const words = site([main.port, { url: backup.port, backup: true }], { breaker: { failures: 1, open_for: '500ms' } });
  const standing = await stand(t, [], words);
  const name = async () => (await standing.get('/')).body.toString();
  assert.deepEqual([await name(), await name(), await name()], ['main', 'main', 'main']);
  await main.kill();
  assert.deepEqual([await name(), await name()], ['backup', 'backup'], 'the first of them was tried and retried');
  await main.start();
  await eventually(async () => (await name()) === 'main', 'the first is back');
});

test('active checks take one out before a request finds out, and the site says why', async (t) => {
  let isWell = true;
  const sick = await answering(t, ({ first }) =>
    first.startsWith('GET /up ') && !isWell ? 'HTTP/1.1 500 Ill\r\nContent-Length: 0\r\n\r\n' : ok('sick'),
  );
  const well = await answering(t, () => ok('well'));
  const words = site([sick.port, well.port], { health: { path: '/up', interval: '1s', fall: 1, rise: 1 } });
  const standing = await stand(t, [], words);
  const names = async () => {
    const found = new Set<string>();
    for (let request = 0; request < 6; request++) found.add((await standing.get('/')).body.toString());
    return [...found].sort();
  };
  assert.deepEqual(await names(), ['sick', 'well']);
  isWell = false;
  await eventually(async () => (await rows(standing))[0]!.health === 'down', 'its check has failed');
  assert.equal((await rows(standing))[0]!.says, 'check: it answered 500 to /up');
  assert.deepEqual(await names(), ['well']);
  isWell = true;
  await eventually(async () => (await rows(standing))[0]!.health === 'up', 'its check is good again');
  assert.deepEqual(await names(), ['sick', 'well']);
});

test('a full upstream lets requests wait, no more than may wait, and no longer than they may', async (t) => {
  const held: Wire[] = [];
  const upstream = await scripted(t, async (wire) => {
    for (;;) {
      await wire.message();
      held.push(wire);
    }
  });
  const words = site([{ url: upstream.port, max_connections: 2 }], { queue: { length: 2, wait: '2s' } });
  const standing = await stand(t, [], words);
  const clients: Wire[] = [];
  const ask = async (body = ''): Promise<Wire> => {
    const wire = await standing.client();
    wire.send(
      body === ''
        ? 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
        : `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    clients.push(wire);
    return wire;
  };
  await ask();
  await ask();
  await eventually(() => held.length === 2, 'two are in hand');
  const third = await ask('a body that waits');
  await eventually(async () => (await waiting(standing)) === 1, 'the third waits');
  const fourth = await ask();
  await eventually(async () => (await waiting(standing)) === 2, 'the fourth waits');
  const fifth = await ask();
  const full = await fifth.message();
  assert.deepEqual([full.status, full.headers.get('retry-after')], [503, '1']);
  assert.equal((await standing.journey(full.headers.get('x-request-id')!)).verdict.why, 'proxy/queue-full');
  fourth.socket.destroy();
  await eventually(async () => (await waiting(standing)) === 1, 'whoever is gone waits no more');
  held[0]!.send(ok('first'));
  await eventually(() => held.length === 3, 'the third has its turn');
  held[2]!.send(ok('third'));
  assert.equal((await third.message()).body.toString(), 'third');
  await ask();
  await eventually(() => held.length === 4, 'there was room');
  assert.equal((await rows(standing))[0]!.busy, 2);
  const late = await (await ask()).message();
  assert.equal(late.status, 504);
  assert.equal((await standing.journey(late.headers.get('x-request-id')!)).verdict.why, 'proxy/queue-timeout');
});

/** Requests that wait for room, over all sites. */
async function waiting(standing: Standing): Promise<number> {
  const { queued } = (await standing.ask({ ask: 'status' })) as { queued: number };
  return queued;
}

test('a name moves: what is under way ends where it began, what comes goes where it leads now', async (t) => {
  const held: Wire[] = [];
  const slow = await scripted(t, async (wire) => {
    await wire.message();
    held.push(wire);
  });
  const zone: Zone = { 'app.test': { addresses: ['127.0.0.1'], ttl: 1 } };
  const { address, questions } = await nameServer(t, zone);
  const other = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', () => socket.write(ok('moved')));
  });
  await new Promise<void>((resolve) => other.listen(slow.port, '127.0.0.2', resolve));
  t.after(() => other.close());
  const words = { ...site([`app.test:${slow.port}`]), proxy: { resolvers: address } };
  const standing = await stand(t, [], words);
  await eventually(async () => (await rows(standing))[0]!.addresses.includes('127.0.0.1'), 'the name is known');
  const client = await standing.client();
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await eventually(() => held.length === 1, 'one is under way');
  zone['app.test'] = { addresses: ['127.0.0.2'], ttl: 1 };
  await eventually(async () => (await rows(standing))[0]!.addresses.includes('127.0.0.2'), 'it has moved');
  assert.equal((await standing.get('/')).body.toString(), 'moved');
  held[0]!.send(ok('here'));
  assert.equal((await client.message()).body.toString(), 'here');
  zone['app.test'] = null;
  const asked = questions.length;
  await eventually(() => questions.length > asked + 1, 'it is asked for again');
  assert.equal((await standing.get('/')).body.toString(), 'moved', 'a name that is gone is where it was last');
});

test('a client that goes away does not keep its upstream busy; one that only ends its side is answered where its owner wrote so', async (t) => {
  for (const [close, isAnswered] of [
    ['abort', false],
    ['finish', true],
  ] as const) {
    const held: Wire[] = [];
    const upstream = await scripted(t, async (wire) => {
      await wire.message();
      held.push(wire);
    });
    const standing = await stand(t, upstream.port, { proxy: { client_close: close } });
    const client = await standing.client();
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await eventually(() => held.length === 1, 'it is under way');
    client.socket.end();
    if (isAnswered) {
      await eventually(async () => (await rows(standing))[0]!.busy === 1, 'it goes on');
      held[0]!.send(ok('all the same'));
      assert.equal((await client.message()).body.toString(), 'all the same');
    } else {
      await held[0]!.ended();
      assert.equal((await rows(standing))[0]!.busy, 0);
      const [line] = await standing.stopAndReadJournal();
      assert.equal(line!.verdict.why, 'http/client-gone');
    }
  }
});

test('sticky: a client stays where it was, a forged cookie is ignored, and when its upstream is gone it gets another', async (t) => {
  const servers = [await mortal(t, 'a'), await mortal(t, 'b'), await mortal(t, 'c')];
  const words = site(
    servers.map(({ port }) => port),
    { sticky: true, breaker: { failures: 1 } },
  );
  const standing = await stand(t, [], words);
  const first = await standing.get('/');
  const cookie = first.headers.get('set-cookie')!.split(';')[0]!;
  const stay = (value = cookie) => standing.get('/', `Cookie: x=1; ${value}\r\n`);
  for (let request = 0; request < 6; request++) {
    const next = await stay();
    assert.equal(next.body.toString(), first.body.toString());
    assert.equal(next.headers.get('set-cookie'), undefined, 'it has its cookie');
  }
  const forged = await Promise.all(Array.from({ length: 6 }, () => stay(`${cookie.slice(0, -1)}!`)));
  assert.equal(new Set(forged.map(({ body }) => body.toString())).size, 3, 'a forged one is balanced as any other');
  assert.ok(forged.every(({ headers }) => headers.has('set-cookie')));
  await servers.find((_, index) => 'abc'[index] === first.body.toString())!.kill();
  const moved = await stay();
  assert.equal(moved.status, 200);
  assert.notEqual(moved.body.toString(), first.body.toString());
  assert.ok(moved.headers.has('set-cookie'));
});

test('an answer that its owner names is asked elsewhere, and only what may be asked twice', async (t) => {
  const bad = await answering(t, () => 'HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy');
  const good = await answering(t, () => ok('good'));
  const words = site([bad.port, good.port], { retries: { statuses: [503] } });
  const standing = await stand(t, [], words);
  for (let request = 0; request < 6; request++) assert.equal((await standing.get('/')).body.toString(), 'good');
  const statuses: number[] = [];
  for (let request = 0; request < 4; request++) {
    const wire = await standing.client();
    wire.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx');
    statuses.push((await wire.message()).status);
  }
  assert.deepEqual(statuses.sort(), [200, 200, 503, 503]);
});

test('an upstream whose port nobody listens on is 502 each time where it is the only one', async (t) => {
  const standing = await stand(t, await closedPort());
  for (let request = 0; request < 8; request++) assert.equal((await standing.get('/')).status, 502);
});

// Thousands of random upstream behaviours and client manners against one gate: every answer belongs to its request, and nothing stays behind.

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import tls from 'node:tls';
import { systemClock } from '../../src/base/clock.ts';
import { Identifiers } from '../../src/base/identifier.ts';
import { settingsFrom } from '../../src/config/config.ts';
import { Deadlines } from '../../src/connections/connections.ts';
import { Gateway } from '../../src/gateway.ts';
import { build } from '../../src/generation.ts';
import { ChallengeAnswers, ClientGuard } from '../../src/http/http.ts';
import { openListener } from '../../src/ports/ports.ts';
import { eventually, type Message, scripted, stand, Wire } from './world.ts';

/** A small generator of whole numbers below `bound`, the same in every run. */
function dice(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}

const soon = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** What an upstream may do with a request that says `/ID`; each gives false where its connection is over. */
type Behaviour = (
  wire: Wire,
  id: string,
  request: Message,
  random: (bound: number) => number,
) => Promise<boolean> | boolean;

const bodyOf = (id: string): string => `answer to ${id} ${'x'.repeat((Number(id) * 37) % 3000)}`;
const withLength = (id: string, extra = ''): string =>
  `HTTP/1.1 200 OK\r\nX-Id: ${id}\r\n${extra}Content-Length: ${bodyOf(id).length}\r\n\r\n${bodyOf(id)}`;
const withChunks = (id: string): string => {
  const half = Math.ceil(bodyOf(id).length / 2);
  const pieces = [bodyOf(id).slice(0, half), bodyOf(id).slice(half)].filter((piece) => piece !== '');
  return `HTTP/1.1 200 OK\r\nX-Id: ${id}\r\nTransfer-Encoding: chunked\r\n\r\n${pieces.map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`).join('')}0\r\n\r\n`;
};

/** Says `text`, and goes on. */
const says =
  (text: (id: string) => string): Behaviour =>
  (wire, id) => {
    wire.send(text(id));
    return true;
  };
/** Says `text`, and closes: as every server with a keep-alive timeout does after some whole answer, and a dying one within. */
const ends =
  (text: (id: string) => string): Behaviour =>
  (wire, id) => {
    wire.socket.end(text(id));
    return false;
  };

const good: readonly Behaviour[] = [
  says((id) => withLength(id)),
  says(withChunks),
  says((id) => `HTTP/1.1 103 Early Hints\r\nX-Id: ${id}\r\n\r\n${withLength(id)}`),
  async (wire, id, _, random) => {
    const text = random(2) === 0 ? withLength(id) : withChunks(id);
    for (let at = 0; at < text.length; at += 500) {
      wire.send(text.slice(at, at + 500));
      await soon();
    }
    return true;
  },
  ends((id) => `HTTP/1.1 200 OK\r\nX-Id: ${id}\r\n\r\n${bodyOf(id)}`),
  ends((id) => withLength(id, 'Connection: close\r\n')),
  ends((id) => withLength(id)),
];
const bad: readonly Behaviour[] = [
  says((id) => withLength(id) + withLength('666')),
  says((id) => withChunks(id) + withChunks('666')),
  ends(() => ''),
  (wire) => {
    wire.socket.resetAndDestroy();
    return false;
  },
  ends((id) => withLength(id).slice(0, 20)),
  ends((id) => withLength(id).slice(0, -1)),
  ends((id) => withChunks(id).slice(0, -3)),
  says(() => 'what?\r\n\r\n'),
  says((id) => `HTTP/1.1 200 OK\r\nX-Id: ${id}\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab`),
  async (wire, id) => {
    wire.send(withLength(id).slice(0, 60));
    await soon();
    wire.socket.resetAndDestroy();
    return false;
  },
];

test('2,000 exchanges with upstreams good and bad: no answer is ever mixed up, and whole ones are whole', async (t) => {
  const random = dice(20_261);
  const upstream = await scripted(t, async (wire) => {
    for (let goesOn = true; goesOn; ) {
      const request = await wire.message();
      const [method = '', target = ''] = request.first.split(' ');
      const id = target.slice(1);
      if (method === 'POST') assert.equal(request.body.toString(), `body of ${id}`);
      const choice = random(100) < 70 ? good : bad;
      goesOn = await choice[random(choice.length)]!(wire, id, request, random);
    }
  });
  const world = await stand(t, upstream.port, { proxy: { answer_timeout: '5s', max_idle_connections: 8 } });
  let next = 0;
  const seen = { whole: 0, broken: 0, refused: 0 };
  const visit = async (): Promise<void> => {
    while (next < 2000) {
      const client = await world.client();
      // Some send a few requests at once, which are answered in order or not at all.
      const ids = Array.from({ length: 1 + random(4) }, () => String(next++));
      const isPost = random(3) === 0;
      for (const id of ids) {
        const body = `body of ${id}`;
        client.send(
          isPost
            ? `POST /${id} HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`
            : `GET /${id} HTTP/1.1\r\nHost: a\r\n\r\n`,
        );
      }
      for (const id of ids) {
        let answer: Message;
        try {
          do {
            answer = await client.message();
            if (answer.status === 103) assert.equal(answer.headers.get('x-id'), id);
          } while (answer.status === 103);
        } catch (error) {
          if (error instanceof assert.AssertionError) throw error;
          break;
        }
        if (answer.status === 502) seen.refused++;
        else {
          assert.equal(answer.status, 200);
          assert.equal(answer.headers.get('x-id'), id, 'the answer to somebody else');
          assert.ok(bodyOf(id).startsWith(answer.body.toString()));
          if (answer.isWhole) assert.equal(answer.body.toString(), bodyOf(id));
          seen[answer.isWhole ? 'whole' : 'broken']++;
          if (!answer.isWhole) break;
        }
      }
      client.socket.destroy();
    }
  };
  await Promise.all(Array.from({ length: 24 }, visit));
  assert.ok(seen.whole > 800 && seen.broken > 50 && seen.refused > 100, JSON.stringify(seen));
  await eventually(async () => {
    const { upstreams, connections } = (await world.ask({ ask: 'status' })) as {
      upstreams: { busy: number; idle: number }[];
      connections: { open: number };
    };
    assert.ok(upstreams[0]!.idle <= 8, 'the bound of idle connections is kept');
    return upstreams[0]!.busy === 0 && connections.open === 0;
  }, 'nothing is busy');
});

/** A gate whose insides can be looked at. */
async function bareGate(t: TestContext, upstreamPort: number) {
  const directory = await mkdtemp(join(tmpdir(), 'portcullis-leaks-'));
  const settings = settingsFrom({
    data_directory: directory,
    listen: [
      { address: '127.0.0.1', port: 0 },
      { address: '127.0.0.1', port: 0, tls: true },
    ],
    firewall: { default: 'allow' },
    sites: [{ host: '*', to: [`127.0.0.1:${upstreamPort}`] }],
    rates: [],
    // A client that ends its side may still want its answer: only this deadline tells that nobody is there.
    proxy: { answer_timeout: '1s', idle: '1s' },
    limits: {
      max_connections_per_client: 10_000,
      max_new_connections_per_client_per_second: 100_000,
      idle_timeout: '1s',
      header_timeout: '1s',
      handshake_timeout: '1s',
    },
  });
  const deadlines = new Deadlines(systemClock);
  const built = await build(settings, {
    locate: () => '',
    timekeeper: deadlines,
    seed: 7,
    hostname: 'test',
    mayWrite: true,
  });
  assert.ok(built.ok);
  const generation = built.value;
  const { connections, observe } = generation;
  const gateway = new Gateway(generation, {
    clock: systemClock,
    timekeeper: deadlines,
    identifiers: new Identifiers((block) => block.fill(1)),
    connections,
    observe,
    guard: new ClientGuard(() => {}),
    challenges: new ChallengeAnswers(),
  });
  const opened = await Promise.all(
    settings.listen.map(async ({ address, port, tls }) => {
      const listener = { name: 'test', port, tls, local: '', redirectPort: 0, announcers: null, accepted: 0 };
      const socket = await openListener(address, port, (accepted) => gateway.accept(accepted, listener));
      listener.port = socket.port;
      return { listener, socket };
    }),
  );
  deadlines.start();
  t.after(async () => {
    for (const { socket } of opened) void socket.close();
    await gateway.drain(0, false);
    generation.proxy.stop();
    deadlines.stop();
    await rm(directory, { recursive: true });
  });
  const portOf = (isTls: boolean): number => opened.find(({ listener }) => listener.tls === isTls)!.socket.port;
  return { gateway, generation, deadlines, connections, port: portOf(false), tlsPort: portOf(true) };
}

const handshake =
  'GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

/** Manners of a client on a connected socket; the connection is destroyed or reset afterwards where it still lives. */
const manners: readonly ((wire: Wire) => unknown)[] = [
  () => {},
  (wire) => wire.socket.end(),
  (wire) => wire.send('GET / HT'),
  (wire) => wire.send('GET /fine HTTP/1.1\r\nHost: a\r\n\r\n'),
  (wire) => wire.send('nonsense\r\n\r\n'),
  async (wire) => {
    wire.send('GET /fine HTTP/1.1\r\nHost: a\r\n\r\n');
    await wire.message();
    wire.send('GET /fine HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    await wire.message();
    await wire.ended();
  },
  async (wire) => {
    wire.send('GET /cut HTTP/1.1\r\nHost: a\r\n\r\n');
    await wire.message();
  },
  (wire) => wire.send('GET /hang HTTP/1.1\r\nHost: a\r\n\r\n'),
  (wire) => wire.send(`POST /fine HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n${'x'.repeat(200_000)}`),
  async (wire) => {
    wire.send('POST /fine HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n');
    await wire.message();
  },
  async (wire) => {
    wire.send(handshake);
    await wire.take('\r\n\r\n');
    wire.send('some frames');
  },
  async (wire) => {
    wire.send("GET /fine?id=1'%20OR%20'1'='1 HTTP/1.1\r\nHost: a\r\n\r\n");
    await wire.message();
  },
  (wire) => wire.send('GET /fine HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(50)),
];

test('after 5,000 connections of all kinds nothing is left of them', async (t) => {
  const upstream = await scripted(t, async (wire) => {
    for (;;) {
      const { first, headers } = await wire.message();
      const target = first.split(' ')[1];
      if (headers.has('upgrade'))
        wire.send('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
      else if (target === '/fine') wire.send('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine');
      else if (target === '/cut') wire.socket.end('HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\nfine');
    }
  });
  const gate = await bareGate(t, upstream.port);
  const descriptorsBefore = readdirSync('/proc/self/fd').length;
  const random = dice(7);
  let left = 5000;
  const visit = async (): Promise<void> => {
    // Whoever resets at once may be gone before it is accepted: on a busy machine it takes more of them, within a bound.
    while (left-- > 0 || (gate.connections.admitted <= 1000 && left > -20_000)) {
      const isSecure = random(10) === 0;
      const isRaw = random(4) === 0;
      const socket = net.connect({ host: '127.0.0.1', port: isSecure ? gate.tlsPort : gate.port, allowHalfOpen: true });
      const wire = new Wire(isSecure && !isRaw ? tls.connect({ socket, rejectUnauthorized: false }) : socket);
      await new Promise((resolve) => socket.once('connect', resolve));
      const manner = manners[random(manners.length)]!;
      const isAbrupt = random(3) === 0;
      const reads = (async () => manner(wire))().catch(() => {});
      if (isAbrupt) await soon();
      else await Promise.race([reads, new Promise((resolve) => setTimeout(resolve, 20))]);
      // Node loses the descriptor of a socket that is reset while its end is being sent.
      if (random(2) === 0 && !wire.socket.writableEnded) socket.resetAndDestroy();
      else socket.destroy();
      wire.socket.destroy();
    }
  };
  await Promise.all(Array.from({ length: 50 }, visit));
  await eventually(() => gate.gateway.passages === 0, 'every passage is over');
  await eventually(() => gate.connections.size === 0 && gate.connections.clients === 0, 'the table is empty');
  const busy = (): number => gate.generation.proxy.describe().reduce((sum, one) => sum + one.busy, 0);
  await eventually(() => busy() === 0, 'no upstream is busy');
  await eventually(
    () => gate.deadlines.size === gate.generation.proxy.describe()[0]!.idle,
    'only idle upstream connections have deadlines',
  );
  assert.ok(gate.connections.admitted > 1000, `${gate.connections.admitted} were admitted`);
  // Idle connections to upstreams end by themselves.
  await eventually(
    () => gate.deadlines.size === 0 && gate.generation.proxy.describe()[0]!.idle === 0,
    'the pool is empty',
  );
  for (const { socket } of upstream.wires) socket.destroy();
  await eventually(() => readdirSync('/proc/self/fd').length <= descriptorsBefore + 2, 'no descriptor is left open');
});

// A failure of our own while a connection is served: it is that connection's end, with a journey that says so, and the others go on.

import assert from 'node:assert/strict';
import { randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { systemClock } from './base/clock.ts';
import { Identifiers } from './base/identifier.ts';
import { settingsFrom } from './config/config.ts';
import { Deadlines } from './connections/connections.ts';
import { Gateway } from './gateway.ts';
import { build, type Generation } from './generation.ts';
import { ChallengeAnswers, ClientGuard } from './http/http.ts';
import { openListener } from './ports/ports.ts';
import type { Exchange } from './traffic/exchange.ts';

/** Everything that one connection gets for these bytes, until it ends. */
async function answerTo(port: number, bytes: string): Promise<string> {
  const socket = net.connect(port, '127.0.0.1');
  let text = '';
  socket.setEncoding('latin1');
  socket.on('data', (piece) => {
    text += piece;
  });
  socket.on('error', () => {});
  socket.write(bytes);
  await once(socket, 'close');
  return text;
}

test('what breaks while a request is judged ends its connection, is told, and spares the others', async (t) => {
  const upstream = createServer((_, response) => response.end('fine')).listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  t.after(() => upstream.close());
  const upstreamPort = (upstream.address() as AddressInfo).port;
  const settings = settingsFrom({
    firewall: { rules: ['allow tcp all from any'] },
    sites: [{ host: '*', to: [`127.0.0.1:${upstreamPort}`] }],
    proxy: { idle: '1s' },
  });
  const timekeeper = new Deadlines(systemClock);
  const built = await build(settings, { locate: () => '', timekeeper });
  assert.ok(built.ok);
  const { waf } = built.value;
  const generation: Generation = Object.create(built.value, {
    waf: {
      value: {
        policies: waf.policies,
        openAnswer: () => null,
        conclude: () => {},
        inspectHead: (exchange: Exchange, policy: (typeof waf.policies)[number]) => {
          if (exchange.path === '/broken') throw new RangeError('a detector of ours broke');
          return waf.inspectHead(exchange, policy);
        },
      },
    },
  });
  const identifiers = new Identifiers((block) => randomFillSync(block));
  const { connections, observe } = built.value;
  const guard = new ClientGuard(() => {});
  const gateway = new Gateway(generation, {
    clock: systemClock,
    timekeeper,
    identifiers,
    connections,
    observe,
    guard,
    challenges: new ChallengeAnswers(),
  });
  const listener = { name: 'test', port: 80, tls: false, local: '', redirectPort: 0, announcers: null, accepted: 0 };
  const open = await openListener('127.0.0.1', 0, (socket) => gateway.accept(socket, listener));

  assert.equal(await answerTo(open.port, 'GET /broken HTTP/1.1\r\nHost: a\r\n\r\n'), '');
  assert.match(
    await answerTo(open.port, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'),
    /^HTTP\/1\.1 200 OK\r\n[\s\S]*fine/,
  );

  const [, broken] = observe.recent(2);
  assert.equal(broken?.verdict.why, 'http/internal-error');
  assert.match(broken?.verdict.says ?? '', /^RangeError: a detector of ours broke at /);
  await open.close();
  // The server says so a turn before its sockets do.
  while (gateway.passages > 0) await nextTurn();
  assert.equal(connections.size, 0);
  generation.proxy.stop();
});

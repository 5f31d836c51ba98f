import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { acceptOn, bindSocket, ListenFailure, openListener } from './listen.ts';

test('accepting stops at once and begins again while connections from before live on, as a worker does that rests', async (t) => {
  const bound = bindSocket('127.0.0.1', 0);
  const accepted: Socket[] = [];
  const clients: Socket[] = [];
  t.after(() => {
    for (const socket of [...clients, ...accepted]) socket.destroy();
  });
  const call = async (): Promise<Socket> => {
    const client = connect(bound.port, '127.0.0.1');
    clients.push(client);
    await once(client, 'connect');
    return client;
  };
  for (const round of [1, 2, 3]) {
    // A socket that was accepted on is closed with its server; others stand for the same port, as the supervisor's does.
    const own = round === 1 ? bound : bindSocket('127.0.0.1', bound.port);
    const arrival = Promise.withResolvers<Socket>();
    const open = await acceptOn(own.handle, own.address, own.port, arrival.resolve);
    await call();
    accepted.push(await arrival.promise);
    await open.close();
    await open.close();
    assert.ok(accepted.every(({ destroyed }) => !destroyed));
    const refused = connect(bound.port, '127.0.0.1');
    const [error] = await once(refused, 'error');
    assert.equal(error.code, 'ECONNREFUSED');
  }
  accepted[0]!.end('still here');
  const [bytes] = await once(clients[0]!, 'data');
  assert.equal(String(bytes), 'still here');
});

test('a port in use is said by its name', async (t) => {
  const open = await openListener('127.0.0.1', 0, (socket) => socket.destroy());
  t.after(() => open.close());
  await assert.rejects(
    openListener('127.0.0.1', open.port, () => {}),
    (failure) => failure instanceof ListenFailure && failure.code === 'EADDRINUSE' && failure.port === open.port,
  );
});

// Certificates on demand, from Pebble: names that the owner's program says yes to, and no others.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { acmeWorld } from '../acme-world.ts';

/** The owner's program: says yes to names below customers.example.net, and remembers what it was asked. */
async function program(context: TestContext): Promise<{ port: number; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const name = new URL(request.url!, 'http://localhost').searchParams.get('domain')!;
    asked.push(name);
    response.writeHead(name.endsWith('.customers.example.net') ? 200 : 404).end();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  context.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { port: (server.address() as AddressInfo).port, asked };
}

test('a client waits for the name it asks for; a name that is not ours gets an alert; the limit holds', async (context) => {
  const { port, asked } = await program(context);
  const world = await acmeWorld(context, port);
  const words = world.words(['shop.example.net']);
  const onDemand = { ask: `http://127.0.0.1:${port}/ask`, max: 1 };
  await world.start({ ...words, tls: { ...words.tls, on_demand: onDemand } });
  await assert.rejects(world.connect('somebody.example.org'), /unrecognized name/);
  const [one, same] = await Promise.all([
    world.connect('one.customers.example.net'),
    world.connect('ONE.customers.example.net'),
  ]);
  for (const socket of [one, same]) {
    assert.equal(socket.getPeerCertificate().subjectaltname, 'DNS:one.customers.example.net');
    socket.destroy();
  }
  await assert.rejects(world.connect('two.customers.example.net'), /unrecognized name/);
  assert.deepEqual(asked, ['somebody.example.org', 'one.customers.example.net']);
  await world.hears(/no certificate on demand for two\.customers\.example\.net: 1 names have one already/);
});

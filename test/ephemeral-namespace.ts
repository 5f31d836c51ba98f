// `node test/ephemeral-namespace.ts`, inside a network namespace of its own with a tiny range of ephemeral ports: what a gate does
// when they run out, with and without source addresses. Prints JSON; `ephemeral-ports.test.ts` makes the namespace and judges.

import { mkdtemp, rm } from 'node:fs/promises';
import net, { type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ask } from '../src/cli/ask.ts';
import { settingsFrom } from '../src/config/config.ts';
import { startGate } from '../src/supervisor/supervisor.ts';

/** What one attempt at so many requests at once came to. */
interface Outcome {
  /** Requests that the upstream has in hand. */
  readonly held: number;
  readonly statuses: Readonly<Record<string, number>>;
  readonly whys: Readonly<Record<string, number>>;
  readonly ephemeral: readonly { readonly used: number; readonly available: number }[];
  /** Addresses that connections came from. */
  readonly sources: readonly string[];
}

/** An upstream that answers nobody. */
async function silent(port: number): Promise<{ server: Server; port: number; sockets: Socket[] }> {
  const sockets: Socket[] = [];
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => sockets.push(socket));
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return { server, port, sockets };
}

/** `each` requests at once to each of two upstreams, through a gate with these source addresses. */
async function attempt(each: number, sourceAddresses: readonly string[]): Promise<Outcome> {
  const directory = await mkdtemp(join(tmpdir(), 'portcullis-ephemeral-'));
  // Outside the range, where nobody else is: a listener within it would take a port from everybody.
  const upstreams = [await silent(45_001), await silent(45_002)];
  const settings = settingsFrom({
    data_directory: directory,
    listen: [{ address: '127.0.0.1', port: 45_000 }],
    firewall: { default: 'allow' },
    rates: [],
    sites: upstreams.map(({ port }, index) => ({ host: `${'ab'[index]}.test`, to: `127.0.0.1:${port}` })),
    proxy: { source_addresses: [...sourceAddresses] },
    limits: { drain_timeout: '0s', max_connections_per_client: 1000, max_new_connections_per_client_per_second: 1000 },
  });
  const gate = await startGate(settings, { locate: () => '' });
  const clients: Socket[] = [];
  const statuses: Record<string, number> = {};
  let answered = 0;
  for (let index = 0; index < 2 * each; index++) {
    // Each client has an address and a port of its own outside the range: bound ports in it would be lost to everybody.
    const socket = net.connect({
      host: '127.0.0.1',
      port: gate.addresses[0]!.port,
      localAddress: `127.0.1.${index + 1}`,
      localPort: 50_000 + index,
    });
    clients.push(socket);
    socket.on('error', () => {});
    socket.once('data', (bytes) => {
      const status = bytes.toString('latin1').slice(9, 12);
      statuses[status] = (statuses[status] ?? 0) + 1;
      answered++;
    });
    socket.write(`GET / HTTP/1.1\r\nHost: ${'ab'[index % 2]}.test\r\n\r\n`);
  }
  const held = () => upstreams.reduce((sum, { sockets }) => sum + sockets.length, 0);
  while (held() + answered < 2 * each) await new Promise((resolve) => setTimeout(resolve, 5));
  const status = (await ask(directory, { ask: 'status' })) as {
    upstreams: readonly { ephemeral: { used: number; available: number } }[];
    requests: { refusedByWhy: Record<string, number> };
  };
  const outcome: Outcome = {
    held: held(),
    statuses,
    whys: status.requests.refusedByWhy,
    ephemeral: status.upstreams.map(({ ephemeral: { used, available } }) => ({ used, available })),
    sources: [
      ...new Set(upstreams.flatMap(({ sockets }) => sockets.map(({ remoteAddress }) => remoteAddress!))),
    ].sort(),
  };
  for (const socket of clients) socket.destroy();
  await gate.stop();
  for (const { server, sockets } of upstreams) {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
  await rm(directory, { recursive: true, force: true });
  return outcome;
}

if (import.meta.main) {
  const outcomes = {
    kernel: await attempt(30, []),
    twoAddresses: await attempt(30, ['127.0.0.2', '127.0.0.3']),
    unknownAddress: await attempt(1, ['192.0.2.77']),
  };
  process.stdout.write(`${JSON.stringify(outcomes)}\n`);
}

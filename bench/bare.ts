// The floor for anything written in Node: a proxy that passes bytes on and reads none of them. Takes the gate's place with
// `--gate "node bench/bare.ts {config}"`, to check the harness and to see what the runtime alone costs.

import { readFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

/** Serves the first listener of a bench configuration until SIGTERM. */
export function serveBare(configFile: string): void {
  const config = JSON.parse(readFileSync(configFile, 'utf8'));
  const [{ port, tls }] = config.listen;
  const upstream = Number(config.sites[0].to[0].split(':')[1]);
  const pair = (client: Socket) => {
    const app = connect(upstream, '127.0.0.1');
    client.setNoDelay(true).on('data', (bytes) => app.write(bytes));
    app.setNoDelay(true).on('data', (bytes) => client.write(bytes));
    for (const [one, other] of [
      [client, app],
      [app, client],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  };
  const server = tls
    ? createTlsServer(
        {
          cert: readFileSync(config.tls.certificates[0].certificate),
          key: readFileSync(config.tls.certificates[0].key),
        },
        pair,
      )
    : createServer(pair);
  server.listen(port, '127.0.0.1');
  process.once('SIGTERM', () => process.exit(0));
}

if (import.meta.main) serveBare(process.argv[2]!);

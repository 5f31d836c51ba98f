// What connections cost in Node alone: a TLS server without a gate, which answers whatever comes with 1 KB. The peer of `bench/connections.ts`.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:tls';
import type { CertificateFiles } from './peers.ts';

/** Serves on `port` until SIGTERM. */
export function serveBareTls(port: number, { certificate, key }: CertificateFiles): void {
  const answer = `HTTP/1.1 200 OK\r\nContent-Length: 1024\r\n\r\n${'x'.repeat(1024)}`;
  const tls = { cert: readFileSync(certificate), key: readFileSync(key) };
  const server = createServer(tls, (client) => {
    client.on('error', () => {}).on('data', () => client.write(answer));
  });
  server.listen(port, '127.0.0.1', 4096);
  process.once('SIGTERM', () => process.exit(0));
}

if (import.meta.main) serveBareTls(Number(process.argv[2]), JSON.parse(process.argv[3]!));

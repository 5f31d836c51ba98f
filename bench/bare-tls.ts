// What TLS connections cost in Node alone: a server without a gate and without an upstream, which answers whatever comes with 1 KB, and closes
// where it was asked to. It speaks the gate's ciphers and groups, so that both do the same work in OpenSSL. The peer of `bench/connections.ts`
// and of the TLS cases of `bench/bench.ts`.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:tls';
import { optionsOf } from '../src/tls/policies.ts';
import type { CertificateFiles } from './peers.ts';

const body = 'x'.repeat(1024);
const staying = `HTTP/1.1 200 OK\r\nContent-Length: 1024\r\n\r\n${body}`;
const closing = `HTTP/1.1 200 OK\r\nContent-Length: 1024\r\nConnection: close\r\n\r\n${body}`;

/** Serves on `port` until SIGTERM. */
export function serveBareTls(port: number, { certificate, key }: CertificateFiles): void {
  const pair = { cert: readFileSync(certificate), key: readFileSync(key) };
  const server = createServer({ ...optionsOf('intermediate', 'TLSv1.3'), ...pair, noDelay: true }, (client) => {
    client
      .on('error', () => {})
      .on('data', (bytes: Buffer) => {
        if (bytes.includes('Connection: close')) client.end(closing);
        else client.write(staying);
      });
  });
  server.listen(port, '127.0.0.1', 4096);
  process.once('SIGTERM', () => process.exit(0));
}

if (import.meta.main) serveBareTls(Number(process.argv[2]), JSON.parse(process.argv[3]!));

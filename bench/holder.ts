// A client process that opens many connections, over TLS or not, and holds them idle until its input closes.

import { readFileSync } from 'node:fs';
import { connect as connectPlainly, type Socket } from 'node:net';
import { connect } from 'node:tls';

/** What is opened. `requests` are made on each connection before it idles; at most `concurrency` handshakes at a time. */
export interface Holding {
  readonly port: number;
  /** '' for connections without TLS. */
  readonly caFile: string;
  readonly count: number;
  readonly concurrency: number;
  readonly requests: number;
  /** Source addresses 127.0.0.N are taken in turn from `firstAddress`. */
  readonly firstAddress: number;
  readonly addresses: number;
}

/** How it went. `dropped` tells at any time how many of the held connections the server has closed. */
export interface Held {
  readonly open: number;
  readonly failed: number;
  readonly firstFailure: string;
  readonly ms: number;
  dropped(): number;
}

/** Opens the connections. Every failure is counted, none is thrown. */
export async function hold(holding: Holding): Promise<Held> {
  const ca = holding.caFile === '' ? null : readFileSync(holding.caFile);
  const startedAt = performance.now();
  let next = 0;
  let open = 0;
  let failed = 0;
  let dropped = 0;
  let firstFailure = '';
  const opener = async () => {
    while (next < holding.count) {
      const number = next++;
      try {
        const socket = await openOne(holding, ca, number);
        open++;
        socket.on('close', () => {
          dropped++;
        });
      } catch (error) {
        failed++;
        firstFailure ||= (error as Error).message;
      }
    }
  };
  await Promise.all(Array.from({ length: holding.concurrency }, opener));
  return { open, failed, firstFailure, ms: performance.now() - startedAt, dropped: () => dropped };
}

function openOne(holding: Holding, ca: Buffer | null, number: number): Promise<Socket> {
  const options = {
    port: holding.port,
    host: '127.0.0.1',
    localAddress: `127.0.0.${holding.firstAddress + (number % holding.addresses)}`,
  };
  return new Promise((resolve, reject) => {
    let answered = 0;
    const ask = () => socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    const connected = () => (holding.requests === 0 ? resolve(socket) : ask());
    const socket =
      ca === null
        ? connectPlainly(options, connected)
        : connect({ ...options, ca, servername: 'localhost' }, connected);
    socket.on('error', reject);
    socket.once('close', () => reject(new Error('closed by the server before it was held')));
    // Because the bench's upstream answers 1,024 bytes of x: its last byte is the end of an answer.
    socket.on('data', (bytes) => {
      if (typeof bytes === 'string' || bytes[bytes.length - 1] !== 0x78) return;
      answered++;
      if (answered === holding.requests) resolve(socket);
      else ask();
    });
  });
}

if (import.meta.main) {
  const held = await hold(JSON.parse(process.argv[2]!));
  process.stdout.write(`${JSON.stringify(held)}\n`);
  process.stdin.resume().once('end', () => {
    process.stdout.write(`${JSON.stringify({ dropped: held.dropped() })}\n`, () => process.exit(0));
  });
}

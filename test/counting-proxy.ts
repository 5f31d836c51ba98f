// A proxy before a CA that counts requests and may do something at one of them. It keeps the Host, by which Pebble makes its addresses: all goes through it.

import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { keyPem, newKey, writeAuthority, writeLeaf } from '../src/tls/certificate-writer.ts';
import type { Pebble } from './pebble.ts';

/** The proxy. */
export interface CountingProxy {
  readonly directory: string;
  /** PEM of its root. */
  readonly roots: string;
  /** Requests so far. */
  count: number;
  /** `METHOD path` of each. */
  readonly seen: string[];
  /** Called with the number of a request before the CA has it; false keeps it from the CA. */
  before: (number: number, line: string) => boolean | Promise<boolean>;
  /** Called when the CA has answered, before the client hears; false keeps the answer. */
  after: (number: number, answer: string) => boolean;
}

/** Starts one; it ends after the test. */
export async function countingProxy(context: TestContext, pebble: Pebble): Promise<CountingProxy> {
  const [authorityKey, key] = [newKey(), newKey()];
  const dates = { notBefore: Date.now() - 60_000, notAfter: Date.now() + 86_400_000 };
  const root = writeAuthority({ commonName: 'Counting proxy', ...dates }, authorityKey);
  const signer = { commonName: 'Counting proxy', key: authorityKey };
  const cert = writeLeaf({ commonName: 'proxy', ...dates }, ['127.0.0.1'], key, signer);
  const server = createServer({ cert, key: keyPem(key) }, (incoming, response) => void pass(incoming, response));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  context.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const proxy: CountingProxy = {
    directory: `https://127.0.0.1:${(server.address() as AddressInfo).port}/dir`,
    roots: root,
    count: 0,
    seen: [],
    before: () => true,
    after: () => true,
  };

  async function pass(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const number = ++proxy.count;
    proxy.seen.push(`${incoming.method} ${incoming.url}`);
    if (!(await proxy.before(number, proxy.seen.at(-1)!))) {
      incoming.socket.destroy();
      return;
    }
    const pieces: Buffer[] = [];
    incoming.on('error', () => {});
    for await (const piece of incoming) pieces.push(piece as Buffer);
    const target = new URL(incoming.url ?? '/', pebble.directory);
    const { method = 'GET', headers } = incoming;
    const outgoing = request(target, { method, headers, ca: pebble.roots, agent: false }, async (reply) => {
      const body: Buffer[] = [];
      for await (const piece of reply) body.push(piece as Buffer);
      const answer = Buffer.concat(body);
      if (!proxy.after(number, answer.toString('utf8'))) {
        incoming.socket.destroy();
        return;
      }
      response.writeHead(reply.statusCode ?? 502, reply.headers).end(answer);
    });
    outgoing.on('error', () => response.destroy());
    outgoing.end(Buffer.concat(pieces));
  }

  return proxy;
}

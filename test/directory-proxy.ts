// A directory in front of a CA's own, over HTTPS: it adds renewal information (RFC 9773) and profiles, which Debian's Pebble does not have.

import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { keyPem, newKey, writeAuthority, writeLeaf } from '../src/tls/certificate-writer.ts';
import type { Pebble } from './pebble.ts';

/** The proxy; `window` is what it suggests for every certificate, `asked` are the certificates that it was asked about. */
export interface DirectoryProxy {
  readonly directory: string;
  /** PEM of its own root and the CA's. */
  readonly roots: string;
  window: { readonly start: number; readonly end: number };
  readonly asked: string[];
  /** Hears of each question. */
  onAsked: () => void;
}

/** Starts one before `pebble`; it ends after the test. */
export async function proxyDirectory(
  context: TestContext,
  pebble: Pebble,
  window: DirectoryProxy['window'],
  profiles: Readonly<Record<string, string>> = {},
  caaIdentities: readonly string[] = [],
): Promise<DirectoryProxy> {
  const [authorityKey, key] = [newKey(), newKey()];
  const dates = { notBefore: Date.now() - 60_000, notAfter: Date.now() + 86_400_000 };
  const root = writeAuthority({ commonName: 'Directory proxy', ...dates }, authorityKey);
  const signer = { commonName: 'Directory proxy', key: authorityKey };
  const cert = writeLeaf({ commonName: 'proxy', ...dates }, ['127.0.0.1'], key, signer);
  const server = createServer({ cert, key: keyPem(key) }, (request, response) => {
    response.setHeader('Content-Type', 'application/json');
    const path = request.url ?? '';
    if (path.startsWith('/renewal-info/')) {
      proxy.asked.push(path.slice('/renewal-info/'.length));
      response.setHeader('Retry-After', '3600');
      const { start, end } = proxy.window;
      const suggestedWindow = { start: new Date(start).toISOString(), end: new Date(end).toISOString() };
      response.end(JSON.stringify({ suggestedWindow, explanationURL: 'https://ca.example/why' }), () =>
        proxy.onAsked(),
      );
      return;
    }
    void pebble.caller.call({ method: 'GET', url: pebble.directory }).then(({ body }) => {
      const own = JSON.parse(body) as { meta?: object };
      response.end(
        JSON.stringify({ ...own, renewalInfo: `${base}/renewal-info`, meta: { ...own.meta, profiles, caaIdentities } }),
      );
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  context.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const base = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const proxy: DirectoryProxy = {
    directory: `${base}/dir`,
    roots: `${root}${pebble.roots}`,
    window,
    asked: [],
    onAsked: () => {},
  };
  return proxy;
}

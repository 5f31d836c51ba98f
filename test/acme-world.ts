// A gate that gets its certificates from Pebble: both on loopback ports that are known before either starts.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { ask } from '../src/cli/ask.ts';
import { type Configuration, type Settings, settingsFrom } from '../src/config/config.ts';
import type { Listed } from '../src/supervisor/certificates/desk.ts';
import { type Gate, startGate } from '../src/supervisor/supervisor.ts';
import { freePorts } from './free-ports.ts';
import { type Pebble, type PebbleWishes, startPebble } from './pebble.ts';

/** What the tests have in hand. */
export interface AcmeWorld {
  readonly pebble: Pebble;
  readonly directory: string;
  readonly httpPort: number;
  readonly tlsPort: number;
  readonly said: string[];
  /** The words of a configuration that asks this CA; `acme` and `more` go over what is here. */
  words(hosts: readonly string[], acme?: object, more?: object): Configuration;
  settings(words: Configuration): Settings;
  /** Starts a gate; it is stopped after the test. */
  start(words: Configuration): Promise<Gate>;
  /** Fulfilled once the gate has said so. */
  hears(pattern: RegExp): Promise<string>;
  listed(): Promise<readonly Listed[]>;
  ask(question: { readonly ask: string } & Record<string, unknown>): Promise<unknown>;
  /** A TLS connection to the gate that asks for this name, and believes anybody. */
  connect(name: string, alpn?: string): Promise<TLSSocket>;
}

/** Makes one; everything ends after the test. */
export async function acmeWorld(
  context: TestContext,
  upstreamPort: number,
  wishes: PebbleWishes = {},
): Promise<AcmeWorld> {
  const directory = mkdtempSync(join(tmpdir(), 'acme-'));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  const [httpPort, tlsPort] = (await freePorts(2)) as [number, number];
  const pebble = await startPebble(context, { httpPort, tlsPort, ...wishes });
  const roots = join(directory, 'roots.pem');
  writeFileSync(roots, pebble.roots);
  const said: string[] = [];
  let wake: (() => void)[] = [];
  const say = (text: string): void => {
    said.push(text);
    for (const resolve of wake) resolve();
    wake = [];
  };
  const settings = (words: Configuration): Settings =>
    settingsFrom(words, '', { env: { PORTCULLIS_DATA: join(directory, 'data') }, cwd: directory });
  const askGate: AcmeWorld['ask'] = (question) => ask(join(directory, 'data'), question);
  return {
    pebble,
    directory,
    httpPort,
    tlsPort,
    said,
    words: (hosts, acme = {}, more = {}) => ({
      listen: [
        { port: tlsPort, tls: true, address: '127.0.0.1' },
        { port: httpPort, redirect: 'https', address: '127.0.0.1' },
      ],
      firewall: { rules: ['allow tcp all from any'] },
      tls: { acme: { directory: pebble.directory, roots, http_port: httpPort, tls_port: tlsPort, ...acme } },
      proxy: { resolvers: [`127.0.0.1:${pebble.dnsPort}`] },
      sites: hosts.map((host) => ({ host, to: upstreamPort })),
      data_directory: join(directory, 'data'),
      ...more,
    }),
    settings,
    start: async (words) => {
      const gate = await startGate(settings(words), { locate: () => '', say });
      context.after(() => gate.stop());
      return gate;
    },
    hears: async (pattern) => {
      for (;;) {
        const found = said.find((text) => pattern.test(text));
        if (found !== undefined) return found;
        await new Promise<void>((resolve) => wake.push(resolve));
      }
    },
    listed: async () => ((await askGate({ ask: 'certificates' })) as { rows: Listed[] }).rows,
    ask: askGate,
    connect: (name, alpn = 'http/1.1') =>
      new Promise((resolve, reject) => {
        const socket = connect(
          { host: '127.0.0.1', port: tlsPort, servername: name, ALPNProtocols: [alpn], rejectUnauthorized: false },
          () => resolve(socket),
        );
        socket.once('error', reject);
      }),
  };
}

// Pebble, Let's Encrypt's small CA for tests, as a program on loopback with its own name server; ends with the test that started it.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Caller, httpsCaller } from '../src/acme/https-call.ts';
import { keyPem, newKey, writeAuthority, writeLeaf } from '../src/tls/certificate-writer.ts';
import { freePorts } from './free-ports.ts';

/** What a test wants of it. Ports are those where it looks for proofs. */
export interface PebbleWishes {
  readonly httpPort?: number;
  readonly tlsPort?: number;
  /** PEBBLE_* in the environment, over the ones below. */
  readonly env?: Readonly<Record<string, string>>;
  /** Keys (base64url) by key id: accounts must be bound to one of them. */
  readonly externalKeys?: Readonly<Record<string, string>>;
  readonly isStrict?: boolean;
}

/** A CA that runs. */
export interface Pebble {
  readonly directory: string;
  /** PEM of the roots that its own HTTPS is signed by. */
  readonly roots: string;
  readonly caller: Caller;
  readonly dnsPort: number;
  /** Where its name server is told what to say, as an address. */
  readonly dnsAdmin: string;
  /** Root certificate of what it issues (PEM), by number of the chain. */
  issuerRoot(chain?: number): Promise<string>;
  /** Says something to its name server: `set-txt`, `add-a`, `set-servfail`. */
  dns(command: string, body: object): Promise<void>;
  /** Ends the CA and starts it anew, with nothing remembered. */
  restart(): Promise<void>;
  /** Ends it before the test does. */
  stop(): void;
}

/** Random rejections on: what Pebble does to a client by default is more than Let's Encrypt does. */
const roughness = { PEBBLE_VA_NOSLEEP: '1', PEBBLE_WFE_NONCEREJECT: '25', PEBBLE_AUTHZREUSE: '50' };

/** Starts one; it is ended after the test. */
export async function startPebble(context: TestContext, wishes: PebbleWishes = {}): Promise<Pebble> {
  const directory = mkdtempSync(join(tmpdir(), 'pebble-'));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  const roots = writeCertificate(directory);
  const [acmePort, adminPort, dnsPort, dnsAdminPort] = await freePorts(4);
  const { externalKeys } = wishes;
  const settings = {
    listenAddress: `127.0.0.1:${acmePort}`,
    managementListenAddress: `127.0.0.1:${adminPort}`,
    certificate: join(directory, 'pebble.crt'),
    privateKey: join(directory, 'pebble.key'),
    httpPort: wishes.httpPort ?? 1,
    tlsPort: wishes.tlsPort ?? 1,
    ocspResponderURL: '',
    externalAccountBindingRequired: externalKeys !== undefined,
    ...(externalKeys === undefined ? {} : { externalAccountMACKeys: externalKeys }),
  };
  const file = join(directory, 'pebble.json');
  writeFileSync(file, JSON.stringify({ pebble: settings }));
  const names = ['-dns01', `127.0.0.1:${dnsPort}`, '-management', `127.0.0.1:${dnsAdminPort}`];
  // Without IPv6, so that every name leads to where the tests listen.
  const nothing = ['-http01', '', '-https01', '', '-tlsalpn01', '', '-defaultIPv6', ''];
  const nameServer = new Program(context, 'pebble-challtestsrv', [...names, ...nothing], {});
  const options = [
    '-config',
    file,
    '-dnsserver',
    `127.0.0.1:${dnsPort}`,
    ...(wishes.isStrict === true ? ['-strict'] : []),
  ];
  const ca = new Program(context, 'pebble', options, { ...roughness, ...wishes.env });
  await nameServer.start(dnsAdminPort!);
  await ca.start(acmePort!);
  const caller = httpsCaller(roots, 20_000);
  context.after(() => caller.close());
  return {
    directory: `https://127.0.0.1:${acmePort}/dir`,
    roots,
    caller,
    dnsPort: dnsPort!,
    dnsAdmin: `http://127.0.0.1:${dnsAdminPort}`,
    issuerRoot: async (chain = 0) =>
      (await caller.call({ method: 'GET', url: `https://127.0.0.1:${adminPort}/roots/${chain}` })).body,
    dns: async (command, body) => {
      const reply = await fetch(`http://127.0.0.1:${dnsAdminPort}/${command}`, {
        method: 'POST',
        body: JSON.stringify(body),
      });
      if (!reply.ok) throw new Error(`${command}: ${reply.status}`);
    },
    restart: async () => {
      await ca.stop();
      await ca.start(acmePort!);
    },
    stop: () => void ca.stop(),
  };
}

/** A CA and a leaf for 127.0.0.1; gives the CA's certificate. */
function writeCertificate(directory: string): string {
  const now = Date.now();
  const [authorityKey, key] = [newKey(), newKey()];
  const dates = { notBefore: now - 60_000, notAfter: now + 86_400_000 };
  const root = writeAuthority({ commonName: 'Pebble HTTPS', ...dates }, authorityKey);
  const leaf = writeLeaf({ commonName: 'pebble', ...dates }, ['127.0.0.1', 'localhost'], key, {
    commonName: 'Pebble HTTPS',
    key: authorityKey,
  });
  writeFileSync(join(directory, 'pebble.crt'), leaf);
  writeFileSync(join(directory, 'pebble.key'), keyPem(key));
  return root;
}

class Program {
  readonly #command: string;
  readonly #options: readonly string[];
  readonly #env: Readonly<Record<string, string>>;
  #child: ChildProcess | null = null;
  #said = '';

  constructor(
    context: TestContext,
    command: string,
    options: readonly string[],
    env: Readonly<Record<string, string>>,
  ) {
    this.#command = command;
    this.#options = options;
    this.#env = env;
    context.after(() => this.stop());
  }

  /** Fulfilled once it accepts connections on `port`. */
  async start(port: number): Promise<void> {
    const child = spawn(this.#command, [...this.#options], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH, ...this.#env },
    });
    this.#child = child;
    const note = (piece: Buffer): void => {
      this.#said = (this.#said + piece.toString()).slice(-4000);
    };
    child.stdout!.on('data', note);
    child.stderr!.on('data', note);
    const ended = once(child, 'exit');
    while (!(await accepts(port)))
      if (child.exitCode !== null) throw new Error(`${this.#command} ended: ${this.#said}`);
      else await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 20))]);
  }

  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
}

async function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

// A world for scenarios over loopback: a gate in this process, upstreams that follow a script, and clients that see every byte.

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import net, { type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import tls from 'node:tls';
import type { Problem } from '../../src/base/problem.ts';
import { ask } from '../../src/cli/ask.ts';
import { type Configuration, settingsFrom } from '../../src/config/config.ts';
import { type Gate, type StartTools, startGate } from '../../src/supervisor/supervisor.ts';
import type { Journey } from '../../src/traffic/journey.ts';

/** How a connection ended, as its far side saw it. */
export type End = 'fin' | 'reset';

/** One answer or request as it stood on the wire; `body` is decoded, `raw` is not. */
export interface Message {
  readonly first: string;
  /** 0 for a request. */
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
  readonly trailers: string;
  readonly framing: 'none' | 'length' | 'chunked' | 'close';
  /** Was the body there to its announced end? */
  readonly isWhole: boolean;
}

/** A socket whose bytes can be waited for; both clients and upstreams are one. */
export class Wire {
  readonly socket: Socket;
  bytes = Buffer.alloc(0);
  end: End | null = null;
  #waiters: (() => void)[] = [];

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (piece: Buffer) => {
      this.bytes = Buffer.concat([this.bytes, piece]);
      this.#wake();
    });
    socket.on('end', () => {
      this.end ??= 'fin';
      this.#wake();
    });
    socket.on('error', () => {
      this.end = 'reset';
      this.#wake();
    });
    socket.on('close', () => {
      this.end ??= 'reset';
      this.#wake();
    });
  }

  get text(): string {
    return this.bytes.toString('latin1');
  }

  send(bytes: string | Buffer): void {
    if (typeof bytes === 'string') this.socket.write(bytes, 'latin1');
    else this.socket.write(bytes);
  }

  /** Waits until `look` gives something other than null. Rejects where the connection ends first. */
  async until<T>(look: () => T | null, what = 'what was expected'): Promise<T> {
    for (;;) {
      const found = look();
      if (found !== null) return found;
      if (this.end !== null)
        throw new Error(`${this.end} before ${what}; had ${JSON.stringify(this.text.slice(0, 300))}`);
      await new Promise<void>((resolve) => this.#waiters.push(resolve));
    }
  }

  /** Waits for this text and takes everything up to its end. */
  take(text: string): Promise<string> {
    return this.until(() => {
      const at = this.bytes.indexOf(text, 0, 'latin1');
      if (at < 0) return null;
      return this.#cut(at + text.length).toString('latin1');
    }, JSON.stringify(text));
  }

  /** Waits for so many bytes and takes them. */
  takeBytes(count: number): Promise<Buffer> {
    return this.until(() => (this.bytes.length < count ? null : this.#cut(count)), `${count} bytes`);
  }

  async ended(): Promise<End> {
    while (this.end === null) await new Promise<void>((resolve) => this.#waiters.push(resolve));
    return this.end;
  }

  /** The next whole message; an answer to HEAD has no body. */
  async message(toHead = false): Promise<Message> {
    const head = await this.take('\r\n\r\n');
    const [first = '', ...lines] = head.slice(0, -4).split('\r\n');
    const headers = new Map<string, string>();
    for (const line of lines) {
      const name = line.slice(0, line.indexOf(':')).toLowerCase();
      const value = line.slice(line.indexOf(':') + 1).trim();
      headers.set(name, headers.has(name) ? `${headers.get(name)}, ${value}` : value);
    }
    const status = first.startsWith('HTTP/') ? Number(first.split(' ')[1]) : 0;
    const base = { first, status, headers };
    const none = { ...base, body: Buffer.alloc(0), trailers: '', framing: 'none', isWhole: true } as const;
    if (toHead || (status >= 100 && status < 200) || status === 204 || status === 304) return none;
    if (headers.get('transfer-encoding') === 'chunked')
      return { ...base, ...(await this.#chunked()), framing: 'chunked' };
    const length = headers.get('content-length');
    if (length !== undefined)
      return { ...base, ...(await this.#measured(Number(length))), trailers: '', framing: 'length' };
    if (status === 0) return none;
    const isWhole = (await this.ended()) === 'fin';
    return { ...base, body: this.#cut(this.bytes.length), trailers: '', framing: 'close', isWhole };
  }

  async #measured(length: number): Promise<{ body: Buffer; isWhole: boolean }> {
    try {
      return { body: await this.takeBytes(length), isWhole: true };
    } catch {
      return { body: this.#cut(this.bytes.length), isWhole: false };
    }
  }

  async #chunked(): Promise<{ body: Buffer; trailers: string; isWhole: boolean }> {
    const pieces: Buffer[] = [];
    try {
      for (;;) {
        const line = (await this.take('\r\n')).slice(0, -2);
        assert.match(line, /^[0-9a-f]+$/i, 'a chunk size');
        const size = Number.parseInt(line, 16);
        if (size === 0) break;
        pieces.push(await this.takeBytes(size));
        assert.equal(await this.take('\r\n'), '\r\n');
      }
      let trailers = '';
      for (;;) {
        const line = await this.take('\r\n');
        if (line === '\r\n') return { body: Buffer.concat(pieces), trailers, isWhole: true };
        trailers += line;
      }
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
      return { body: Buffer.concat(pieces), trailers: '', isWhole: false };
    }
  }

  #cut(count: number): Buffer {
    const taken = this.bytes.subarray(0, count);
    this.bytes = this.bytes.subarray(count);
    return taken;
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }
}

/** An upstream that does what its script says with each connection. `connections` are those that are open. */
export interface ScriptedUpstream {
  readonly port: number;
  readonly server: Server;
  /** Every connection that ever came, in order. */
  readonly wires: Wire[];
}

/** Starts one; whatever a script throws because its far side went away is ignored. */
export async function scripted(
  t: TestContext,
  script: (wire: Wire, number: number) => unknown,
): Promise<ScriptedUpstream> {
  const wires: Wire[] = [];
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    const wire = new Wire(socket);
    wires.push(wire);
    void (async () => script(wire, wires.length))().catch(() => socket.destroy());
    socket.on('end', () => {
      if (!socket.writableEnded) socket.end();
    });
  });
  const port = await listening(server);
  t.after(() => {
    server.close();
    for (const { socket } of wires) socket.destroy();
  });
  return { port, server, wires };
}

/** An upstream that answers every request on every connection the same way. */
export function answering(
  t: TestContext,
  answer: (request: Message, wire: Wire) => string | Buffer | null,
): Promise<ScriptedUpstream> {
  return scripted(t, async (wire) => {
    for (;;) {
      const request = await wire.message();
      const text = answer(request, wire);
      if (text !== null) wire.send(text);
    }
  });
}

export function listening(server: Server): Promise<number> {
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    }),
  );
}

/** A port on which nobody listens. */
export async function closedPort(): Promise<number> {
  const server = net.createServer();
  const port = await listening(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A gate and how to speak with it. */
export interface Standing {
  readonly gate: Gate;
  readonly directory: string;
  readonly journalPath: string;
  /** What the gate warned of, in the order in which it did. */
  readonly warnings: readonly string[];
  /** The first plain and the first TLS listener that does not redirect, and the first that does; 0 where there is none. */
  readonly port: number;
  readonly tlsPort: number;
  readonly redirectPort: number;
  /** A client on the plain port, or on the port that is named. */
  client(port?: number): Promise<Wire>;
  secureClient(options?: tls.ConnectionOptions): Promise<Wire>;
  /** One request on a connection of its own, which is closed afterwards. */
  get(target: string, headers?: string): Promise<Message>;
  ask(question: { readonly ask: string } & Record<string, unknown>): Promise<unknown>;
  /** The journey of the exchange with this id, or the last one of all. */
  journey(id: string): Promise<Journey>;
  /** All lines of the journal after the gate has stopped. */
  stopAndReadJournal(): Promise<Journey[]>;
}

/** Starts a gate before `to`. `words` are further words of the configuration, `more` what else the start is handed. */
export async function stand(
  t: TestContext,
  to: number | readonly number[],
  words: Configuration = {},
  more: Partial<StartTools> = {},
): Promise<Standing> {
  const directory = await mkdtemp(join(tmpdir(), 'portcullis-world-'));
  const journalPath = join(directory, 'journal.jsonl');
  const ports = typeof to === 'number' ? [to] : to;
  const settings = settingsFrom({
    data_directory: directory,
    journal: journalPath,
    // Its thread takes as long as the rest of a gate: whoever looks at the history says so.
    history: 'off',
    listen: [{ address: '127.0.0.1', port: 0 }],
    firewall: { default: 'allow' },
    sites: [{ host: '*', to: ports.map((port) => `127.0.0.1:${port}`) }],
    rates: [],
    ...words,
    limits: {
      max_connections_per_client: 10_000,
      max_new_connections_per_client_per_second: 100_000,
      drain_timeout: '2s',
      ...words.limits,
    },
  });
  const warnings: string[] = [];
  const warn = (problems: readonly Problem[]) => void warnings.push(...problems.map(({ says }) => says));
  const gate = await startGate(settings, { locate: () => '', warn, ...more });
  const sockets: Socket[] = [];
  t.after(async () => {
    for (const socket of sockets) socket.destroy();
    await gate.stop();
    await rm(directory, { recursive: true, force: true });
  });
  return { ...standing(gate, sockets, directory, journalPath), warnings };
}

function standing(gate: Gate, sockets: Socket[], directory: string, journalPath: string): Omit<Standing, 'warnings'> {
  const portOf = (isIt: (name: string, isTls: boolean) => boolean): number =>
    gate.addresses.find(({ name, tls: isTls }) => isIt(name, isTls))?.port ?? 0;
  const port = portOf((name, isTls) => !isTls && !name.includes('redirect'));
  const tlsPort = portOf((_, isTls) => isTls);
  const client = (to = port): Promise<Wire> =>
    clientOf(
      sockets,
      () => net.connect({ host: '127.0.0.1', port: to, noDelay: true, allowHalfOpen: true }),
      'connect',
    );
  const control = (question: { readonly ask: string } & Record<string, unknown>): Promise<unknown> =>
    ask(directory, question);
  return {
    gate,
    directory,
    journalPath,
    port,
    tlsPort,
    redirectPort: portOf((name) => name.includes('redirect')),
    client,
    secureClient: (options = {}) =>
      clientOf(
        sockets,
        () =>
          tls.connect({
            host: '127.0.0.1',
            port: tlsPort,
            rejectUnauthorized: false,
            servername: 'localhost',
            ...options,
          }),
        'secureConnect',
      ),
    get: async (target, headers = '') => {
      const wire = await client();
      wire.send(`GET ${target} HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`);
      const message = await wire.message();
      wire.socket.destroy();
      return message;
    },
    ask: control,
    journey: async (id) => {
      // An exchange is told when its last byte was written, which its client may see first.
      for (let tries = 0; tries < 200; tries++) {
        const { journey } = (await control({ ask: 'explain', id })) as { journey: Journey | null };
        if (journey !== null) return journey;
      }
      throw new Error(`no journey ${id}`);
    },
    stopAndReadJournal: async () => {
      await gate.stop();
      const text = await readFile(journalPath, 'utf8');
      return text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Journey);
    },
  };
}

function clientOf(sockets: Socket[], open: () => Socket, event: string): Promise<Wire> {
  return new Promise((resolve, reject) => {
    const socket = open();
    const wire = new Wire(socket);
    sockets.push(socket);
    socket.once('error', reject);
    socket.once(event, () => resolve(wire));
  });
}

/** Waits until `isSo`, which asks something that changes on its own. */
export async function eventually(isSo: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let tries = 0; tries < 1000; tries++) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.fail(`never: ${what}`);
}

export const ok = (body: string, extra = ''): string =>
  `HTTP/1.1 200 OK\r\n${extra}Content-Length: ${body.length}\r\n\r\n${body}`;

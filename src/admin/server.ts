// The HTTP side of the admin station: who may speak, the files of the dashboard, and the table of endpoints.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Clock } from '../base/clock.ts';
import type { Assets } from './assets.ts';
import type { AuditTrail, Begun } from './audit-trail.ts';
import { ApiTrouble, type Backend, type Endpoint, match } from './endpoint.ts';
import type { EventStream } from './event-stream.ts';
import { introductionFault } from './host-guard.ts';
import { bearerOf, cookieOf, queryOf, readBody } from './request.ts';
import { Allowance, type Caller, type Sessions } from './sessions.ts';

/** The part of paths that the API has, with its version. */
export const apiBase = '/api/v1';

/** What the server is made of. */
export interface ServerTools {
  readonly clock: Clock;
  readonly sessions: Sessions;
  readonly assets: Assets;
  readonly trail: AuditTrail;
  readonly stream: EventStream;
  readonly endpoints: readonly Endpoint[];
  readonly backend: Backend;
  readonly document: object;
  hosts(): readonly string[];
  /** Somebody reads along from now on. */
  onReader(): void;
}

/** A 4-tuple of somebody who looks. */
export interface Tuple {
  readonly from: string;
  readonly fromPort: number;
  readonly to: string;
  readonly toPort: number;
}

/** Connections at once: a browser holds six, and somebody's thousand tabs wait for theirs. */
const maxConnections = 512;
const headersMs = 10_000;
const requestMs = 30_000;

/** Nothing that the page is made of may come from elsewhere, and nothing of it may be shown elsewhere. */
const securityHeaders: Readonly<Record<string, string>> = Object.freeze({
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  'x-robots-tag': 'noindex',
});

/** One server on one address. */
export class AdminServer {
  readonly #tools: ServerTools;
  readonly #server: Server;
  readonly #sockets: Socket[] = [];
  /** What everybody shares who is nobody yet. */
  readonly #strangers = new Allowance();

  constructor(tools: ServerTools) {
    this.#tools = tools;
    this.#server = createServer(
      { headersTimeout: headersMs, requestTimeout: requestMs, maxHeaderSize: 16 * 1024, keepAliveTimeout: 30_000 },
      (request, response) => void this.#serve(request, response),
    );
    this.#server.maxConnections = maxConnections;
    this.#server.on('connection', (socket) => {
      this.#sockets.push(socket);
      socket.once('close', () => this.#sockets.splice(this.#sockets.indexOf(socket), 1));
    });
  }

  /** Listens; rejects where the address cannot be had. */
  listen(address: string, port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, address, () => {
        this.#server.off('error', reject).on('error', () => undefined);
        this.#server.unref();
        resolve();
      });
    });
  }

  /** Where it listens. */
  get address(): { readonly address: string; readonly port: number } {
    const { address, port } = this.#server.address() as AddressInfo;
    return { address, port };
  }

  /** Who is connected now. */
  tuples(): Tuple[] {
    return this.#sockets.flatMap(tupleOf);
  }

  /** Ends everything at once. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value);
    try {
      await this.#route(request, response);
    } catch (error) {
      refuse(response, troubleOf(error));
    }
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { headers } = request;
    const own = { ...this.address, hosts: this.#tools.hosts() };
    const fetchSite = headers['sec-fetch-site'] as string | undefined;
    const url = URL.parse(request.url ?? '/', 'http://gate') ?? new URL('http://gate/');
    // A link that was clicked elsewhere may open the page, which does nothing by itself; everything else may not.
    const isPage = url.pathname === '/' && headers['sec-fetch-mode'] === 'navigate';
    const fault = introductionFault(
      { host: headers.host, origin: headers.origin, fetchSite: isPage ? undefined : fetchSite },
      own,
    );
    if (fault !== null) throw new ApiTrouble(fault.includes('name') ? 421 : 403, 'not-ours', fault);
    if (url.pathname.startsWith('/api/')) await this.#api(request, response, url);
    else if (url.pathname === '/metrics') await this.#metrics(request, response);
    else this.#asset(request, response, url.pathname);
  }

  #asset({ method }: IncomingMessage, response: ServerResponse, path: string): void {
    if (method !== 'GET' && method !== 'HEAD') throw new ApiTrouble(405, 'method', 'this is only looked at');
    const asset = this.#tools.assets.get(path);
    if (asset === undefined) throw new ApiTrouble(404, 'not-found', 'there is nothing here');
    response.setHeader('content-type', asset.type);
    response.setHeader('cache-control', asset.isLasting ? 'public, max-age=31536000, immutable' : 'no-cache');
    response.setHeader('content-length', asset.bytes.length);
    response.end(method === 'HEAD' ? undefined : asset.bytes);
  }

  async #metrics(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#callerOf(request);
    if (request.method !== 'GET') throw new ApiTrouble(405, 'method', 'metrics are only looked at');
    const { type, text } = (await this.#tools.backend.ask({
      ask: 'metrics',
      accept: request.headers.accept ?? '',
    })) as {
      type: string;
      text: string;
    };
    response.setHeader('content-type', type);
    response.setHeader('cache-control', 'no-store');
    response.end(text);
  }

  async #api(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    response.setHeader('cache-control', 'no-store');
    const path = url.pathname.slice(apiBase.length);
    if (!url.pathname.startsWith(`${apiBase}/`))
      throw new ApiTrouble(404, 'not-found', `the API stands under ${apiBase}/`);
    if (path === '/session') return this.#session(request, response);
    const caller = this.#callerOf(request);
    if (path === '/openapi.json') return send(response, this.#tools.document);
    if (path === '/events') return this.#events(request, response, caller);
    const found = match(this.#tools.endpoints, request.method ?? 'GET', path);
    if (found === null)
      throw new ApiTrouble(404, 'not-found', `the API has no ${path}; ${apiBase}/openapi.json lists what it has`);
    if ('methods' in found) {
      response.setHeader('allow', found.methods.join(', '));
      throw new ApiTrouble(405, 'method', `${path} is asked with ${found.methods.join(' or ')}`);
    }
    const { endpoint, held } = found;
    if (endpoint.role === 'write' && caller.role !== 'write')
      throw new ApiTrouble(403, 'role', `${caller.name} may look and change nothing`);
    const asked = {
      input: read(endpoint.input, { ...queryOf(url), ...held }, 'the query'),
      body: await bodyFor(endpoint, request),
      caller,
    };
    send(response, await this.#run(endpoint, asked));
  }

  async #run(endpoint: Endpoint, asked: { input: unknown; body: unknown; caller: Caller }): Promise<unknown> {
    const { backend } = this.#tools;
    const run = async () => answerOf(endpoint, await endpoint.run(asked as never, backend));
    if (endpoint.role === 'read' || endpoint.method === 'GET') return run();
    const what = `${endpoint.method} ${endpoint.path}`;
    const particulars = asked.body ?? asked.input;
    const begun = this.#begin(asked.caller, what, particulars);
    let outcome = 'done';
    try {
      return await run();
    } catch (error) {
      outcome = (error as Error).message;
      throw error;
    } finally {
      begun.end(outcome);
    }
  }

  #begin(caller: Caller, what: string, particulars: unknown): Begun {
    try {
      return this.#tools.trail.begin(caller.name, what, particulars);
    } catch (error) {
      throw new ApiTrouble(
        503,
        'trail',
        `nothing was changed, as the audit trail cannot be written: ${(error as Error).message}`,
      );
    }
  }

  #events(request: IncomingMessage, response: ServerResponse, caller: Caller): void {
    if (request.method !== 'GET') throw new ApiTrouble(405, 'method', 'events are only read');
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    response.flushHeaders();
    this.#tools.stream.add(response, caller.name);
    this.#tools.onReader();
  }

  /** Logs in with the token of a link, tells who one is, and logs out. */
  async #session(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { sessions, stream, clock } = this.#tools;
    if (request.method === 'POST') {
      if (!this.#strangers.take(clock.monotonicMs()))
        throw new ApiTrouble(429, 'too-many', 'too many attempts; wait a moment');
      const body = await readBody(request);
      const token = 'value' in body ? (body.value as { token?: unknown } | null)?.token : undefined;
      const opened = typeof token === 'string' ? sessions.open(token) : null;
      if (opened === null)
        throw new ApiTrouble(
          401,
          'link-used',
          'this link was used or is too old; `portcullis dashboard` prints another',
        );
      response.setHeader(
        'set-cookie',
        `${this.#cookie}=${opened.cookie}; Path=/; HttpOnly; SameSite=Strict; Max-Age=604800`,
      );
      return send(response, { csrf: opened.csrf, role: 'write' });
    }
    const caller = this.#callerOf(request);
    if (request.method === 'DELETE') {
      sessions.close(cookieOf(request.headers.cookie, this.#cookie));
      stream.end(caller.name);
      response.setHeader('set-cookie', `${this.#cookie}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0`);
    } else if (request.method !== 'GET') throw new ApiTrouble(405, 'method', 'a session is begun, asked and ended');
    send(response, { name: caller.name, role: caller.role });
  }

  /** Cookies know no ports: with one name for all, the gates of one machine would log each other out. */
  get #cookie(): string {
    return `portcullis-${this.address.port}`;
  }

  #callerOf({ headers }: IncomingMessage): Caller {
    const { sessions, clock } = this.#tools;
    const token = bearerOf(headers.authorization);
    const csrf = headers['x-portcullis-csrf'];
    const caller =
      token === ''
        ? sessions.ofBrowser(cookieOf(headers.cookie, this.#cookie), typeof csrf === 'string' ? csrf : '')
        : sessions.ofProgram(token);
    const allowance = caller?.allowance ?? this.#strangers;
    if (!allowance.take(clock.monotonicMs())) throw new ApiTrouble(429, 'too-many', 'too many requests; wait a moment');
    if (caller === null) throw new ApiTrouble(401, 'nobody', 'log in with the link that `portcullis dashboard` prints');
    return caller;
  }
}

function tupleOf({ remoteAddress: from, remotePort: fromPort, localAddress: to, localPort: toPort }: Socket): Tuple[] {
  return from === undefined || fromPort === undefined || to === undefined || toPort === undefined
    ? []
    : [{ from, fromPort, to, toPort }];
}

async function bodyFor({ body }: Endpoint, request: IncomingMessage): Promise<unknown> {
  if (body === null) return null;
  const found = await readBody(request);
  if (!('value' in found)) throw new ApiTrouble(found.status, 'bad-body', found.says);
  return read(body, found.value, 'the body');
}

/** What a schema reads; a trouble that names the first thing that is wrong. */
function read(schema: Endpoint['input'], value: unknown, what: string): unknown {
  if (schema === null) return null;
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0]!;
  throw new ApiTrouble(400, 'bad-request', `${what}${path.length > 0 ? `, ${path.join('.')}` : ''}: ${message}`);
}

/** What an endpoint gives, as its schema promises it. */
function answerOf({ answer, path }: Endpoint, value: unknown): unknown {
  const result = answer.safeParse(value ?? null);
  if (result.success) return result.data;
  const { path: at, message } = result.error.issues[0]!;
  throw new ApiTrouble(
    500,
    'bad-answer',
    `the gate's answer to ${path} is not what is promised: ${at.join('.')}: ${message}`,
  );
}

function troubleOf(error: unknown): ApiTrouble {
  if (error instanceof ApiTrouble) return error;
  // What the gate says to a question is for people, and the commands show it, too.
  return new ApiTrouble(422, 'refused', error instanceof Error ? error.message : String(error));
}

function send(response: ServerResponse, value: unknown): void {
  const text = Buffer.from(JSON.stringify(value));
  response.setHeader('content-type', 'application/json');
  response.setHeader('content-length', text.length);
  response.end(text);
}

function refuse(response: ServerResponse, { status, code, message }: ApiTrouble): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.statusCode = status;
  response.setHeader('cache-control', 'no-store');
  // Because a body that nobody wants is not read to its end.
  if (status === 413) response.setHeader('connection', 'close');
  send(response, { error: { code, says: message } });
}

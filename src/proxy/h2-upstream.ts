// One connection to an upstream that speaks HTTP/2: opened once, shared by many exchanges, and ended when it has been idle.

import type { Socket } from 'node:net';
import { endpoint as endpointText } from '../traffic/connection.ts';
import type { Expiring, Timekeeper } from '../traffic/deadline.ts';
import type { Multiplexed, MultiplexedCodec, MultiplexedOwner } from '../traffic/multiplexed.ts';
import type { OutgoingRequest } from '../traffic/outgoing.ts';
import { dial, type UpstreamOptions } from './dial.ts';
import { connectFailure, Failure } from './failure.ts';
import { type ExchangeOwner, Http2Exchange } from './h2-exchange.ts';
import type { AnswerReceiver } from './upstream.ts';

/** Exchanges that wait for one connection to stand; further ones get another. */
const maxWaiting = 100;

/** What all connections share. */
export interface Http2UpstreamTools {
  readonly http2: MultiplexedCodec;
  readonly timekeeper: Timekeeper;
  readonly readBuffer: Buffer;
}

/** What a pool hears of its connections. */
export interface Http2UpstreamOwner {
  failed(): void;
  exchangeEnded(): void;
  closed(upstream: Http2Upstream): void;
}

/** One connection. */
export class Http2Upstream implements MultiplexedOwner, ExchangeOwner, Expiring {
  due = 0;
  from = '';
  to = '';
  readonly endpoint: string;
  readonly timekeeper: Timekeeper;
  readonly answerTimeoutMs: number;
  readonly #options: UpstreamOptions;
  readonly #tools: Http2UpstreamTools;
  readonly #owner: Http2UpstreamOwner;
  readonly #socket: Socket;
  readonly #waiting: Set<Http2Exchange> = new Set();
  #touched: Http2Exchange[] = [];
  #connection: Multiplexed | null = null;
  #uses = 0;
  #isClosed = false;

  constructor(options: UpstreamOptions, tools: Http2UpstreamTools, owner: Http2UpstreamOwner) {
    this.#options = options;
    this.#tools = tools;
    this.#owner = owner;
    this.endpoint = endpointText(options.host, options.port);
    this.timekeeper = tools.timekeeper;
    this.answerTimeoutMs = options.answerTimeoutMs;
    this.#socket = dial(options, { buffer: tools.readBuffer, callback: (count) => this.#onRead(count) });
    this.#socket.on('connect', () => this.#onConnect());
    this.#socket.on('drain', () => this.#connection?.drained());
    this.#socket.on('end', () => this.#lose('it closed the connection'));
    this.#socket.on('error', (error: NodeJS.ErrnoException) => this.#onError(error.code ?? error.message));
    this.#socket.on('close', () => this.#lose('it closed the connection'));
    tools.timekeeper.set(this, options.connectTimeoutMs);
  }

  /** Exchanges in hand. */
  get busy(): number {
    return this.#connection?.asked ?? this.#waiting.size;
  }

  get hasRoom(): boolean {
    if (this.#isClosed) return false;
    return this.#connection?.hasRoom ?? this.#waiting.size < maxWaiting;
  }

  /** Sends what is at hand of a request, once the connection stands. */
  carry(request: OutgoingRequest, receiver: AnswerReceiver): Http2Exchange {
    const exchange = new Http2Exchange(this, request, receiver, this.#uses++ > 0 && this.#connection !== null);
    if (request.isWebSocket) queueMicrotask(() => exchange.refuse(this.#noWebSocket()));
    else if (this.#connection === null) this.#waiting.add(exchange);
    else {
      this.timekeeper.clear(this);
      exchange.begin(this.#connection, false);
    }
    return exchange;
  }

  #noWebSocket(): Failure {
    const says = `${this.endpoint} speaks HTTP/2, and WebSockets are led over HTTP/1.1 only`;
    return new Failure(502, 'proxy/no-websocket', says, false);
  }

  /** Ends an idle connection. */
  retire(): void {
    if (this.busy > 0) return;
    this.#connection?.leave();
    this.#close();
  }

  expire(): void {
    if (this.#connection === null) this.#onError('ETIMEDOUT');
    else this.retire();
  }

  #onConnect(): void {
    if (this.#isClosed) return;
    this.timekeeper.clear(this);
    this.from = endpointText(this.#socket.localAddress ?? '', this.#socket.localPort ?? 0);
    this.to = endpointText(this.#socket.remoteAddress ?? '', this.#socket.remotePort ?? 0);
    const connection = this.#tools.http2.open(this);
    this.#connection = connection;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const exchange of waiting) exchange.begin(connection, false);
    if (connection.asked === 0) this.onIdle();
  }

  /** `onread` callback: bytes stand in the shared buffer until it returns. */
  #onRead(count: number): boolean {
    try {
      this.#connection?.read(this.#tools.readBuffer, count);
    } catch (error) {
      this.#lose(`its answer could not be passed on (${error instanceof Error ? error.message : error})`);
    }
    const touched = this.#touched;
    this.#touched = [];
    for (const exchange of touched) exchange.readEnded();
    return true;
  }

  #onError(code: string): void {
    if (this.#connection !== null) {
      this.#lose(`it reset the connection (${code})`);
      return;
    }
    const waiting = [...this.#waiting];
    this.#close();
    for (const exchange of waiting) exchange.refuse(connectFailure(code, this.endpoint));
  }

  /** The connection is gone: everybody hears of it. */
  #lose(says: string): void {
    if (this.#isClosed) return;
    const waiting = [...this.#waiting];
    this.#close();
    this.#connection?.lose(says);
    for (const exchange of waiting) exchange.refuse(new Failure(502, 'proxy/reset', `${this.endpoint}: ${says}`, true));
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#waiting.clear();
    this.timekeeper.clear(this);
    this.#socket.end();
    this.#socket.destroySoon();
    this.#owner.closed(this);
  }

  // ---- ExchangeOwner

  touched(exchange: Http2Exchange): void {
    this.#touched.push(exchange);
  }

  ended(exchange: Http2Exchange): void {
    this.#waiting.delete(exchange);
    this.#owner.exchangeEnded();
  }

  failed(): void {
    this.#owner.failed();
  }

  // ---- MultiplexedOwner

  write(piece: string | Buffer): boolean {
    return typeof piece === 'string' ? this.#socket.write(piece, 'latin1') : this.#socket.write(piece);
  }

  onIdle(): void {
    if (this.#isClosed) return;
    if (this.#connection !== null && !this.#connection.hasRoom) this.retire();
    else this.timekeeper.set(this, this.#options.idleMs);
  }

  onGoaway(): void {
    if (this.busy === 0) this.retire();
  }

  onFault(_says: string): void {
    this.#close();
  }
}

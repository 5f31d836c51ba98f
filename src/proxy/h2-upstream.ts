// One connection to an upstream that speaks HTTP/2: opened once, shared by many exchanges, and ended when it has been idle.

import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { endpoint as endpointText } from '../traffic/connection.ts';
import type { Expiring, Timekeeper } from '../traffic/deadline.ts';
import type { Multiplexed, MultiplexedCodec, MultiplexedOwner } from '../traffic/multiplexed.ts';
import type { OutgoingRequest } from '../traffic/outgoing.ts';
import type { UpstreamSide } from '../traffic/sides.ts';
import type { Announced } from './announcing.ts';
import { type DialHandler, Dialling, type UpstreamOptions } from './dial.ts';
import { connectFailure, type Failure } from './failure.ts';
import { type ExchangeOwner, Http2Exchange } from './h2-exchange.ts';
import { labelOf } from './target.ts';
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
  /** The upstream has said whether it takes WebSockets over HTTP/2. */
  learned(takesWebSockets: boolean): void;
  /** The upstream was asked what it speaks, and speaks HTTP/1.1: carries what waits. */
  carryAgreed(request: OutgoingRequest, receiver: AnswerReceiver, client: Announced | null): UpstreamSide;
  /** Carries a WebSocket over HTTP/1.1, on behalf of `client`. */
  carryByHttp1(request: OutgoingRequest, receiver: AnswerReceiver, client: Announced | null): UpstreamSide;
  /** `isOurs`: we ended it first, so that its port stays in TIME_WAIT on our side. */
  closed(upstream: Http2Upstream, isOurs: boolean): void;
}

/** One connection. */
export class Http2Upstream implements MultiplexedOwner, ExchangeOwner, DialHandler, Expiring {
  due = 0;
  from = '';
  to = '';
  readonly endpoint: string;
  readonly timekeeper: Timekeeper;
  /** Whose connection it is where it began with a PROXY header; null where it may carry anybody's requests. */
  readonly client: Announced | null;
  readonly #options: UpstreamOptions;
  readonly #tools: Http2UpstreamTools;
  readonly #owner: Http2UpstreamOwner;
  readonly #dialling: Dialling;
  readonly #waiting: Set<Http2Exchange> = new Set();
  #touched: Http2Exchange[] = [];
  #socket: Socket | null = null;
  #connection: Multiplexed | null = null;
  #uses = 0;
  /** For how long those that wait for the connection have it waited for; 0 before anybody said it. */
  #patienceMs = 0;
  #isClosed = false;

  constructor(
    options: UpstreamOptions,
    tools: Http2UpstreamTools,
    owner: Http2UpstreamOwner,
    client: Announced | null,
  ) {
    this.#options = options;
    this.#tools = tools;
    this.#owner = owner;
    this.client = client;
    this.endpoint = labelOf(options.target, options.addresses);
    this.timekeeper = tools.timekeeper;
    tools.timekeeper.set(this, options.connectTimeoutMs);
    const read = { buffer: tools.readBuffer, callback: (count: number) => this.#onRead(count) };
    this.#dialling = new Dialling(options, read, this, client);
  }

  /** Exchanges in hand. */
  get busy(): number {
    return (this.#connection?.asked ?? 0) + this.#waiting.size;
  }

  get hasRoom(): boolean {
    if (this.#isClosed) return false;
    return this.#waiting.size < maxWaiting && (this.#connection?.hasRoom ?? true);
  }

  /** Sends what is at hand of a request, once the connection stands. */
  carry(request: OutgoingRequest, receiver: AnswerReceiver): Http2Exchange {
    const exchange = new Http2Exchange(this, request, receiver, this.#uses++ > 0 && this.#connection !== null);
    if (this.#connection === null) this.#waitWith(exchange, request.patience.connectTimeoutMs);
    // Whether it takes a WebSocket is known only when its settings are; whoever asks has learned by then if it does not.
    else if (request.isWebSocket && this.#connection.takesWebSockets === null) this.#await(exchange);
    else {
      this.timekeeper.clear(this);
      exchange.begin(this.#connection, this.#isSecure);
    }
    return exchange;
  }

  /** One connection for all of them: the most patient decides. */
  #waitWith(exchange: Http2Exchange, connectTimeoutMs: number | null): void {
    this.#waiting.add(exchange);
    if (connectTimeoutMs === null || connectTimeoutMs <= this.#patienceMs) return;
    this.#patienceMs = connectTimeoutMs;
    this.timekeeper.set(this, connectTimeoutMs);
  }

  get #isSecure(): boolean {
    return this.#options.target.tls !== null;
  }

  /** Waits for the settings, as long as for a connection. */
  #await(exchange: Http2Exchange): void {
    this.#waiting.add(exchange);
    this.timekeeper.set(this, this.#options.connectTimeoutMs);
  }

  /** The upstream's settings are here, or are waited for no longer. */
  onReady(): void {
    const takes = this.#connection?.takesWebSockets ?? false;
    this.#owner.learned(takes);
    const waiting = [...this.#waiting];
    if (waiting.length > 0) this.timekeeper.clear(this);
    this.#waiting.clear();
    for (const exchange of waiting)
      if (takes) exchange.begin(this.#connection!, this.#isSecure);
      else exchange.handOver((request, receiver) => this.#owner.carryByHttp1(request, receiver, this.client));
    if (waiting.length > 0 && this.busy === 0) this.onIdle();
  }

  /** Ends an idle connection. */
  retire(): void {
    if (this.busy > 0) return;
    this.#connection?.leave();
    this.#close(true);
  }

  expire(): void {
    if (this.#connection === null) this.onDialFailed(connectFailure('ETIMEDOUT', this.endpoint));
    else if (this.#waiting.size > 0) this.onReady();
    else this.retire();
  }

  onDialled(socket: Socket): void {
    this.#socket = socket;
    socket.on('drain', () => this.#connection?.drained());
    socket.on('end', () => this.#lose('it closed the connection'));
    socket.on('error', (error: NodeJS.ErrnoException) =>
      this.#lose(`it reset the connection (${error.code ?? error.message})`),
    );
    socket.on('close', () => this.#lose('it closed the connection'));
    const { target } = this.#options;
    if (target.protocol === 'auto' && (!(socket instanceof TLSSocket) || socket.alpnProtocol !== 'h2')) {
      this.#stepAside();
      return;
    }
    const isUnix = target.socketPath !== '';
    this.from = isUnix ? 'unix' : endpointText(socket.localAddress ?? '', socket.localPort ?? 0);
    this.to = isUnix ? target.url : endpointText(socket.remoteAddress ?? '', socket.remotePort ?? 0);
    this.timekeeper.clear(this);
    const connection = this.#tools.http2.open(this);
    this.#connection = connection;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const exchange of waiting)
      if (exchange.isWebSocket) this.#await(exchange);
      else exchange.begin(connection, this.#isSecure);
    if (this.busy === 0) this.onIdle();
  }

  /** It speaks HTTP/1.1. This connection was for asking. */
  #stepAside(): void {
    const waiting = [...this.#waiting];
    this.#close(true);
    for (const exchange of waiting)
      exchange.handOver((request, receiver) => this.#owner.carryAgreed(request, receiver, this.client));
  }

  onDialFailed(failure: Failure): void {
    const waiting = [...this.#waiting];
    this.#close(false);
    for (const exchange of waiting) exchange.refuse(failure);
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

  /** The connection is gone: everybody hears of it. */
  #lose(says: string): void {
    if (this.#isClosed) return;
    const waiting = [...this.#waiting];
    this.#close(false);
    this.#connection?.lose(says);
    for (const exchange of waiting) exchange.onLost(says, false);
  }

  #close(isOurs: boolean): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#waiting.clear();
    this.timekeeper.clear(this);
    if (this.#socket === null) this.#dialling.abort();
    else this.#socket.destroySoon();
    this.#owner.closed(this, isOurs);
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
    const socket = this.#socket!;
    return typeof piece === 'string' ? socket.write(piece, 'latin1') : socket.write(piece);
  }

  onIdle(): void {
    if (this.#isClosed || this.#waiting.size > 0) return;
    if (this.#connection !== null && !this.#connection.hasRoom) this.retire();
    else this.timekeeper.set(this, this.#options.idleMs);
  }

  onGoaway(): void {
    if (this.busy === 0) this.retire();
  }

  onFault(says: string): void {
    const waiting = [...this.#waiting];
    this.#close(true);
    for (const exchange of waiting) exchange.onLost(says, false);
  }
}

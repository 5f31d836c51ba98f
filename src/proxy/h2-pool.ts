// The connections to one upstream endpoint that speaks HTTP/2: few, each shared by as many exchanges as the upstream allows.

import type { OutgoingRequest } from '../traffic/outgoing.ts';
import type { UpstreamSide } from '../traffic/sides.ts';
import type { Announced } from './announcing.ts';
import type { UpstreamOptions } from './dial.ts';
import { Http2Upstream, type Http2UpstreamOwner, type Http2UpstreamTools } from './h2-upstream.ts';
import { type Connections, Pool } from './pool.ts';
import type { AnswerReceiver, UpstreamTools } from './upstream.ts';
import { WebSocketByHttp1 } from './web-socket-by-http1.ts';

/** A pool of shared connections. Counters are exact and only grow. */
export class Http2Pool implements Connections, Http2UpstreamOwner {
  readonly options: UpstreamOptions;
  onRoom: (() => void) | null = null;
  readonly #tools: Http2UpstreamTools;
  #connections: Http2Upstream[] = [];
  /** Connections of HTTP/1.1: for WebSockets that the upstream does not take over HTTP/2, and for everything where that was agreed on. */
  readonly #byHttp1: Pool;
  /** Null before the upstream has said anything. */
  #takesWebSockets: boolean | null = null;
  /** Has the upstream, asked, agreed on HTTP/1.1? And how many failures there were then: one more, and it is asked again. */
  #hasAgreed = false;
  #failuresBefore = 0;
  #opened = 0;
  #reused = 0;
  #failures = 0;
  #ended = 0;

  /** `maxIdle` connections of HTTP/1.1 are kept where that is spoken. */
  constructor(options: UpstreamOptions, maxIdle: number, tools: Http2UpstreamTools & UpstreamTools) {
    this.options = options;
    this.#tools = tools;
    const target = { ...options.target, protocol: 'h1' } as const;
    const byHttp1 = {
      ...options,
      target,
      get addresses(): readonly string[] {
        return options.addresses;
      },
    };
    this.#byHttp1 = new Pool(byHttp1, options.target.protocol === 'auto' ? maxIdle : 0, tools);
    this.#byHttp1.onRoom = () => this.onRoom?.();
  }

  get opened(): number {
    return this.#opened + this.#byHttp1.opened;
  }

  get reused(): number {
    return this.#reused + this.#byHttp1.reused;
  }

  get failures(): number {
    return this.#failures + this.#byHttp1.failures;
  }

  get ended(): number {
    return this.#ended + this.#byHttp1.ended;
  }

  get open(): number {
    return this.#connections.length + this.#byHttp1.open;
  }

  /** Connections without an exchange. */
  get idle(): number {
    let count = this.#byHttp1.idle;
    for (const { busy } of this.#connections) if (busy === 0) count++;
    return count;
  }

  /** Exchanges in hand. */
  get busy(): number {
    let sum = this.#byHttp1.busy;
    for (const { busy } of this.#connections) sum += busy;
    return sum;
  }

  /** Sends a request over a connection that has room, or a new one. A `fresh` one needs none: what is dead has no room. `client` is
   * whose request it is: where connections begin with a PROXY header, each belongs to one client. */
  carry(fresh: boolean, request: OutgoingRequest, receiver: AnswerReceiver, client: Announced | null): UpstreamSide {
    if (this.#hasAgreed && this.#byHttp1.failures === this.#failuresBefore)
      return this.#byHttp1.carry(fresh, request, receiver, client);
    this.#hasAgreed = false;
    if (request.isWebSocket && this.#takesWebSockets === false) return this.carryByHttp1(request, receiver, client);
    const owner = this.options.target.proxyVersion === 0 ? null : client;
    let connection = this.#connections.find((one) => one.hasRoom && one.client === owner);
    if (connection === undefined) {
      this.#opened++;
      connection = new Http2Upstream(this.options, this.#tools, this, owner);
      this.#connections.push(connection);
    } else this.#reused++;
    return connection.carry(request, receiver);
  }

  failed(): void {
    this.#failures++;
  }

  exchangeEnded(): void {
    // The exchange is still in hand while it says that it is over.
    if (this.onRoom !== null) queueMicrotask(this.onRoom);
  }

  learned(takesWebSockets: boolean): void {
    this.#takesWebSockets = takesWebSockets;
  }

  carryAgreed(request: OutgoingRequest, receiver: AnswerReceiver, client: Announced | null): UpstreamSide {
    this.#hasAgreed = true;
    this.#failuresBefore = this.#byHttp1.failures;
    return this.#byHttp1.carry(true, request, receiver, client);
  }

  carryByHttp1(request: OutgoingRequest, receiver: AnswerReceiver, client: Announced | null): UpstreamSide {
    return this.#byHttp1.carry(true, request, new WebSocketByHttp1(receiver), client);
  }

  closed(connection: Http2Upstream, isOurs: boolean): void {
    if (isOurs) this.#ended++;
    this.#connections = this.#connections.filter((other) => other !== connection);
  }

  /** Ends idle connections; busy ones end with their last exchange. */
  close(): void {
    for (const connection of [...this.#connections]) connection.retire();
    this.#byHttp1.close();
  }
}

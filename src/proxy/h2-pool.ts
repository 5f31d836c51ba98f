// The connections to one upstream endpoint that speaks HTTP/2: few, each shared by as many exchanges as the upstream allows.

import type { OutgoingRequest } from '../traffic/outgoing.ts';
import type { UpstreamSide } from '../traffic/sides.ts';
import type { Announced } from './announcing.ts';
import type { UpstreamOptions } from './dial.ts';
import { Http2Upstream, type Http2UpstreamOwner, type Http2UpstreamTools } from './h2-upstream.ts';
import type { Connections } from './pool.ts';
import type { AnswerReceiver } from './upstream.ts';

/** A pool of shared connections. Counters are exact and only grow. */
export class Http2Pool implements Connections, Http2UpstreamOwner {
  readonly options: UpstreamOptions;
  opened = 0;
  reused = 0;
  failures = 0;
  ended = 0;
  onRoom: (() => void) | null = null;
  readonly #tools: Http2UpstreamTools;
  #connections: Http2Upstream[] = [];

  constructor(options: UpstreamOptions, tools: Http2UpstreamTools) {
    this.options = options;
    this.#tools = tools;
  }

  get open(): number {
    return this.#connections.length;
  }

  /** Connections without an exchange. */
  get idle(): number {
    let count = 0;
    for (const { busy } of this.#connections) if (busy === 0) count++;
    return count;
  }

  /** Exchanges in hand. */
  get busy(): number {
    let sum = 0;
    for (const { busy } of this.#connections) sum += busy;
    return sum;
  }

  /** Sends a request over a connection that has room, or a new one. A `fresh` one needs none: what is dead has no room. `client` is
   * whose request it is: where connections begin with a PROXY header, each belongs to one client. */
  carry(_fresh: boolean, request: OutgoingRequest, receiver: AnswerReceiver, client: Announced | null): UpstreamSide {
    const owner = this.options.target.proxyVersion === 0 ? null : client;
    let connection = this.#connections.find((one) => one.hasRoom && one.client === owner);
    if (connection === undefined) {
      this.opened++;
      connection = new Http2Upstream(this.options, this.#tools, this, owner);
      this.#connections.push(connection);
    } else this.reused++;
    return connection.carry(request, receiver);
  }

  failed(): void {
    this.failures++;
  }

  exchangeEnded(): void {
    // The exchange is still in hand while it says that it is over.
    if (this.onRoom !== null) queueMicrotask(this.onRoom);
  }

  closed(connection: Http2Upstream, isOurs: boolean): void {
    if (isOurs) this.ended++;
    this.#connections = this.#connections.filter((other) => other !== connection);
  }

  /** Ends idle connections; busy ones end with their last exchange. */
  close(): void {
    for (const connection of [...this.#connections]) connection.retire();
  }
}

// The connections to one upstream endpoint that speaks HTTP/2: few, each shared by as many exchanges as the upstream allows.

import { endpoint as endpointText } from '../traffic/connection.ts';
import type { OutgoingRequest } from '../traffic/outgoing.ts';
import type { UpstreamSide } from '../traffic/sides.ts';
import type { UpstreamOptions } from './dial.ts';
import { Http2Upstream, type Http2UpstreamOwner, type Http2UpstreamTools } from './h2-upstream.ts';
import type { AnswerReceiver } from './upstream.ts';

/** A pool of shared connections. Counters are exact and only grow. */
export class Http2Pool implements Http2UpstreamOwner {
  readonly options: UpstreamOptions;
  opened = 0;
  reused = 0;
  failures = 0;
  readonly #tools: Http2UpstreamTools;
  #connections: Http2Upstream[] = [];

  constructor(options: UpstreamOptions, tools: Http2UpstreamTools) {
    this.options = options;
    this.#tools = tools;
  }

  get endpoint(): string {
    return endpointText(this.options.host, this.options.port);
  }

  get open(): number {
    return this.#connections.length;
  }

  /** Connections without an exchange. */
  get idle(): number {
    return this.#connections.filter(({ busy }) => busy === 0).length;
  }

  /** Exchanges in hand. */
  get busy(): number {
    return this.#connections.reduce((sum, { busy }) => sum + busy, 0);
  }

  /** Sends a request over a connection that has room, or a new one. A `fresh` one needs none: what is dead has no room. */
  carry(_fresh: boolean, request: OutgoingRequest, receiver: AnswerReceiver): UpstreamSide {
    let connection = this.#connections.find(({ hasRoom }) => hasRoom);
    if (connection === undefined) {
      this.opened++;
      connection = new Http2Upstream(this.options, this.#tools, this);
      this.#connections.push(connection);
    } else this.reused++;
    return connection.carry(request, receiver);
  }

  failed(): void {
    this.failures++;
  }

  exchangeEnded(): void {}

  closed(connection: Http2Upstream): void {
    this.#connections = this.#connections.filter((other) => other !== connection);
  }

  /** Ends idle connections; busy ones end with their last exchange. */
  close(): void {
    for (const connection of [...this.#connections]) connection.retire();
  }
}

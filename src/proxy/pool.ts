// The connections to one upstream endpoint: the most recently used idle one is taken first, a new one is opened where none is.

import { endpoint as endpointText } from '../traffic/connection.ts';
import type { OutgoingRequest } from '../traffic/outgoing.ts';
import type { UpstreamSide } from '../traffic/sides.ts';
import type { UpstreamOptions } from './dial.ts';
import { type AnswerReceiver, Upstream, type UpstreamOwner, type UpstreamTools } from './upstream.ts';

/** A keep-alive pool. Counters are exact and only grow. */
export class Pool implements UpstreamOwner {
  readonly options: UpstreamOptions;
  readonly maxIdle: number;
  opened = 0;
  reused = 0;
  failures = 0;
  open = 0;
  #tools: UpstreamTools;
  #idle: Upstream[] = [];
  #isClosed = false;

  constructor(options: UpstreamOptions, maxIdle: number, tools: UpstreamTools) {
    this.options = options;
    this.maxIdle = maxIdle;
    this.#tools = tools;
  }

  get endpoint(): string {
    return endpointText(this.options.host, this.options.port);
  }

  get idle(): number {
    return this.#idle.length;
  }

  get busy(): number {
    return this.open - this.#idle.length;
  }

  /** Sends a request over an idle connection, or a new one where none is idle or a `fresh` one is asked for. */
  carry(fresh: boolean, request: OutgoingRequest, receiver: AnswerReceiver): UpstreamSide {
    const upstream = this.take(fresh);
    upstream.send(request, receiver);
    return upstream;
  }

  /** A connection for one exchange: an idle one unless `fresh` is asked for. */
  take(fresh: boolean): Upstream {
    const idle = fresh ? undefined : this.#idle.pop();
    if (idle !== undefined) {
      idle.isPooled = false;
      this.reused++;
      return idle;
    }
    this.opened++;
    this.open++;
    return new Upstream(this.options, this.#tools, this);
  }

  released(upstream: Upstream): void {
    if (this.#isClosed || this.#idle.length >= this.maxIdle) {
      upstream.retire();
      return;
    }
    upstream.isPooled = true;
    this.#idle.push(upstream);
  }

  closed(upstream: Upstream): void {
    this.open--;
    if (!upstream.isPooled) return;
    upstream.isPooled = false;
    // The order is kept, and those that expire stand at the front, where they are found at once.
    this.#idle.splice(this.#idle.indexOf(upstream), 1);
  }

  failed(): void {
    this.failures++;
  }

  /** Ends idle connections; busy ones end with their exchange. */
  close(): void {
    this.#isClosed = true;
    for (const upstream of [...this.#idle]) upstream.retire();
  }
}

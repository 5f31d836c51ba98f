// The connections to one upstream endpoint: the most recently used idle one is taken first, a new one is opened where none is.

import { endpoint as endpointText } from '../traffic/connection.ts';
import type { OutgoingRequest } from '../traffic/outgoing.ts';
import type { UpstreamSide } from '../traffic/sides.ts';
import type { Announced } from './announcing.ts';
import type { UpstreamOptions } from './dial.ts';
import { type AnswerReceiver, Upstream, type UpstreamOwner, type UpstreamTools } from './upstream.ts';

/** What an endpoint needs of its connections, whatever protocol they speak. */
export interface Connections {
  readonly options: UpstreamOptions;
  /** Exchanges in hand. */
  readonly busy: number;
  readonly idle: number;
  /** Connections that stand or are on their way. */
  readonly open: number;
  readonly opened: number;
  readonly reused: number;
  readonly failures: number;
  readonly ended: number;
  onRoom: (() => void) | null;
  carry(fresh: boolean, request: OutgoingRequest, receiver: AnswerReceiver, client: Announced | null): UpstreamSide;
  close(): void;
}

/** A keep-alive pool. Counters are exact and only grow. */
export class Pool implements Connections, UpstreamOwner {
  readonly options: UpstreamOptions;
  readonly maxIdle: number;
  opened = 0;
  reused = 0;
  failures = 0;
  open = 0;
  /** Connections that we ended first: their ports stay in TIME_WAIT on our side for a minute. */
  ended = 0;
  /** Called when an exchange is over, whoever waits for that. */
  onRoom: (() => void) | null = null;
  #tools: UpstreamTools;
  #idle: Upstream[] = [];
  /** Those on their way, the first of them first: a request that waits for one takes an idle one that comes sooner. */
  readonly #dialling = new Set<Upstream>();
  /** Connections that stand or are on their way without an exchange. */
  #spare = 0;
  #isClosed = false;

  constructor(options: UpstreamOptions, maxIdle: number, tools: UpstreamTools) {
    this.options = options;
    this.maxIdle = maxIdle;
    this.#tools = tools;
  }

  get endpoint(): string {
    const { url, host, port, socketPath } = this.options.target;
    return socketPath === '' && !url.includes('://') ? endpointText(host, port) : url;
  }

  get idle(): number {
    return this.#idle.length;
  }

  /** Exchanges in hand. */
  get busy(): number {
    return this.open - this.#idle.length - this.#spare;
  }

  /** Sends a request over an idle connection, or a new one where none is idle or a `fresh` one is asked for. `client` is whose
   * request it is: where connections begin with a PROXY header, each belongs to one client. */
  carry(fresh: boolean, request: OutgoingRequest, receiver: AnswerReceiver, client: Announced | null): UpstreamSide {
    const owner = this.options.target.proxyVersion === 0 ? null : client;
    const upstream = this.take(fresh, owner);
    upstream.send(request, receiver);
    // One that is to be fresh stays with its request.
    if (upstream.isConnecting && !fresh) this.#dialling.add(upstream);
    return upstream;
  }

  /** A connection for one exchange: an idle one unless `fresh` is asked for. */
  take(fresh: boolean, owner: Announced | null): Upstream {
    const idle = fresh ? undefined : this.#takeIdle(owner);
    if (idle !== undefined) {
      idle.isPooled = false;
      this.reused++;
      return idle;
    }
    this.opened++;
    this.open++;
    return new Upstream(this.options, this.#tools, this, owner);
  }

  #takeIdle(owner: Announced | null): Upstream | undefined {
    if (owner === null) return this.#idle.pop();
    for (let at = this.#idle.length - 1; at >= 0; at--)
      if (this.#idle[at]!.client === owner) return this.#idle.splice(at, 1)[0];
    return undefined;
  }

  /** A connection on its way stands, or will never. */
  dialled(upstream: Upstream): void {
    this.#dialling.delete(upstream);
    if (!upstream.isSpare) return;
    upstream.isSpare = false;
    this.#spare--;
  }

  released(upstream: Upstream): void {
    if (this.#handOver(upstream)) {
      this.onRoom?.();
      return;
    }
    if (this.#isClosed) {
      upstream.retire();
      return;
    }
    if (this.#idle.length >= this.maxIdle) {
      // A connection that only its client can use makes room for one whose client was here last.
      const oldest = upstream.client === null ? undefined : this.#idle[0];
      if (oldest === undefined) {
        upstream.retire();
        return;
      }
      oldest.retire();
    }
    upstream.isPooled = true;
    this.#idle.push(upstream);
    this.onRoom?.();
  }

  /** Gives a connection that has just become free to a request that waits for one of its own; that one will then be idle. */
  #handOver(upstream: Upstream): boolean {
    for (const waiting of this.#dialling) {
      if (waiting.client !== upstream.client) continue;
      this.#dialling.delete(waiting);
      const given = waiting.yieldRequest();
      if (given === null) continue;
      waiting.isSpare = true;
      this.#spare++;
      this.reused++;
      upstream.takeOver(given.request, given.receiver);
      return true;
    }
    return false;
  }

  closed(upstream: Upstream, isOurs: boolean): void {
    this.open--;
    if (isOurs) this.ended++;
    this.dialled(upstream);
    if (upstream.isPooled) {
      upstream.isPooled = false;
      // The order is kept, and those that expire stand at the front, where they are found at once.
      this.#idle.splice(this.#idle.indexOf(upstream), 1);
    } else this.onRoom?.();
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

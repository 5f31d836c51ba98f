// One endpoint that requests can be given to: its connections, its health, and what of it a way of balancing sees.

import type { Exchange } from '../traffic/exchange.ts';
import type { OutgoingRequest } from '../traffic/outgoing.ts';
import type { UpstreamSide } from '../traffic/sides.ts';
import type { Candidate } from './candidate.ts';
import { Untold } from './endpoint-news.ts';
import type { Failure } from './failure.ts';
import { type BreakerSettings, Health, type HealthTools } from './health.ts';
import { AnswerTimes } from './outlier.ts';
import { partOf } from './part.ts';
import type { Connections } from './pool.ts';
import { hashText } from './rendezvous.ts';
import { labelOf } from './target.ts';
import type { AnswerReceiver } from './upstream.ts';

/** The receiver of one exchange's answer, who also hears which endpoint its request was given to. */
export interface Carried extends AnswerReceiver {
  /** The request was given to this endpoint; at once, or after it had waited for room. */
  onPlaced(endpoint: Endpoint, side: UpstreamSide): void;
}

/** What its owner wrote about an upstream's part in the traffic. */
export interface EndpointSettings {
  readonly weight: number;
  readonly isBackup: boolean;
  /** Requests in hand at once, over all workers; 0 for no bound. */
  readonly maxConnections: number;
  readonly slowStartMs: number;
  readonly breaker: BreakerSettings;
}

/** Whoever is to be told when it has room again, or becomes well. */
export interface EndpointWatcher {
  onRoom(): void;
}

/** Failures that are not the endpoint's: ours, our machine's or the client's. */
const notItsOwn: ReadonlySet<string> = new Set([
  'proxy/no-ephemeral-port',
  'proxy/no-source-address',
  'proxy/no-descriptor',
  'proxy/internal-error',
  'proxy/no-websocket',
  'proxy/queue-timeout',
  'proxy/refused-stream',
]);

/** One endpoint. */
export class Endpoint implements Candidate {
  readonly settings: EndpointSettings;
  readonly pool: Connections;
  readonly health: Health;
  readonly times = new AnswerTimes();
  readonly watchers: EndpointWatcher[] = [];
  /** What other workers have not been told of it yet. */
  readonly untold = new Untold();
  readonly weight: number;
  turn = 0;
  seed = 0;
  /** Requests that it may have in hand from this worker; 0 for no bound. */
  #bound: number;
  /** Does its upstream's name lead to other addresses, too? */
  isOneOfSeveral = false;

  /** A list of it alone, made once: nearly every request tries no other. */
  readonly alone: readonly Endpoint[] = [this];

  constructor(settings: EndpointSettings, pool: Connections, tools: HealthTools) {
    this.settings = settings;
    this.pool = pool;
    this.weight = settings.weight;
    this.#bound = settings.maxConnections;
    this.health = new Health(settings.breaker, settings.slowStartMs, tools, () => this.#tellRoom());
    this.health.onFound = (found) => {
      this.untold.breaker = found;
    };
    if (settings.maxConnections > 0) pool.onRoom = () => this.#tellRoom();
    this.settle(pool.options.addresses);
  }

  /** It is at these addresses now. */
  settle(addresses: readonly string[]): void {
    const { options } = this.pool;
    options.addresses = addresses;
    this.seed = hashText([options.target.url, ...addresses].join(' '));
  }

  /** As it is called in journeys and sentences. */
  get label(): string {
    const { target, addresses } = this.pool.options;
    return this.isOneOfSeveral ? labelOf(target, addresses) : target.url;
  }

  get isReady(): boolean {
    return this.health.isAdmitting && (this.#bound === 0 || this.pool.busy < this.#bound);
  }

  /** This is worker number `slot`, from 1, of `crew`: each has its part of the bound, so that all together keep to it. */
  divide(slot: number, crew: number): void {
    const { maxConnections } = this.settings;
    this.health.divide(slot);
    if (maxConnections === 0) return;
    this.#bound = partOf(maxConnections, slot, crew);
    this.#tellRoom();
  }

  get share(): number {
    return this.weight * this.health.ramp;
  }

  get load(): number {
    return this.pool.busy;
  }

  /** Gives it a request. */
  place(exchange: Exchange, request: OutgoingRequest, carried: Carried, fresh: boolean): void {
    this.health.began();
    carried.onPlaced(this, this.pool.carry(fresh, request, carried, exchange.connection));
  }

  /** It began to answer, so many ms after it was asked. */
  answered(status: number, ms: number): void {
    this.times.add(ms);
    this.health.answered(status);
  }

  /** An exchange with it failed; `hadBegun`: after its answer had begun. */
  failed(failure: Failure, side: UpstreamSide, hadBegun: boolean): void {
    // A kept connection that dies under a request was closed while it was idle, which is its good right.
    const isRace = failure.why === 'proxy/reset' && side.isReused && !side.hasAnswered;
    if (isRace || notItsOwn.has(failure.why)) this.health.abandoned();
    else this.health.failed(failure.says, hadBegun);
  }

  #tellRoom(): void {
    for (const watcher of this.watchers) watcher.onRoom();
  }
}

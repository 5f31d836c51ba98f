// A site's way to its upstreams: which endpoint a request is given to, what happens when it fails, and who waits for room.

import type { Timekeeper } from '../traffic/deadline.ts';
import type { Exchange } from '../traffic/exchange.ts';
import type { OutgoingRequest } from '../traffic/outgoing.ts';
import type { UpstreamSide } from '../traffic/sides.ts';
import { RetryBudget } from './budget.ts';
import type { Balancer } from './candidate.ts';
import type { Carried, Endpoint, EndpointWatcher } from './endpoint.ts';
import { Failure } from './failure.ts';
import { keyReader } from './keys.ts';
import type { Origin, OriginWatcher } from './origin.ts';
import { outliers } from './outlier.ts';
import { partOf } from './part.ts';
import { idOf, type Sticky } from './sticky.ts';
import { type Queue, Waiting } from './waiting.ts';

/** What its owner wrote about a site's retries, queue and upstreams together. */
export interface RouteSettings {
  /** `client`, `url`, `header:NAME` or `cookie:NAME`; what a hash goes by, '' where none is needed. */
  readonly hashBy: string;
  readonly retries: {
    /** Tries after the first. */
    readonly max: number;
    /** Answers that are tried elsewhere, where that is safe. */
    readonly statuses: readonly number[];
    readonly budgetPercent: number;
  };
  readonly queue: { readonly length: number; readonly waitMs: number };
  readonly slowFactor: number;
}

/** Seconds after which a client may ask again where nobody knows when an upstream will be well. */
const defaultRetrySeconds = 5;
const maxRetrySeconds = 120;

/** Methods that may be sent twice without harm (RFC 9110 9.2.2). */
const idempotent: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);

/** The upstreams of one site. */
export class Route implements Queue, EndpointWatcher, OriginWatcher {
  readonly settings: RouteSettings;
  readonly waitMs: number;
  readonly budget: RetryBudget;
  readonly sticky: Sticky | null;
  endpoints: readonly Endpoint[] = [];
  #primaries: readonly Endpoint[] = [];
  #backups: readonly Endpoint[] = [];
  #only: Endpoint | null = null;
  #origins: readonly Origin[] = [];
  readonly #balancer: Balancer;
  readonly #keyOf: (exchange: Exchange) => number;
  readonly #timekeeper: Timekeeper;
  /** How many may wait here: this worker's part of `queue.length`. */
  #maxWaiting: number;
  /** Never more than `#maxWaiting`. */
  readonly #waiting = new Set<Waiting>();
  #isParting = false;

  constructor(settings: RouteSettings, balancer: Balancer, sticky: Sticky | null, timekeeper: Timekeeper) {
    this.settings = settings;
    this.waitMs = settings.queue.waitMs;
    this.#maxWaiting = settings.queue.length;
    this.budget = new RetryBudget(settings.retries.budgetPercent);
    this.sticky = sticky;
    this.#balancer = balancer;
    this.#keyOf = keyReader(settings.hashBy);
    this.#timekeeper = timekeeper;
  }

  get origins(): readonly Origin[] {
    return this.#origins;
  }

  /** Takes these upstreams from now on. */
  use(origins: readonly Origin[]): void {
    for (const origin of this.#origins) origin.watchers.delete(this);
    this.#origins = origins;
    for (const origin of origins) origin.watchers.add(this);
    this.onEndpoints();
  }

  /** Leaves its upstreams to others, as soon as nobody waits for them here any more. */
  part(): void {
    this.#isParting = true;
    if (this.#waiting.size > 0) return;
    for (const origin of this.#origins) origin.watchers.delete(this);
    for (const endpoint of this.endpoints) forget(endpoint, this);
  }

  /** This is worker number `slot`, from 1, of `crew`. */
  divide(slot: number, crew: number): void {
    this.#maxWaiting = partOf(this.settings.queue.length, slot, crew);
  }

  /** Requests that wait for room. */
  get waiting(): number {
    return this.#waiting.size;
  }

  onEndpoints(): void {
    for (const endpoint of this.endpoints) forget(endpoint, this);
    this.endpoints = this.#origins.flatMap(({ endpoints }) => endpoints);
    this.#primaries = this.endpoints.filter(({ settings }) => !settings.isBackup);
    this.#backups = this.endpoints.filter(({ settings }) => settings.isBackup);
    this.#only = this.endpoints.length === 1 && this.sticky === null ? this.endpoints[0]! : null;
    for (const endpoint of this.endpoints) {
      endpoint.watchers.push(this);
      endpoint.health.hasPeers = this.endpoints.length > 1;
    }
    this.onRoom();
  }

  /** The endpoint for a request, one that is not among `avoided`; null where none may be had now. */
  choose(exchange: Exchange, avoided: readonly Endpoint[] | null): Endpoint | null {
    const only = this.#only;
    if (only !== null && avoided === null) return only.isReady ? only : null;
    if (this.sticky !== null) {
      const stuck = this.#stuck(this.sticky.read(exchange));
      if (stuck?.isReady && !avoided?.includes(stuck)) return stuck;
    }
    const key = this.settings.hashBy === '' ? 0 : this.#keyOf(exchange);
    const primary = this.#balancer.choose(this.#primaries, key, avoided);
    if (primary !== null || this.#backups.length === 0) return primary;
    // Backups are for when nobody else is well, not for when everybody else is busy.
    if (this.#primaries.some((one) => one.health.isAdmitting && !avoided?.includes(one))) return null;
    return this.#balancer.choose(this.#backups, key, avoided);
  }

  #stuck(id: string): Endpoint | undefined {
    return id === '' ? undefined : this.endpoints.find(({ seed }) => idOf(seed) === id);
  }

  /** Gives a request to an endpoint, at once or when there is room: `carried.onPlaced` says to which. A failure where it cannot be. */
  carry(exchange: Exchange, request: OutgoingRequest, carried: Carried): UpstreamSide | Failure | null {
    this.budget.earn();
    const endpoint = this.choose(exchange, null);
    if (endpoint !== null) {
      endpoint.place(exchange, request, carried, false);
      return null;
    }
    if (!this.#hasAnybody()) return this.#nobody();
    if (this.#waiting.size >= this.#maxWaiting) {
      const says = `all upstreams of the site have as many requests in hand as they may, and ${this.#waiting.size} wait`;
      return new Failure(503, 'proxy/queue-full', says, true, 1);
    }
    const waiting = new Waiting(this, exchange, request, carried);
    this.#waiting.add(waiting);
    this.#timekeeper.set(waiting, waiting.waitMs);
    return waiting;
  }

  /** Is anybody well, if busy? */
  #hasAnybody(): boolean {
    return this.endpoints.some(({ health }) => health.isAdmitting);
  }

  #nobody(): Failure {
    let seconds = Number.POSITIVE_INFINITY;
    for (const { health } of this.endpoints) {
      const ms = health.retryMs;
      if (ms !== null) seconds = Math.min(seconds, Math.ceil(ms / 1000));
    }
    if (!Number.isFinite(seconds)) seconds = defaultRetrySeconds;
    const [first] = this.endpoints;
    const says =
      this.endpoints.length === 1
        ? `${first!.label} is out: ${first!.health.says || 'it is being tried again'}`
        : `all ${this.endpoints.length} upstreams of the site are out; ${first!.label}: ${first!.health.says || 'it is being tried again'}`;
    return new Failure(503, 'proxy/no-upstream', says, true, Math.min(maxRetrySeconds, Math.max(1, seconds)));
  }

  leaveQueue(waiting: Waiting): void {
    this.#waiting.delete(waiting);
    this.#timekeeper.clear(waiting);
    if (this.#isParting) this.part();
  }

  /** Somebody has room again: whoever waits longest is next. */
  onRoom(): void {
    for (const waiting of this.#waiting) {
      const endpoint = this.choose(waiting.exchange, null);
      if (endpoint === null) return;
      this.leaveQueue(waiting);
      endpoint.place(waiting.exchange, waiting.takeUnsent(), waiting.carried, false);
      waiting.carried.onUpstreamDrain();
    }
  }

  /**
   * The endpoint to try after `failure` on the last of `tried`, or null where it may not be tried again. Nothing sent: anywhere
   * else, or in the same place where it only said that its connection is full or ends. Sent and lost before a byte was answered: only what may be done twice (RFC 9110 9.2.2), elsewhere, or, where a kept
   * connection had died under it, in the same place. `max` are the tries after the first that this request may have.
   */
  again(
    exchange: Exchange,
    failure: Failure,
    side: UpstreamSide,
    tried: readonly Endpoint[],
    max = this.settings.retries.max,
  ): Endpoint | null {
    if (tried.length > max || side.hasAnswered) return null;
    if (!failure.isUnsent && (failure.why !== 'proxy/reset' || !idempotent.has(exchange.method))) return null;
    const other = this.choose(exchange, tried);
    const mayStay = failure.isUnsent ? failure.why === 'proxy/refused-stream' : side.isReused;
    const next = other ?? (mayStay ? tried.at(-1)! : null);
    return next !== null && this.budget.spend() ? next : null;
  }

  /** The endpoint to ask instead of the last of `tried`, which answered `status`; null where the answer is to be passed on. */
  instead(
    exchange: Exchange,
    status: number,
    tried: readonly Endpoint[],
    max = this.settings.retries.max,
  ): Endpoint | null {
    const { statuses } = this.settings.retries;
    if (!statuses.includes(status) || tried.length > max || !idempotent.has(exchange.method)) return null;
    const other = this.choose(exchange, tried);
    return other !== null && this.budget.spend() ? other : null;
  }

  /** The line that sticks a client to the endpoint that answers it, or ''. */
  cookieLine(exchange: Exchange, endpoint: Endpoint | null): string {
    return this.sticky === null || endpoint === null ? '' : this.sticky.line(exchange, idOf(endpoint.seed));
  }

  /** Takes out those that are much slower than their peers. */
  judgeTimes(): void {
    const { slowFactor } = this.settings;
    if (slowFactor === 0) return;
    const means = this.endpoints.map(({ times }) => times.take());
    for (const at of outliers(means, slowFactor))
      this.endpoints[at]!.health.eject(
        `it answered after ${Math.round(means[at]!)} ms on average, more than ${slowFactor} times as late as its peers`,
      );
  }
}

function forget(endpoint: Endpoint, watcher: EndpointWatcher): void {
  const at = endpoint.watchers.indexOf(watcher);
  if (at >= 0) endpoint.watchers.splice(at, 1);
}

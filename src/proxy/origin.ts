// One upstream as its owner wrote it: the addresses that its name leads to now, an endpoint for each, and the checks of each.

import { createHash } from 'node:crypto';
import type { Expiring, Timekeeper } from '../traffic/deadline.ts';
import type { Check } from './check.ts';
import type { Endpoint } from './endpoint.ts';
import type { EndpointNews } from './endpoint-news.ts';
import { endpointsOf, type Resolve, type Resolved } from './resolver.ts';
import type { Target } from './target.ts';

/** What an origin is made with. */
export interface OriginTools {
  readonly timekeeper: Timekeeper;
  readonly resolve: Resolve;
  /** An endpoint at these addresses; none: the name is looked up with each connection. */
  makeEndpoint(addresses: readonly string[]): Endpoint;
  /** The check of an endpoint, or null where none is configured. */
  makeCheck(endpoint: Endpoint): Check | null;
}

/** Whoever balances over endpoints, told when they change. */
export interface OriginWatcher {
  onEndpoints(): void;
}

/** The shortest and the longest time after which a name is resolved anew, whatever its TTL; a TTL of 0 would be a flood. */
const minRefreshMs = 1000;
const maxRefreshMs = 300_000;
/** The longest wait after names did not resolve several times. */
const maxRetryMs = 30_000;

/** One upstream. Its list of endpoints is replaced whole when it changes, never emptied. */
export class Origin implements Expiring {
  due = 0;
  readonly key: string;
  /** The key as other workers are told it: without what is secret in it. */
  readonly id: string;
  readonly target: Target;
  readonly watchers = new Set<OriginWatcher>();
  endpoints: readonly Endpoint[];
  /** Why the name does not resolve, '' where it does or needs not. */
  trouble = '';
  readonly #tools: OriginTools;
  readonly #isName: boolean;
  #checks: readonly (Check | null)[];
  #isStarted = false;
  #misses = 0;
  /** Which worker this is, of how many. */
  #slot = 1;
  #crew = 1;

  /** `isName`: its host is a name and not an address. */
  constructor(key: string, target: Target, isName: boolean, tools: OriginTools) {
    this.key = key;
    this.id = createHash('sha256').update(key).digest('base64');
    this.target = target;
    this.#isName = isName;
    this.#tools = tools;
    this.endpoints = [tools.makeEndpoint(isName || target.socketPath !== '' ? [] : [target.host])];
    this.#checks = this.endpoints.map((endpoint) => tools.makeCheck(endpoint));
  }

  /** Begins to look after the name and the endpoints' health. */
  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    for (const check of this.#checks) check?.start();
    if (this.#isName) this.expire();
  }

  /** Ends idle connections and looks after nothing any more; exchanges in hand go on. */
  stop(): void {
    this.#isStarted = false;
    this.#tools.timekeeper.clear(this);
    for (const check of this.#checks) check?.stop();
    for (const endpoint of this.endpoints) retire(endpoint);
  }

  /** This is worker number `slot`, from 1, of `crew`. */
  divide(slot: number, crew: number): void {
    this.#slot = slot;
    this.#crew = crew;
    for (const endpoint of this.endpoints) endpoint.divide(slot, crew);
  }

  /** Another worker knows something of the endpoint at these addresses. */
  hear(place: string, { check, breaker }: EndpointNews): void {
    const at = this.endpoints.findIndex((endpoint) => placeOf(endpoint) === place);
    if (at < 0) return;
    if (breaker !== null) this.endpoints[at]!.health.heard(breaker);
    if (check !== null) this.#checks[at]?.hear(check);
  }

  /** What others have not been told yet, by place; or, for a worker that starts, what checks know. */
  *news(isAll: boolean): IterableIterator<readonly [place: string, news: EndpointNews]> {
    for (const [at, endpoint] of this.endpoints.entries()) {
      const known = isAll ? (this.#checks[at]?.known ?? null) : null;
      const news = isAll ? known && { check: known, breaker: null } : endpoint.untold.take();
      if (news !== null) yield [placeOf(endpoint), news];
    }
  }

  /** The time of the addresses is over. */
  expire(): void {
    this.#tools.resolve(this.target.host, (found) => {
      if (this.#isStarted) this.#take(found);
    });
  }

  #take(found: Resolved | string): void {
    if (typeof found === 'string') {
      // What it was last is the best that is known: a resolver that fails must not take the site down.
      this.trouble = found;
      this.#misses++;
      this.#tools.timekeeper.set(this, Math.min(maxRetryMs, minRefreshMs * 2 ** Math.min(10, this.#misses)));
      return;
    }
    this.trouble = '';
    this.#misses = 0;
    const ms = Math.min(maxRefreshMs, Math.max(minRefreshMs, found.ttlSeconds * 1000));
    this.#tools.timekeeper.set(this, ms);
    this.#move(endpointsOf(found.addresses));
  }

  /** Keeps the endpoints whose addresses are still there, makes those that are new, and lets go of the rest. */
  #move(places: readonly (readonly string[])[]): void {
    const old = new Map(this.endpoints.map((endpoint) => [keyOf(endpoint.pool.options.addresses), endpoint]));
    if (places.length === old.size && places.every((addresses) => old.has(keyOf(addresses)))) return;
    const unnamed = old.get('');
    // The one that looked its name up by itself stays, with the connections that it has, and is from now on at the first address.
    if (unnamed !== undefined) {
      unnamed.settle(places[0]!);
      old.delete('');
      old.set(keyOf(places[0]!), unnamed);
    }
    const isFirst = unnamed !== undefined;
    const checks = new Map(this.endpoints.map((endpoint, index) => [endpoint, this.#checks[index]!]));
    const endpoints = places.map((addresses) => {
      const known = old.get(keyOf(addresses));
      if (known !== undefined) return known;
      const made = this.#tools.makeEndpoint(addresses);
      made.divide(this.#slot, this.#crew);
      const check = this.#tools.makeCheck(made);
      checks.set(made, check!);
      check?.start();
      if (!isFirst) made.health.startSlowly();
      return made;
    });
    const gone = this.endpoints.filter((endpoint) => !endpoints.includes(endpoint));
    for (const endpoint of endpoints) endpoint.isOneOfSeveral = endpoints.length > 1;
    this.endpoints = endpoints;
    this.#checks = endpoints.map((endpoint) => checks.get(endpoint) ?? null);
    for (const watcher of this.watchers) watcher.onEndpoints();
    for (const endpoint of gone) {
      checks.get(endpoint)?.stop();
      retire(endpoint);
    }
  }
}

function retire(endpoint: Endpoint): void {
  endpoint.health.stop();
  endpoint.pool.close();
}

/** Where an endpoint is, as all workers call it. */
function placeOf({ pool }: Endpoint): string {
  return keyOf(pool.options.addresses);
}

function keyOf(addresses: readonly string[]): string {
  return addresses.join(' ');
}

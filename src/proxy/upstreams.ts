// All upstreams of one generation: what is looked at now and then, handed on to the next generation, and told to people.

import type { Expiring, Timekeeper } from '../traffic/deadline.ts';
import type { Shared } from '../traffic/deltas.ts';
import type { Endpoint } from './endpoint.ts';
import type { EndpointNews } from './endpoint-news.ts';
import type { HealthState } from './health.ts';
import type { Origin } from './origin.ts';
import type { Route } from './route.ts';
import { type Sample, TupleUse } from './tuple-use.ts';

/** One endpoint, as `status` and a page of metrics print it. Counters only grow. */
export interface EndpointFacts {
  /** The upstream as its owner wrote it. */
  readonly upstream: string;
  /** The same, with the address where its name has several. */
  readonly endpoint: string;
  readonly addresses: readonly string[];
  readonly port: number;
  readonly weight: number;
  readonly backup: boolean;
  readonly health: HealthState;
  /** Why it is not up, '' where it is; or that its name does not resolve. */
  readonly says: string;
  readonly idle: number;
  readonly busy: number;
  readonly opened: number;
  readonly reused: number;
  readonly failures: number;
  /** The 4-tuple space towards it, as this process sees it; `ports` is 0 for a Unix socket. */
  readonly tuples: {
    /** Ports of the range times the source addresses. */
    readonly ports: number;
    /** Taken by connections of this process, those in TIME_WAIT included. */
    readonly used: number;
    /** The last minutes, for a forecast. */
    readonly samples: readonly Sample[];
  };
}

/** What looking needs. */
export interface WatchTools {
  readonly timekeeper: Timekeeper;
  /** Milliseconds of a clock that never goes back. */
  now(): number;
}

/** News of one endpoint: its upstream, where it is, and what. */
type Told = readonly [id: string, place: string, news: EndpointNews];

/** How often the use of the 4-tuple space is looked at and slow endpoints are judged. */
const watchMs = 5000;

/** All upstreams of one generation. */
export class Proxy implements Expiring, Shared {
  due = 0;
  readonly routes: readonly Route[];
  readonly #origins: Map<string, Origin>;
  readonly #tools: WatchTools;
  readonly #uses = new WeakMap<Endpoint, TupleUse>();
  readonly #ports: number;
  #isStarted = false;

  /** `ports` is the 4-tuple space towards one endpoint. */
  constructor(routes: readonly Route[], origins: Map<string, Origin>, ports: number, tools: WatchTools) {
    this.routes = routes;
    this.#origins = origins;
    this.#ports = ports;
    this.#tools = tools;
  }

  /** Takes over from the generation before what has stayed the same: connections, health, addresses and counters of every upstream
   * whose settings are unchanged. Called once, before `start`; exchanges that the other has in hand go on undisturbed. */
  adopt(previous: Proxy): void {
    for (const key of this.#origins.keys()) {
      const known = previous.#origins.get(key);
      if (known === undefined) continue;
      previous.#origins.delete(key);
      this.#origins.set(key, known);
    }
    for (const route of this.routes) route.use(route.origins.map(({ key }) => this.#origins.get(key)!));
  }

  /** Begins to look after health, names and ports. */
  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    for (const origin of this.#origins.values()) origin.start();
    this.#tools.timekeeper.set(this, watchMs);
  }

  /** Ends idle connections and looks after nothing any more; exchanges in hand go on. */
  stop(): void {
    this.#isStarted = false;
    this.#tools.timekeeper.clear(this);
    for (const origin of this.#origins.values()) origin.stop();
    for (const route of this.routes) route.part();
  }

  /** This is worker number `slot`, from 1, of `crew`: what an upstream may have in hand, and who may wait, is divided among them. */
  divide(slot: number, crew: number): void {
    for (const origin of this.#origins.values()) origin.divide(slot, crew);
    for (const route of this.routes) route.divide(slot, crew);
  }

  /** What checks and traffic found here since the last call: other workers need not find out for themselves. */
  takeDeltas(): readonly Told[] | null {
    return this.#news(false);
  }

  absorb(deltas: unknown): void {
    const byId = new Map([...this.#origins.values()].map((origin) => [origin.id, origin]));
    for (const [id, place, news] of deltas as readonly Told[]) byId.get(id)?.hear(place, news);
  }

  snapshot(): readonly Told[] | null {
    return this.#news(true);
  }

  #news(isAll: boolean): readonly Told[] | null {
    const told: Told[] = [];
    for (const origin of this.#origins.values())
      for (const [place, news] of origin.news(isAll)) told.push([origin.id, place, news]);
    return told.length > 0 ? told : null;
  }

  /** It is time to look. */
  expire(): void {
    for (const route of this.routes) route.judgeTimes();
    for (const endpoint of this.#endpoints()) this.#useOf(endpoint).look(this.#tools.now());
    this.#tools.timekeeper.set(this, watchMs);
  }

  /** Each endpoint's health, connections and counters. */
  describe(): EndpointFacts[] {
    const facts: EndpointFacts[] = [];
    for (const origin of this.#origins.values())
      for (const endpoint of origin.endpoints) facts.push(this.#factsOf(origin, endpoint));
    return facts;
  }

  #factsOf(origin: Origin, endpoint: Endpoint): EndpointFacts {
    const { pool, health, settings, weight } = endpoint;
    const { target, addresses } = pool.options;
    const use = this.#useOf(endpoint);
    use.count(this.#tools.now());
    return {
      upstream: target.url,
      endpoint: endpoint.label,
      addresses,
      port: target.port,
      weight,
      backup: settings.isBackup,
      health: health.state,
      says: health.says || (origin.trouble === '' ? '' : `its name does not resolve (${origin.trouble})`),
      idle: pool.idle,
      busy: pool.busy,
      opened: pool.opened,
      reused: pool.reused,
      failures: pool.failures,
      tuples: { ports: target.socketPath === '' ? this.#ports : 0, used: use.used, samples: use.samples },
    };
  }

  *#endpoints(): IterableIterator<Endpoint> {
    for (const { endpoints } of this.#origins.values()) yield* endpoints;
  }

  #useOf(endpoint: Endpoint): TupleUse {
    let use = this.#uses.get(endpoint);
    if (use === undefined) {
      use = new TupleUse(endpoint.pool);
      this.#uses.set(endpoint, use);
    }
    return use;
  }
}

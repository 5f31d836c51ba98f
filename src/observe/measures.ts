// What is counted and measured of traffic, in this worker and since its start. Each request costs some additions.

import { addHistograms, Histogram, type HistogramFigures } from '../base/histogram.ts';
import type { Connection } from '../traffic/connection.ts';
import type { Exchange } from '../traffic/exchange.ts';
import type { Outcome } from '../traffic/history.ts';

/** Requests of one site, and the classes of their statuses (the first is for none). */
export interface SiteFigures {
  readonly requests: number;
  readonly statuses: readonly number[];
}

/** Sums since the start, as plain data. */
export interface TrafficFigures {
  readonly exchanges: number;
  /** By layer and outcome: `waf block`. */
  readonly decided: Readonly<Record<string, number>>;
  readonly sites: Readonly<Record<string, SiteFigures>>;
  /** Requests in which a rule or detector found something, by its id. */
  readonly rules: Readonly<Record<string, number>>;
  /** Bodies and heads of requests, and bodies of answers. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Times in µs, by what took them: `firewall`, `tls`, `rates`, `waf`, `upstream`, `exchange`. */
  readonly times: Readonly<Record<string, HistogramFigures>>;
  /** The newest exchange that took up to each of `boundsUs` and longer than the one before; the last for longer ones. */
  readonly exemplars: readonly (TimedExchange | null)[];
}

/** An exchange by its id: how long it took, in µs, and when it began, in ms since 1970. */
export interface TimedExchange {
  readonly id: string;
  readonly us: number;
  readonly at: number;
}

/** Bounds of durations as they are shown, in µs: 8 µs to 33 s, each twice the one before. */
export const boundsUs: readonly number[] = Array.from({ length: 23 }, (_, index) => 2 ** (index + 3));

/** Most rules that are counted by name; the rest is `other`. */
const maxRules = 2000;
/** Classes of statuses: none, and 1xx to 5xx. */
const classCount = 6;

interface MutableSite {
  requests: number;
  readonly statuses: number[];
}

/** The counters of one worker. */
export class Measures {
  #exchanges = 0;
  #bytesIn = 0;
  #bytesOut = 0;
  /** Passed to the application: most of all, and so without a look-up. */
  #served = 0;
  #decided = new Map<string, number>();
  #sites = new Map<string, MutableSite>();
  #rules = new Map<string, number>();
  readonly #exemplarIds = new Array<string>(boundsUs.length + 1).fill('');
  readonly #exemplarUs = new Float64Array(boundsUs.length + 1);
  readonly #exemplarAt = new Float64Array(boundsUs.length + 1);
  #lastSite: MutableSite | null = null;
  #lastName = '';
  readonly #times = {
    firewall: new Histogram(),
    tls: new Histogram(),
    rates: new Histogram(),
    waf: new Histogram(),
    upstream: new Histogram(),
    exchange: new Histogram(),
  };

  /** Takes an exchange that has ended. */
  exchange(exchange: Exchange, layer: string, outcome: Outcome): void {
    this.#exchanges++;
    this.#bytesIn += exchange.requestBytes;
    this.#bytesOut += exchange.responseBytes;
    if (outcome === 'pass' && layer === 'app') this.#served++;
    else this.#decide(layer, outcome);
    const site =
      exchange.site === this.#lastName && this.#lastSite !== null ? this.#lastSite : this.#siteOf(exchange.site);
    site.requests++;
    const statusClass = (exchange.status / 100) | 0;
    site.statuses[statusClass < classCount ? statusClass : 0]!++;
    this.#time(exchange);
    if (exchange.findings !== null) this.#countRules(exchange.findings);
  }

  /** Takes a connection that never became an exchange. */
  connection({ firewallMicroseconds, tls, tlsMicroseconds }: Connection, station: string, outcome: Outcome): void {
    this.#decide(station, outcome);
    this.#times.firewall.add(firewallMicroseconds);
    if (tls !== null) this.#times.tls.add(tlsMicroseconds);
  }

  figures(): TrafficFigures {
    const decided = Object.fromEntries(this.#decided);
    if (this.#served > 0) decided['app pass'] = this.#served;
    return {
      exchanges: this.#exchanges,
      decided,
      sites: Object.fromEntries(
        [...this.#sites].map(([name, site]) => [name, { ...site, statuses: [...site.statuses] }]),
      ),
      rules: Object.fromEntries(this.#rules),
      bytesIn: this.#bytesIn,
      bytesOut: this.#bytesOut,
      times: Object.fromEntries(Object.entries(this.#times).map(([name, histogram]) => [name, histogram.figures()])),
      exemplars: this.#exemplarIds.map((id, index) =>
        id === '' ? null : { id, us: this.#exemplarUs[index]!, at: this.#exemplarAt[index]! },
      ),
    };
  }

  #decide(layer: string, outcome: Outcome): void {
    const key = `${layer} ${outcome}`;
    this.#decided.set(key, (this.#decided.get(key) ?? 0) + 1);
  }

  #siteOf(name: string): MutableSite {
    let site = this.#sites.get(name);
    if (site === undefined) {
      site = { requests: 0, statuses: new Array<number>(classCount).fill(0) };
      this.#sites.set(name, site);
    }
    this.#lastName = name;
    this.#lastSite = site;
    return site;
  }

  #time(exchange: Exchange): void {
    const { connection, requestNumber, ratesMicroseconds, wafMicroseconds, upstreamMs, ms } = exchange;
    // What a connection cost is told once, with its first request.
    if (requestNumber <= 1) {
      this.#times.firewall.add(connection.firewallMicroseconds);
      if (connection.tls !== null) this.#times.tls.add(connection.tlsMicroseconds);
    }
    if (exchange.rateLimit >= 0) this.#times.rates.add(ratesMicroseconds);
    if (exchange.wafAction !== 'off') this.#times.waf.add(wafMicroseconds);
    if (upstreamMs >= 0) this.#times.upstream.add(upstreamMs * 1000);
    this.#times.exchange.add(ms * 1000);
    this.#keepExemplar(exchange);
  }

  /** Three writes to places that are there already: a request must not pay for one that somebody may look up. */
  #keepExemplar({ id, ms, startedAt }: Exchange): void {
    const us = ms * 1000;
    const index = us < 8 ? 0 : Math.min(boundsUs.length, 29 - Math.clz32(Math.min(us, 2 ** 31 - 1)));
    this.#exemplarIds[index] = id;
    this.#exemplarUs[index] = us;
    this.#exemplarAt[index] = startedAt;
  }

  #countRules(findings: NonNullable<Exchange['findings']>): void {
    for (const { id } of findings) {
      const name = String(id);
      const key = this.#rules.size < maxRules || this.#rules.has(name) ? name : 'other';
      this.#rules.set(key, (this.#rules.get(key) ?? 0) + 1);
    }
  }
}

/** The sums of two workers, or of a worker's and those of one that is gone. */
export function addTraffic(one: TrafficFigures, other: TrafficFigures): TrafficFigures {
  return {
    exchanges: one.exchanges + other.exchanges,
    decided: joined(one.decided, other.decided, (a, b) => a + b),
    sites: joined(one.sites, other.sites, (a, b) => ({
      requests: a.requests + b.requests,
      statuses: a.statuses.map((count, index) => count + b.statuses[index]!),
    })),
    rules: joined(one.rules, other.rules, (a, b) => a + b),
    bytesIn: one.bytesIn + other.bytesIn,
    bytesOut: one.bytesOut + other.bytesOut,
    times: joined(one.times, other.times, addHistograms),
    exemplars: one.exemplars.map((mine, index) => newer(mine, other.exemplars[index] ?? null)),
  };
}

function newer(one: TimedExchange | null, other: TimedExchange | null): TimedExchange | null {
  if (one === null || other === null) return one ?? other;
  return one.at >= other.at ? one : other;
}

function joined<T>(
  one: Readonly<Record<string, T>>,
  other: Readonly<Record<string, T>>,
  both: (a: T, b: T) => T,
): Record<string, T> {
  const sum: Record<string, T> = { ...one };
  for (const [name, value] of Object.entries(other))
    sum[name] = Object.hasOwn(sum, name) ? both(sum[name]!, value) : value;
  return sum;
}

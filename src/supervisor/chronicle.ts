// What all workers measured, summed up: totals since the start, and the last minutes second by second.

import { addHistograms, type HistogramFigures, histogramSince, percentile } from '../base/histogram.ts';
import { addTraffic, type TrafficFigures } from '../observe/observe.ts';
import type { Series } from '../traffic/series.ts';
import type { WorkerFigures } from './messages.ts';
import { addRules, type RuleFigures } from './rule-counts.ts';

/** Points that are kept: fifteen minutes. */
export const maxPoints = 900;
/** A worker that said nothing for so many points is left out of them. */
const maxSilentPoints = 3;

/** What is counted a second, also where there is nothing to count. */
const rates: readonly string[] = ['requests', 'accepted', 'bytesIn', 'bytesOut'];

type Point = Readonly<Record<string, number | null>>;

/** What one worker did a second, between its last two looks. */
interface Pace {
  readonly rates: Readonly<Record<string, number>>;
  readonly times: Readonly<Record<string, HistogramFigures>>;
  points: number;
}

/** Sums of all workers, those that are gone included. */
export interface Totals {
  readonly traffic: TrafficFigures;
  readonly rules: RuleFigures;
  readonly accepted: number;
  /** CPU time of all workers, in µs. */
  readonly cpuUs: number;
}

/** The percentiles that points have: column, histogram, share, and µs to its unit. */
const percentiles: readonly (readonly [column: string, times: string, share: number, unit: number])[] = [
  ['exchangeP50Ms', 'exchange', 0.5, 1000],
  ['exchangeP90Ms', 'exchange', 0.9, 1000],
  ['exchangeP99Ms', 'exchange', 0.99, 1000],
  ['upstreamP50Ms', 'upstream', 0.5, 1000],
  ['upstreamP99Ms', 'upstream', 0.99, 1000],
  ['wafP50Us', 'waf', 0.5, 1],
  ['wafP99Us', 'waf', 0.99, 1],
];

/** The supervisor's memory of what workers measured. */
export class Chronicle {
  #looks = new Map<number, WorkerFigures>();
  #paces = new Map<number, Pace>();
  #gone: Totals | null = null;
  #times: number[] = [];
  #points: Point[] = [];
  #ownCpuUs: number;

  /** `ownCpuUs` is the CPU time of the supervisor so far, in µs; 0 where it is a worker's process too. */
  constructor(ownCpuUs = 0) {
    this.#ownCpuUs = ownCpuUs;
  }

  /** Worker `id` has looked at itself. */
  note(id: number, look: WorkerFigures): void {
    const before = this.#looks.get(id);
    this.#looks.set(id, look);
    if (before !== undefined && look.atMs > before.atMs) this.#paces.set(id, paceOf(look, before));
  }

  /** Worker `id` is gone; what it did is not. */
  forget(id: number): void {
    const last = this.#looks.get(id);
    this.#looks.delete(id);
    this.#paces.delete(id);
    if (last === undefined) return;
    this.#gone = this.#gone === null ? totalsOf(last) : sumOf(this.#gone, totalsOf(last));
  }

  /** Everything since the start; null before the first look. */
  totals(): Totals | null {
    let sum = this.#gone;
    for (const look of this.#looks.values()) sum = sum === null ? totalsOf(look) : sumOf(sum, totalsOf(look));
    return sum;
  }

  /** How the workers are now. */
  looks(): readonly WorkerFigures[] {
    return [...this.#looks.values()];
  }

  /** Adds a point for the time `now` (ms since 1970); `own` is what the supervisor itself takes. */
  tick(now: number, own: { readonly cpuUs: number; readonly rssBytes: number }): void {
    const point: Record<string, number | null> = { cpuCores: (own.cpuUs - this.#ownCpuUs) / 1e6 };
    this.#ownCpuUs = own.cpuUs;
    const times: Record<string, HistogramFigures> = {};
    for (const [id, pace] of this.#paces) {
      if (++pace.points > maxSilentPoints) this.#paces.delete(id);
      for (const [name, rate] of Object.entries(pace.rates)) point[name] = (point[name] ?? 0) + rate;
      for (const [name, histogram] of Object.entries(pace.times))
        times[name] = times[name] === undefined ? histogram : addHistograms(times[name], histogram);
    }
    for (const [column, name, share, unit] of percentiles) {
      const us = times[name] === undefined ? null : percentile(times[name], share);
      point[column] = us === null ? null : us / unit;
    }
    this.#addState(point, own.rssBytes);
    this.#times.push(Math.floor(now / 1000));
    this.#points.push(point);
    if (this.#points.length <= maxPoints) return;
    this.#points.shift();
    this.#times.shift();
  }

  /** The last `seconds` points; a column for whatever any of them has. */
  series(seconds: number): Series {
    const points = this.#points.slice(-seconds);
    const names = new Set([...rates, ...points.flatMap((point) => Object.keys(point))]);
    const column = (name: string) => points.map((point) => point[name] ?? (isRate(name) ? 0 : null));
    return {
      at: this.#times.slice(-seconds),
      columns: Object.fromEntries([...names].map((name) => [name, column(name)])),
    };
  }

  #addState(point: Record<string, number | null>, ownRssBytes: number): void {
    const looks = this.looks();
    point.open = looks.reduce((sum, { open }) => sum + open, 0);
    point.queued = looks.reduce((sum, { queued }) => sum + queued, 0);
    point.rssBytes = looks.reduce((sum, { rssBytes }) => sum + rssBytes, ownRssBytes);
    // Descriptors are each process's own: the worker with the fewest left is the one to look at.
    const [fullest] = [...looks].sort((one, other) => leftOf(one) - leftOf(other));
    point.descriptorsLeft = fullest === undefined ? null : leftOf(fullest);
    point.descriptorsLimit = fullest?.descriptorsLimit ?? null;
  }
}

function leftOf({ descriptorsLimit, descriptorsOpen }: WorkerFigures): number {
  return Math.max(0, descriptorsLimit - descriptorsOpen);
}

/** Whether nothing means none: rates, and what layers decided. */
function isRate(name: string): boolean {
  return name.includes('.') || rates.includes(name);
}

function paceOf(look: WorkerFigures, before: WorkerFigures): Pace {
  const seconds = (look.atMs - before.atMs) / 1000;
  const rate = (now: number, then: number) => Math.max(0, now - then) / seconds;
  const [traffic, former] = [look.traffic, before.traffic];
  const found: Record<string, number> = {
    requests: rate(traffic.exchanges, former.exchanges),
    accepted: rate(look.accepted, before.accepted),
    bytesIn: rate(traffic.bytesIn, former.bytesIn),
    bytesOut: rate(traffic.bytesOut, former.bytesOut),
    cpuCores: rate(look.cpuUs, before.cpuUs) / 1e6,
  };
  for (const [key, count] of Object.entries(traffic.decided)) {
    const [layer, outcome] = key.split(' ') as [string, string];
    found[`${outcome}.${layer}`] = rate(count, former.decided[key] ?? 0);
  }
  const times = Object.entries(traffic.times).map(
    ([name, histogram]) => [name, histogramSince(histogram, former.times[name] ?? { counts: [], sum: 0 })] as const,
  );
  return { rates: found, times: Object.fromEntries(times), points: 0 };
}

function totalsOf({ traffic, rules, accepted, cpuUs }: WorkerFigures): Totals {
  return { traffic, rules, accepted, cpuUs };
}

function sumOf(one: Totals, other: Totals): Totals {
  return {
    traffic: addTraffic(one.traffic, other.traffic),
    rules: addRules(one.rules, other.rules),
    accepted: one.accepted + other.accepted,
    cpuUs: one.cpuUs + other.cpuUs,
  };
}

// Chooses the journeys that are written down: the first of each kind always, of the rest as many as there is room for, by chance;
// and counts all of them. A journey becomes text only when it has been chosen.

import { networkPrefix } from '../base/network-prefix.ts';
import { Reservoir } from '../base/reservoir.ts';
import type { Exchange } from '../traffic/exchange.ts';
import type { GroupCount, HistoryBatch, KeptJourney, Outcome, Tally } from '../traffic/history.ts';
import { keptConnection, keptExchange, type LostConnection } from './kept.ts';

/** What may be chosen of each sort (passed, refused, connections) between two batches, while it is quiet and once it is not. */
const burst = 200;
const perBatch = 10;
/** Most first ones of a batch; those beyond are left to chance like the rest. */
const maxFirst = 100;
/** Kinds that are known to have been seen, twice: the older half is forgotten whole. */
const maxKinds = 16_384;
/** Kinds that one batch tells; what comes on top is told without its part of the network. */
const maxTold = 4096;

/** What is counted as one since the last batch. */
interface Kind extends Omit<GroupCount, 'count' | 'firstAt' | 'lastAt' | 'sample'> {
  count: number;
  firstAt: number;
  lastAt: number;
  sample: string;
}

type MutableTally = { -readonly [K in keyof Tally]: Tally[K] };

/** A reservoir that saves up in quiet times for a burst. */
class Share<T> {
  readonly chosen: Reservoir<T>;
  #size = burst;

  constructor(random: () => number) {
    this.chosen = new Reservoir(random);
    this.chosen.begin(burst);
  }

  take(): T[] {
    const kept = this.chosen.begin(0);
    this.#size = Math.max(perBatch, Math.min(burst, this.#size - kept.length + perBatch));
    this.chosen.begin(this.#size);
    return kept;
  }
}

/** One worker's choice. */
export class Chooser {
  readonly #passed: Share<Exchange>;
  readonly #refused: Share<Exchange>;
  readonly #lost: Share<LostConnection>;
  #firstExchanges: Exchange[] = [];
  #firstLost: LostConnection[] = [];
  #kinds = new Map<string, Kind>();
  #olderKinds = new Map<string, Kind>();
  #told: Kind[] = [];
  #tallies = new Map<string, MutableTally>();
  /** The tally of what passed on the site of the last request: most requests are like the one before. */
  #usual: MutableTally | null = null;
  #offered = 0;

  constructor(random: () => number) {
    this.#passed = new Share(random);
    this.#refused = new Share(random);
    this.#lost = new Share(random);
  }

  /** An exchange that has ended. One that is kept must not be renewed, which `isHeld` says. */
  exchange(exchange: Exchange, layer: string, verdict: Outcome): void {
    this.#offered++;
    const isUsual = verdict === 'pass';
    const { refusal, endedWhy, site } = exchange;
    const why = refusal === null ? endedWhy : refusal.why;
    this.#tally(layer, verdict, why, site, isUsual);
    let isFirst = false;
    if (!isUsual) {
      const rule = ruleOf(exchange);
      const at = exchange.startedAt;
      isFirst = this.#count(layer, verdict, why, rule, site, exchange.client, at, exchange.id);
    }
    if (isFirst && this.#firstExchanges.length < maxFirst) {
      this.#firstExchanges.push(exchange);
      exchange.isHeld = true;
      return;
    }
    const { chosen } = isUsual ? this.#passed : this.#refused;
    if (!chosen.wants) {
      chosen.pass();
      return;
    }
    exchange.isHeld = true;
    const gone = chosen.take(exchange);
    if (gone !== null) gone.isHeld = false;
  }

  /** The same for a connection without an exchange. */
  connection(lost: LostConnection, verdict: Outcome): void {
    this.#offered++;
    const { connection, station, id } = lost;
    const { endedWhy, firewallAction, firewallRule, peer, openedAt } = connection;
    this.#tally(station, verdict, endedWhy, '', false);
    const rule = firewallAction === 'DENY' && firewallRule > 0 ? String(firewallRule) : '';
    const isFirst = this.#count(station, verdict, endedWhy, rule, '', peer, openedAt, id);
    if (isFirst && this.#firstLost.length < maxFirst) this.#firstLost.push(lost);
    else if (this.#lost.chosen.wants) this.#lost.chosen.take(lost);
    else this.#lost.chosen.pass();
  }

  /** What came together since the last batch, or null for nothing. */
  take(): HistoryBatch | null {
    if (this.#offered === 0) return null;
    const firsts = this.#firstExchanges;
    const firstLost = this.#firstLost;
    const others = [...this.#passed.take(), ...this.#refused.take()];
    const journeys = [
      ...firsts.map((exchange) => keptExchange(exchange, true)),
      ...others.map((exchange) => keptExchange(exchange, false)),
      ...firstLost.map((lost) => keptConnection(lost, true)),
      ...this.#lost.take().map((lost) => keptConnection(lost, false)),
    ].sort((one, other) => one.at - other.at);
    for (const exchange of firsts) exchange.isHeld = false;
    for (const exchange of others) exchange.isHeld = false;
    this.#renewSamples(journeys);
    const batch: HistoryBatch = {
      journeys,
      groups: this.#told.map((kind) => ({ ...kind })),
      tallies: [...this.#tallies.values()],
      notKept: this.#offered - journeys.length,
    };
    for (const kind of this.#told) kind.count = 0;
    this.#told = [];
    this.#firstExchanges = [];
    this.#firstLost = [];
    this.#tallies.clear();
    this.#usual = null;
    this.#offered = 0;
    return batch;
  }

  /** The sample of a kind is the newest that was kept of it: older ones leave the disk sooner. */
  #renewSamples(journeys: readonly KeptJourney[]): void {
    const kept = new Map<string, string>();
    for (const { verdict, why, rule, site, client, id } of journeys)
      if (verdict !== 'pass') kept.set(keyOf(verdict, why, rule, site, networkPrefix(client)), id);
    for (const kind of this.#told) {
      const id = kept.get(keyOf(kind.verdict, kind.why, kind.rule, kind.site, kind.prefix));
      if (id !== undefined) kind.sample = id;
    }
  }

  #tally(layer: string, verdict: Outcome, why: string, site: string, isUsual: boolean): void {
    const usual = this.#usual;
    if (isUsual && usual !== null && usual.site === site && usual.layer === layer && usual.why === why) {
      usual.count++;
      return;
    }
    const key = `${layer} ${verdict} ${why} ${site}`;
    let tally = this.#tallies.get(key);
    if (tally === undefined) {
      tally = { layer, verdict, why, site, count: 0 };
      this.#tallies.set(key, tally);
    }
    tally.count++;
    if (isUsual) this.#usual = tally;
  }

  /** Counts one of its kind; true for the first that is known of. */
  #count(
    layer: string,
    verdict: Outcome,
    why: string,
    rule: string,
    site: string,
    client: string,
    at: number,
    id: string,
  ): boolean {
    const isCrowded = this.#told.length >= maxTold;
    const prefix = isCrowded ? '' : networkPrefix(client);
    const key = keyOf(verdict, why, rule, site, prefix);
    let kind = this.#kinds.get(key);
    let isFirst = false;
    if (kind === undefined) {
      kind = this.#olderKinds.get(key);
      isFirst = kind === undefined;
      kind ??= { layer, verdict, why, rule, site, prefix, count: 0, firstAt: at, lastAt: at, sample: id };
      this.#remember(key, kind);
    }
    if (kind.count === 0) {
      kind.firstAt = at;
      this.#told.push(kind);
    }
    kind.count++;
    kind.lastAt = at;
    return isFirst && !isCrowded;
  }

  #remember(key: string, kind: Kind): void {
    if (this.#kinds.size >= maxKinds) {
      this.#olderKinds = this.#kinds;
      this.#kinds = new Map();
    }
    this.#kinds.set(key, kind);
  }
}

/** What is the same kind. Reasons, rules and prefixes have no blank in them. */
function keyOf(verdict: Outcome, why: string, rule: string, site: string, prefix: string): string {
  return `${verdict} ${why} ${rule} ${prefix} ${site}`;
}

/** The rule that decided, or, where the WAF only watches, that found most. */
function ruleOf({ refusal, findings }: Exchange): string {
  if (refusal !== null) return refusal.rule?.id ?? '';
  const [first] = findings ?? [];
  return first === undefined ? '' : String(first.id);
}

// The door of the rates: how often a client, a header, a cookie or a path may be asked for, per site, judged per request.

import type { Buffer } from 'node:buffer';
import type { Clock } from '../base/clock.ts';
import { isUnder } from '../base/path-prefix.ts';
import { type Built, built, failed, type Path, type Problem } from '../base/problem.ts';
import type { Shared } from '../traffic/deltas.ts';
import type { Exchange } from '../traffic/exchange.ts';
import { answer, type Evidence, pass, type Reason, type Refusal, type Verdict } from '../traffic/verdict.ts';
import { BodyJudge } from './body-judge.ts';
import { KeyHash } from './hash.ts';
import type { KeyTable } from './key-table.ts';
import { clientName, foldPath, type Geography, KeyReader, kinds, networkName } from './keys.ts';
import { type Limit, makePolicy, type Policy, type PolicyTools, type RateSettings } from './policy.ts';

export type { Policy, RateSettings } from './policy.ts';

/** A site, as far as rates look at it; without a list of its own it is held to the gate's. */
export interface RatedSite {
  readonly name: string;
  readonly rates: readonly RateSettings[] | null;
}

export interface RateTools {
  readonly clock: Clock;
  /** A secret whole number below 2^53, drawn once a process, against keys that are made to collide. */
  readonly seed: number;
  /** Keys that each limit remembers (140 bytes each, held from the beginning). */
  readonly maxKeys?: number;
  /** Whether a request is set no task: its client did one. */
  readonly isSpared?: (exchange: Exchange) => boolean;
  /** Where addresses are at home; none where no database is named. */
  readonly geography?: Geography & { readonly databases: ReadonlySet<string> };
  /** Reads the condition of a limit that stands at a path. */
  readonly conditionOf?: PolicyTools['conditionOf'];
  /** `file:line` of a limit, by its path in the settings; '' where no line holds it. */
  readonly locate?: (path: Path) => string;
  /** The rates of the generation before, whose counters go on where a limit stays the same but for its number. */
  readonly previous?: Rates;
}

/** Every `why` of this station. */
export const reasons: Readonly<Record<string, Reason>> = Object.freeze({
  'rates/over-limit': {
    says: 'The sender used up the requests that a limit gives it in a time.',
    allow: 'Raise the limit under `rates` (of the gate or of the site), or give this path a limit of its own.',
  },
  'rates/challenged': {
    says: 'The sender used up the requests that a limit gives it, and its browser is set a task before it gets more.',
    allow: 'Raise the limit under `rates`, or write `then: 429` where no browser asks.',
  },
  'rates/tarpit': {
    says: 'The sender used up the requests that a limit gives it, and is told so slowly.',
    allow: 'Raise the limit under `rates`, or write `then: 429` to refuse at once.',
  },
});

const nowhere = { databases: new Set<string>(), country: () => '', network: () => '' };

/** How many times a limit that sets tasks is open to a client that did its own. */
const provenTimes = 10;

/** Keys that each limit remembers unless its maker says otherwise: 8.75 MiB. */
const defaultMaxKeys = 65_536;

/** The station: judges every exchange by the policy of its site. */
export class Rates implements Shared {
  /** The gate's own limits: for sites without a list, and for what no site takes. */
  readonly common: Policy;
  /** One a site, in the order of the sites. */
  readonly policies: readonly Policy[];
  readonly tables: ReadonlyMap<string, KeyTable>;
  readonly hash: KeyHash;
  #clock: Clock;
  #keys: KeyReader;
  readonly #isSpared: (exchange: Exchange) => boolean;

  constructor(
    common: Policy,
    policies: readonly Policy[],
    tables: ReadonlyMap<string, KeyTable>,
    hash: KeyHash,
    clock: Clock,
    geography: Geography,
    isSpared: (exchange: Exchange) => boolean,
  ) {
    this.common = common;
    this.policies = policies;
    this.tables = tables;
    this.hash = hash;
    this.#clock = clock;
    this.#keys = new KeyReader(hash, geography);
    this.#isSpared = isSpared;
  }

  /** Bytes that all counters hold, whatever traffic does. */
  get bytes(): number {
    let sum = 0;
    for (const counters of this.tables.values()) sum += counters.bytes;
    return sum;
  }

  /** Whether other workers are to be told what passes here. */
  set isShared(isShared: boolean) {
    for (const counters of this.tables.values()) counters.isShared = isShared;
  }

  /** What passed here since the last call, by the identity of each limit. */
  takeDeltas(): ReadonlyMap<string, Int32Array> | null {
    return gathered(this.tables, (counters) => counters.takeDeltas());
  }

  absorb(deltas: unknown): void {
    if (!(deltas instanceof Map)) return;
    const nowMs = this.#clock.monotonicMs();
    for (const [identity, words] of deltas)
      if (words instanceof Int32Array) this.tables.get(identity)?.addAll(words, nowMs);
  }

  snapshot(): ReadonlyMap<string, Int32Array> | null {
    const nowMs = this.#clock.monotonicMs();
    return gathered(this.tables, (counters) => counters.snapshot(nowMs));
  }

  /** Counts the exchange where no limit is against it, and says whether one is; fills its `rate…` fields. */
  judge(exchange: Exchange, policy: Policy): Verdict {
    const nowMs = this.#clock.monotonicMs();
    const refusal = this.#weigh(exchange, policy, policy.limits, nowMs);
    if (refusal !== null) return refusal;
    count(exchange, policy.limits, nowMs);
    fill(exchange, policy, nowMs);
    return pass;
  }

  /** What keeps a body for the limits whose key is in it, and judges them at its end; null where none asks for it. */
  openBody(exchange: Exchange, policy: Policy): BodyJudge | null {
    if (policy.bodyLimits.length === 0 || exchange.bodyLength === 0) return null;
    const path = policy.readsPath ? foldPath(exchange.placingPath) : '/';
    const isAsked = policy.bodyLimits.some(
      ({ prefix, when }) => isUnder(path, prefix) && (when === null || when(exchange)),
    );
    return isAsked ? new BodyJudge((body) => this.#judgeBody(exchange, policy, body)) : null;
  }

  #judgeBody(exchange: Exchange, policy: Policy, body: Buffer): Verdict {
    const nowMs = this.#clock.monotonicMs();
    this.#keys.body = body;
    const refusal = this.#weigh(exchange, policy, policy.bodyLimits, nowMs);
    this.#keys.body = null;
    if (refusal !== null) return refusal;
    count(exchange, policy.bodyLimits, nowMs);
    return pass;
  }

  /** The exchange has its answer: limits that count answers count it. */
  settle(exchange: Exchange): void {
    const settlement = exchange.rateSettlement as Settlement | null;
    if (settlement === null) return;
    exchange.rateSettlement = null;
    const nowMs = this.#clock.monotonicMs();
    for (const { limit, high, low } of settlement)
      if (limit.statuses!.has(exchange.status)) limit.counters.add(high, low, limit.counters.find(high, low), nowMs);
  }

  /** What `judge` would say and fill in, without counting. */
  peek(exchange: Exchange, policy: Policy): Verdict {
    const nowMs = this.#clock.monotonicMs();
    const refusal = this.#weigh(exchange, policy, policy.limits, nowMs);
    if (refusal !== null) return refusal;
    fill(exchange, policy, nowMs);
    return pass;
  }

  /** Finds every limit's key and use; the refusal is that of the limit that takes longest to have room again. */
  #weigh(exchange: Exchange, policy: Policy, limits: readonly Limit[], nowMs: number): Refusal | null {
    const path = policy.readsPath ? foldPath(exchange.placingPath) : '/';
    let over: Limit | null = null;
    let waitMs = -1;
    for (const limit of limits) {
      limit.applies = isUnder(path, limit.prefix) && !(limit.ofClients && exchange.isShared);
      if (limit.applies && limit.when !== null) limit.applies = limit.when(exchange);
      if (!limit.applies) continue;
      limit.kind = this.#keys.read(limit.source, exchange, path);
      limit.applies = limit.kind !== kinds.none;
      if (!limit.applies) continue;
      limit.high = this.hash.high;
      limit.low = this.hash.low;
      limit.row = limit.counters.find(limit.high, limit.low);
      limit.used = limit.row < 0 ? 0 : limit.counters.used(limit.row, nowMs);
      if (limit.used < limit.limit) continue;
      if (limit.shadow) {
        if (exchange.rateShadow === '') exchange.rateShadow = limit.rule.id;
        continue;
      }
      limit.isProven = limit.treatment === 'challenge' && this.#isSpared(exchange);
      const room = limit.isProven ? limit.limit * provenTimes : limit.limit;
      if (limit.used < room) continue;
      const freeInMs = limit.counters.freeInMs(limit.row, room, nowMs);
      if (freeInMs <= waitMs) continue;
      over = limit;
      waitMs = freeInMs;
    }
    return over === null ? null : refuse(exchange, over, waitMs, nowMs);
  }
}

/** Keys whose limits wait for the status of the answer. */
type Settlement = { readonly limit: Limit; readonly high: number; readonly low: number }[];

/** Counts only now, because a request that one limit refuses must cost nothing at the others. */
function count(exchange: Exchange, limits: readonly Limit[], nowMs: number): void {
  for (const limit of limits) {
    if (!limit.applies) continue;
    const { counters, high, low } = limit;
    if (limit.statuses === null) limit.row = counters.add(high, low, limit.row, nowMs);
    else {
      exchange.rateSettlement ??= [];
      (exchange.rateSettlement as Settlement).push({ limit, high, low });
    }
  }
}

function gathered(
  tables: ReadonlyMap<string, KeyTable>,
  take: (counters: KeyTable) => Int32Array | null,
): ReadonlyMap<string, Int32Array> | null {
  const all = new Map<string, Int32Array>();
  for (const [identity, counters] of tables) {
    const words = take(counters);
    if (words !== null) all.set(identity, words);
  }
  return all.size === 0 ? null : all;
}

/** Builds the policies of all sites, or says what is wrong with their limits; paths begin at the root of the settings. */
export function build(settings: readonly RateSettings[], sites: readonly RatedSite[], tools: RateTools): Built<Rates> {
  const problems: Problem[] = [];
  const tables = new Map<string, KeyTable>();
  const { previous, clock, maxKeys = defaultMaxKeys, geography = nowhere, isSpared = () => false } = tools;
  const policyTools: PolicyTools = {
    problems,
    locate: tools.locate ?? (() => ''),
    conditionOf: tools.conditionOf ?? (() => null),
    databases: geography.databases,
    tableOf: (identity, make) => {
      const table = tables.get(identity) ?? previous?.tables.get(identity) ?? make(maxKeys, clock.monotonicMs());
      tables.set(identity, table);
      return table;
    },
  };
  const common = makePolicy(settings, ['rates'], 'gate', policyTools);
  const policies = sites.map(({ name, rates }, index) =>
    rates === null ? common : makePolicy(rates, ['sites', index, 'rates'], `site ${name}`, policyTools),
  );
  if (problems.length > 0) return failed(problems);
  const hash = previous?.hash ?? new KeyHash(tools.seed);
  return built(new Rates(common, policies, tables, hash, clock, geography, isSpared));
}

/**
 * The header fields that tell a client where it stands, each ended by CRLF; '' where no limit applied
 * (draft-ietf-httpapi-ratelimit-headers-10).
 */
export function rateHeaders(exchange: Exchange): string {
  const { ratePolicy, rateRemaining, rateResetSeconds } = exchange;
  if (ratePolicy === '') return '';
  const name = ratePolicy.slice(0, ratePolicy.lastIndexOf('";q=') + 1);
  return `RateLimit-Policy: ${ratePolicy}\r\nRateLimit: ${name};r=${rateRemaining};t=${rateResetSeconds}\r\n`;
}

/** Writes the limit with the fewest requests left into the exchange; the one that passes now is already taken off. */
function fill(exchange: Exchange, policy: Policy, nowMs: number): void {
  let tightest: Limit | null = null;
  for (const limit of policy.limits)
    if (
      limit.applies &&
      !limit.shadow &&
      limit.statuses === null &&
      (tightest === null || limit.limit - limit.used < tightest.limit - tightest.used)
    )
      tightest = limit;
  if (tightest === null) return;
  const { row, counters } = tightest;
  const wholeInMs = row < 0 ? counters.windowMs : counters.wholeInMs(row, nowMs);
  write(exchange, tightest, Math.max(0, tightest.limit - tightest.used - 1), wholeInMs);
}

function write(exchange: Exchange, limit: Limit, remaining: number, resetMs: number): void {
  exchange.rateLimit = limit.limit;
  exchange.rateRemaining = remaining;
  exchange.rateResetSeconds = seconds(resetMs, limit);
  exchange.ratePolicy = limit.item;
}

function refuse(exchange: Exchange, limit: Limit, waitMs: number, nowMs: number): Refusal {
  write(exchange, limit, 0, limit.counters.wholeInMs(limit.row, nowMs));
  const waitSeconds = Math.max(1, Math.ceil(waitMs / 1000));
  const evidence = evidenceOf(exchange, limit);
  const who = evidence.value === redacted ? `one value of ${evidence.place}` : evidence.value;
  const says = `${who} used up its ${limit.span}; there is room again in ${waitSeconds} s`;
  // Whoever did its task and still asks too much is refused like everybody else.
  if (limit.treatment === 'challenge' && !limit.isProven)
    return {
      ...answer(limit.status, 'rates/challenged', says, limit.rule, evidence, waitSeconds),
      treatment: 'challenge',
    };
  if (limit.treatment === 'tarpit')
    return { ...answer(limit.status, 'rates/tarpit', says, limit.rule, evidence, waitSeconds), treatment: 'tarpit' };
  return answer(limit.status, 'rates/over-limit', says, limit.rule, evidence, waitSeconds);
}

const redacted = '[redacted]';

/** What was counted; values of headers, cookies and claims are secrets more often than not, and stay unsaid. */
function evidenceOf(exchange: Exchange, limit: Limit): Evidence {
  const { name } = limit.source;
  switch (limit.kind) {
    case kinds.header:
      return { place: `REQUEST_HEADERS:${name}`, value: redacted };
    case kinds.cookie:
      return { place: `REQUEST_COOKIES:${name}`, value: redacted };
    case kinds.form:
    case kinds.json:
      return { place: `ARGS:${name}`, value: redacted };
    case kinds.jwt:
      return { place: `REQUEST_HEADERS:authorization`, value: redacted };
    case kinds.path:
      return { place: 'REQUEST_FILENAME', value: foldPath(exchange.placingPath).slice(0, 256) };
    case kinds.host:
      return { place: 'SERVER_NAME', value: exchange.host };
    case kinds.method:
      return { place: 'REQUEST_METHOD', value: exchange.method };
    case kinds.wide:
    case kinds.wider:
      return { place: 'client', value: networkName(exchange.client, limit.kind) };
    case kinds.country:
    case kinds.network:
    case kinds.several:
      return { place: 'client', value: `${clientName(exchange.client)} (counted by ${limit.rule.id})` };
    default:
      return { place: 'client', value: clientName(exchange.client) };
  }
}

/** Whole seconds, upwards. The last time of a slot is kept rounded up by a part of it, which must not make 10 s 11. */
function seconds(ms: number, limit: Limit): number {
  return Math.ceil((ms - limit.counters.grainMs) / 1000);
}

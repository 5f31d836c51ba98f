// The door of observation: keeps what happened for whoever asks, counts it, and writes it to the journal.

import { type Built, built, failed, type Problem } from '../base/problem.ts';
import type { AuditWords } from '../traffic/auditing.ts';
import { type Connection, endpoint } from '../traffic/connection.ts';
import type { Exchange } from '../traffic/exchange.ts';
import type { HistoryBatch } from '../traffic/history.ts';
import { type Journey, journeyOf, journeyOfConnection } from '../traffic/journey.ts';
import type { AccessLogWords } from '../traffic/log-target.ts';
import type { Trace } from '../traffic/trace.ts';
import type { Reason } from '../traffic/verdict.ts';
import { AccessLogs } from './access-logs.ts';
import { AuditLog } from './audit.ts';
import { Chooser } from './chooser.ts';
import type { Files } from './files.ts';
import { Journal, type JournalCounts } from './journal.ts';
import type { LostConnection } from './kept.ts';
import { Measures } from './measures.ts';
import { opening } from './opening.ts';
import { layerOf, outcomeOf, outcomeOfConnection } from './outcome.ts';
import { jsonLine } from './plain.ts';
import { Ring } from './ring.ts';
import { type TraceCounts, Tracer, type TracerTools, type TraceWords } from './tracer.ts';

export { type ExplainOptions, explain } from './explain.ts';
export {
  type Exposition,
  expose,
  type MetricFamily,
  type MetricHistogram,
  type MetricSample,
} from './exposition.ts';
export { type AppendedFile, type Files, systemFiles } from './files.ts';
export type { JournalCounts } from './journal.ts';
export { credentialProblems } from './log-credentials.ts';
export { addTraffic, boundsUs, type SiteFigures, type TrafficFigures } from './measures.ts';
export type { Posted, TracerTools, TraceWords } from './tracer.ts';

/** Observation stands in nobody's way, and has no reason to. */
export const reasons: Readonly<Record<string, Reason>> = Object.freeze({});

export interface ObserveSettings {
  /** File for journal lines, or null. */
  readonly journal: string | null;
  /** How many journeys of each kind (passed, refused, connections without a request) are kept in memory. */
  readonly maxJourneys: number;
  /** The audit log; without a file there is none. JSON and what is relevant, where nothing is said. */
  readonly audit: AuditWords;
  /** Whether journeys are chosen to be written down (`takeHistory`). */
  readonly keepsHistory?: boolean;
  /** Access logs; none where nothing is said. */
  readonly logs?: readonly AccessLogWords[];
  /** Null where nothing is traced. */
  readonly traces?: TraceWords | null;
}

export interface ObserveTools {
  readonly files: Files;
  /** Chance, for the choice of what is written down: numbers from 0 up to 1. The same each time, where nothing is said. */
  readonly random?: () => number;
  /** What lines to syslog come from. */
  readonly hostname?: string;
  /** What a tracer needs of the outside; without it nothing is traced. */
  readonly tracing?: Omit<TracerTools, 'hostname'>;
}

/** What was told since the start. Every exchange is in one status class. */
export interface ObserveCounts {
  readonly exchanges: number;
  /** Exchanges that a station refused. */
  readonly refused: number;
  /** Exchanges that the WAF would have refused, had it not been told to watch only. */
  readonly detected: number;
  /** Connections that never became an exchange. */
  readonly connections: number;
  /** How often each `station/reason` ended an exchange or a connection. */
  readonly whys: Readonly<Record<string, number>>;
  /** `1xx` to `5xx`, and `none` for exchanges that ended without an answer. */
  readonly statuses: Readonly<Record<string, number>>;
  readonly journal: JournalCounts | null;
  readonly audit: JournalCounts | null;
  /** Access logs by where they go. */
  readonly logs: Readonly<Record<string, JournalCounts>>;
  readonly traces: TraceCounts | null;
}

/** Text that one kept exchange may hold on to on average, in characters: heads are at most 40 KiB, ordinary ones 1. */
const maxCharsPerJourney = 4096;

/** Names of the status classes, by the first digit. */
const classes = Object.freeze(['none', '1xx', '2xx', '3xx', '4xx', '5xx']);

/** The station. Nothing in it waits, and what it keeps is bounded. */
export class Observe {
  journal: Journal | null;
  readonly measures = new Measures();
  #chooser: Chooser | null;
  #audit: AuditLog | null;
  #logs: AccessLogs | null = null;
  #tracer: Tracer | null = null;
  #maxJourneys: number;
  // Three rings, because a flood of one kind must not push out the others.
  #passed: Ring<Exchange>;
  #refused: Ring<Exchange>;
  #lost: Ring<LostConnection>;
  #exchanges = 0;
  #refusals = 0;
  #detected = 0;
  #connections = 0;
  #statuses = new Float64Array(classes.length);
  /** Keyed by the reasons that stand in our own tables, not by traffic. */
  #whys = new Map<string, number>();

  constructor(
    settings: ObserveSettings,
    journal: Journal | null,
    audit: AuditLog | null = null,
    chooser: Chooser | null = null,
  ) {
    const { maxJourneys } = settings;
    this.#chooser = chooser;
    this.journal = journal;
    this.#audit = audit;
    this.#maxJourneys = maxJourneys;
    this.#passed = new Ring(maxJourneys, maxJourneys * maxCharsPerJourney);
    this.#refused = new Ring(maxJourneys, maxJourneys * maxCharsPerJourney);
    this.#lost = new Ring(maxJourneys);
  }

  /**
   * Keeps, counts and journals an exchange that has ended; it is not changed any more. Gives an exchange that is no longer kept and
   * may be renewed for another: records that live long cost more to make than to use again (each would be copied by two collections).
   */
  tell(exchange: Exchange): Exchange | null {
    const { refusal, status } = exchange;
    const why = refusal === null ? exchange.endedWhy : refusal.why;
    const weight = weightOf(exchange);
    const outcome = outcomeOf(exchange);
    const layer = layerOf(exchange);
    this.measures.exchange(exchange, layer, outcome);
    this.#chooser?.exchange(exchange, layer, outcome);
    this.#audit?.tell(exchange);
    this.#logs?.tell(exchange, outcome);
    if (exchange.trace !== null) this.#tracer?.tell(exchange);
    exchange.auditing = null;
    exchange.headers.fold();
    const spare = (refusal === null ? this.#passed : this.#refused).push(exchange, weight);
    this.#exchanges++;
    if (refusal !== null) this.#refusals++;
    if (exchange.wafAction === 'detect') this.#detected++;
    if (why !== '') this.#count(why);
    const statusClass = (status / 100) | 0;
    this.#statuses[statusClass < classes.length ? statusClass : 0]!++;
    if (this.journal !== null) {
      if (this.journal.hasRoom) this.journal.add(jsonLine(journeyOf(exchange)));
      else this.journal.drop();
    }
    return spare === null || spare.isHeld ? null : spare;
  }

  /** The same for a connection that never became an exchange: `station` ended it, and `says` why in a sentence. */
  tellConnection(connection: Connection, id: string, station: string, says: string): void {
    const lost = { connection, id, station, says };
    const outcome = outcomeOfConnection(connection, station);
    this.#lost.push(lost);
    this.measures.connection(connection, station, outcome);
    this.#chooser?.connection(lost, outcome);
    this.#connections++;
    if (connection.endedWhy !== '') this.#count(connection.endedWhy);
    if (this.journal === null) return;
    if (this.journal.hasRoom) this.journal.add(jsonLine(journeyOfConnection(connection, id, station, says)));
    else this.journal.drop();
  }

  /** Forgets what is remembered of these clients and times; how many exchanges and connections that were. */
  forget(isMeant: (client: string, at: number) => boolean): number {
    const isOne = ({ client, startedAt }: Exchange) => isMeant(client, startedAt);
    const passed = this.#passed.without(isOne);
    const refused = this.#refused.without(isOne);
    const lost = this.#lost.without(({ connection }) => isMeant(connection.peer, connection.openedAt));
    this.#passed = passed.ring;
    this.#refused = refused.ring;
    this.#lost = lost.ring;
    return passed.gone + refused.gone + lost.gone;
  }

  /** Where an exchange that begins stands in a trace; null where it is not traced. */
  trace(exchange: Exchange): Trace | null {
    return this.#tracer === null ? null : this.#tracer.begin(exchange);
  }

  /** What is to be written down since the last call, or null for nothing. */
  takeHistory(): HistoryBatch | null {
    return this.#chooser?.take() ?? null;
  }

  /** The journey with this id, if it is still kept. */
  find(id: string): Journey | null {
    const isIt = (entry: { readonly id: string }) => entry.id === id;
    const exchange = this.#refused.find(isIt) ?? this.#passed.find(isIt);
    if (exchange !== null) return journeyOf(exchange);
    const lost = this.#lost.find(isIt);
    return lost === null ? null : journeyOfLost(lost);
  }

  /**
   * Journeys that came over connections between these endpoints, the newest first, 100 at most. `from` is
   * `address:port` or an address alone; `to` may also be a port alone (`:443`), or null for any.
   */
  findByTuple(from: string, to: string | null): Journey[] {
    const isIt = (connection: Connection) =>
      isAt(from, connection.peer, connection.peerPort) &&
      (to === null || isAt(to, connection.local, connection.localPort));
    return this.#newest(100, isIt);
  }

  /** The newest journeys of all kinds, the newest first. */
  recent(count: number): Journey[] {
    return this.#newest(count, () => true);
  }

  counts(): ObserveCounts {
    const statuses: Record<string, number> = {};
    for (const [index, name] of classes.entries()) statuses[name] = this.#statuses[index]!;
    return {
      exchanges: this.#exchanges,
      refused: this.#refusals,
      detected: this.#detected,
      connections: this.#connections,
      whys: Object.fromEntries(this.#whys),
      statuses,
      journal: this.journal?.counts ?? null,
      audit: this.#audit?.counts ?? null,
      logs: this.#logs?.counts ?? {},
      traces: this.#tracer?.counts ?? null,
    };
  }

  /** Writes access logs and traces from now on, too; before `start`. */
  with(logs: AccessLogs, tracer: Tracer | null): this {
    this.#logs = logs;
    this.#tracer = tracer;
    return this;
  }

  /** Files that lines are written to, for whoever renames them. */
  get files(): readonly string[] {
    const files = this.#logs?.files ?? [];
    return [...new Set([this.journal?.path, this.#audit?.file.path, ...files].filter((path) => path !== undefined))];
  }

  /** Opens journal, audit log and access logs; gives the problem where that cannot be, and traffic may still be told. */
  async start(): Promise<Problem | null> {
    const problem =
      (await opening('journal', () => this.journal?.start())) ??
      (await opening('audit', () => this.#audit?.file.start()));
    return problem ?? (await this.#logs?.start()) ?? null;
  }

  /** Opens them anew under their names, after somebody moved the files away. */
  async reopen(): Promise<Problem | null> {
    const journal = await opening('journal', () => this.journal?.reopen());
    const audit = await opening('audit', () => this.#audit?.file.reopen());
    return journal ?? audit ?? (await this.#logs?.reopen()) ?? null;
  }

  /** Goes on with the settings of `another`, which was not started: its files, opened anew also where they are the same, and its bound. */
  async adopt(another: Observe): Promise<Problem | null> {
    if (another.#maxJourneys !== this.#maxJourneys) {
      this.#maxJourneys = another.#maxJourneys;
      this.#passed = this.#passed.copyInto(another.#passed);
      this.#refused = this.#refused.copyInto(another.#refused);
      this.#lost = this.#lost.copyInto(another.#lost);
    }
    this.#chooser = another.#chooser === null ? null : (this.#chooser ?? another.#chooser);
    await this.#adoptTracer(another.#tracer);
    const journal = await this.#adoptJournal(another);
    const audit = await this.#adoptAudit(another);
    const logs = another.#logs === null ? null : await this.#logs?.adopt(another.#logs);
    return journal ?? audit ?? logs ?? null;
  }

  async #adoptTracer(next: Tracer | null): Promise<void> {
    const before = this.#tracer;
    if (before !== null && next !== null && JSON.stringify(before.words) === JSON.stringify(next.words)) return;
    this.#tracer = next;
    // Not waited for: a collector that says nothing must not hold up a reload.
    void before?.stop();
  }

  async #adoptJournal(another: Observe): Promise<Problem | null> {
    if (another.journal?.path === this.journal?.path) return opening('journal', () => this.journal?.reopen());
    const problem = await opening('journal', () => another.journal?.start());
    if (problem !== null) return problem;
    const old = this.journal;
    this.journal = another.journal;
    await old?.stop();
    return null;
  }

  async #adoptAudit(another: Observe): Promise<Problem | null> {
    const old = this.#audit;
    if (old !== null && another.#audit?.file.path === old.file.path) {
      this.#audit = another.#audit.onto(old.file);
      return opening('audit', () => old.file.reopen());
    }
    const problem = await opening('audit', () => another.#audit?.file.start());
    if (problem !== null) return problem;
    this.#audit = another.#audit;
    await old?.file.stop();
    return null;
  }

  /** Writes what waits and closes the files. */
  async stop(): Promise<void> {
    await this.journal?.stop();
    await this.#audit?.file.stop();
    await this.#logs?.stop();
    await this.#tracer?.stop();
  }

  #newest(count: number, isIt: (connection: Connection) => boolean): Journey[] {
    const found: { readonly at: number; readonly journey: () => Journey }[] = [];
    for (const ring of [this.#passed, this.#refused])
      for (const exchange of chosen(ring, count, isIt))
        found.push({ at: exchange.startedAt, journey: () => journeyOf(exchange) });
    for (const lost of chosen(this.#lost, count, isIt))
      found.push({ at: lost.connection.openedAt, journey: () => journeyOfLost(lost) });
    found.sort((one, other) => other.at - one.at);
    return found.slice(0, Math.max(0, count)).map(({ journey }) => journey());
  }

  #count(why: string): void {
    this.#whys.set(why, (this.#whys.get(why) ?? 0) + 1);
  }
}

/** Builds the station; the journal is opened by `start`. */
export function build(settings: ObserveSettings, tools: ObserveTools): Built<Observe> {
  const { journal, maxJourneys } = settings;
  const problems: Problem[] = [];
  if (!Number.isInteger(maxJourneys) || maxJourneys < 1 || maxJourneys > 1_000_000)
    problems.push({
      path: ['observe', 'maxJourneys'],
      code: 'observe/bad-bound',
      says: `${maxJourneys} journeys cannot be kept`,
      instead: 'a whole number from 1 to 1000000',
    });
  if (problems.length > 0) return failed(problems);
  const log = settings.audit.file === null ? null : new Journal(settings.audit.file, tools.files);
  const audit = log === null ? null : new AuditLog(log, settings.audit);
  const chooser = settings.keepsHistory === true ? new Chooser(tools.random ?? (() => 0.5)) : null;
  const observe = new Observe(settings, journal === null ? null : new Journal(journal, tools.files), audit, chooser);
  return built(
    observe.with(new AccessLogs(settings.logs ?? [], tools.files, tools.hostname ?? ''), tracerOf(settings, tools)),
  );
}

function tracerOf({ traces = null }: ObserveSettings, { tracing, hostname = '' }: ObserveTools): Tracer | null {
  return traces === null || tracing === undefined ? null : new Tracer(traces, { ...tracing, hostname });
}

function chosen<T extends { readonly connection: Connection }>(
  ring: Ring<T>,
  count: number,
  isIt: (connection: Connection) => boolean,
): T[] {
  const entries: T[] = [];
  for (let age = 0; age < ring.size && entries.length < count; age++) {
    const entry = ring.newest(age)!;
    if (isIt(entry.connection)) entries.push(entry);
  }
  return entries;
}

/** Roughly the characters that an exchange holds on to. */
function weightOf(exchange: Exchange): number {
  const { body } = exchange;
  const recorded = body === null ? 0 : body.shape.length + (body.text ?? body.base64 ?? '').length;
  return exchange.target.length + exchange.headers.weight + recorded;
}

function isAt(written: string, address: string, port: number): boolean {
  return written === address || written === endpoint(address, port) || written === `:${port}`;
}

function journeyOfLost({ connection, id, station, says }: LostConnection): Journey {
  return journeyOfConnection(connection, id, station, says);
}

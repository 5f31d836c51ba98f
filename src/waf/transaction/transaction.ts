// One exchange as rules see and change it: facts of the request and its answer, collections, what was switched off, what matched.

import type { EngineMode, RuleChoice, State, TargetChoice } from '../actions/action.ts';
import { noMultipart } from '../bodies/strict-multipart.ts';
import { readArguments, readCookies } from '../bodies/urlencoded.ts';
import type { EngineSettings, Evidence, Link, Rule } from '../program/program.ts';
import { noPairs, Pairs } from '../variables/pairs.ts';
import type { MultipartFacts, XmlFacts } from '../variables/variable.ts';
import type { Lasting, LastingCollection } from './lasting.ts';
import { type AskedNames, Members } from './members.ts';

/** Characters that are worked on between two looks at the clock, and as how many of them a value counts beside its own. */
const workAtOnce = 8192;
const valueWork = 64;

/** Members of TX that one transaction may write. */
const maxMembers = 4096;

/** A request as it came: what a transaction is opened with. */
export interface RequestFacts {
  readonly id: string;
  readonly startedAt: number;
  readonly method: string;
  readonly uriRaw: string;
  readonly uri: string;
  readonly filename: string;
  readonly query: string;
  readonly protocol: string;
  readonly clientAddress: string;
  readonly clientPort: number;
  readonly serverAddress: string;
  readonly serverPort: number;
  readonly serverName: string;
  readonly headers: Pairs;
}

/** What a transaction is handed of the world. */
export interface TransactionTools {
  now(): number;
  monotonicMs(): number;
  /** CPU time of the thread, in ms. */
  cpuMs(): number;
  readonly lasting: Lasting;
  /** The site, whose lasting collections are its own. */
  readonly site: string;
  readonly asked: AskedNames;
}

/** Something that a rule added to a number. */
export interface Score {
  readonly name: string;
  readonly by: number;
}

/** A rule that matched. */
export interface RuleMatch {
  readonly rule: Rule;
  /** What matched: `ARGS:q`. */
  readonly place: string;
  /** Its value as the operator saw it. */
  readonly value: string;
  /** What the operator found in it, where it captures. */
  readonly found: string;
  readonly message: string;
  readonly data: string;
  readonly transformations: readonly string[];
  /** What of the rule matched, or null where nothing was asked. */
  readonly link: Link | null;
  readonly scores: readonly Score[];
}

/** Why an exchange stops. */
export interface Interruption {
  readonly kind: 'deny' | 'drop' | 'redirect';
  readonly status: number;
  readonly location: string;
  readonly rule: Rule;
  readonly message: string;
}

/** One transaction. Fields are plain: the loop and the words read them directly. */
export class Transaction implements State {
  readonly uniqueId: string;
  readonly startedAt: number;
  readonly method: string;
  readonly uriRaw: string;
  readonly uri: string;
  readonly filename: string;
  readonly query: string;
  readonly protocol: string;
  readonly clientAddress: string;
  readonly clientPort: number;
  readonly serverAddress: string;
  readonly serverPort: number;
  readonly serverName: string;
  readonly headers: Pairs;
  readonly pathInfo = '';
  readonly settings: Readonly<EngineSettings>;
  readonly tools: TransactionTools;
  argsGet: Pairs = noPairs;
  argsPost: Pairs = noPairs;
  args: Pairs = noPairs;
  argumentCount = 0;
  #cookies: Pairs | null = null;

  bodyProcessor = '';
  forcesBody = false;
  body: string | null = null;
  bodyBytes = 0;
  bodyError = '';
  bodyProcessorError = '';
  urlEncodedError = false;
  inboundError = false;
  outboundError = false;
  multipart: MultipartFacts = noMultipart();
  xml: XmlFacts | null = null;

  status = 0;
  answerProtocol = '';
  answerHeaders: Pairs = noPairs;
  answerBody: string | null = null;
  answerBytes = 0;
  answerTypeIsListed = false;

  matchedVar = '';
  matchedVarName = '';
  matchedVars: Pairs = noPairs;
  highestSeverity = 255;
  environment: Pairs = noPairs;
  geography: Pairs = noPairs;
  sessionId = '';
  userId = '';

  /** CPU time that its rules may take, in ms. */
  budgetMs = Number.POSITIVE_INFINITY;
  /** Whether it is spent. */
  overran = false;
  /** When to look at the CPU time, on the monotonic clock. */
  #deadlineMs = Number.POSITIVE_INFINITY;
  #leftMs = Number.POSITIVE_INFINITY;
  #phaseAtMs = 0;
  #cpuSpentMs = 0;
  #cpuAtMs = -1;

  engine: EngineMode;
  audit: EngineMode | 'relevant';
  auditParts: string;
  isAudited = false;
  requestBodyAccess: boolean;
  requestBodyLimit: number;
  answerBodyAccess: boolean;
  answerBodyLimit: number;

  readonly tx: Members;
  #lasting: Map<string, LastingCollection> | null = null;
  readonly removedRules: RuleChoice[] = [];
  readonly removedTargets: { readonly choice: RuleChoice; readonly target: TargetChoice }[] = [];
  /** Where it stands among the ways that others went; null: nowhere, undefined: nobody looked yet. */
  stand: object | null | undefined = undefined;
  /** What the owner of the site excused: a rule at a place such as `ARGS:q`; null for nothing. */
  isExempt: ((rule: Rule, place: string) => boolean) | null = null;
  readonly matches: RuleMatch[] = [];
  scores: Score[] = [];
  readonly evidence: Evidence = { place: '', value: '', found: '', link: null };
  /** The rule that runs. */
  current: Rule | null = null;
  interruption: Interruption | null = null;
  /** The first disruption that was not carried out, because the engine only detects. */
  wouldBe: Interruption | null = null;
  allowed: 'no' | 'phase' | 'request' | 'all' = 'no';
  #work = 0;

  constructor(
    request: RequestFacts,
    settings: Readonly<EngineSettings>,
    beneath: ReadonlyMap<string, string>,
    tools: TransactionTools,
    watched?: ReadonlySet<string>,
  ) {
    this.uniqueId = request.id;
    this.startedAt = request.startedAt;
    this.method = request.method;
    this.uriRaw = request.uriRaw;
    this.uri = request.uri;
    this.filename = request.filename;
    this.query = request.query;
    this.protocol = request.protocol;
    this.clientAddress = request.clientAddress;
    this.clientPort = request.clientPort;
    this.serverAddress = request.serverAddress;
    this.serverPort = request.serverPort;
    this.serverName = request.serverName;
    this.headers = request.headers;
    this.settings = settings;
    this.tools = tools;
    this.engine = settings.engine;
    this.audit = settings.auditEngine;
    this.auditParts = settings.auditParts;
    this.requestBodyAccess = settings.requestBodyAccess;
    this.requestBodyLimit = settings.requestBodyLimit;
    this.answerBodyAccess = settings.responseBodyAccess;
    this.answerBodyLimit = settings.responseBodyLimit;
    this.tx = new Members(beneath, maxMembers, watched);
    if (request.query !== '') {
      this.argsGet = new Pairs();
      this.urlEncodedError = readArguments(request.query, settings.argumentSeparator, (name, value) =>
        this.addArgument(this.argsGet, name, value),
      );
      this.args = this.argsGet;
    }
  }

  /** A phase begins. */
  beginPhase(): void {
    this.#leftMs = Math.min(this.#leftMs, this.budgetMs);
    this.#phaseAtMs = this.tools.monotonicMs();
    this.#deadlineMs = this.#phaseAtMs + Math.max(0, this.#leftMs);
  }

  /** It ends: what passes until the next is not this transaction's. */
  endPhase(): void {
    this.look();
    this.#leftMs -= this.tools.monotonicMs() - this.#phaseAtMs;
    if (this.#cpuAtMs < 0) return;
    this.#cpuSpentMs += this.tools.cpuMs() - this.#cpuAtMs;
    this.#cpuAtMs = -1;
  }

  /**
   * Looks at the clock: `overran` tells from then on whether the budget is spent. Because on a busy machine most of the time
   * may be others', the CPU time is what counts, and it is counted from where the time on the clock is over.
   */
  look(): void {
    const now = this.tools.monotonicMs();
    if (now <= this.#deadlineMs || this.overran) return;
    const cpu = this.tools.cpuMs();
    if (this.#cpuAtMs < 0) this.#cpuAtMs = cpu;
    const left = this.budgetMs - this.#cpuSpentMs - (cpu - this.#cpuAtMs);
    if (left <= 0) this.overran = true;
    else this.#deadlineMs = now + left;
  }

  /** Counts work on a value of `length` characters and looks at the clock now and then; whether the budget is spent. */
  spend(length: number): boolean {
    this.#work += length + valueWork;
    if (this.#work > workAtOnce) {
      this.#work = 0;
      this.look();
    }
    return this.overran;
  }

  /** Adds an argument; false from the limit on. */
  addArgument(pairs: Pairs, name: string, value: string): boolean {
    if (++this.argumentCount > this.settings.argumentsLimit) {
      this.bodyError ||= `there are more than ${this.settings.argumentsLimit} arguments`;
      return false;
    }
    pairs.add(name, value);
    return true;
  }

  get cookies(): Pairs {
    if (this.#cookies !== null) return this.#cookies;
    const cookies = new Pairs();
    const { lower, values } = this.headers;
    for (let index = 0; index < lower.length; index++)
      if (lower[index] === 'cookie')
        readCookies(values[index]!, (name, value) => {
          cookies.add(name, value);
          return cookies.count < this.settings.argumentsLimit;
        });
    this.#cookies = cookies;
    return cookies;
  }

  get webAppId(): string {
    return this.settings.webAppId;
  }

  /** The rule that runs, for the variable RULE. */
  get rule(): Pairs {
    const rule = this.current;
    if (rule === null) return noPairs;
    return new Pairs(
      ['id', 'msg', 'severity', 'rev'],
      [String(rule.id), rule.message?.literal ?? '', String(rule.severity), rule.revision],
    );
  }

  now(): number {
    return this.tools.now();
  }

  members(collection: string): Pairs {
    if (collection === 'tx') return this.tx.pairs;
    const lasting = this.#lasting?.get(collection);
    if (lasting === undefined) return noPairs;
    const pairs = new Pairs();
    for (const [name, value] of lasting.entries(this.now())) pairs.add(name, value);
    return pairs;
  }

  member(collection: string, name: string): string | null {
    if (collection === 'tx') return this.tx.get(name);
    return this.#lasting?.get(collection)?.get(name, this.now()) ?? null;
  }

  put(collection: string, name: string, value: string): void {
    if (collection === 'tx') this.tx.put(name, value);
    else this.#lasting?.get(collection)?.put(name, value, this.now());
  }

  increase(collection: string, name: string, by: number): void {
    if (collection !== 'tx') this.#lasting?.get(collection)?.add(name, by, this.now());
    else {
      const sum = (Number.parseInt(this.tx.get(name) ?? '0', 10) || 0) + by;
      if (by !== 0) this.scores.push({ name, by });
      this.tx.put(name, String(Math.min(sum, Number.MAX_SAFE_INTEGER)));
    }
  }

  unset(collection: string, name: string): void {
    if (collection === 'tx') this.tx.unset(name);
    else this.#lasting?.get(collection)?.unset(name);
  }

  expire(collection: string, name: string, seconds: number): void {
    this.#lasting?.get(collection)?.expire(name, this.now() + seconds * 1000);
  }

  deprecate(collection: string, name: string, by: number, seconds: number): void {
    this.#lasting?.get(collection)?.lower(name, by, seconds * 1000, this.now());
  }

  open(collection: string, key: string): void {
    if (key === '') return;
    if (collection === 'session') this.sessionId = key;
    if (collection === 'user') this.userId = key;
    const { lasting, site } = this.tools;
    this.#lasting ??= new Map();
    const kept = lasting.open(site, collection, key, this.now(), this.settings.collectionTimeoutSeconds);
    this.#lasting.set(collection, kept);
  }

  setEnvironment(name: string, value: string): void {
    const next = new Pairs();
    for (let index = 0; index < this.environment.count; index++)
      if (this.environment.names[index] !== name)
        next.add(this.environment.names[index]!, this.environment.values[index]!);
    if (value !== '') next.add(name, value);
    this.environment = next;
  }

  setEngine(mode: EngineMode): void {
    this.engine = mode;
  }

  setAudit(mode: EngineMode | 'relevant'): void {
    this.audit = mode;
  }

  setAuditParts(parts: string): void {
    if (parts.startsWith('+')) this.auditParts += parts.slice(1);
    else if (parts.startsWith('-'))
      this.auditParts = [...this.auditParts].filter((part) => !parts.includes(part)).join('');
    else this.auditParts = parts;
  }

  setBodyProcessor(name: string): void {
    this.bodyProcessor = name;
  }

  forceBodyVariable(on: boolean): void {
    this.forcesBody = on;
  }

  setAccess(side: 'request' | 'answer', on: boolean): void {
    if (side === 'request') this.requestBodyAccess = on;
    else this.answerBodyAccess = on;
  }

  setLimit(side: 'request' | 'answer', bytes: number): void {
    if (side === 'request') this.requestBodyLimit = bytes;
    else this.answerBodyLimit = bytes;
  }

  removeRules(choice: RuleChoice): void {
    this.removedRules.push(choice);
  }

  removeTarget(choice: RuleChoice, target: TargetChoice): void {
    this.removedTargets.push({ choice, target });
  }
}

/** An empty TX, for whoever has nothing beneath. */
export function nothingBeneath(): ReadonlyMap<string, string> {
  return new Map();
}

// A rule set of SecLang at work: transactions opened for exchanges, phases run as parts of them come, matches told as findings.

import type { Clock } from '../base/clock.ts';
import type { Auditing, AuditWords } from '../traffic/auditing.ts';
import type { Exchange } from '../traffic/exchange.ts';
import type { Finding } from '../traffic/finding.ts';
import type { Headers } from '../traffic/headers.ts';
import { answer, close, type Refusal } from '../traffic/verdict.ts';
import type { AnswerHead } from '../traffic/wire.ts';
import type { BodyReader } from './bodies/reader.ts';
import { pathDecode } from './bodies/urlencoded.ts';
import type { Inspection, SitePolicy } from './inspection.ts';
import { Bill, type BillAnswer } from './program/bill.ts';
import { neededBy } from './program/needed.ts';
import type { Plan, Program } from './program/program.ts';
import { type Needed, runPhase } from './program/run.ts';
import { chooseProcessor, readBody } from './transaction/body.ts';
import { Lasting } from './transaction/lasting.ts';
import { AskedNames } from './transaction/members.ts';
import { type Interruption, type RuleMatch, Transaction } from './transaction/transaction.ts';
import { Pairs } from './variables/pairs.ts';

/** Findings of one exchange; the score goes on counting. */
const maxFindings = 128;
/** Longest excerpt of a value in a finding, in characters. */
const maxExcerpt = 256;

const severities = ['EMERGENCY', 'ALERT', 'CRITICAL', 'ERROR', 'WARNING', 'NOTICE', 'INFO', 'DEBUG'] as const;

/** What a transaction of this exchange has told so far. */
interface Told {
  readonly transaction: Transaction;
  matches: number;
}

/** One program with its plan, for all sites. Never throws where the program does not. */
export class RuleSet {
  readonly program: Program;
  readonly plan: Plan;
  readonly #needed: Needed;
  /** Collections that outlive exchanges; they outlive the rule set, too, where `succeed` hands them on. */
  lasting: Lasting;
  readonly #asked = new AskedNames();
  readonly #clock: Clock;
  readonly #budgetMs: number;
  readonly #bill: Bill;

  /** `budgetMs` is the time that the rules may take for one exchange. */
  constructor(program: Program, plan: Plan, clock: Clock, budgetMs: number) {
    this.#budgetMs = budgetMs;
    this.#bill = new Bill(program);
    this.program = program;
    this.plan = plan;
    this.#needed = neededBy(plan);
    this.#clock = clock;
    this.lasting = new Lasting(() => clock.now());
  }

  /** What each rule cost and found since the rules stand. */
  bill(): BillAnswer {
    return this.#bill.read();
  }

  /** What the files say of the audit log. */
  get audit(): AuditWords {
    const { auditLog, auditFormat } = this.program.settings;
    // Because ModSecurity writes sections where nothing else is said.
    return { file: auditLog, format: auditFormat ?? (auditLog === null ? null : 'native'), mode: null };
  }

  /** How many rules there are. */
  get count(): number {
    return this.program.rules.reduce((count, rule) => count + (rule === null ? 0 : 1), 0);
  }

  /** Phase 1, and phase 2 where no body comes. */
  inspectHead(inspection: Inspection, exchange: Exchange): void {
    const transaction = this.#open(exchange, inspection.policy);
    exchange.inspection = { transaction, matches: 0 } satisfies Told;
    this.#run(inspection, exchange, 1);
    if (exchange.bodyLength === 0 && !inspection.stopped) this.#judgeBody(inspection, exchange, '', 0, false);
  }

  /** Reads the body as it comes and runs phase 2 at its end, or at the limit. */
  reader(inspection: Inspection, exchange: Exchange): BodyReader {
    const { maxInspectedBytes } = inspection.limits;
    const transaction = (exchange.inspection as Told | null)?.transaction ?? null;
    const own = transaction?.requestBodyLimit ?? maxInspectedBytes;
    const isRefused =
      own < maxInspectedBytes
        ? transaction!.engine === 'on' && this.program.settings.requestBodyLimitAction === 'reject'
        : inspection.limits.bodyOverLimit === 'refuse';
    return new RuleBody(inspection, Math.min(own, maxInspectedBytes), isRefused, (text, length, isCut) =>
      this.#judgeBody(inspection, exchange, text, length, isCut),
    );
  }

  #judgeBody(inspection: Inspection, exchange: Exchange, text: string, length: number, isCut: boolean): void {
    const told = exchange.inspection as Told | null;
    if (told === null) return;
    readBody(told.transaction, text, length, isCut);
    this.#run(inspection, exchange, 2);
  }

  /** Phase 3; phase 4 follows at once where the body is not looked at, or `isReadable` is false. Gives how much of the body is to be held, 0 for none. */
  inspectAnswer(inspection: Inspection, exchange: Exchange, head: AnswerHead, isReadable: boolean): number {
    const told = exchange.inspection as Told | null;
    if (told === null) return 0;
    const { transaction } = told;
    transaction.status = head.status;
    transaction.answerProtocol = `HTTP/${exchange.version}`;
    transaction.answerHeaders = pairsOf(head.headers);
    const type = (head.headers.get('content-type') ?? '').split(';', 1)[0]!.trim().toLowerCase();
    const { settings } = this.program;
    transaction.answerTypeIsListed = settings.responseMediaTypes.has(type);
    this.#run(inspection, exchange, 3);
    if (inspection.stopped) return 0;
    const phase = this.program.phases[4]!;
    const isHeld =
      phase.start < phase.end &&
      transaction.answerBodyAccess &&
      transaction.answerTypeIsListed &&
      head.framing !== 'none' &&
      exchange.method !== 'HEAD' &&
      type !== 'text/event-stream' &&
      !type.startsWith('application/grpc') &&
      isReadable;
    if (isHeld && transaction.engine !== 'off') return transaction.answerBodyLimit;
    this.inspectAnswerBody(inspection, exchange, null, false);
    return 0;
  }

  /** Phase 4 over what was held; null where the body was not looked at. */
  inspectAnswerBody(inspection: Inspection, exchange: Exchange, text: string | null, isCut: boolean): void {
    const told = exchange.inspection as Told | null;
    if (told === null) return;
    told.transaction.answerBody = text;
    told.transaction.answerBytes = text?.length ?? 0;
    told.transaction.outboundError = isCut;
    const { engine, answerBodyLimit } = told.transaction;
    if (isCut && engine === 'on' && this.program.settings.responseBodyLimitAction === 'reject') {
      const says = `the answer is longer than the ${answerBodyLimit} bytes that rules look at`;
      inspection.refuse(403, 'waf/answer-too-long-to-inspect', 1050012, says, 'RESPONSE_BODY');
    }
    this.#run(inspection, exchange, 4);
  }

  /** Phase 5, once, at the end of the exchange. */
  conclude(inspection: Inspection, exchange: Exchange): void {
    const told = exchange.inspection as Told | null;
    if (told === null) return;
    runPhase(this.program, told.transaction, 5, this.#needed, this.#bill);
    this.#tell(inspection, exchange, told);
    exchange.inspection = null;
    exchange.auditing = auditingOf(told.transaction);
  }

  #run(inspection: Inspection, exchange: Exchange, phase: 1 | 2 | 3 | 4): void {
    const told = exchange.inspection as Told;
    const { transaction } = told;
    runPhase(this.program, transaction, phase, this.#needed, this.#bill);
    if (told.matches < transaction.matches.length) this.#tell(inspection, exchange, told);
    const { interruption, wouldBe } = transaction;
    if (transaction.overran && interruption === null) this.#refuseDear(inspection);
    if (interruption !== null && inspection.refusal === null) {
      inspection.refusal = refusalOf(interruption, exchange, phase);
      exchange.wafAction = 'block';
    } else if (wouldBe !== null) exchange.wafAction = 'detect';
  }

  /** The budget is spent: what was not judged does not pass. */
  #refuseDear(inspection: Inspection): void {
    const says = `the rules took more than the ${this.#budgetMs} ms of CPU time that one request may cost`;
    inspection.refuse(403, 'waf/over-budget', 1050009, says, 'REQUEST');
  }

  /** Writes what matched since the last time into the exchange. */
  #tell(inspection: Inspection, exchange: Exchange, told: Told): void {
    const { transaction } = told;
    for (; told.matches < transaction.matches.length; told.matches++) {
      const finding = findingOf(transaction.matches[told.matches]!);
      exchange.findings ??= [];
      if (exchange.findings.length < maxFindings) exchange.findings.push(finding);
    }
    const isAnswer = inspection.phase === 3 || inspection.phase === 4;
    const side = isAnswer && transaction.interruption !== null ? 'outbound' : 'inbound';
    const score = transaction.tx.get(`blocking_${side}_anomaly_score`) ?? transaction.tx.get('anomaly_score');
    const threshold = transaction.tx.get(`${side}_anomaly_score_threshold`);
    const sum = (exchange.findings ?? []).reduce((total, finding) => total + finding.score, 0);
    exchange.wafScore = Math.max(sum, Number.parseInt(score ?? '0', 10) || 0);
    if (threshold !== null) exchange.wafThreshold = Number.parseInt(threshold, 10) || exchange.wafThreshold;
  }

  #open(exchange: Exchange, policy: SitePolicy): Transaction {
    const { connection, target, query } = exchange;
    const transaction = new Transaction(
      {
        id: exchange.id,
        startedAt: exchange.startedAt,
        method: exchange.method,
        uriRaw: target,
        uri: query === '' && !target.endsWith('?') ? exchange.path : `${exchange.path}?${query}`,
        filename: pathDecode(exchange.path),
        query,
        protocol: exchange.version === '2.0' ? 'HTTP/2.0' : `HTTP/${exchange.version}`,
        clientAddress: exchange.client,
        clientPort: connection.peerPort,
        serverAddress: connection.local,
        serverPort: connection.localPort,
        serverName: exchange.host,
        headers: pairsOf(exchange.headers),
      },
      this.program.settings,
      this.plan.beneath,
      {
        now: () => this.#clock.now(),
        monotonicMs: () => this.#clock.monotonicMs(),
        cpuMs: () => this.#clock.cpuMs?.() ?? this.#clock.monotonicMs(),
        lasting: this.lasting,
        site: policy.site,
        asked: this.#asked,
      },
      this.plan.watched,
    );
    transaction.budgetMs = this.#budgetMs;
    if (policy.mode === 'detect' && transaction.engine === 'on') transaction.engine = 'detect';
    if (policy.exclusions.count > 0)
      transaction.isExempt = (rule, place) => policy.exclusions.cover(detectorOf(rule.tags), rule.id, place, exchange);
    chooseProcessor(transaction);
    return transaction;
  }
}

function pairsOf(headers: Headers): Pairs {
  return new Pairs(headers.spelled as string[], headers.values as string[], headers.names as string[]);
}

/** Keeps a body up to the limit and hands it over once. */
class RuleBody implements BodyReader {
  readonly #inspection: Inspection;
  readonly #limit: number;
  readonly #isRefused: boolean;
  readonly #judge: (text: string, length: number, isCut: boolean) => void;
  #text = '';
  done = false;

  /** What is longer than `limit` is refused, or judged up to there. */
  constructor(
    inspection: Inspection,
    limit: number,
    isRefused: boolean,
    judge: (text: string, length: number, isCut: boolean) => void,
  ) {
    this.#inspection = inspection;
    this.#limit = limit;
    this.#isRefused = isRefused;
    this.#judge = judge;
  }

  feed(text: string): void {
    const room = this.#limit - this.#text.length;
    this.#text += text.length > room ? text.slice(0, room) : text;
    if (text.length > room) this.cut();
  }

  cut(): void {
    if (this.#isRefused) {
      const says = `the body is longer than the ${this.#limit} bytes that are inspected`;
      this.#inspection.refuse(413, 'waf/body-too-long-to-inspect', 1050008, says, 'REQUEST_BODY');
    }
    this.#finish(true);
  }

  end(): void {
    this.#finish(false);
  }

  #finish(isCut: boolean): void {
    if (this.done) return;
    this.done = true;
    const text = this.#text;
    this.#text = '';
    if (!this.#inspection.stopped) this.#judge(text, text.length, isCut);
  }
}

const auditModes = { on: 'all', off: 'off', detect: 'relevant', relevant: 'relevant' } as const;

function auditingOf({ audit, auditParts, settings, answerHeaders, engine }: Transaction): Auditing {
  return {
    mode: auditModes[settings.auditEngine],
    changed: audit === settings.auditEngine ? null : auditModes[audit],
    parts: auditParts,
    relevantStatus: settings.auditRelevantStatus,
    answer: answerHeaders,
    engine: engine === 'on' ? 'Enabled' : engine === 'off' ? 'Disabled' : 'DetectionOnly',
    components: settings.componentSignatures,
  };
}

function findingOf(match: RuleMatch): Finding {
  const { rule } = match;
  const score = match.scores.reduce((sum, { name, by }) => (name.includes('anomaly_score') ? sum + by : sum), 0);
  return {
    id: rule.id,
    detector: detectorOf(rule.tags),
    phase: rule.phase,
    severity: severities[rule.severity] ?? 'NOTICE',
    score,
    says: match.message === '' ? `rule ${rule.id} matched` : match.message.slice(0, 1024),
    place: match.place,
    // Because a detector captures a word of its own for what it saw, and evidence is bytes of the value.
    value: (match.found !== '' && match.value.includes(match.found) ? match.found : match.value).slice(0, maxExcerpt),
    decoded: match.transformations,
    at: rule.at,
    data: match.data.slice(0, 1024),
    rule: {
      tags: rule.tags,
      version: rule.version,
      revision: rule.revision,
      operator: match.link?.operator ?? '',
      argument: match.link?.argument ?? '',
      isAudited: rule.isAudited,
    },
  };
}

const families: readonly (readonly [tag: string, detector: string])[] = [
  ['attack-sqli', 'sql-injection'],
  ['attack-xss', 'cross-site-scripting'],
  ['attack-lfi', 'path-traversal'],
  ['attack-rce', 'command-injection'],
  ['attack-reputation-scanner', 'scanner'],
];

/** The family of a rule by its tags, in our own words where there is one; else its first tag of an attack, or `rule`. */
export function detectorOf(tags: readonly string[]): string {
  for (const [tag, detector] of families) if (tags.includes(tag)) return detector;
  return tags.find((tag) => tag.startsWith('attack-')) ?? 'rule';
}

/** The refusal names what scored most, not the rule that only compares the sum. */
function refusalOf(interruption: Interruption, exchange: Exchange, phase: number): Refusal {
  const { rule, message, kind, status, location } = interruption;
  const side = phase < 3 ? [1, 2] : [3, 4];
  const scored = (exchange.findings ?? []).filter((one) => one.score > 0 && side.includes(one.phase));
  const isSum = rule.tags.includes('anomaly-evaluation') && scored.length > 0;
  const worst = isSum ? scored.reduce((best, one) => (one.score > best.score ? one : best)) : null;
  const reference = {
    id: String(worst?.id ?? rule.id),
    description: worst?.says ?? (message === '' ? `rule ${rule.id}` : message),
    at: worst?.at ?? rule.at,
  };
  const spoken = worst ?? exchange.findings?.find(({ id }) => id === rule.id) ?? null;
  const evidence = spoken === null ? null : { place: spoken.place, value: spoken.value };
  const says = isSum ? `${reference.description}; ${sumOf(scored, exchange.wafThreshold)}` : reference.description;
  const why = isSum ? 'waf/anomaly-score' : 'waf/rule';
  if (kind === 'drop') return close(why, says, reference, evidence);
  const refusal = answer(status, why, says, reference, evidence);
  return kind === 'redirect' ? { ...refusal, location: oneLine(location) } : refusal;
}

/** The arithmetic: `942100 (5) + 942190 (5) = 10 of 5`. */
function sumOf(scored: readonly Finding[], threshold: number): string {
  const parts = scored.slice(0, 8).map(({ id, score }) => `${id} (${score})`);
  const more = scored.length > 8 ? ` + ${scored.length - 8} more` : '';
  return `${parts.join(' + ')}${more} = ${scored.reduce((sum, { score }) => sum + score, 0)} of ${threshold}`;
}

/** Because a macro may hold what a client sent, and a header line must stay one (RFC 9110 5.5). */
function oneLine(text: string): string {
  let line = '';
  for (const one of text) line += one < ' ' || one === '\x7f' ? '' : one;
  return line;
}

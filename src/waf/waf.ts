// The WAF: judges what a request carries, head and body, for one site, and says what it found, where, and under which encodings.

import type { Clock } from '../base/clock.ts';
import { atOnce, type Pieces } from '../base/in-pieces.ts';
import { type Built, built, failed, type Problem } from '../base/problem.ts';
import type { ContentCodings } from '../traffic/content-coding.ts';
import type { Exchange } from '../traffic/exchange.ts';
import type { Headers } from '../traffic/headers.ts';
import { pass, type Verdict } from '../traffic/verdict.ts';
import type { AnswerHead } from '../traffic/wire.ts';
import { readAnswer } from './bodies/answer-body.ts';
import { judgeDeclarations, openBody } from './bodies/body.ts';
import { codingsOf, hidingCoding } from './bodies/encoded.ts';
import type { BodyInspector } from './bodies/inspector.ts';
import type { RuleFiles } from './compile/compiler.ts';
import type { GraphqlLimits } from './detectors/graphql.ts';
import { normalisedName } from './detectors/redirect.ts';
import { detectorNames } from './detectors.ts';
import { type ExclusionSettings, Exclusions } from './exclusions.ts';
import { CleanHeaders, judgeFields, judgeHead } from './head.ts';
import { Inspection, type InspectionLimits, type SitePolicy } from './inspection.ts';
import { type ListedRule, listRules } from './listing.ts';
import type { BillAnswer } from './program/bill.ts';
import type { RuleSet } from './rule-set.ts';
import { buildingRules, type RuleFileSettings } from './rule-sources.ts';
import type { Lasting } from './transaction/lasting.ts';

export type { BodyInspector } from './bodies/inspector.ts';
export type { ExclusionSettings } from './exclusions.ts';
export type { SitePolicy } from './inspection.ts';
export type { ListedRule } from './listing.ts';
export { matcherOf } from './matcher.ts';
export type { BillAnswer, BillRow } from './program/bill.ts';
export { reasons } from './reasons.ts';

/** What the whole gate says of the WAF. */
export interface WafSettings extends InspectionLimits {
  /** Rules in SecLang that take the place of the built-in ones, or null. */
  readonly ruleFiles: RuleFileSettings | null;
  /** Time that rules of files may take for one request, in ms. */
  readonly cpuBudgetMs: number;
}

/** What one site says of it. */
export interface SiteWafSettings {
  readonly name: string;
  readonly waf: {
    readonly mode: 'block' | 'detect' | 'off';
    readonly exclude: readonly ExclusionSettings[];
    /** The score from which the built-in rules refuse. */
    readonly threshold: number;
    readonly graphql: GraphqlLimits;
    readonly redirects: { readonly parameters: readonly string[]; readonly hosts: readonly string[] | null };
  };
}

/** What it is handed of the outside. */
export interface WafTools {
  /** Undoes the content codings of bodies. */
  readonly codings: ContentCodings;
  /** Reads rule files and their data. */
  readonly files: RuleFiles;
  readonly clock: Clock;
}

/** The judgement of an answer as it comes. */
export interface AnswerInspector {
  /** What the head showed. */
  readonly verdict: Verdict;
  /** How many bytes of the body wait for `judge`; 0 where it streams. */
  readonly holdBytes: number;
  /** Judges what was held; `isCut` where there was more. */
  judge(body: Buffer, isCut: boolean): Verdict;
}

/** The WAF's part of `status`. */
export interface WafDescription {
  readonly detectors: readonly string[];
  readonly maxInspectedBytes: number;
  readonly bodyOverLimit: 'refuse' | 'pass';
  /** Rules of files, and how many files they came from; null for the built-in rules. */
  readonly rules: { readonly count: number; readonly files: number } | null;
  readonly sites: readonly {
    readonly name: string;
    readonly mode: string;
    readonly threshold: number;
    readonly exclusions: number;
  }[];
}

/** The WAF of one generation. */
export class Waf {
  /** One a site, in the order of the sites. */
  readonly policies: readonly SitePolicy[];
  readonly #limits: InspectionLimits;
  readonly #tools: WafTools;
  readonly #clean = new CleanHeaders();
  /** Null: the built-in rules. */
  readonly rules: RuleSet | null;

  constructor(limits: InspectionLimits, policies: readonly SitePolicy[], tools: WafTools, rules: RuleSet | null) {
    this.#limits = limits;
    this.#tools = tools;
    this.policies = policies;
    this.rules = rules;
  }

  /** Judges the head. Fills the exchange's WAF fields except the time. Never throws: a failure refuses. */
  inspectHead(exchange: Exchange, policy: SitePolicy): Verdict {
    if (policy.mode === 'off' || exchange.skipsWaf) return pass;
    exchange.wafAction = 'pass';
    exchange.wafThreshold = policy.threshold;
    const inspection = new Inspection(this.#limits, exchange, policy, 1);
    try {
      if (this.rules === null) judgeHead(inspection, exchange, this.#clean);
      else this.rules.inspectHead(inspection, exchange);
      if (this.rules === null && exchange.bodyLength !== 0)
        judgeDeclarations(inspection, exchange, this.#tools.codings);
    } catch (error) {
      inspection.fail(error);
    }
    return inspection.verdict;
  }

  /** The inspector of the body, whose score goes on from the head's; null where there is nothing to inspect. */
  openBody(exchange: Exchange, policy: SitePolicy): BodyInspector | null {
    if (policy.mode === 'off' || exchange.skipsWaf || exchange.bodyLength === 0) return null;
    const inspection = new Inspection(this.#limits, exchange, policy, 2);
    return openBody(inspection, exchange, this.#tools.codings, this.rules?.reader(inspection, exchange) ?? null);
  }

  /** Judges the head of an answer and says how much of its body has to wait; null where nobody looks at answers. Never throws. */
  openAnswer(exchange: Exchange, policy: SitePolicy, head: AnswerHead): AnswerInspector | null {
    const { rules } = this;
    const known = this.#tools.codings;
    if (rules === null || policy.mode === 'off' || exchange.inspection === null) return null;
    const inspection = new Inspection(this.#limits, exchange, policy, 3);
    const guarded = (run: () => number): number => {
      try {
        return run();
      } catch (error) {
        inspection.fail(error);
        return 0;
      }
    };
    const codings = codingsOf(head.headers);
    const isReadable = hidingCoding(codings, known) === '';
    const holdBytes = guarded(() => rules.inspectAnswer(inspection, exchange, head, isReadable));
    return {
      verdict: inspection.verdict,
      holdBytes,
      judge(body, isCut) {
        guarded(() => {
          const read = readAnswer(body, isCut, codings, known, holdBytes);
          rules.inspectAnswerBody(inspection, exchange, read.text, read.isCut);
          return 0;
        });
        return inspection.verdict;
      },
    };
  }

  /** The exchange is over: what rules say at its end. Never throws. */
  conclude(exchange: Exchange): void {
    if (this.rules === null || exchange.inspection === null) return;
    const inspection = new Inspection(this.#limits, exchange, this.policies[exchange.siteIndex]!, 5);
    try {
      this.rules.conclude(inspection, exchange);
    } catch (error) {
      inspection.fail(error);
    }
  }

  /** Judges the trailer fields behind a chunked body (RFC 9110 6.5), which applications read as they read headers. Never throws. */
  inspectTrailers(exchange: Exchange, policy: SitePolicy, trailers: Headers): Verdict {
    if (policy.mode === 'off' || exchange.skipsWaf || this.rules !== null) return pass;
    const inspection = new Inspection(this.#limits, exchange, policy, 2);
    try {
      judgeFields(inspection, trailers, this.#clean);
    } catch (error) {
      inspection.fail(error);
    }
    return inspection.verdict;
  }

  /** How often each exclusion excused something since it was built, by site and in the order of the settings. */
  excused(): Readonly<Record<string, readonly number[]>> {
    return Object.fromEntries(this.policies.map(({ site, exclusions }) => [site, [...exclusions.excused]]));
  }

  /** What rules of files keep beyond an exchange, to be shared by workers; null for the built-in rules, which keep nothing. */
  get lasting(): Lasting | null {
    return this.rules?.lasting ?? null;
  }

  /** Goes on with what rules kept under the WAF before. */
  succeed(before: Waf): void {
    if (this.rules !== null && before.rules !== null) this.rules.lasting = before.rules.lasting;
  }

  /** What each rule of files cost and found; null for the built-in rules. */
  bill(): BillAnswer | null {
    return this.rules?.bill() ?? null;
  }

  /** Every rule of files; null for the built-in rules. */
  listRules(): ListedRule[] | null {
    return this.rules === null ? null : listRules(this.rules.program.rules, this.policies);
  }

  /** What stands, for `status`. */
  describe(): WafDescription {
    const { maxInspectedBytes, bodyOverLimit } = this.#limits;
    const sites = this.policies.map(({ site, mode, threshold, exclusions }) => ({
      name: site,
      mode,
      threshold,
      exclusions: exclusions.count,
    }));
    const { rules: own } = this;
    const rules = own === null ? null : { count: own.count, files: own.program.files.length };
    return { detectors: detectorNames, maxInspectedBytes, bodyOverLimit, rules, sites };
  }
}

/** The WAF, or what is wrong with the exclusions of its sites; problems lie under `sites`. Touches nothing. */
export function build(settings: WafSettings, sites: readonly SiteWafSettings[], tools: WafTools): Built<Waf> {
  return atOnce(building(settings, sites, tools));
}

/** The same, a rule a piece: a thousand rules take a second, and whoever has connections meanwhile sees to them in between. */
export function* building(
  settings: WafSettings,
  sites: readonly SiteWafSettings[],
  tools: WafTools,
): Pieces<Built<Waf>> {
  const problems: Problem[] = [];
  const policies = sites.map(({ name, waf }, index) => ({
    site: name,
    mode: waf.mode,
    threshold: waf.threshold,
    graphql: waf.graphql,
    redirects: { parameters: new Set(waf.redirects.parameters.map(normalisedName)), hosts: waf.redirects.hosts },
    exclusions: Exclusions.compile(waf.exclude, detectorNames, ['sites', index, 'waf', 'exclude'], problems),
  }));
  const { ruleFiles } = settings;
  const rules = ruleFiles === null ? null : yield* buildingRules(ruleFiles, settings, tools.files, tools.clock);
  if (rules !== null && rules.rules === null) problems.push(...rules.problems);
  if (problems.length > 0) return failed(problems);
  return built(
    new Waf(settings, policies, tools, rules?.rules ?? null),
    rules !== null && rules.rules !== null ? rules.warnings : [],
  );
}

// The WAF: judges what a request carries, head and body, for one site, and says what it found, where, and under which encodings.

import { type Built, built, failed, type Problem } from '../base/problem.ts';
import type { ContentCodings } from '../traffic/content-coding.ts';
import type { Exchange } from '../traffic/exchange.ts';
import type { Headers } from '../traffic/headers.ts';
import { pass, type Verdict } from '../traffic/verdict.ts';
import { judgeDeclarations, openBody } from './bodies/body.ts';
import type { BodyInspector } from './bodies/inspector.ts';
import { detectorNames } from './detectors.ts';
import { type ExclusionSettings, Exclusions } from './exclusions.ts';
import { CleanHeaders, judgeFields, judgeHead } from './head.ts';
import { Inspection, type InspectionLimits, type SitePolicy } from './inspection.ts';

export type { BodyInspector } from './bodies/inspector.ts';
export type { ExclusionSettings } from './exclusions.ts';
export type { SitePolicy } from './inspection.ts';
export { reasons } from './reasons.ts';

/** What the whole gate says of the WAF. */
export type WafSettings = InspectionLimits;

/** What one site says of it. */
export interface SiteWafSettings {
  readonly name: string;
  readonly waf: { readonly mode: 'block' | 'detect' | 'off'; readonly exclude: readonly ExclusionSettings[] };
}

/** What it is handed of the outside. */
export interface WafTools {
  /** Undoes the content codings of bodies. */
  readonly codings: ContentCodings;
}

/** The WAF's part of `status`. */
export interface WafDescription {
  readonly detectors: readonly string[];
  readonly threshold: number;
  readonly maxInspectedBytes: number;
  readonly bodyOverLimit: 'refuse' | 'pass';
  readonly sites: readonly { readonly name: string; readonly mode: string; readonly exclusions: number }[];
}

/** The WAF of one generation. */
export class Waf {
  /** One a site, in the order of the sites. */
  readonly policies: readonly SitePolicy[];
  readonly #limits: InspectionLimits;
  readonly #tools: WafTools;
  readonly #clean = new CleanHeaders();

  constructor(limits: InspectionLimits, policies: readonly SitePolicy[], tools: WafTools) {
    this.#limits = limits;
    this.#tools = tools;
    this.policies = policies;
  }

  /** Judges the head. Fills the exchange's WAF fields except the time. Never throws: a failure refuses. */
  inspectHead(exchange: Exchange, policy: SitePolicy): Verdict {
    if (policy.mode === 'off') return pass;
    exchange.wafAction = 'pass';
    exchange.wafThreshold = this.#limits.threshold;
    const inspection = new Inspection(this.#limits, exchange, policy, 1);
    try {
      judgeHead(inspection, exchange, this.#clean);
      if (exchange.bodyLength !== 0) judgeDeclarations(inspection, exchange, this.#tools.codings);
    } catch (error) {
      inspection.fail(error);
    }
    return inspection.verdict;
  }

  /** The inspector of the body, whose score goes on from the head's; null where there is nothing to inspect. */
  openBody(exchange: Exchange, policy: SitePolicy): BodyInspector | null {
    if (policy.mode === 'off' || exchange.bodyLength === 0) return null;
    return openBody(new Inspection(this.#limits, exchange, policy, 2), exchange, this.#tools.codings);
  }

  /** Judges the trailer fields behind a chunked body (RFC 9110 6.5), which applications read as they read headers. Never throws. */
  inspectTrailers(exchange: Exchange, policy: SitePolicy, trailers: Headers): Verdict {
    if (policy.mode === 'off') return pass;
    const inspection = new Inspection(this.#limits, exchange, policy, 2);
    try {
      judgeFields(inspection, trailers, this.#clean);
    } catch (error) {
      inspection.fail(error);
    }
    return inspection.verdict;
  }

  /** What stands, for `status`. */
  describe(): WafDescription {
    const { threshold, maxInspectedBytes, bodyOverLimit } = this.#limits;
    const sites = this.policies.map(({ site, mode, exclusions }) => ({
      name: site,
      mode,
      exclusions: exclusions.count,
    }));
    return { detectors: detectorNames, threshold, maxInspectedBytes, bodyOverLimit, sites };
  }
}

/** The WAF, or what is wrong with the exclusions of its sites; problems lie under `sites`. Touches nothing. */
export function build(settings: WafSettings, sites: readonly SiteWafSettings[], tools: WafTools): Built<Waf> {
  const problems: Problem[] = [];
  const policies = sites.map(({ name, waf }, index) => ({
    site: name,
    mode: waf.mode,
    exclusions: Exclusions.compile(waf.exclude, detectorNames, ['sites', index, 'waf', 'exclude'], problems),
  }));
  return problems.length > 0 ? failed(problems) : built(new Waf(settings, policies, tools));
}

// A request put to the WAF without a socket: what the tests in src/waf speak through.

import { systemClock } from '../src/base/clock.ts';
import { ruleFiles, settingsFrom } from '../src/config/config.ts';
import { contentCodings } from '../src/http/http.ts';
import { Connection } from '../src/traffic/connection.ts';
import { Exchange } from '../src/traffic/exchange.ts';
import { Headers } from '../src/traffic/headers.ts';
import type { Verdict } from '../src/traffic/verdict.ts';
import { Subject } from '../src/waf/detectors/detection.ts';
import { type Bearings, signSet } from '../src/waf/detectors.ts';
import {
  build,
  type ExclusionSettings,
  type SiteWafSettings,
  type Waf,
  type WafSettings,
  type WafTools,
} from '../src/waf/waf.ts';

/** The settings an owner gets without writing any. */
export const ordinarySettings: WafSettings = {
  ruleFiles: null,
  maxInspectedBytes: 131072,
  bodyOverLimit: 'refuse',
  maxInflatedBytes: 1_048_576,
  maxInflateRatio: 100,
  maxArguments: 1000,
  maxJsonDepth: 64,
  cpuBudgetMs: 50,
};

/** Rules of files as an owner names them, at paranoia 1. */
export const ordinaryRuleFiles: NonNullable<WafSettings['ruleFiles']> = {
  crs: null,
  setup: null,
  plugins: [],
  files: [],
  paranoia: 1,
  detectionParanoia: 1,
  inboundThreshold: 5,
  outboundThreshold: 4,
  inspectAnswers: false,
  maxAnswerBytes: 1024,
  geography: null,
};

/** What a site says to the WAF where its owner wrote nothing. */
export const ordinarySite: SiteWafSettings['waf'] = settingsFrom({ sites: [{ to: 3000 }] }).sites[0]!.waf;

/** What the gate hands the WAF. */
export const tools: WafTools = { codings: contentCodings, files: ruleFiles, clock: systemClock };

/** One request. The target begins with `/`; bodies given as text are sent as UTF-8. */
export interface Request {
  readonly target?: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: string | Uint8Array;
  /** Sizes of the pieces that the body comes in; all in one where there is none. */
  readonly pieces?: readonly number[];
}

/** What came of it. */
export interface Outcome {
  readonly exchange: Exchange;
  readonly verdict: Verdict;
  /** `why` of the refusal, or `pass`. */
  readonly why: string;
  readonly status: number;
  /** Places of the findings, in order. */
  readonly places: readonly string[];
}

/** A WAF for one site. Throws where its settings are wrong. */
export function gate(
  mode: 'block' | 'detect' | 'off' = 'block',
  exclude: readonly ExclusionSettings[] = [],
  settings: Partial<WafSettings> = {},
  site: Partial<SiteWafSettings['waf']> = {},
): Waf {
  const own = { ...ordinarySite, mode, exclude, ...site };
  const made = build({ ...ordinarySettings, ...settings }, [{ name: 'example.com', waf: own }], tools);
  if (!made.ok) throw new Error(made.problems.map((problem) => problem.says).join('; '));
  return made.value;
}

/** Puts a request to the WAF, head and body. */
export function ask(waf: Waf, request: Request): Outcome {
  const body = typeof request.body === 'string' ? Buffer.from(request.body) : (request.body ?? new Uint8Array());
  const exchange = exchangeOf(request, body.length);
  const policy = waf.policies[0]!;
  let verdict = waf.inspectHead(exchange, policy);
  const inspector = verdict.kind === 'pass' ? waf.openBody(exchange, policy) : null;
  if (inspector !== null) {
    let at = 0;
    for (const size of [...(request.pieces ?? []), body.length]) {
      verdict = inspector.feed(body.subarray(at, at + size));
      at += size;
      if (verdict.kind !== 'pass') break;
    }
    if (verdict.kind === 'pass') verdict = inspector.end();
  }
  const places = (exchange.findings ?? []).map((finding) => finding.place);
  if (verdict.kind === 'pass') return { exchange, verdict, why: 'pass', status: 0, places };
  return { exchange, verdict, why: verdict.why, status: verdict.status, places };
}

/** The exchange of a request, as the codec would make it. */
export function exchangeOf(request: Request, bodyBytes: number): Exchange {
  const target = request.target ?? '/';
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  const query = mark < 0 ? '' : target.slice(mark + 1);
  const connection = new Connection(1, '203.0.113.7', 52431, '198.51.100.1', 443, ':443 tls', true, 0);
  const headers = Headers.from(request.headers ?? []);
  const method = bodyBytes > 0 ? 'POST' : 'GET';
  return new Exchange('1', connection, 1, 0, method, target, path, query, '1.1', 'example.com', headers, bodyBytes);
}

/** What detectors are told beside the value, where nothing is set. */
export const bearings: Bearings = {
  graphql: ordinarySite.graphql,
  redirects: { parameters: new Set(['next']), hosts: null },
  host: 'example.com',
};

/** A value as detectors are handed it; in an argument of the body unless `inHead`. */
export function subjectOf(text: string, name = 'x', isName = false, inHead = false): Subject {
  return new Subject(signSet, text, name, isName, inHead);
}

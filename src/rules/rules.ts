// The door of the rules that an owner writes: asked of every request, in the order of the file, before limits and the WAF.

import { type Built, built, failed, type Path, type Problem } from '../base/problem.ts';
import type { Exchange } from '../traffic/exchange.ts';
import { answer, close, pass, type Reason, type RuleReference, type Verdict } from '../traffic/verdict.ts';
import type { Condition, ConditionTools } from './condition.ts';
import type { Geography } from './fields.ts';
import { parseCondition, parseRule, type Rule } from './rule.ts';

export type { Condition } from './condition.ts';

/** A rule as its owner wrote it, and the comment behind it. */
export interface RuleSetting {
  readonly rule: string;
  readonly description: string;
}

/** A site, as far as rules look at it: its rules come behind those of the whole gate. */
export interface RuledSite {
  readonly name: string;
  readonly rules: readonly RuleSetting[];
}

export interface RuleSettings {
  readonly rules: readonly RuleSetting[];
  /** Lists that rules may name: addresses, networks or words. */
  readonly lists: Readonly<Record<string, readonly string[]>>;
  readonly sites: readonly RuledSite[];
}

export interface RuleTools {
  readonly geography: Geography & { readonly databases: ReadonlySet<string> };
  /** Makes a matcher in linear time, or says what is wrong with the pattern. */
  readonly compilePattern: ConditionTools['compilePattern'];
  /** The score from which a request is refused, of each site. */
  readonly thresholds: readonly number[];
  /** Whether a request is set no task: its client did one. */
  readonly isSpared: (exchange: Exchange) => boolean;
  /** `file:line` of a rule, by its path in the settings; '' where no line holds it. */
  readonly locate: (path: Path) => string;
}

/** Every `why` of this station. */
export const reasons: Readonly<Record<string, Reason>> = Object.freeze({
  'rules/blocked': {
    says: 'A rule of the configuration refuses such requests.',
    allow: 'Change the rule, or put an `allow if …` before it.',
  },
  'rules/closed': {
    says: 'A rule of the configuration ends such connections without an answer.',
    allow: 'Change the rule, or put an `allow if …` before it.',
  },
  'rules/banned': {
    says: 'A rule of the configuration refuses such requests, and bans whoever sends one.',
    allow: 'Change the rule, put an `allow if …` before it, and take the ban off with `portcullis bans remove`.',
  },
  'rules/challenged': {
    says: 'A rule of the configuration sets the browsers behind such requests a task before they are let in.',
    allow: 'Change the rule, or put an `allow if …` before it; programs that have no browser need one.',
  },
  'rules/tarpit': {
    says: 'A rule of the configuration refuses such requests, and takes its time to say so.',
    allow: 'Change the rule, or put an `allow if …` before it.',
  },
  'rules/score': {
    says: 'Rules of the configuration gave the request a score that is too high.',
    allow: 'Lower the scores of the rules, or raise `waf.threshold`.',
  },
});

/** The rules of one site, those of the whole gate before its own. */
export type RulePolicy = readonly Rule[];

/** Numbers of findings of one's own rules begin here; the built-in ones and those of CRS stay below. */
const firstFinding = 1_900_000;

/** The station. */
export class Rules {
  /** For what no site takes. */
  readonly common: RulePolicy;
  /** One a site, in the order of the sites. */
  readonly policies: readonly RulePolicy[];
  readonly #thresholds: readonly number[];
  readonly #isSpared: RuleTools['isSpared'];

  constructor(
    common: RulePolicy,
    policies: readonly RulePolicy[],
    { thresholds, isSpared }: Pick<RuleTools, 'thresholds' | 'isSpared'>,
  ) {
    this.common = common;
    this.policies = policies;
    this.#thresholds = thresholds;
    this.#isSpared = isSpared;
  }

  /** Asks every rule until one decides. Scores and what is only detected become findings of the exchange; `scoreRefuses` is false where
   * the site only detects. */
  judge(exchange: Exchange, policy: RulePolicy, scoreRefuses = true): Verdict {
    for (let index = 0; index < policy.length; index++) {
      const rule = policy[index]!;
      if (!rule.condition(exchange)) continue;
      const { action, reference } = rule;
      switch (action.does) {
        case 'allow':
          exchange.skipsRates = true;
          exchange.skipsWaf = true;
          return pass;
        case 'skip rates':
          exchange.skipsRates = true;
          break;
        case 'skip waf':
          exchange.skipsWaf = true;
          break;
        case 'block':
          return answer(action.status, 'rules/blocked', `${reference.id}: ${reference.description}`, reference);
        case 'ban':
          return answer(403, 'rules/banned', `${reference.id}: ${reference.description}`, reference);
        case 'challenge':
          if (this.#isSpared(exchange)) break;
          return {
            ...answer(403, 'rules/challenged', `${reference.id}: ${reference.description}`, reference),
            treatment: 'challenge',
          };
        case 'tarpit':
          return {
            ...answer(403, 'rules/tarpit', `${reference.id}: ${reference.description}`, reference),
            treatment: 'tarpit',
          };
        case 'close':
          return close('rules/closed', `${reference.id}: ${reference.description}`, reference);
        case 'detect':
          note(exchange, rule, index, 0);
          break;
        case 'score':
          note(exchange, rule, index, action.score);
          if (scoreRefuses && exchange.wafScore >= (this.#thresholds[exchange.siteIndex] ?? 5))
            return answer(403, 'rules/score', `${reference.id} brings the score to ${exchange.wafScore}`, reference);
      }
    }
    return pass;
  }
}

/** How long the rule that spoke bans for, in ms; 0 where it does not. */
export function banMsOf(policy: RulePolicy, reference: RuleReference | null): number {
  const action = policy.find((rule) => rule.reference === reference)?.action;
  return action?.does === 'ban' ? action.lengthMs : 0;
}

function note(exchange: Exchange, { reference }: Rule, index: number, score: number): void {
  exchange.wafScore += score;
  exchange.findings ??= [];
  exchange.findings.push({
    id: firstFinding + index,
    detector: 'own-rule',
    phase: 1,
    severity: score === 0 ? 'NOTICE' : 'WARNING',
    score,
    says: `${reference.id}: ${reference.description}`,
    place: 'REQUEST_LINE',
    value: `${exchange.method} ${exchange.target}`.slice(0, 256),
    decoded: [],
    at: reference.at,
  });
}

/** Reads all rules, or says what is wrong with each; paths begin at the root of the settings. */
export function build(settings: RuleSettings, tools: RuleTools): Built<Rules> {
  const problems: Problem[] = [];
  const conditionTools = conditionToolsOf(settings.lists, tools);
  const read = (rules: readonly RuleSetting[], path: Path, prefix: string): Rule[] =>
    rules.flatMap(({ rule, description }, index) => {
      const at = [...path, index];
      const place = { path: at, id: `${prefix}rule ${index + 1}`, description, at: tools.locate(at) };
      const parsed = parseRule(rule, place, conditionTools, problems);
      return parsed === null ? [] : [parsed];
    });
  const common = read(settings.rules, ['rules'], '');
  const policies = settings.sites.map(({ name, rules }, index) =>
    rules.length === 0 ? common : [...common, ...read(rules, ['sites', index, 'rules'], `${name} `)],
  );
  return problems.length > 0 ? failed(problems) : built(new Rules(common, policies, tools));
}

/** A condition that stands alone, such as `when` of a limit; null after telling what is wrong with it. */
export function buildCondition(
  text: string,
  path: Path,
  lists: RuleSettings['lists'],
  tools: Pick<RuleTools, 'geography' | 'compilePattern'>,
  problems: Problem[],
): Condition | null {
  return parseCondition(text, path, conditionToolsOf(lists, tools), problems);
}

function conditionToolsOf(
  lists: RuleSettings['lists'],
  { geography, compilePattern }: Pick<RuleTools, 'geography' | 'compilePattern'>,
): ConditionTools {
  return { lists: new Map(Object.entries(lists)), databases: geography.databases, geography, compilePattern };
}

// The firewall's door: an ordered list of rules, first match wins, judged at accept before one byte is read.

import type { AddressReader } from '../base/address.ts';
import { type Built, built, failed, type Path, type Problem } from '../base/problem.ts';
import { close, type Reason, type Refusal } from '../traffic/verdict.ts';
import { type Expectation, testExpectations } from './algebra.ts';
import { brokenProblem, parseExpectation } from './expectation.ts';
import type { KernelSettings } from './nftables/nftables.ts';
import { compile, covers, type Policy, unreadable } from './policy.ts';
import { parseRule, type Rule, type RuleSet, type RuleSetting } from './rule.ts';

export {
  analyse,
  type Change,
  type Difference,
  difference,
  type Finding,
  findingKinds,
  packetText,
} from './algebra.ts';
export { type BanRecord, targetText } from './bans.ts';
export { type ListFormat, ListReading, type ReadList } from './blocklist.ts';
export {
  type BanAnswer,
  type BanSettings,
  buildCallers,
  type Callers,
  type CallersChange,
} from './callers.ts';
export { type Agreement, type Exposure, type ExposureRow, expose } from './exposure/exposure.ts';
export { hasForeign, type Saved, withLegacy, withSaved } from './exposure/iptables.ts';
export { type Ruleset, rulesetOf } from './exposure/ruleset.ts';
export { type Outcome, type Probe, simulate } from './exposure/simulate.ts';
export {
  type Format,
  formatOf,
  formats,
  type Imported,
  importRules,
  maxImportLength,
  yamlOf,
} from './import/import.ts';
export type { Blocklist } from './listed.ts';
export type { NeverBan } from './never-ban.ts';
export * from './nftables/nftables.ts';
export type { OffenceNote } from './offences.ts';
export { compile } from './policy.ts';
export type { Rule, RuleSet, RuleSetting } from './rule.ts';
export { settingOf } from './rule-setting.ts';

/** The firewall's part of the settings. */
export interface FirewallSettings {
  readonly default: 'allow' | 'deny';
  readonly rules: readonly RuleSetting[];
  /** The comment behind each rule, its description where it has none of its own. */
  readonly comments: readonly string[];
  readonly enforce: readonly ('accept' | 'kernel')[];
  /** What must hold of the rules: `deny tcp 5432 from internet`. */
  readonly expect?: readonly string[];
  /** The kernel's part; what holds without it is `defaultKernel`. */
  readonly kernel?: KernelSettings;
}

export interface FirewallTools {
  /** `file:line` of a path inside the firewall's settings (`['rules', 2]`), or ''. */
  locate(path: Path): string;
}

/** A rule as people see it: the columns of the guide's table, and where it is written. */
export interface CompiledRule {
  /** From 1. */
  readonly number: number;
  readonly action: 'ALLOW' | 'DENY';
  readonly protocol: 'TCP' | 'UDP' | 'ALL';
  readonly ports: string;
  readonly source: string;
  readonly description: string;
  /** `file:line`, or ''. */
  readonly at: string;
}

/** Why this station refuses. */
export const reasons: Readonly<Record<string, Reason>> = {
  'firewall/denied': {
    says: 'A firewall rule denies this protocol and port to this source.',
    allow: 'Put an `allow` rule for it before the rule that denies it.',
  },
  'firewall/default-deny': {
    says: 'No firewall rule matches, and the default is to deny.',
    allow: 'Add an `allow` rule for this protocol, port and source.',
  },
  'firewall/banned': {
    says: 'The caller is banned for a time, by the owner or for what it did.',
    allow: '`portcullis bans remove ADDRESS`, or name it under `bans.never`.',
  },
  'firewall/blocklisted': {
    says: 'The caller is on a blocklist.',
    allow: 'Name the address under `bans.never`, or take the list from `blocklists`.',
  },
  'firewall/unreadable-source': {
    says: 'The source is no address or the port no port, so no rule can be asked.',
    allow: 'Nothing: whoever has no address cannot be held to rules about addresses.',
  },
};

/** A generation's firewall. Decisions allocate nothing. */
export class Firewall {
  readonly rules: readonly CompiledRule[];
  readonly default: 'ALLOW' | 'DENY';
  /** Decisions by rule number since this generation began; index 0 counts the default. */
  readonly hits: Float64Array;
  /** The rules as they were understood. */
  readonly ruleSet: RuleSet;
  readonly #policy: Policy;

  constructor(rules: readonly CompiledRule[], ruleSet: RuleSet, policy: Policy) {
    this.rules = rules;
    this.ruleSet = ruleSet;
    this.default = ruleSet.default;
    this.hits = new Float64Array(rules.length + 1);
    this.#policy = policy;
  }

  /** Number of the rule that decides, 0 for the default, -1 (never allowed) where `source` is no address. Counts a hit. */
  judge(protocol: 'tcp' | 'udp', source: string, port: number): number {
    const number = this.#policy.decide(protocol, source, port);
    if (number >= 0) this.hits[number]!++;
    return number;
  }

  /** The same for an address that a reader holds: it is read once for all who ask at accept. */
  judgeRead(protocol: 'tcp' | 'udp', reader: AddressReader, port: number): number {
    const number = this.#policy.decideRead(protocol, reader, port);
    if (number >= 0) this.hits[number]!++;
    return number;
  }

  /** The same decision without counting it. */
  simulate(protocol: 'tcp' | 'udp', source: string, port: number): number {
    return this.#policy.decide(protocol, source, port);
  }

  /** Whether what `judge` gave means: let it in. */
  isAllowed(ruleNumber: number): boolean {
    if (ruleNumber <= 0) return ruleNumber === 0 && this.default === 'ALLOW';
    return this.rules[ruleNumber - 1]!.action === 'ALLOW';
  }

  /** The refusal of a connection that `judge` did not allow. */
  refusal(ruleNumber: number, protocol: 'tcp' | 'udp', source: string, port: number): Refusal {
    const what = `${protocol.toUpperCase()} port ${port} from ${source}`;
    if (ruleNumber === unreadable)
      return close('firewall/unreadable-source', `"${source}" port ${port} is nothing that a rule can match`);
    const rule = this.rules[ruleNumber - 1];
    if (rule === undefined)
      return close('firewall/default-deny', `${what} matches no rule, and the default is to deny`);
    const { description, at } = rule;
    const named = description === '' ? `rule ${ruleNumber}` : `rule ${ruleNumber} "${description}"`;
    return close('firewall/denied', `${what} is denied by ${named}`, { id: String(ruleNumber), description, at });
  }
}

/** The firewall of these settings, or every problem they have. Touches nothing. */
export function build(settings: FirewallSettings, tools: FirewallTools): Built<Firewall> {
  const problems: Problem[] = [];
  const rules: Rule[] = [];
  for (let index = 0; index < settings.rules.length; index++) {
    const rule = parseRule(settings.rules[index]!, index, settings.comments[index] ?? '', problems);
    if (rule !== null) rules.push(rule);
  }
  const expectations = (settings.expect ?? []).map((line, index) => parseExpectation(line, index, problems));
  if (problems.length > 0) return failed(problems);
  const compiled = compile(rules);
  if (compiled === null) return failed([tooLarge]);
  const whenNone = settings.default === 'allow' ? 'ALLOW' : 'DENY';
  const broken = brokenExpectations({ rules, default: whenNone }, expectations as Expectation[], tools);
  if (broken.length > 0) return failed(broken);
  const shown = rules.map((rule) => show(rule, tools.locate(['rules', rule.number - 1])));
  const warnings = [...warnNeverHit(rules, compiled.neverHit), ...warnOneFamily(rules, whenNone)];
  return built(new Firewall(shown, { rules, default: whenNone }, compiled.policy), warnings);
}

/** The problems that expectations are which the rules do not meet. */
function brokenExpectations(set: RuleSet, expectations: readonly Expectation[], tools: FirewallTools): Problem[] {
  if (expectations.length === 0) return [];
  const broken = testExpectations(set, expectations);
  if (broken === null)
    return [{ ...tooLarge, path: ['expect'], says: 'the rules are too many for the expectations to be tested' }];
  const nameOf = (number: number) => {
    const { description } = set.rules[number - 1]!;
    const at = tools.locate(['rules', number - 1]);
    return `rule ${number}${description && ` "${description}"`}${at && ` (${at})`}`;
  };
  return broken.map((each) => brokenProblem(each, expectations[each.index]!, nameOf));
}

const tooLarge: Problem = {
  path: ['rules'],
  code: 'firewall/too-large',
  says: 'the rules have more combinations of ports and sources than fit a decision table (4,000,000 entries)',
  instead: 'give rules with long lists of sources the same ports, or `all` ports',
};

function show(rule: Rule, at: string): CompiledRule {
  const { number, action, protocol, portsText, sourceText, description } = rule;
  return { number, action, protocol, ports: portsText, source: sourceText, description, at };
}

/** Most rules that are named as never hit: a file turned upside down need not print a thousand lines. */
const maxNeverHitNamed = 20;

function warnNeverHit(rules: readonly Rule[], neverHit: readonly number[]): Problem[] {
  return neverHit.slice(0, maxNeverHitNamed).map((number) => {
    const rule = rules[number - 1]!;
    const earlier = rules.find((other) => other.number < number && covers(other, rule));
    const by = earlier === undefined ? 'the rules before it together decide' : `rule ${earlier.number} already decides`;
    const isHarmless = earlier !== undefined && earlier.action === rule.action;
    return {
      path: ['rules', number - 1],
      code: 'firewall/never-hit',
      says: `rule ${number} can never be hit: ${by} everything it names`,
      instead: isHarmless ? 'remove it' : `move it before ${earlier ? `rule ${earlier.number}` : 'them'}, or remove it`,
    };
  });
}

function warnOneFamily(rules: readonly Rule[], whenNone: 'ALLOW' | 'DENY'): Problem[] {
  const isHalf = ({ action, sources }: Rule) =>
    action === 'DENY' && sources.some(({ prefix }) => prefix === 0) && new Set(sources.map((c) => c.family)).size === 1;
  if (whenNone === 'DENY') return [];
  return rules.filter(isHalf).map((rule) => ({
    path: ['rules', rule.number - 1],
    code: 'firewall/one-family',
    says: `rule ${rule.number} denies all of IPv${rule.sources[0]!.family} only, and the default allows the other family`,
    instead: 'write `from any`, or make the default deny',
  }));
}

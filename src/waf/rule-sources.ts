// Where rules come from: our base, what the settings say, the Core Rule Set with its set-up and plugins, and files of the owner.

import type { Clock } from '../base/clock.ts';
import type { Pieces } from '../base/in-pieces.ts';
import type { Path, Problem } from '../base/problem.ts';
import { baseRules, baseRulesName } from './base-rules.ts';
import { Codes } from './codes.ts';
import type { CompilerTools, RuleFiles } from './compile/compiler.ts';
import { loading, type Source } from './compile/load.ts';
import { planning } from './compile/plan.ts';
import { detectXss } from './detectors/html-operator.ts';
import { detectSqli } from './detectors/sql-operator.ts';
import type { Trouble } from './language/trouble.ts';
import { compilePattern, compilePhrases, compileSet, isProblem, type Pattern, type PhraseSet } from './regex/regex.ts';
import { RuleSet } from './rule-set.ts';

/** The rules that take the place of the built-in ones. Names are absolute. */
export interface RuleFileSettings {
  /** Directory of the Core Rule Set, or null. */
  readonly crs: string | null;
  /** Its set-up; null takes `crs-setup.conf`, or the example, from the directory. */
  readonly setup: string | null;
  /** Directories of plugins. */
  readonly plugins: readonly string[];
  /** Further files, after all others. */
  readonly files: readonly string[];
  /** Paranoia at which matches count, and at which they are only told (not less). */
  readonly paranoia: number;
  readonly detectionParanoia: number;
  readonly inboundThreshold: number;
  readonly outboundThreshold: number;
  /** Whether bodies of answers are looked at, and how much of one is held for that. */
  readonly inspectAnswers: boolean;
  readonly maxAnswerBytes: number;
  /** The database of addresses for `@geoLookup`, where no SecGeoLookupDb names another; null for none. */
  readonly geography: string | null;
}

/** Limits that hold for rules as well. */
export interface RuleLimits {
  readonly maxInspectedBytes: number;
  readonly maxArguments: number;
  readonly maxJsonDepth: number;
  /** Time that the rules may take for one request, in ms. */
  readonly cpuBudgetMs: number;
}

/** A rule set that stands, with its warnings, or every problem of its files. */
export type BuiltRules =
  | { readonly rules: RuleSet; readonly warnings: readonly Problem[] }
  | { readonly rules: null; readonly problems: readonly Problem[] };

/** Loads everything, piece by piece. Opens no file but through `files`. */
export function* buildingRules(
  settings: RuleFileSettings,
  limits: RuleLimits,
  files: RuleFiles,
  clock: Clock,
): Pieces<BuiltRules> {
  const path = settings.crs === null ? ['waf', 'files'] : ['waf', 'crs'];
  const made: Pattern[] = [];
  const loaded = yield* loading(sourcesOf(settings, files), toolsWith(files, made), {
    requestBodyLimit: limits.maxInspectedBytes,
    argumentsLimit: limits.maxArguments,
    jsonDepthLimit: limits.maxJsonDepth,
    responseBodyAccess: settings.inspectAnswers,
    responseBodyLimit: settings.maxAnswerBytes,
  });
  if (!loaded.ok) return { rules: null, problems: loaded.troubles.map((trouble) => problemOf(trouble, path)) };
  const { program, warnings } = loaded;
  const plan = yield* planning(program, (members) => compileSet(members as readonly (Pattern | PhraseSet)[]));
  for (const pattern of made) pattern.forget();
  return {
    rules: new RuleSet(program, plan, clock, limits.cpuBudgetMs),
    warnings: warnings.map((trouble) => problemOf(trouble, path)),
  };
}

/** Patterns are listed in `made`: what they were compiled from is given up when all sets of them stand. */
function toolsWith(files: RuleFiles, made: Pattern[]): CompilerTools {
  const codes = new Codes();
  return {
    files,
    pattern(source, flags) {
      const pattern = compilePattern(source, flags, codes);
      if (!isProblem(pattern)) made.push(pattern);
      return pattern;
    },
    phrases: compilePhrases,
    detectSqli,
    detectXss,
  };
}

function problemOf({ place, says, instead }: Trouble, path: Path): Problem {
  const problem = { path, code: 'waf/rule-file', says, place };
  return instead === '' ? problem : { ...problem, instead };
}

function sourcesOf(settings: RuleFileSettings, files: RuleFiles): Source[] {
  const { crs, plugins } = settings;
  const sources: Source[] = [
    { name: baseRulesName, text: baseRules },
    { name: 'portcullis-settings.conf', text: settingsText(settings) },
  ];
  if (crs !== null) {
    const setup = settings.setup ?? first(files, [`${crs}/crs-setup.conf`, `${crs}/crs-setup.conf.example`]);
    sources.push({ file: setup });
    for (const plugin of plugins) sources.push(...there(files, [`${plugin}/*-config.conf`, `${plugin}/*-before.conf`]));
    sources.push({ file: files.list(`${crs}/rules/*.conf`).length > 0 ? `${crs}/rules/*.conf` : `${crs}/*.conf` });
    for (const plugin of plugins) sources.push(...there(files, [`${plugin}/*-after.conf`]));
  }
  return [...sources, ...settings.files.map((file) => ({ file }))];
}

/** The first that is there; the first of all where none is, so that the problem names it. */
function first(files: RuleFiles, names: readonly string[]): string {
  return names.find((name) => files.list(name).length > 0) ?? names[0]!;
}

function there(files: RuleFiles, patterns: readonly string[]): Source[] {
  return patterns.filter((pattern) => files.list(pattern).length > 0).map((file) => ({ file }));
}

/** The settings in the words of CRS 4, and of CRS 3 where they differ; a set-up file may still say otherwise. */
function settingsText(settings: RuleFileSettings): string {
  const { paranoia, detectionParanoia, inboundThreshold, outboundThreshold, geography } = settings;
  const values: Readonly<Record<string, number>> = {
    blocking_paranoia_level: paranoia,
    detection_paranoia_level: Math.max(paranoia, detectionParanoia),
    paranoia_level: paranoia,
    executing_paranoia_level: Math.max(paranoia, detectionParanoia),
    inbound_anomaly_score_threshold: inboundThreshold,
    outbound_anomaly_score_threshold: outboundThreshold,
  };
  const set = Object.entries(values).map(([name, value]) => `setvar:tx.${name}=${value}`);
  const database = geography === null ? '' : `SecGeoLookupDb "${geography.replaceAll('"', '\\"')}"\n`;
  return `${database}SecAction "id:1060010,phase:1,pass,nolog,${set.join(',')}"\n`;
}

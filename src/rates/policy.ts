// From the limits that a person wrote to a policy: the limits of one site with their names, keys and counters.

import type { Path, Problem } from '../base/problem.ts';
import type { RuleReference } from '../traffic/verdict.ts';
import { type Counters, maxLimit } from './counters.ts';
import { foldPath, type KeySource, kinds, parseKeySource } from './keys.ts';

/** One limit as its owner wrote it: `limit` requests in `windowMs`, counted `by` key, for paths under `path`. */
export interface RateSettings {
  readonly limit: number;
  readonly windowMs: number;
  readonly by: string;
  readonly path: string;
  readonly status: number;
  /** How long a client is banned whom the limit refuses again and again, in ms; 0 for not at all. */
  readonly repeatedBanMs?: number;
}

/** The limits of one site. */
export interface Policy {
  readonly limits: readonly Limit[];
  /** Whether any of them looks at the path. */
  readonly readsPath: boolean;
}

/** One limit, ready to count. */
export interface Limit {
  readonly limit: number;
  readonly status: number;
  readonly repeatedBanMs: number;
  readonly source: KeySource;
  readonly prefix: string;
  /** As headers and journeys call it: `"client";q=500;w=10`. */
  readonly item: string;
  /** `500 requests in 10 s`. */
  readonly span: string;
  readonly rule: RuleReference;
  readonly counters: Counters;
  /** The rest holds during one judgement only: it lives here so that a judgement allocates nothing. */
  applies: boolean;
  kind: number;
  high: number;
  low: number;
  row: number;
  used: number;
}

/** What a policy needs from its surroundings. */
export interface PolicyTools {
  /** The counters of a limit, by what it counts (its scope, key, path and window). */
  readonly countersOf: (identity: string, windowMs: number) => Counters;
  readonly locate: (path: Path) => string;
  readonly problems: Problem[];
}

/** Longest time that a limit may look back, in ms: what is longer is a quota, and belongs to the application. */
const maxWindowMs = 24 * 3600 * 1000;

/** The policy of a list of limits that stands at `path`; what is wrong with them goes to `tools.problems`. */
export function makePolicy(list: readonly RateSettings[], path: Path, scope: string, tools: PolicyTools): Policy {
  const names = new Map<string, number>();
  const limits: Limit[] = [];
  for (const [index, setting] of list.entries()) {
    const problems = problemsOf(setting, [...path, index]);
    const identity = `${scope} ${setting.by} ${foldPath(setting.path)} ${setting.windowMs}`;
    const before = names.get(identity);
    if (before !== undefined) problems.push(twice([...path, index], before));
    names.set(identity, index);
    tools.problems.push(...problems);
    if (problems.length === 0) limits.push(makeLimit(setting, identity, limits, tools, tools.locate([...path, index])));
  }
  return { limits, readsPath: limits.some(({ source, prefix }) => prefix !== '/' || source.kind === kinds.path) };
}

function makeLimit(
  setting: RateSettings,
  identity: string,
  before: readonly Limit[],
  tools: PolicyTools,
  at: string,
): Limit {
  const { limit, windowMs, status } = setting;
  const source = parseKeySource(setting.by)!;
  const prefix = foldPath(setting.path);
  const seconds = windowMs / 1000;
  const plainName = prefix === '/' ? setting.by : `${setting.by} ${prefix}`;
  // The names in one RateLimit-Policy field are unique (draft-ietf-httpapi-ratelimit-headers).
  const name = before.some(({ rule }) => rule.id === plainName) ? `${plainName} ${seconds}s` : plainName;
  return {
    limit,
    status,
    repeatedBanMs: setting.repeatedBanMs ?? 0,
    source,
    prefix,
    item: `"${quotable(name)}";q=${limit};w=${Math.ceil(seconds)}`,
    span: `${limit} request${limit === 1 ? '' : 's'} in ${seconds} s`,
    rule: { id: name, description: `${limit} per ${seconds}s by ${setting.by}`, at },
    counters: tools.countersOf(identity, windowMs),
    applies: false,
    kind: 0,
    high: 0,
    low: 0,
    row: -1,
    used: 0,
  };
}

/** Text as it may stand in a quoted string of a structured field (RFC 9651 3.3.3). */
function quotable(text: string): string {
  let out = '';
  for (const character of text) {
    if (character < ' ' || character > '~') out += '?';
    else out += character === '"' || character === '\\' ? `\\${character}` : character;
  }
  return out;
}

function problemsOf({ limit, windowMs, by, path, status }: RateSettings, at: Path): Problem[] {
  const problems: Problem[] = [];
  const add = (part: string, code: string, says: string, instead: string) =>
    problems.push({ path: [...at, part], code, says, instead });
  if (!Number.isInteger(limit) || limit < 1 || limit > maxLimit)
    add('limit', 'rates/bad-limit', `a limit of ${limit} cannot be counted`, `a whole number from 1 to ${maxLimit}`);
  if (!(windowMs >= 1000 && windowMs <= maxWindowMs))
    add('limit', 'rates/bad-window', `a window of ${windowMs} ms cannot be kept`, 'a time from 1s to 24h');
  if (parseKeySource(by) === null)
    add('by', 'rates/bad-key', `"${by}" is nothing to count by`, 'client, path, header:NAME or cookie:NAME');
  if (!path.startsWith('/'))
    add('path', 'rates/bad-path', `the path "${path}" does not begin with a slash`, `/${path}`);
  if (!Number.isInteger(status) || status < 400 || status > 599)
    add('then', 'rates/bad-status', `${status} is not the status of a refusal`, '429, or another from 400 to 599');
  return problems;
}

function twice(path: Path, before: number): Problem {
  return {
    path,
    code: 'rates/twice',
    says: `this limit counts the same as number ${before + 1} of the list: same key, same path, same time`,
    instead: 'one of them, with the lower number of requests',
  };
}

// From the limits that a person wrote to a policy: the limits of one site with their names, keys and counters.

import type { Path, Problem } from '../base/problem.ts';
import type { Exchange } from '../traffic/exchange.ts';
import type { RuleReference, Treatment } from '../traffic/verdict.ts';
import { Buckets } from './buckets.ts';
import { Counters, maxLimit } from './counters.ts';
import type { KeyTable } from './key-table.ts';
import {
  countsClients,
  databaseOf,
  foldPath,
  type KeySource,
  keyWords,
  kinds,
  parseKeySource,
  readsBody,
} from './keys.ts';

/** One limit as its owner wrote it: `limit` requests in `windowMs`, counted `by` key, for paths under `path`. */
export interface RateSettings {
  readonly limit: number;
  readonly windowMs: number;
  readonly by: string;
  readonly path: string;
  readonly status: number;
  /** What is done beside refusing. */
  readonly treatment?: Treatment | null;
  /** How long a client is banned whom the limit refuses again and again, in ms; 0 for not at all. */
  readonly repeatedBanMs?: number;
  /** Tokens of a bucket that is filled with `limit` in `windowMs`; 0 counts in a sliding window instead. */
  readonly burst?: number;
  /** How much more the /56 of an IPv6 client may do, and its /48 once more; 0 leaves wider networks alone. */
  readonly wider?: number;
  /** Only told, never refused. */
  readonly shadow?: boolean;
  /** The condition that a request must meet to be counted, or ''. */
  readonly when?: string;
  /** Only requests whose answer has one of these are counted; none for all. */
  readonly statuses?: readonly number[];
}

/** Whether a request is meant. */
export type RateCondition = (exchange: Exchange) => boolean;

/** The limits of one site. */
export interface Policy {
  /** Asked of every request's head. */
  readonly limits: readonly Limit[];
  /** Asked when the body is there, because their key is in it. */
  readonly bodyLimits: readonly Limit[];
  /** Whether any of them looks at the path. */
  readonly readsPath: boolean;
}

/** One limit, ready to count. */
export interface Limit {
  readonly limit: number;
  readonly status: number;
  readonly treatment: Treatment | null;
  readonly repeatedBanMs: number;
  readonly shadow: boolean;
  /** Statuses of answers that are counted; null where the request itself is. */
  readonly statuses: ReadonlySet<number> | null;
  /** Which requests it counts; null for all. */
  readonly when: RateCondition | null;
  /** Whether it counts clients, wholly or in part. */
  readonly ofClients: boolean;
  readonly source: KeySource;
  readonly prefix: string;
  /** As headers and journeys call it: `"client";q=500;w=10`. */
  readonly item: string;
  /** `500 requests in 10 s`. */
  readonly span: string;
  readonly rule: RuleReference;
  readonly counters: KeyTable;
  /** The rest holds during one judgement only: it lives here so that a judgement allocates nothing. */
  applies: boolean;
  kind: number;
  high: number;
  low: number;
  row: number;
  used: number;
  /** Whether its client did the task that this limit sets. */
  isProven: boolean;
}

/** What a policy needs from its surroundings. */
export interface PolicyTools {
  /** The table of a limit, by what it counts (its scope, key, path and window): the one that is there, or the one that is made. */
  readonly tableOf: (identity: string, make: (maxKeys: number, startMs: number) => KeyTable) => KeyTable;
  /** Reads the condition that stands at a path; null after telling `problems` what is wrong with it. */
  readonly conditionOf: (text: string, path: Path, problems: Problem[]) => RateCondition | null;
  /** The databases that are loaded: `country`, `asn`. */
  readonly databases: ReadonlySet<string>;
  readonly locate: (path: Path) => string;
  readonly problems: Problem[];
}

/** Longest time that a limit may look back, in ms: what is longer is a quota, and belongs to the application. */
const maxWindowMs = 24 * 3600 * 1000;

/** The policy of a list of limits that stands at `path`; what is wrong with them goes to `tools.problems`. */
export function makePolicy(list: readonly RateSettings[], path: Path, scope: string, tools: PolicyTools): Policy {
  const identities = new Map<string, number>();
  const limits: Limit[] = [];
  for (const [index, setting] of list.entries()) {
    const at = [...path, index];
    const problems = problemsOf(setting, at, tools.databases);
    const identity = identityOf(setting, scope);
    const { when = '' } = setting;
    const condition = when === '' ? null : tools.conditionOf(when, [...at, 'when'], problems);
    const before = identities.get(identity);
    if (before !== undefined) problems.push(twice(at, before));
    identities.set(identity, index);
    tools.problems.push(...problems);
    if (problems.length > 0) continue;
    const source = parseKeySource(setting.by)!;
    for (const tier of tiersOf(setting, source))
      limits.push(makeLimit(setting, condition, tier, identity, limits, tools, tools.locate(at)));
  }
  return {
    limits: limits.filter(({ source }) => !readsBody(source)),
    bodyLimits: limits.filter(({ source }) => readsBody(source)),
    readsPath: limits.some(({ source, prefix }) => prefix !== '/' || readsPath(source)),
  };
}

/** What a limit counts, as text: two that agree in it would count the same. */
function identityOf({ by, path, windowMs, burst, when = '', statuses = [] }: RateSettings, scope: string): string {
  const parts = [scope, by, foldPath(path), windowMs, burst ? 'bucket' : '', statuses.join(','), when];
  return parts.filter((part) => part !== '').join(' ');
}

function readsPath({ kind, parts }: KeySource): boolean {
  return kind === kinds.path || parts.some(readsPath);
}

/** What one setting is held to: its own key, and where that is the client, the wider networks of IPv6 clients as well. */
interface Tier {
  readonly source: KeySource;
  readonly label: string;
  readonly times: number;
}

function tiersOf({ by, wider = 4 }: RateSettings, source: KeySource): Tier[] {
  const own: Tier = { source, label: by, times: 1 };
  if (source.kind !== kinds.client || wider === 0) return [own];
  // Because an IPv6 client may take its addresses from 256 or 65,536 networks of /64.
  const wide: Tier = { source: { kind: kinds.wide, name: '', parts: [] }, label: 'client/56', times: wider };
  const widest: Tier = { source: { kind: kinds.wider, name: '', parts: [] }, label: 'client/48', times: wider ** 2 };
  return [own, wide, widest];
}

function makeLimit(
  setting: RateSettings,
  when: RateCondition | null,
  tier: Tier,
  identity: string,
  before: readonly Limit[],
  tools: PolicyTools,
  at: string,
): Limit {
  const { windowMs, status, burst = 0, shadow = false } = setting;
  const perWindow = Math.min(maxLimit, setting.limit * tier.times);
  const limit = burst === 0 ? perWindow : burst * tier.times;
  const prefix = foldPath(setting.path);
  const seconds = windowMs / 1000;
  const plainName = prefix === '/' ? tier.label : `${tier.label} ${prefix}`;
  // The names in one RateLimit-Policy field are unique (draft-ietf-httpapi-ratelimit-headers).
  const name = before.some(({ rule }) => rule.id === plainName) ? `${plainName} ${seconds}s` : plainName;
  const tokenMs = windowMs / perWindow;
  const ofWindow = `${perWindow} request${perWindow === 1 ? '' : 's'} in ${seconds} s`;
  return {
    limit,
    status,
    treatment: setting.treatment ?? null,
    repeatedBanMs: setting.repeatedBanMs ?? 0,
    shadow,
    statuses: setting.statuses === undefined || setting.statuses.length === 0 ? null : new Set(setting.statuses),
    when,
    ofClients: countsClients(tier.source),
    source: tier.source,
    prefix,
    item: `"${quotable(name)}";q=${limit};w=${Math.ceil(burst === 0 ? seconds : (tokenMs * limit) / 1000)}`,
    span: burst === 0 ? ofWindow : `${limit} requests at once and ${ofWindow} after them`,
    rule: { id: name, description: `${perWindow} per ${seconds}s by ${tier.label}`, at },
    counters:
      burst === 0
        ? tools.tableOf(identity, (maxKeys, startMs) => new Counters(windowMs, maxKeys, startMs))
        : tools.tableOf(
            `${identity} ${tokenMs} ${limit}`,
            (maxKeys, startMs) => new Buckets(tokenMs, limit, maxKeys, startMs),
          ),
    applies: false,
    kind: kinds.none,
    high: 0,
    low: 0,
    row: -1,
    used: 0,
    isProven: false,
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

function problemsOf(setting: RateSettings, at: Path, databases: ReadonlySet<string>): Problem[] {
  const { limit, windowMs, by, path, status, burst = 0, wider = 4 } = setting;
  const problems: Problem[] = [];
  const add = (part: string, code: string, says: string, instead: string) =>
    problems.push({ path: [...at, part], code, says, instead });
  if (!Number.isInteger(limit) || limit < 1 || limit > maxLimit)
    add('limit', 'rates/bad-limit', `a limit of ${limit} cannot be counted`, `a whole number from 1 to ${maxLimit}`);
  if (!(windowMs >= 1000 && windowMs <= maxWindowMs))
    add('limit', 'rates/bad-window', `a window of ${windowMs} ms cannot be kept`, 'a time from 1s to 24h');
  const source = parseKeySource(by);
  const database = source === null ? '' : databaseOf(source);
  if (source === null) add('by', 'rates/bad-key', `"${by}" is nothing to count by`, keyWords);
  else if (database !== '' && !databases.has(database))
    add(
      'by',
      'rates/no-database',
      `"${by}" needs a database, and none is named`,
      `geography: { ${database}: FILE.mmdb }`,
    );
  if (!path.startsWith('/'))
    add('path', 'rates/bad-path', `the path "${path}" does not begin with a slash`, `/${path}`);
  if (!Number.isInteger(status) || status < 400 || status > 599)
    add('then', 'rates/bad-status', `${status} is not the status of a refusal`, '429, or another from 400 to 599');
  if (!Number.isInteger(burst) || burst < 0 || burst > maxLimit)
    add('burst', 'rates/bad-burst', `a burst of ${burst} cannot be kept`, `a whole number from 1 to ${maxLimit}`);
  if (!Number.isInteger(wider) || wider < 0 || wider > 256)
    add('wider', 'rates/bad-wider', `${wider} times is not how much more a network may do`, 'a whole number up to 256');
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

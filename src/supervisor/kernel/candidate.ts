// Rules that are to stand in the kernel: where they come from, the table they make, and what they do to connections that are open.

import {
  build,
  type Done,
  difference,
  type Firewall,
  findDrift,
  type KernelCallers,
  type KernelSettings,
  type KernelTrouble,
  listTable,
  noCallers,
  offTrial,
  type Program,
  type RuleSet,
  render,
  synProxyTrouble,
  type Table,
  tableName,
  tableOf,
  withCallersOf,
} from '../../firewall/firewall.ts';
import { flowOf, type Live, liveConnections, liveText, type Sight } from './sessions.ts';
import type { StoredGeneration } from './store.ts';
import { untrackedAmong, untrackedText } from './untracked.ts';

/** Rules and the settings of the kernel's part; `callers` is null where those of the live table are to stay. */
export interface Candidate {
  readonly firewall: Firewall;
  readonly kernel: KernelSettings;
  readonly callers: KernelCallers | null;
  /** Names of the blocklists, whose sets stand empty until a gate fills them. */
  readonly blocklists?: readonly string[];
}

/** What a plan looks at. */
export interface KernelTools extends Sight {
  readonly nft: Program;
}

/** What stands in the place of a rule for a connection that is cut because the kernel does not track it. */
export const untracked = -1;

/** An open connection that the new rules no longer allow, and the rule that denies it (0: the default; `untracked`). */
export interface CutConnection {
  readonly live: Live;
  readonly rule: number;
}

/** What would happen. */
export interface Plan {
  /** The table that would be put into the kernel. */
  readonly table: Table;
  /** The table that stands there now, without a trial; null for none. */
  readonly standing: Table | null;
  /** Whether nothing would change. */
  readonly isSame: boolean;
  /** `opens tcp 3306 to 10.0.0.0/8`; null where the rules are too many to be compared. */
  readonly changes: readonly string[] | null;
  readonly cuts: readonly CutConnection[];
  /** Connections that the rules allow and that end all the same, because the kernel neither tracks nor picks them up. */
  readonly untracked: readonly CutConnection[];
  /** The cuts among them that would lock somebody out: the caller, and sessions of SSH. */
  readonly lockouts: readonly CutConnection[];
}

/** What a candidate would change, found without changing anything. `former` is the generation that stands, if it is known. */
export async function planFor(
  candidate: Candidate,
  former: StoredGeneration | null,
  tools: KernelTools,
): Promise<Done<Plan>> {
  const unfit = synProxyTrouble(candidate.kernel.synProxyPorts, (path) => tools.reader.read(path));
  if (unfit !== null) return { ok: false, trouble: unfit };
  const listed = await listTable(tools.nft);
  if (!listed.ok) return listed;
  const read = listed.value === null ? null : tableOf(listed.value, tableName);
  if (read?.ok === false) return { ok: false, trouble: strange(read.says) };
  const standing = read === null ? null : offTrial(read.value);
  const live = await liveConnections(tools);
  const cuts = cutBy(candidate.firewall, live);
  const table = tableFor(candidate, cuts, standing);
  const isCut = new Set(cuts.map((each) => each.live));
  const lost = untrackedAmong(live, candidate.kernel, standing, tools.reader)
    .filter((each) => !isCut.has(each))
    .map((each) => ({ live: each, rule: untracked }));
  const before = rulesBefore(standing, former);
  const changes = before === null ? null : difference(before, candidate.firewall.ruleSet);
  const plan: Plan = {
    table,
    standing,
    isSame: findDrift(table, listed.value).length === 0,
    changes: changes === null ? null : changes.changes.map(({ says }) => says),
    cuts,
    untracked: lost,
    lockouts: [...cuts, ...lost].filter(({ live: { kind } }) => kind !== 'other'),
  };
  return { ok: true, value: plan };
}

/** The table of a candidate. Bans and blocklists that stand stay, unless the candidate brings its own. */
export function tableFor(
  { firewall, kernel, callers, blocklists = [] }: Candidate,
  cuts: readonly CutConnection[],
  standing: Table | null,
): Table {
  const cut = cuts.map(({ live }) => flowOf(live)).filter((flow) => flow !== null);
  const empty = { ...noCallers, blocklists: blocklists.map((name) => ({ name, four: [], six: [] })) };
  const table = render({ ...firewall.ruleSet, kernel, callers: callers ?? empty, cut });
  return callers === null ? withCallersOf(table, standing) : table;
}

/** What the rules were: those of the generation that stands; without a table everything passed. */
function rulesBefore(standing: Table | null, former: StoredGeneration | null): RuleSet | null {
  if (standing === null) return { rules: [], default: 'ALLOW' };
  return former === null ? null : firewallOf(former).ruleSet;
}

/** The firewall of stored rules. They were understood when they were stored; what is none any more has no rules. */
export function firewallOf({ rules, default: whenNone }: Pick<StoredGeneration, 'rules' | 'default'>): Firewall {
  const settings = { default: whenNone, rules, comments: [], enforce: ['kernel' as const] };
  const result = build(settings, { locate: () => '' });
  if (result.ok) return result.value;
  throw new Error(`the stored rules cannot be read: ${result.problems[0]!.says}`);
}

function cutBy(firewall: Firewall, live: readonly Live[]): CutConnection[] {
  const judged = live.map((each) => ({ live: each, rule: firewall.simulate(each.protocol, each.source, each.port) }));
  return judged.filter(({ rule }) => !firewall.isAllowed(rule));
}

/** `tcp 203.0.113.7:52431 → :3306 (rule 4)`. */
export function cutText({ live, rule }: CutConnection): string {
  const why = rule === untracked ? untrackedText : rule === 0 ? 'the default' : `rule ${rule}`;
  return `${liveText(live)} (${why})`;
}

function strange(says: string): KernelTrouble {
  const instead =
    'look with `nft list table inet portcullis`; `nft delete table inet portcullis` removes it with all rules';
  return { kind: 'broken', says, instead, rule: 0 };
}

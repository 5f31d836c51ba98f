// What all workers answer, made into the answer of one gate.

import type { ControlQuestion } from './control.ts';
import type { Tallies } from './messages.ts';

type Part = Readonly<Record<string, unknown>>;

/** Makes one answer of those of all workers (at least one). */
export type Merge = (answers: readonly unknown[], question: ControlQuestion) => unknown;

/** How the answers to a question become one. A question that is not here is answered by the first worker alone. */
export const merges: Readonly<Record<string, Merge>> = Object.freeze({
  status: (answers) => mergeStatus(answers),
  connections: (answers, question) => mergeConnections(answers, question),
  close: (answers) => answers.includes(true),
  firewall: (answers) => mergeFirewall(answers),
  explain: (answers) => mergeExplain(answers),
  excused: (answers) => mergeExcused(answers),
  bill: (answers) => mergeBills(answers),
});

/** Numbers that are the same in every worker, or mean nothing when they are added up. */
const facts: ReadonlySet<string> = new Set([
  'available',
  'default',
  'limit',
  'max',
  'notAfter',
  'pid',
  'port',
  'rules',
  'threshold',
  'weight',
  'workers',
]);

/** What names an entry in a list. */
const naming = ['name', 'endpoint', 'subject'] as const;

/** Adds up what can be added: numbers that count, in groups and in lists whose entries have a name. The rest is as the first says. */
export function added(values: readonly unknown[], key = ''): unknown {
  const [first] = values;
  if (facts.has(key)) return first;
  if (typeof first === 'number')
    return values.reduce<number>((sum, value) => sum + (typeof value === 'number' ? value : 0), 0);
  if (typeof first === 'string') return values.find((value) => value !== '') ?? first;
  if (Array.isArray(first)) return addedLists(values.filter(Array.isArray));
  const groups = values.filter(isPart);
  if (groups.length === 0) return first;
  const keys = new Set(groups.flatMap((group) => Object.keys(group)));
  return Object.fromEntries(
    [...keys].map((name) => {
      const present = groups.filter((group) => Object.hasOwn(group, name)).map((group) => group[name]);
      return [name, added(present, name)];
    }),
  );
}

function addedLists(lists: readonly (readonly unknown[])[]): unknown[] {
  return lists[0]!.map((entry, index) => {
    const name = isPart(entry) ? naming.find((candidate) => typeof entry[candidate] === 'string') : undefined;
    if (name === undefined) return entry;
    const same = lists.map((list) =>
      isSame(list[index], entry, name) ? list[index] : list.find((other) => isSame(other, entry, name)),
    );
    return added(same.filter((other) => other !== undefined));
  });
}

function isSame(one: unknown, other: unknown, name: string): boolean {
  return isPart(one) && isPart(other) && one[name] === other[name];
}

function isPart(value: unknown): value is Part {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function mergeStatus(answers: readonly unknown[]): unknown {
  const parts = answers.filter(isPart);
  const open = parts.map((part) => numberIn(part.connections, 'open'));
  const total = open.reduce((sum, count) => sum + count, 0);
  const costs = parts.map((part, index) => numberIn(part.memory, 'perConnectionBytes') * open[index]!);
  const cost = costs.reduce((sum, bytes) => sum + bytes, 0);
  const memory = {
    rssBytes: parts.reduce((sum, part) => sum + numberIn(part.memory, 'rssBytes'), 0),
    availableBytes: numberIn(parts[0]!.memory, 'availableBytes'),
    ...(cost > 0 && { perConnectionBytes: Math.round(cost / total) }),
  };
  // Descriptors are each process's own: the one with the fewest left is the one to look at.
  const [fullest] = parts
    .map((part) => part.descriptors)
    .sort((one, other) => numberIn(one, 'left') - numberIn(other, 'left'));
  return { ...(added(parts) as Part), memory, descriptors: fullest };
}

function numberIn(part: unknown, name: string): number {
  const value = isPart(part) ? part[name] : 0;
  return typeof value === 'number' ? value : 0;
}

/** A merged status with what workers that are gone had counted. */
export function withTallies(status: unknown, gone: readonly Tallies[]): unknown {
  const connections = { denied: 0, refused: 0 };
  const requests = { total: 0, detected: 0, refusedByWhy: {}, statuses: {} };
  const sum = gone.reduce<unknown>(
    (before, { exchanges, detected, whys, statuses, accepted }) =>
      added([
        before,
        {
          connections: { denied: countOf(whys, 'firewall/'), refused: countOf(whys, 'connections/') },
          requests: { total: exchanges, detected, refusedByWhy: whys, statuses },
          listeners: Object.entries(accepted).map(([name, count]) => ({ name, accepted: count })),
        },
      ]),
    { connections, requests },
  );
  return added([status, sum]);
}

function countOf(whys: Readonly<Record<string, number>>, prefix: string): number {
  return Object.entries(whys).reduce((sum, [why, count]) => (why.startsWith(prefix) ? sum + count : sum), 0);
}

interface BillRow {
  readonly id: number;
  readonly at: string;
  hits: number;
  asked: number;
  cpuMs: number;
}

/** Rules are the same in every worker, each on the bill of those that asked it. */
function mergeBills(answers: readonly unknown[]): unknown {
  const bills = answers.filter(isPart) as unknown as { readonly rows: readonly BillRow[] }[];
  if (bills.length === 0) return answers[0] ?? null;
  const rows = new Map<string, BillRow>();
  for (const row of bills.flatMap((bill) => bill.rows)) {
    const name = `${row.id} ${row.at}`;
    const sum = rows.get(name);
    if (sum === undefined) rows.set(name, { ...row });
    else {
      sum.hits += row.hits;
      sum.asked += row.asked;
      sum.cpuMs += row.cpuMs;
    }
  }
  const all = [...rows.values()];
  all.sort((one, other) => other.cpuMs - one.cpuMs || other.hits - one.hits || other.asked - one.asked);
  return { ...(added(bills.map((bill) => ({ ...bill, rows: [] }))) as Part), rows: all };
}

function mergeConnections(answers: readonly unknown[], question: ControlQuestion): unknown {
  const all = answers as { readonly total: number; readonly rows: readonly { ageMs: number; number: number }[] }[];
  const limit = limitOf(question);
  const total = all.reduce((sum, answer) => sum + answer.total, 0);
  const rows = all.flatMap((answer) => answer.rows);
  if (question.after === undefined) {
    if (all.length > 1) rows.sort((one, other) => other.ageMs - one.ageMs);
    return { total, rows: rows.slice(0, limit) };
  }
  rows.sort((one, other) => one.number - other.number);
  // Of a worker that gave all that it was asked for, nothing is known behind its last.
  const share = typeof question.share === 'number' ? question.share : limit;
  const known = all.map((answer) =>
    answer.rows.length < share ? Number.POSITIVE_INFINITY : answer.rows.at(-1)!.number,
  );
  const bound = Math.min(...known);
  const page = rows.filter(({ number }) => number <= bound).slice(0, limit);
  const isLast = bound === Number.POSITIVE_INFINITY && page.length === rows.length;
  return { total, rows: page, next: isLast ? null : (page.at(-1)?.number ?? null) };
}

function limitOf({ limit }: ControlQuestion): number {
  return typeof limit === 'number' ? limit : 1000;
}

/**
 * The question with `share`: how many rows of a page each worker is asked for. Numbers come in turn, so that each worker has about its part
 * of the next ones, and all of a page from each would be several times the work.
 */
export function withShare(question: ControlQuestion, workers: number): ControlQuestion {
  if (question.ask !== 'connections' || question.after === undefined) return question;
  const limit = limitOf(question);
  return { ...question, share: workers < 2 ? limit : Math.min(limit, Math.ceil((limit * 1.5) / workers)) };
}

/** Each rule with the hits of all workers; the rest of a rule is the same everywhere. */
function mergeFirewall(answers: readonly unknown[]): unknown {
  const all = answers as { readonly rules: readonly { readonly hits: number }[]; readonly defaultHits: number }[];
  const hits = (index: number) => all.reduce((sum, { rules }) => sum + (rules[index]?.hits ?? 0), 0);
  return {
    ...all[0]!,
    rules: all[0]!.rules.map((rule, index) => ({ ...rule, hits: hits(index) })),
    defaultHits: all.reduce((sum, { defaultHits }) => sum + defaultHits, 0),
  };
}

/** Counts by site, in the order of its exclusions, of all workers. */
function mergeExcused(answers: readonly unknown[]): unknown {
  const all = answers as Readonly<Record<string, readonly number[]>>[];
  return Object.fromEntries(
    Object.entries(all[0]!).map(([site, counts]) => [
      site,
      counts.map((_, index) => all.reduce((sum, one) => sum + (one[site]?.[index] ?? 0), 0)),
    ]),
  );
}

/** Most journeys that one answer lists. */
const maxJourneys = 100;

function mergeExplain(answers: readonly unknown[]): unknown {
  const all = answers as { journey?: unknown; journeys?: readonly { readonly time: string }[]; reasons: unknown }[];
  const { reasons } = all[0]!;
  if (all[0]!.journeys === undefined)
    return { journey: all.find(({ journey }) => journey !== null)?.journey ?? null, reasons };
  const journeys = all.flatMap((answer) => answer.journeys ?? []);
  if (all.length > 1) journeys.sort((one, other) => (one.time < other.time ? 1 : -1));
  return { journeys: journeys.slice(0, maxJourneys), reasons };
}

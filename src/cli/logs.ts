// `portcullis logs`: what came and what became of it, from the history of the gate, also where it does not run; as it comes, where that is
// wanted.

import { setTimeout as wait } from 'node:timers/promises';
import { systemClock } from '../base/clock.ts';
import type { GroupCount, HistoryPage, HistoryRow } from '../traffic/history.ts';
import { ask, dataDirectoryOf } from './ask.ts';
import { askHistory, type Source, tellSource } from './ask-history.ts';
import { type Arguments, type Command, type ExitCode, UsageError, type World } from './command.ts';
import { jsonText } from './json.ts';
import { filterOptions, filtersOf } from './log-filters.ts';
import { groupTable, logLine } from './log-lines.ts';
import { Progress } from './progress.ts';

/** Between two looks of `--follow`, in ms: workers tell what happened every half second. */
const followMs = 500;
/** Most rows of one answer, and of all. */
const maxPage = 500;
const maxRows = 100_000;
/** Most questions for one command: each may look at some ten thousand journeys. */
const maxQuestions = 2000;

/** What counts can be chosen by. */
const groupFilters: readonly string[] = ['verdict', 'layer', 'why', 'rule', 'site', 'from', 'until'];

/** The `logs` command. */
export const logs: Command = {
  name: 'logs',
  summary: 'What came and what became of it: search, group, follow',
  usage: '[--follow] [--group] [--verdict block] [--client IP] [--path PATH] [--rule ID] [--since 10m] [--limit N]',
  options: {
    follow: { type: 'boolean', short: 'f', says: 'go on with what comes, until Ctrl-C' },
    group: { type: 'boolean', short: 'g', says: 'count what is alike as one line, exactly' },
    ...filterOptions,
    limit: { type: 'string', short: 'n', value: 'N', says: 'at most so many (20)' },
    'data-dir': { type: 'string', value: 'DIRECTORY', says: 'the data directory of the gate' },
    config: { type: 'string', value: 'FILE', says: 'the configuration of the gate, for its data directory' },
  },
  examples: [
    { says: 'the last that came', line: 'portcullis logs' },
    { says: 'what is refused, as it comes', line: 'portcullis logs --follow --verdict block' },
    { says: 'an hour of one network', line: 'portcullis logs --client 203.0.113.0/24 --since 1h --limit 1000' },
    { says: 'one rule under one path', line: "portcullis logs --rule sql-injection --path '/users*'" },
    { says: 'the attacks, ten thousand alike as one line', line: 'portcullis logs --group --verdict block' },
    { says: 'for a program, a JSON line each', line: 'portcullis logs --follow --json' },
  ],
  run,
};

async function run(args: Arguments, world: World): Promise<ExitCode> {
  if (args.words.length > 0) throw new UsageError(`logs takes no words, and was given "${args.words[0]}"`);
  const { follow, group, json } = args.options;
  if (follow === true && group === true)
    throw new UsageError('--group counts what was, --follow shows what comes: ask one of them');
  const directory = dataDirectoryOf(args, world);
  const filters = filtersOf(args, systemClock.now());
  const limit = limitOf(args.options.limit, group === true ? maxPage : maxRows);
  if (group === true) return grouped(args, world, directory, filters, limit);
  const print = printerOf(args, world);
  // Nothing comes where no gate runs: who wants to follow is told so.
  if (follow === true) await ask(directory, { ask: 'pid' });
  const { rows, newest, source } = await found(world, directory, filters, limit);
  tellSource(source, directory, world);
  if (follow === true) await followFrom(world, directory, filters, rows, newest, print);
  else if (json === true) world.stdout.write(jsonText(rows));
  else if (rows.length === 0) world.stdout.write('nothing of that kind\n');
  else for (const row of rows) print(row);
  return 0;
}

/** Writes a row, as JSON or for people. */
function printerOf({ options }: Arguments, world: World): (row: HistoryRow) => void {
  if (options.json === true) return (row) => void world.stdout.write(jsonText(row));
  const refuses = options['no-color'] === true || (world.env.NO_COLOR ?? '') !== '';
  const isColoured = world.stdout.isTTY === true && !refuses;
  return (row) => void world.stdout.write(logLine(row, world, isColoured));
}

/** The newest that there are, the oldest first; and the newest place of all. */
async function found(
  world: World,
  directory: string,
  filters: object,
  limit: number,
): Promise<{ rows: HistoryRow[]; newest: number; source: Source }> {
  const progress = new Progress(world, 'searching the history', () => systemClock.monotonicMs());
  const rows: HistoryRow[] = [];
  let newest = 0;
  let source: Source = 'gate';
  let before: number | undefined;
  try {
    for (let questions = 0; questions < maxQuestions && rows.length < limit && !world.stop.aborted; questions++) {
      const wanted = Math.min(maxPage, limit - rows.length);
      const { page, by } = await pageOf(directory, {
        ...filters,
        limit: wanted,
        ...(before === undefined ? {} : { before }),
      });
      source = by;
      if (before === undefined) newest = page.newest;
      rows.push(...page.rows);
      if (page.next === null) break;
      before = page.next;
      const last = rows.at(-1);
      progress.show(
        limit < maxRows ? rows.length / limit : null,
        `${rows.length} found${last === undefined ? '' : `, back to ${new Date(last.at).toISOString().slice(0, 19)}Z`}`,
      );
    }
  } finally {
    progress.end();
  }
  return { rows: rows.reverse(), newest, source };
}

async function followFrom(
  world: World,
  directory: string,
  filters: object,
  rows: readonly HistoryRow[],
  newest: number,
  print: (row: HistoryRow) => void,
): Promise<void> {
  for (const row of rows) print(row);
  let after = newest;
  while (!world.stop.aborted && !isClosed(world)) {
    const { page } = await pageOf(directory, { ...filters, after, limit: maxPage });
    for (const row of page.rows) print(row);
    // All up to the newest has been looked at, whether it was wanted or not.
    after = page.next ?? Math.max(after, page.newest);
    // A page that was full has more behind it at once.
    if (page.next === null) await wait(followMs, undefined, { signal: world.stop }).catch(() => undefined);
  }
}

async function grouped(
  args: Arguments,
  world: World,
  directory: string,
  filters: object,
  limit: number,
): Promise<ExitCode> {
  const unknown = Object.keys(filters).find((name) => !groupFilters.includes(name));
  if (unknown !== undefined)
    throw new UsageError(
      `--${unknown} chooses single requests, and --group has none: choose by ${groupFilters.join(', ')}`,
    );
  const question = { ask: 'history-groups', ...filters, limit };
  const { answer: told, source } = await askHistory(directory, question);
  const answer = told as { readonly groups: readonly GroupCount[]; readonly total: number };
  tellSource(source, directory, world);
  world.stdout.write(args.options.json === true ? jsonText(answer) : groupTable(answer.groups, answer.total, world));
  return 0;
}

async function pageOf(directory: string, filters: object): Promise<{ page: HistoryPage; by: Source }> {
  const { answer, source } = await askHistory(directory, { ask: 'history', ...filters });
  return { page: answer as HistoryPage, by: source };
}

function limitOf(written: unknown, most: number): number {
  if (written === undefined) return 20;
  const limit = Number(written);
  if (Number.isInteger(limit) && limit >= 1 && limit <= most) return limit;
  throw new UsageError(`--limit is a whole number from 1 to ${most}`);
}

function isClosed(world: World): boolean {
  return (world.stdout as { readonly closed?: boolean }).closed === true;
}

// `portcullis bans`: who is shut out of the running gate, by whom, for how long and why; and the blocklists.

import type { Problem } from '../base/problem.ts';
import { loadSettings, parseDuration } from '../config/config.ts';
import { askWithoutGate } from '../supervisor/supervisor.ts';
import { ask, dataDirectoryOf, NoGate, type Question } from './ask.ts';
import { type Arguments, type Command, type ExitCode, Trouble, UsageError, type World } from './command.ts';
import { duration } from './figures.ts';
import { jsonText } from './json.ts';
import { table, visible } from './table.ts';

/** A ban as the gate tells it. */
interface Ban {
  readonly target: string;
  readonly reason: string;
  readonly by: 'owner' | 'gate';
  readonly madeAt: number;
  readonly leftMs: number | null;
}

interface Blocklist {
  readonly name: string;
  readonly from: string;
  readonly entries: number;
  readonly broken: number;
  readonly loadedAt: number;
  readonly problem: string;
  readonly isStale: boolean;
}

interface Listed {
  readonly total: number;
  readonly bans: readonly Ban[];
  readonly kept: boolean;
  readonly spared: number;
  readonly never: readonly { readonly target: string; readonly why: string }[];
  readonly blocklists: readonly Blocklist[];
}

/** The `bans` command. */
export const bans: Command = {
  name: 'bans',
  summary: 'Who is shut out of the running gate',
  usage: 'list [--never] | add ADDRESS|CIDR [--for 1h] [--because TEXT] | remove ADDRESS|CIDR',
  options: {
    for: {
      type: 'string',
      value: 'DURATION',
      says: 'add: how long, such as 10m, 12h or 30d; for good where it is left out',
    },
    because: { type: 'string', value: 'TEXT', says: 'add: the reason, for whoever reads the list next' },
    never: { type: 'boolean', says: 'list: who is never banned, and why' },
    'data-dir': { type: 'string', value: 'DIRECTORY', says: 'the data directory of the gate' },
    config: { type: 'string', value: 'FILE', says: 'the configuration of the gate, for its data directory' },
  },
  examples: [
    { says: 'the bans in force, and the blocklists', line: 'portcullis bans list' },
    {
      says: 'shut out one address for an hour',
      line: "portcullis bans add 203.0.113.7 --for 1h --because 'scans for logins'",
    },
    { says: 'shut out a network for good', line: 'portcullis bans add 2001:db8:bad::/48' },
    { says: 'let it in again', line: 'portcullis bans remove 203.0.113.7' },
    { says: 'who cannot be banned, and why', line: 'portcullis bans list --never' },
  ],
  run,
};

async function run(args: Arguments, world: World): Promise<ExitCode> {
  const [word, target, extra] = args.words;
  if (extra !== undefined)
    throw new UsageError(`"${extra}" is not expected behind "${target}"; a reason stands behind --because`);
  if (word !== 'add' && (args.options.for !== undefined || args.options.because !== undefined))
    throw new UsageError('--for and --because belong to `bans add`');
  if (word === 'list') {
    if (target !== undefined) throw new UsageError(`"${target}" is not expected behind "list"`);
    return list(args, world);
  }
  if (word !== 'add' && word !== 'remove')
    throw new UsageError(
      word === undefined ? 'say `list`, `add` or `remove`' : `"${word}" is neither list, add nor remove`,
    );
  if (target === undefined) throw new UsageError(`say whom: bans ${word} 203.0.113.7`);
  return word === 'add' ? add(target, args, world) : remove(target, args, world);
}

/** The answer of the gate that runs, or else what its data directory holds for the next start. */
async function asked(question: Question, args: Arguments, world: World): Promise<unknown> {
  try {
    return await ask(dataDirectoryOf(args, world), question);
  } catch (error) {
    if (!(error instanceof NoGate)) throw error;
    const loaded = await loadSettings(args, world).catch(() => null);
    if (loaded === null) throw error;
    const settings = { ...loaded.settings, dataDirectory: dataDirectoryOf(args, world) };
    const warn = (problems: readonly Problem[]) =>
      void world.stderr.write(problems.map(({ says }) => `warning: ${visible(says)}\n`).join(''));
    const answer = await askWithoutGate(settings, question, warn).catch((failure: Error) => {
      throw new Trouble(failure.message);
    });
    if (answer === undefined) throw error;
    world.stderr.write('no gate runs: this is what its data directory holds\n');
    return answer;
  }
}

async function list(args: Arguments, world: World): Promise<ExitCode> {
  const listed = (await asked({ ask: 'bans' }, args, world)) as Listed;
  if (args.options.json === true) world.stdout.write(jsonText(listed, 2));
  else if (args.options.never === true)
    world.stdout.write(
      table(
        ['Never banned', 'Because'],
        listed.never.map(({ target, why }) => [target, why]),
        world,
      ),
    );
  else world.stdout.write(`${bansText(listed, world)}${blocklistsText(listed, world)}`);
  return 0;
}

function bansText({ total, bans: shown, kept, spared }: Listed, world: World): string {
  const rows = shown.map(({ target, by, leftMs, reason }) => [
    target,
    by,
    leftMs === null ? 'for good' : duration(leftMs),
    reason,
  ]);
  const notes = [
    ...(total > shown.length ? [`and ${total - shown.length} more\n`] : []),
    ...(kept ? [] : ['bans are not kept across restarts: their file cannot be written\n']),
    ...(spared > 0 ? [`${spared} times somebody who is never banned would have been (bans list --never)\n`] : []),
  ];
  const text = total === 0 ? 'nobody is banned\n' : table(['Banned', 'By', 'Left', 'Reason'], rows, world);
  return `${text}${notes.join('')}`;
}

function blocklistsText({ blocklists }: Listed, world: World): string {
  if (blocklists.length === 0) return '';
  const rows = blocklists.map(({ name, entries, broken, loadedAt, problem, isStale, from }) => [
    name,
    entries.toLocaleString('en-US'),
    broken.toLocaleString('en-US'),
    loadedAt === 0 ? 'never' : `${new Date(loadedAt).toISOString().slice(0, 19)}Z`,
    `${isStale ? 'STALE ' : ''}${problem === '' ? 'good' : problem}`,
    from,
  ]);
  return `\n${table(['Blocklist', 'Entries', 'Broken', 'Loaded', 'State', 'From'], rows, world)}`;
}

async function add(target: string, args: Arguments, world: World): Promise<ExitCode> {
  const reason = typeof args.options.because === 'string' ? args.options.because : '';
  const lengthMs = lengthOf(args.options.for);
  // Because somebody who bans over SSH must not ban the address that the session comes from.
  const caller = (world.env.SSH_CONNECTION ?? '').split(' ')[0] ?? '';
  const question = { ask: 'ban', target, reason, lengthMs, caller };
  const answer = (await asked(question, args, world)) as { ban: Ban; spared: string[]; kept: boolean };
  if (args.options.json === true) world.stdout.write(jsonText(answer, 2));
  else {
    const lasting = lengthMs === null ? 'for good' : `for ${duration(lengthMs)}`;
    world.stdout.write(`${answer.ban.target} is banned ${lasting}\n`);
    for (const spared of answer.spared) world.stdout.write(`  but not ${visible(spared)}\n`);
    if (!answer.kept) world.stdout.write('  it is not kept across a restart: the file of bans cannot be written\n');
  }
  return 0;
}

async function remove(target: string, args: Arguments, world: World): Promise<ExitCode> {
  const answer = (await asked({ ask: 'unban', target }, args, world)) as { ban: Ban };
  if (args.options.json === true) world.stdout.write(jsonText(answer, 2));
  else world.stdout.write(`${answer.ban.target} is banned no more\n`);
  return 0;
}

/** Milliseconds, or null for good. */
function lengthOf(option: Arguments['options'][string]): number | null {
  if (typeof option !== 'string') return null;
  const found = parseDuration(option);
  if ('value' in found && found.value >= 1000) return found.value;
  throw new UsageError(`--for "${option}" is no duration of a second or more; write 10m, 12h or 30d`);
}

// What the commands about the kernel's firewall share: the configuration as a candidate, the tools, and troubles in words.

import { systemClock } from '../base/clock.ts';
import { type Loaded, loadSettings, parseDuration } from '../config/config.ts';
import { build, conntrackProgram, type Done, type KernelTrouble, nftProgram } from '../firewall/firewall.ts';
import { type Established, machineReader } from '../ports/ports.ts';
import {
  type Candidate,
  type CommitTools,
  cutText,
  endGuard,
  type Plan,
  Store,
  startGuard,
  untrackedRemedy,
} from '../supervisor/supervisor.ts';
import { ask, dataDirectoryOf } from './ask.ts';
import { type Arguments, Trouble, UsageError, type World } from './command.ts';
import { visible } from './table.ts';

/** Tools over this machine and the data directory that is meant. */
export function kernelTools(args: Pick<Arguments, 'options'>, world: World): CommitTools {
  const dataDirectory = dataDirectoryOf(args, world);
  return {
    nft: nftProgram(),
    conntrack: conntrackProgram(),
    reader: machineReader,
    env: world.env,
    pid: process.pid,
    dashboards: () => dashboardsOf(dataDirectory),
    store: new Store(dataDirectory),
    now: () => systemClock.now(),
    startGuard: () => startGuard(dataDirectory),
    endGuard: (pid) => endGuard(pid, (of) => machineReader.read(`/proc/${of}/cmdline`)),
  };
}

/** Who has the dashboard of the gate open; nobody where none runs or answers soon. */
async function dashboardsOf(dataDirectory: string): Promise<Established[]> {
  try {
    const { tuples } = (await ask(dataDirectory, { ask: 'admin' }, 2000)) as {
      readonly tuples?: readonly { from: string; fromPort: number; to: string; toPort: number }[];
    };
    return (tuples ?? []).map(({ from, fromPort, to, toPort }) => {
      return { remote: from, remotePort: fromPort, local: to, localPort: toPort };
    });
  } catch {
    // A gate that does not know the question, or none: there is nobody to spare.
    return [];
  }
}

/** The configuration's rules for the kernel, and where each is written. */
export interface LoadedCandidate {
  readonly candidate: Candidate;
  readonly loaded: Loaded;
}

/** The candidate of the configuration; a `Trouble` where it has problems or does not want the kernel. */
export async function loadCandidate(args: Arguments, world: World, needsKernel = true): Promise<LoadedCandidate> {
  const loaded = await loadSettings(args, world);
  const settings = loaded.settings.firewall;
  const rooted = (path: readonly (string | number)[]) => ['firewall', ...path];
  const result = build(settings, { locate: (path) => loaded.locate(rooted(path)) });
  if (!result.ok)
    throw new Trouble(loaded.print(result.problems.map((each) => ({ ...each, path: rooted(each.path) }))).trimEnd());
  if (needsKernel && !settings.enforce.includes('kernel'))
    throw new Trouble(
      'the configuration does not have the rules in the kernel\n' +
        '  write firewall: { enforce: [accept, kernel] }; `portcullis rollback 0` removes rules that are there',
    );
  return {
    candidate: {
      firewall: result.value,
      kernel: settings.kernel,
      callers: null,
      blocklists: loaded.settings.blocklists.map(({ name }) => name),
    },
    loaded,
  };
}

/** The value, or the trouble as people read it: a rule that the kernel refused with its line. */
export function valueOf<T>(done: Done<T>, loaded: Loaded | null = null): T {
  if (done.ok) return done.value;
  throw new Trouble(troubleText(done.trouble, loaded));
}

function troubleText({ says, instead, rule }: KernelTrouble, loaded: Loaded | null): string {
  if (rule === 0 || loaded === null) return `${visible(says)}\n  ${visible(instead)}`;
  const path = ['firewall', 'rules', rule - 1];
  return loaded.print([{ path, code: 'firewall/kernel-refused', says, instead }]).trimEnd();
}

/** Seconds of `--confirm-within`; 0 where it is not said. */
export function confirmSeconds(option: Arguments['options'][string]): number {
  if (option === undefined) return 0;
  const read = parseDuration(String(option));
  const seconds = 'value' in read ? read.value / 1000 : Number.NaN;
  if (seconds >= 5 && seconds <= 3600) return Math.ceil(seconds);
  throw new UsageError(`--confirm-within "${option}" is no time from 5s to 1h; write 60s`);
}

/** Most cut connections that are listed one by one. */
const maxListed = 10;

/** What a plan would do, as lines. */
export function planLines(plan: Plan): string[] {
  if (plan.isSame) return ['nothing changes: the kernel has these rules already'];
  const { changes, cuts } = plan;
  const lines =
    changes === null
      ? ['changes cannot be told: what stood before is unknown, or the rules are too many']
      : [...changes];
  if (changes !== null)
    for (const kind of ['opens', 'closes'])
      if (!changes.some((says) => says.startsWith(kind))) lines.push(`${kind} nothing`);
  lines.push(
    cuts.length === 0
      ? 'cuts no live connection'
      : `cuts ${cuts.length} live connection${cuts.length === 1 ? '' : 's'}:`,
    ...cuts.slice(0, maxListed).map((cut) => `  ${cutText(cut)}${owners[cut.live.kind]}`),
  );
  if (cuts.length > maxListed) lines.push(`  and ${cuts.length - maxListed} more`);
  lines.push(...untrackedLines(plan));
  return lines.map(visible);
}

function untrackedLines({ untracked }: Plan): string[] {
  if (untracked.length === 0) return [];
  const listed = untracked.slice(0, maxListed).map((cut) => `  ${cutText(cut)}${owners[cut.live.kind]}`);
  const more = untracked.length > maxListed ? [`  and ${untracked.length - maxListed} more`] : [];
  const count = `${untracked.length} live connection${untracked.length === 1 ? '' : 's'}`;
  return [`ends ${count} that the rules allow:`, ...listed, ...more, `  first ${untrackedRemedy}`];
}

const owners = {
  caller: '  your own connection',
  ssh: '  a session of SSH',
  dashboard: '  a session of the dashboard',
  other: '',
} as const;

/** A plan for programs. */
export function planJson({ isSame, changes, cuts, untracked, lockouts }: Plan): object {
  const told = (list: Plan['cuts']) => list.map(({ live, rule }) => ({ ...live, rule }));
  return { isSame, changes, cuts: told(cuts), untracked: told(untracked), lockouts: told(lockouts) };
}

/** The options that all of these commands have. */
export const kernelOptions = {
  config: { type: 'string', value: 'FILE', says: 'the rules of this file' },
  'data-dir': { type: 'string', value: 'DIRECTORY', says: 'the data directory, where generations are kept' },
} as const;

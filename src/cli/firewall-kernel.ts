// `portcullis firewall export`, `verify` and `guard`: our table as text, held against the kernel, and watched over until it is confirmed.

import {
  findDrift,
  inputOf,
  listTable,
  objectsOf,
  offTrial,
  replacement,
  synProxyTrouble,
  tableName,
  tableOf,
  textOf,
} from '../firewall/firewall.ts';
import { keepGuard, readyLine, tableFor } from '../supervisor/supervisor.ts';
import { ask, dataDirectoryOf } from './ask.ts';
import { type Arguments, type ExitCode, UsageError, type World } from './command.ts';
import { jsonText } from './json.ts';
import { kernelTools, loadCandidate, valueOf } from './kernel-tools.ts';
import { visible } from './table.ts';

/** Prints the rules of a file as a table of nftables. */
export async function exportRules(args: Arguments, world: World): Promise<ExitCode> {
  if (args.words[1] !== 'nft') throw new UsageError(`rules are exported as nft, not as "${args.words[1]}"`);
  const { candidate } = await loadCandidate(args, world, false);
  const table = tableFor(candidate, [], null);
  world.stdout.write(args.options.json === true ? `${inputOf(replacement(table))}\n` : textOf(table));
  return 0;
}

/** Compares the kernel's table with the rules of a file; exit code 1 where they differ. */
export async function verify(args: Arguments, world: World): Promise<ExitCode> {
  const { candidate, loaded } = await loadCandidate(args, world);
  const { nft, store, reader, now } = kernelTools(args, world);
  const unfit = synProxyTrouble(candidate.kernel.synProxyPorts, (path) => reader.read(path));
  const listing = valueOf(await listTable(nft), loaded);
  const pending = await store.pending();
  const read = listing === null ? null : tableOf(listing, tableName);
  const isOver = pending !== null && now() >= pending.deadline;
  // Because a trial that is over holds no more, and the kernel goes by the former rules, whoever is left to tidy up.
  const standing = isOver ? pending.former : read?.ok === true ? offTrial(read.value) : null;
  const live = standing === null ? (isOver ? null : listing) : objectsOf(standing);
  const unset = unfit === null ? [] : [{ says: `${unfit.says}; ${unfit.instead}`, rule: 0 }];
  const drift = [...unset, ...findDrift(tableFor(candidate, [], standing), live)].map((each) => ({
    ...each,
    at: each.rule === 0 ? '' : loaded.locate(['firewall', 'rules', each.rule - 1]),
  }));
  const waits = pending === null ? null : pending.generation.number;
  if (args.options.json === true) world.stdout.write(jsonText({ ok: drift.length === 0, drift, pending: waits }, 2));
  else {
    if (isOver)
      world.stdout.write(
        `generation ${waits} was not confirmed in time: the former rules hold again, and \`portcullis rollback\` tidies up\n`,
      );
    else if (waits !== null)
      world.stdout.write(`generation ${waits} is on trial until ${new Date(pending!.deadline).toISOString()}\n`);
    if (drift.length === 0) world.stdout.write('the kernel has the rules of the configuration\n');
    for (const { says, at } of drift) world.stdout.write(visible(`${at && `${at}  `}${says}`).concat('\n'));
    if (drift.length > 0) world.stdout.write('`portcullis plan` says what applying the configuration would change\n');
  }
  return drift.length === 0 ? 0 : 1;
}

/** What `apply --confirm-within` starts: takes the rules back at the deadline, or when it is told to end. */
export async function guard(args: Arguments, world: World): Promise<ExitCode> {
  const tools = kernelTools(args, world);
  // Because a terminal that goes must not take the guard along.
  process.on('SIGHUP', () => {});
  const done = await keepGuard({
    store: tools.store,
    nft: tools.nft,
    now: tools.now,
    wait: (ms) => untilStopped(ms, world.stop),
    ready: () => world.stdout.write(`${readyLine}\n`),
  });
  const isUndone = valueOf(done);
  // Because nobody reads what a guard writes, a gate that does not hear of it finds out by itself.
  if (isUndone) await ask(dataDirectoryOf(args, world), { ask: 'refill' }).catch(() => undefined);
  return isUndone ? 1 : 0;
}

/** True where the process was told to end before the time was over. */
function untilStopped(ms: number, stop: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    if (stop.aborted) return resolve(true);
    const told = () => {
      clearTimeout(timer);
      resolve(true);
    };
    const timer = setTimeout(() => {
      stop.removeEventListener('abort', told);
      resolve(false);
    }, ms);
    stop.addEventListener('abort', told);
  });
}

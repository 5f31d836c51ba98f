// `portcullis apply` and `portcullis confirm`: rules go into the kernel on trial, and stay when somebody can still come in.

import type { Problem } from '../base/problem.ts';
import type { Loaded } from '../config/config.ts';
import { apply as applyRules, askWithoutGate, confirm as confirmRules } from '../supervisor/supervisor.ts';
import { ask, dataDirectoryOf, NoGate } from './ask.ts';
import { type Arguments, type Command, type ExitCode, UsageError, type World } from './command.ts';
import { jsonText } from './json.ts';
import {
  confirmSeconds,
  kernelOptions,
  kernelTools,
  loadCandidate,
  planJson,
  planLines,
  valueOf,
} from './kernel-tools.ts';
import { visible } from './table.ts';

/** Options of what puts rules into the kernel. */
export const applyOptions = {
  'confirm-within': {
    type: 'string',
    value: 'TIME',
    says: 'take it back after this time (5s to 1h) unless `portcullis confirm` comes',
  },
  'even-if-it-locks-me-out': {
    type: 'boolean',
    says: 'apply it though it cuts your own connection or sessions of SSH',
  },
} as const;

/** The `apply` command. */
export const apply: Command = {
  name: 'apply',
  summary: "Put the rules into the kernel's firewall, at once or until confirmed",
  usage: '[--confirm-within TIME]',
  options: { ...kernelOptions, ...applyOptions },
  examples: [
    {
      says: 'on trial: the former rules come back unless you confirm over a new connection',
      line: 'portcullis apply --confirm-within 60s',
    },
    { says: 'for good, after the same checks', line: 'portcullis apply' },
  ],
  run: runApply,
};

/** The `confirm` command. */
export const confirm: Command = {
  name: 'confirm',
  summary: 'Keep the rules that were applied on trial; to be said over a new connection',
  usage: '',
  options: { 'data-dir': kernelOptions['data-dir'] },
  examples: [{ says: 'from a new session of SSH, after `apply --confirm-within`', line: 'portcullis confirm' }],
  run: runConfirm,
};

/** What is done about the kernel, and how it is to be done. */
export function wishesOf(args: Arguments) {
  return {
    confirmSeconds: confirmSeconds(args.options['confirm-within']),
    evenIfItLocksMeOut: args.options['even-if-it-locks-me-out'] === true,
  };
}

async function runApply(args: Arguments, world: World): Promise<ExitCode> {
  if (args.words.length > 0) throw new UsageError(`"${args.words[0]}" is not expected`);
  const wishes = wishesOf(args);
  const { candidate, loaded } = await loadCandidate(args, world);
  const done = valueOf(await applyRules(candidate, { ...wishes, how: 'apply' }, kernelTools(args, world)), loaded);
  await refill(args, world, () => fillAlone(loaded, args, world));
  sayApplied(done, args, world);
  return 0;
}

/** Longest time that a gate takes to follow, in ms: a million entries go into the kernel's sets. */
const maxFollowMs = 120_000;

/**
 * Lets a gate that runs have the rules hold at accept that stand in the kernel now, and put its bans and blocklists into
 * the new table. `whenNone` is called where none runs.
 */
export async function refill(
  args: Pick<Arguments, 'options'>,
  world: World,
  whenNone: () => Promise<unknown> = async () => undefined,
): Promise<void> {
  try {
    const follows = await ask(dataDirectoryOf(args, world), { ask: 'refill' }, maxFollowMs);
    if (follows !== true)
      world.stderr.write(
        'the gate that runs does not have the kernel under `enforce` yet: `portcullis reload` lets it follow\n',
      );
  } catch (error) {
    if (error instanceof NoGate) await whenNone();
    else world.stderr.write(`the gate that runs does not follow yet, it will try again: ${(error as Error).message}\n`);
  }
}

/** Where no gate runs, bans and blocklists that lie on disk are in the kernel all the same. */
async function fillAlone({ settings }: Loaded, args: Pick<Arguments, 'options'>, world: World): Promise<void> {
  const warn = (problems: readonly Problem[]) =>
    void world.stderr.write(problems.map(({ says }) => `warning: ${visible(says)}\n`).join(''));
  await askWithoutGate({ ...settings, dataDirectory: dataDirectoryOf(args, world) }, { ask: 'fill' }, warn);
}

/** Tells what was applied and until when it must be confirmed. */
export function sayApplied(
  { generation, plan, deadline }: Extract<Awaited<ReturnType<typeof applyRules>>, { ok: true }>['value'],
  args: Arguments,
  world: World,
): void {
  const until = deadline === null ? null : new Date(deadline).toISOString();
  if (args.options.json === true) {
    world.stdout.write(jsonText({ generation: generation.number, confirmUntil: until, ...planJson(plan) }, 2));
    return;
  }
  const lines = planLines(plan);
  if (until === null) lines.push(`generation ${generation.number} stands in the kernel`);
  else
    lines.push(
      `generation ${generation.number} stands in the kernel until ${until}, and the former rules after it`,
      'open a new connection to this machine and say `portcullis confirm` to keep it',
    );
  world.stdout.write(`${lines.join('\n')}\n`);
}

async function runConfirm(args: Arguments, world: World): Promise<ExitCode> {
  if (args.words.length > 0) throw new UsageError(`"${args.words[0]}" is not expected`);
  const generation = valueOf(await confirmRules(kernelTools(args, world)));
  await refill(args, world);
  if (args.options.json === true) world.stdout.write(jsonText({ generation: generation.number }, 2));
  else world.stdout.write(`generation ${generation.number} is kept\n`);
  return 0;
}

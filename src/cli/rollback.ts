// `portcullis rollback`: back to rules that stood in the kernel before, by their number.

import { rollback as rollBack } from '../supervisor/supervisor.ts';
import { applyOptions, refill, sayApplied, wishesOf } from './apply.ts';
import { type Arguments, type Command, type ExitCode, UsageError, type World } from './command.ts';
import { jsonText } from './json.ts';
import { kernelOptions, kernelTools, valueOf } from './kernel-tools.ts';
import { table } from './table.ts';

/** The `rollback` command. */
export const rollback: Command = {
  name: 'rollback',
  summary: "Go back to former rules of the kernel's firewall",
  usage: '[NUMBER]',
  options: {
    list: { type: 'boolean', says: 'list the generations that are kept' },
    ...applyOptions,
    'data-dir': kernelOptions['data-dir'],
  },
  examples: [
    { says: 'the generations that are kept, and which one stands', line: 'portcullis rollback --list' },
    { says: 'take back what waits to be confirmed, or else the last one', line: 'portcullis rollback' },
    { says: 'to generation 3, on trial', line: 'portcullis rollback 3 --confirm-within 60s' },
    { says: 'take all our rules out of the kernel', line: 'portcullis rollback 0' },
  ],
  run,
};

async function run(args: Arguments, world: World): Promise<ExitCode> {
  const [word, extra] = args.words;
  if (extra !== undefined) throw new UsageError(`"${extra}" is not expected`);
  const tools = kernelTools(args, world);
  if (args.options.list === true) {
    if (word !== undefined) throw new UsageError('--list takes no number');
    return list(args, world);
  }
  const number = word === undefined ? null : numberOf(word);
  const done = valueOf(await rollBack(number, wishesOf(args), tools));
  await refill(args, world);
  if (done !== null) sayApplied(done, args, world);
  else if (args.options.json === true) world.stdout.write(jsonText({ generation: await tools.store.current() }, 2));
  else world.stdout.write(`${await nowText(tools.store.current())}\n`);
  return 0;
}

async function nowText(current: Promise<number>): Promise<string> {
  const number = await current;
  return number === 0 ? 'none of our rules is in the kernel' : `generation ${number} stands in the kernel`;
}

async function list(args: Arguments, world: World): Promise<ExitCode> {
  const { store, now } = kernelTools(args, world);
  const [kept, current, pending] = [await store.list(), await store.current(), await store.pending()];
  const all = pending === null ? kept : [...kept, pending.generation];
  const waits = pending !== null && now() < pending.deadline ? 'on trial' : 'not confirmed in time';
  const state = (number: number) =>
    number === pending?.generation.number ? waits : number === current ? 'stands' : '';
  if (args.options.json === true) {
    const told = all.map(({ number, at, how, changes, rules }) => ({
      number,
      at,
      how,
      rules: rules.length,
      changes,
      state: state(number),
    }));
    world.stdout.write(jsonText({ current, generations: told }, 2));
    return 0;
  }
  if (all.length === 0) world.stdout.write('no generation is kept: nothing was applied with this data directory\n');
  else {
    const rows = all.map(({ number, at, how, rules, changes }) => [
      String(number),
      at,
      how,
      String(rules.length),
      state(number),
      changes.join('; '),
    ]);
    world.stdout.write(table(['Generation', 'Applied', 'By', 'Rules', '', 'Changes'], rows, world));
  }
  return 0;
}

function numberOf(word: string): number {
  const number = Number(word);
  if (Number.isSafeInteger(number) && number >= 0 && String(number) === word) return number;
  throw new UsageError(`"${word}" is no number of a generation; \`portcullis rollback --list\` shows them`);
}

// `portcullis reload`: the running gate goes on with its configuration as it stands now, and loses nothing.

import { ask, dataDirectoryOf } from './ask.ts';
import { type Arguments, type Command, type ExitCode, UsageError, type World } from './command.ts';
import { jsonText } from './json.ts';
import { awaited } from './progress.ts';
import { visible } from './table.ts';

/** Longest time that loading and building may take, in ms. */
const maxReloadMs = 120_000;

/** The `reload` command. */
export const reload: Command = {
  name: 'reload',
  summary: 'Let the running gate go on with its configuration as it stands now',
  usage: '[--data-dir DIRECTORY]',
  options: {
    'data-dir': { type: 'string', value: 'DIRECTORY', says: 'the data directory of the gate' },
    config: { type: 'string', value: 'FILE', says: 'the configuration of the gate, for its data directory' },
  },
  examples: [
    {
      says: 'after a change of portcullis.yaml; a wrong one is refused, and everything stays as it was',
      line: 'portcullis reload',
    },
    { says: 'for a program', line: 'portcullis reload --json' },
  ],
  run,
};

async function run(args: Arguments, world: World): Promise<ExitCode> {
  if (args.words.length > 0) throw new UsageError(`reload takes no words, and was given "${args.words[0]}"`);
  const answer = await awaited(
    world,
    'workers build what is new',
    ask(dataDirectoryOf(args, world), { ask: 'reload' }, maxReloadMs),
  );
  world.stdout.write(args.options.json === true ? jsonText(answer) : screen(answer));
  return 0;
}

function screen(answer: unknown): string {
  const { generation, ms, changes, warnings } = (answer ?? {}) as {
    readonly generation?: number;
    readonly ms?: number;
    readonly changes?: readonly string[];
    readonly warnings?: readonly string[];
  };
  const lines = [`reloaded, generation ${generation ?? '?'} in ${Math.round(ms ?? 0)} ms`];
  lines.push(
    ...(changes === undefined || changes.length === 0 ? ['  nothing changed'] : changes.map((line) => `  ${line}`)),
  );
  for (const warning of warnings ?? []) lines.push(`warning: ${warning}`);
  return `${lines.map((line) => visible(line)).join('\n')}\n`;
}

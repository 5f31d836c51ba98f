// `portcullis upgrade`: the running gate has a new version of its program take its place, and loses nothing.

import { accessSync, constants } from 'node:fs';
import { resolve } from 'node:path';
import { ask, dataDirectoryOf } from './ask.ts';
import { type Arguments, type Command, type ExitCode, Trouble, UsageError, type World } from './command.ts';
import { jsonText } from './json.ts';
import { awaited } from './progress.ts';
import { visible } from './table.ts';

/** Longest time that the new program may take until it stands, in ms: a little more than the gate gives it. */
const maxUpgradeMs = 200_000;

/** The `upgrade` command. */
export const upgrade: Command = {
  name: 'upgrade',
  summary: 'Let a new version of the program take the place of the running gate',
  usage: '[PROGRAM] [--data-dir DIRECTORY]',
  options: {
    'data-dir': { type: 'string', value: 'DIRECTORY', says: 'the data directory of the gate' },
    config: { type: 'string', value: 'FILE', says: 'the configuration of the gate, for its data directory' },
  },
  examples: [
    {
      says: 'the program that the gate was started from, as it lies on disk now; one that fails is refused, and everything stays as it was',
      line: 'portcullis upgrade',
    },
    {
      says: 'another program; the answer is for one, too',
      line: 'portcullis upgrade /opt/portcullis-1.1/bin/portcullis --json',
    },
  ],
  run,
};

async function run(args: Arguments, world: World): Promise<ExitCode> {
  const [word, second] = args.words;
  if (second !== undefined)
    throw new UsageError(`upgrade takes one program at most, and was given "${second}" besides`);
  const program = word === undefined ? undefined : readable(resolve(world.cwd, word));
  const answer = await awaited(
    world,
    'a successor starts',
    ask(dataDirectoryOf(args, world), { ask: 'upgrade', program }, maxUpgradeMs),
  );
  world.stdout.write(args.options.json === true ? jsonText(answer) : screen(answer));
  return 0;
}

function readable(program: string): string {
  try {
    accessSync(program, constants.R_OK);
    return program;
  } catch (error) {
    throw new Trouble(`the program ${visible(program)} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
}

function screen(answer: unknown): string {
  const { version, pid, ms } = (answer ?? {}) as {
    readonly version?: string;
    readonly pid?: number;
    readonly ms?: number;
  };
  const line = `upgraded: version ${version ?? '?'} runs as pid ${pid ?? '?'} after ${Math.round(ms ?? 0)} ms; the former process drains`;
  return `${visible(line)}\n`;
}

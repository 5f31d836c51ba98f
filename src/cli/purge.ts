// `portcullis purge`: deletes what was recorded of requests: all, of one client, or before a time.

import { systemClock } from '../base/clock.ts';
import { parseDuration } from '../config/config.ts';
import { dataDirectoryOf, type Question } from './ask.ts';
import { askEither, tellSource } from './ask-history.ts';
import { type Arguments, type Command, type ExitCode, Trouble, UsageError, type World } from './command.ts';
import { count } from './figures.ts';
import { jsonText } from './json.ts';
import { awaited } from './progress.ts';

/** What the gate answers. */
interface Purged {
  readonly journeys: number;
  readonly remembered: number;
}

/** How long the gate may take, in ms: deleting overwrites. */
const patienceMs = 120_000;

/** The `purge` command. */
export const purge: Command = {
  name: 'purge',
  summary: 'Delete what was recorded of requests',
  usage: '--all | [--older-than 30d] [--client ADDRESS|CIDR]',
  options: {
    all: { type: 'boolean', says: 'everything' },
    'older-than': { type: 'string', value: 'DURATION', says: 'what is older than that, such as 30d or 12h' },
    client: { type: 'string', value: 'ADDRESS', says: 'what is of this client, or of clients in this network' },
    'data-dir': { type: 'string', value: 'DIRECTORY', says: 'the data directory of the gate' },
    config: { type: 'string', value: 'FILE', says: 'the configuration of the gate, for its data directory' },
  },
  examples: [
    { says: 'everything that is older than a month', line: 'portcullis purge --older-than 30d' },
    { says: 'all that is known of one client', line: 'portcullis purge --client 203.0.113.7' },
  ],
  run,
};

async function run(args: Arguments, world: World): Promise<ExitCode> {
  const [extra] = args.words;
  const { all, client } = args.options;
  const age = args.options['older-than'];
  if (extra !== undefined) throw new UsageError(`"${extra}" is not expected behind purge`);
  if ((all === true) === (client !== undefined || age !== undefined))
    throw new UsageError('purge needs to know what: --older-than 30d, --client 203.0.113.7, both of them, or --all');
  const question = {
    ask: 'purge',
    ...(all === true ? { all } : {}),
    ...(client === undefined ? {} : { client }),
    ...(age === undefined ? {} : { until: systemClock.now() - ageMs(String(age)) }),
  };
  const dataDirectory = dataDirectoryOf(args, world);
  const { answer, source } = await awaited(
    world,
    'deleting and overwriting',
    askEither(dataDirectory, question, patienceMs, () => onDisk(dataDirectory, question)),
  );
  tellSource(source, dataDirectory, world);
  const purged = answer as Purged;
  if (args.options.json === true) world.stdout.write(jsonText(purged));
  else
    world.stdout.write(
      `${count(purged.journeys)} journeys of the history are deleted, and ${count(purged.remembered)} that were remembered are forgotten. Files of logs and journal are yours to delete.\n`,
    );
  return 0;
}

/** Deletes in the history on disk, where no gate remembers anything; undefined where there is none. */
async function onDisk(dataDirectory: string, question: Question): Promise<Purged | undefined> {
  // Because most commands need no SQLite, which takes its time to load.
  const { purgeHistory } = await import('../supervisor/supervisor.ts');
  try {
    const journeys = await purgeHistory(dataDirectory, question);
    return journeys === undefined ? undefined : { journeys, remembered: 0 };
  } catch (error) {
    throw new Trouble(`no gate is running, and nothing can be deleted from its history: ${(error as Error).message}`);
  }
}

function ageMs(written: string): number {
  const read = parseDuration(written);
  if ('value' in read) return read.value;
  throw new UsageError(`--older-than ${written}: ${read.says}; write 30d or 12h`);
}

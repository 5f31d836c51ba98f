// `portcullis metrics`: the running gate's metrics as text, for whoever has no scraper, or wants to see what one would get.

import { ask, dataDirectoryOf } from './ask.ts';
import { type Arguments, type Command, type ExitCode, UsageError, type World } from './command.ts';
import { jsonText } from './json.ts';

/** The `metrics` command. */
export const metrics: Command = {
  name: 'metrics',
  summary: "The running gate's metrics, as Prometheus reads them",
  usage: '[--openmetrics] [--data-dir DIRECTORY]',
  options: {
    openmetrics: { type: 'boolean', says: "in OpenMetrics instead of Prometheus' own format" },
    'data-dir': { type: 'string', value: 'DIRECTORY', says: 'the data directory of the gate' },
    config: { type: 'string', value: 'FILE', says: 'the configuration of the gate, for its data directory' },
  },
  examples: [
    { says: 'all of them', line: 'portcullis metrics' },
    { says: 'as a file for the node exporter', line: 'portcullis metrics --openmetrics' },
    { says: 'the sums that they are made of, for a program', line: 'portcullis metrics --json' },
  ],
  run,
};

async function run(args: Arguments, world: World): Promise<ExitCode> {
  if (args.words.length > 0) throw new UsageError(`metrics takes no words, and was given "${args.words[0]}"`);
  const dataDirectory = dataDirectoryOf(args, world);
  if (args.options.json === true) {
    world.stdout.write(jsonText(await ask(dataDirectory, { ask: 'figures' })));
    return 0;
  }
  const accept = args.options.openmetrics === true ? 'application/openmetrics-text' : 'text/plain';
  const { text } = (await ask(dataDirectory, { ask: 'metrics', accept })) as { readonly text: string };
  world.stdout.write(text);
  return 0;
}

// `portcullis learn`: two experiments of the guide with real sockets on the loopback: a crowd at one port, and threads beside an event loop.

import type { Crowd, Model } from '../traffic/experiment.ts';
import { type Arguments, type Command, type ExitCode, UsageError, type World } from './command.ts';
import { count, size } from './figures.ts';
import { jsonText } from './json.ts';
import { gatherCrowd, maxCrowd } from './learn-crowd.ts';
import { compareModels, maxVisitors } from './learn-models.ts';

/** The `learn` command. */
export const learn: Command = {
  name: 'learn',
  summary: 'Experiments about ports and connections, on the loopback of this machine',
  usage: 'crowd [--count N] | threads [--count N]',
  options: {
    count: {
      type: 'string',
      value: 'N',
      says: `crowd: connections to one port (2000, at most ${count(maxCrowd)}); threads: visitors at once (24, at most ${maxVisitors})`,
    },
  },
  examples: [
    { says: 'five hundred connections to one port, and what they cost', line: 'portcullis learn crowd --count 500' },
    { says: 'a thread for each visitor, beside one event loop for all', line: 'portcullis learn threads --count 4' },
  ],
  run,
};

async function run(args: Arguments, world: World): Promise<ExitCode> {
  const [word, extra] = args.words;
  if (extra !== undefined) throw new UsageError(`"${extra}" is not expected behind ${word}`);
  const isJson = args.options.json === true;
  if (word === 'crowd') {
    const say = (crowd: Crowd) => world.stdout.write(isJson ? jsonText(crowd) : crowdText(crowd));
    await gatherCrowd(countOf(args, 2000, maxCrowd), say, world.stop);
    return 0;
  }
  if (word === 'threads') {
    const models = await compareModels(countOf(args, 24, maxVisitors));
    for (const model of models) world.stdout.write(isJson ? jsonText(model) : modelText(model));
    return 0;
  }
  throw new UsageError(word === undefined ? 'say `crowd` or `threads`' : `"${word}" is neither crowd nor threads`);
}

function countOf({ options }: Arguments, otherwise: number, most: number): number {
  if (options.count === undefined) return otherwise;
  const found = Number(options.count);
  if (Number.isInteger(found) && found >= 1 && found <= most) return found;
  throw new UsageError(`--count is a whole number from 1 to ${count(most)}`);
}

function crowdText({ open, wanted, port, rssBytes, descriptors, descriptorLimit, state, tuples }: Crowd): string {
  const lines = [
    `${count(open)} of ${count(wanted)} connections to port ${port}: ${size(rssBytes)} of memory for both ends, ${count(descriptors)} of ${count(descriptorLimit)} descriptors`,
  ];
  if (state === 'held') lines.push(...tuples.map((tuple) => `  ${tuple}`), '  … each with a source port of its own');
  return `${lines.join('\n')}\n`;
}

function modelText({ name, visitors, threads, grownBytes, ms }: Model): string {
  return `${name}: ${visitors} visitors at once, ${threads} threads, ${size(Math.max(0, grownBytes))} more memory, all answered in ${Math.round(ms)} ms\n`;
}

// `portcullis connections`: every open connection by its 4-tuple, once or for as long as one looks.

import { setTimeout as wait } from 'node:timers/promises';
import { ask, dataDirectoryOf } from './ask.ts';
import { type Arguments, type Command, type ExitCode, UsageError, type World } from './command.ts';
import { duration, size } from './figures.ts';
import { jsonText } from './json.ts';
import { table } from './table.ts';

/** One connection, as the gate tells it. */
interface Row {
  readonly number: number;
  readonly from: string;
  readonly to: string;
  readonly listener: string;
  readonly rule: string | number;
  readonly stage: string;
  readonly tls: string | null;
  readonly requests: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly ageMs: number;
}

/** Time between two looks of `--watch`, in ms. */
const intervalMs = 1000;

/** Most rows of one answer: a row has some 250 bytes, and what is taken from a gate is bounded too. */
const maxRows = 100_000;

/** The `connections` command. */
export const connections: Command = {
  name: 'connections',
  summary: 'The connections that are open, by their 4-tuple',
  usage: '[--watch] [--client IP] [--limit N] [--data-dir DIRECTORY]',
  options: {
    watch: { type: 'boolean', short: 'w', says: 'look again every second, until Ctrl-C' },
    client: { type: 'string', value: 'IP', says: 'only those from this address' },
    limit: { type: 'string', value: 'N', says: 'at most so many (50; with --json all)' },
    'data-dir': { type: 'string', value: 'DIRECTORY', says: 'the data directory of the gate' },
    config: { type: 'string', value: 'FILE', says: 'the configuration of the gate, for its data directory' },
  },
  examples: [
    { says: 'what is open now', line: 'portcullis connections' },
    { says: 'one client, as it comes and goes', line: 'portcullis connections --watch --client 203.0.113.7' },
    { says: 'a JSON line a second, for a program', line: 'portcullis connections --watch --json' },
  ],
  run,
};

async function run(args: Arguments, world: World): Promise<ExitCode> {
  if (args.words.length > 0) throw new UsageError(`connections takes no words, and was given "${args.words[0]}"`);
  const { client, watch, json } = args.options;
  const limit = limitOf(args.options.limit, json === true ? maxRows : 50);
  const dataDirectory = dataDirectoryOf(args, world);
  const question = { ask: 'connections', limit, ...(typeof client === 'string' ? { client } : {}) };
  const redraws = watch === true && json !== true && world.stdout.isTTY === true;
  while (!world.stop.aborted) {
    const answer = await ask(dataDirectory, question);
    const text = json === true ? jsonText(answer) : screen(answer, world);
    // Because clearing before the text is ready makes the screen flicker.
    world.stdout.write(redraws ? `\x1b[H\x1b[2J${text}` : text);
    if (watch !== true || isClosed(world)) break;
    await wait(intervalMs, undefined, { signal: world.stop }).catch(() => undefined);
  }
  return 0;
}

function limitOf(written: unknown, otherwise: number): number {
  if (written === undefined) return otherwise;
  const limit = Number(written);
  if (Number.isInteger(limit) && limit >= 1 && limit <= maxRows) return limit;
  throw new UsageError(`--limit is a whole number from 1 to ${maxRows}`);
}

function isClosed(world: World): boolean {
  return (world.stdout as { readonly closed?: boolean }).closed === true;
}

function screen(answer: unknown, world: World): string {
  const { total = 0, rows = [] } = (answer ?? {}) as { total?: number; rows?: readonly Row[] };
  const count = `${total} open${rows.length < total ? `, ${rows.length} shown` : ''}\n`;
  if (rows.length === 0) return count;
  const headers = ['NUMBER', 'FROM', 'TO', 'LISTENER', 'RULE', 'STAGE', 'TLS', 'REQUESTS', 'IN', 'OUT', 'AGE'];
  return table(headers, rows.map(cells), world) + count;
}

function cells(row: Row): string[] {
  const { number, from, to, listener, rule, stage, tls, requests, bytesIn, bytesOut, ageMs } = row;
  const facts = [number, from, to, listener, rule, stage, tls || '-', requests].map((fact) => String(fact ?? '-'));
  return [...facts, size(bytesIn), size(bytesOut), duration(ageMs)];
}

// `portcullis connections`: every open connection by its 4-tuple, once or for as long as one looks.

import { setTimeout as wait } from 'node:timers/promises';
import { systemClock } from '../base/clock.ts';
import type { Series } from '../traffic/series.ts';
import { ask, dataDirectoryOf } from './ask.ts';
import { type Arguments, type Command, type ExitCode, UsageError, type World } from './command.ts';
import { duration, size } from './figures.ts';
import { jsonText } from './json.ts';
import { lastMinute } from './last-minute.ts';
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

/** Rows that are looked at where others than the oldest are wanted. */
const maxSorted = 10_000;

/** Most rows of one answer: a row has some 250 bytes, and what is taken from a gate is bounded too. */
const maxRows = 100_000;

/** The `connections` command. */
export const connections: Command = {
  name: 'connections',
  summary: 'The connections that are open, by their 4-tuple',
  usage: '[--watch] [--client IP] [--sort age|in|out|requests|rate] [--limit N] [--data-dir DIRECTORY]',
  options: {
    watch: { type: 'boolean', short: 'w', says: 'look again every second, until Ctrl-C' },
    client: { type: 'string', value: 'IP', says: 'only those from this address' },
    sort: {
      type: 'string',
      value: 'WORD',
      says: 'the first are the oldest (age), or those with most in, out, requests, or bytes a second (rate)',
    },
    limit: { type: 'string', value: 'N', says: 'at most so many (50, or what the terminal holds; with --json all)' },
    'data-dir': { type: 'string', value: 'DIRECTORY', says: 'the data directory of the gate' },
    config: { type: 'string', value: 'FILE', says: 'the configuration of the gate, for its data directory' },
  },
  examples: [
    { says: 'what is open now', line: 'portcullis connections' },
    { says: 'one client, as it comes and goes', line: 'portcullis connections --watch --client 203.0.113.7' },
    { says: 'the busiest first, as they are now', line: 'portcullis connections --watch --sort rate' },
    { says: 'a JSON line a second, for a program', line: 'portcullis connections --watch --json' },
  ],
  run,
};

async function run(args: Arguments, world: World): Promise<ExitCode> {
  if (args.words.length > 0) throw new UsageError(`connections takes no words, and was given "${args.words[0]}"`);
  const { client, watch, json } = args.options;
  const order = orderOf(args.options.sort, watch === true);
  const redraws = watch === true && json !== true && world.stdout.isTTY === true;
  const limit = limitOf(args.options.limit, json === true ? maxRows : redraws ? roomOf(world) : 50);
  const dataDirectory = dataDirectoryOf(args, world);
  // The gate gives the oldest: for any other order it has to give more than are shown.
  const asked = order === 'age' ? limit : Math.max(limit, maxSorted);
  const question = { ask: 'connections', limit: asked, ...(typeof client === 'string' ? { client } : {}) };
  const pace = new Pace();
  while (!world.stop.aborted) {
    const answer = sorted(((await ask(dataDirectory, question)) ?? {}) as Partial<Answer>, order, limit, pace);
    const text = json === true ? jsonText(answer) : screen(answer, world, watch === true ? pace : null);
    const head = redraws ? await headOf(dataDirectory, world.stdout.columns || 80) : '';
    // Because clearing before the text is ready makes the screen flicker.
    world.stdout.write(redraws ? `\x1b[H\x1b[2J${head}${text}` : text);
    if (watch !== true || isClosed(world)) break;
    await wait(intervalMs, undefined, { signal: world.stop }).catch(() => undefined);
  }
  return 0;
}

/** What the gate answers. */
interface Answer {
  readonly total: number;
  readonly rows: readonly Row[];
}

/** Bytes that each connection carried a second between two looks. */
class Pace {
  #before = new Map<number, number>();
  #rates = new Map<number, number>();
  #atMs = 0;

  look(rows: readonly Row[], nowMs: number): void {
    const seconds = (nowMs - this.#atMs) / 1000;
    const before = this.#before;
    this.#before = new Map(rows.map((row) => [row.number, row.bytesIn + row.bytesOut]));
    this.#rates = new Map();
    for (const [number, bytes] of this.#before) {
      const former = before.get(number);
      if (former !== undefined && seconds > 0) this.#rates.set(number, Math.max(0, bytes - former) / seconds);
    }
    this.#atMs = nowMs;
  }

  /** Null for one that was not there at the look before. */
  of({ number }: Row): number | null {
    return this.#rates.get(number) ?? null;
  }
}

const orders = ['age', 'in', 'out', 'requests', 'rate'] as const;
type Order = (typeof orders)[number];

function orderOf(written: unknown, isWatching: boolean): Order {
  if (written === undefined) return 'age';
  const order = orders.find((one) => one === written);
  if (order === undefined) throw new UsageError(`--sort is one of ${orders.join(', ')}`);
  if (order === 'rate' && !isWatching) throw new UsageError('--sort rate compares two looks: it needs --watch');
  return order;
}

function sorted({ total = 0, rows = [] }: Partial<Answer>, order: Order, limit: number, pace: Pace): Answer {
  pace.look(rows, systemClock.monotonicMs());
  if (order === 'age') return { total, rows };
  const value = (row: Row): number =>
    order === 'in'
      ? row.bytesIn
      : order === 'out'
        ? row.bytesOut
        : order === 'requests'
          ? row.requests
          : (pace.of(row) ?? 0);
  return { total, rows: [...rows].sort((one, other) => value(other) - value(one)).slice(0, limit) };
}

/** What the gate as a whole does, above the connections; nothing where it cannot say. */
async function headOf(dataDirectory: string, columns: number): Promise<string> {
  try {
    const line = [...lastMinute((await ask(dataDirectory, { ask: 'series', seconds: 60 })) as Series)];
    return `${line.slice(0, columns).join('')}\n\n`;
  } catch {
    return '';
  }
}

/** Rows that a terminal holds beside what stands above and below them. */
function roomOf({ stdout }: World): number {
  return Math.max(5, (stdout.rows ?? 24) - 6);
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

function screen({ total, rows }: Answer, world: World, pace: Pace | null): string {
  const count = `${total} open${rows.length < total ? `, ${rows.length} shown` : ''}\n`;
  if (rows.length === 0) return count;
  const headers = ['NUMBER', 'FROM', 'TO', 'LISTENER', 'RULE', 'STAGE', 'TLS', 'REQUESTS', 'IN', 'OUT', 'AGE'];
  if (pace === null) return table(headers, rows.map(cells), world, spared) + count;
  const rate = (row: Row): string => {
    const bytes = pace.of(row);
    return bytes === null ? '-' : `${size(Math.round(bytes))}/s`;
  };
  return (
    table(
      [...headers, 'RATE'],
      rows.map((row) => [...cells(row), rate(row)]),
      world,
      spared,
    ) + count
  );
}

/** What a narrow terminal does without, first to last: the listener tells nearly what `TO` does. */
const spared = ['RULE', 'TLS', 'TO', 'NUMBER', 'REQUESTS', 'LISTENER'];

function cells(row: Row): string[] {
  const { number, from, to, listener, rule, stage, tls, requests, bytesIn, bytesOut, ageMs } = row;
  const facts = [number, from, to, listener, rule, stage, tls || '-', requests].map((fact) => String(fact ?? '-'));
  return [...facts, size(bytesIn), size(bytesOut), duration(ageMs)];
}

// `portcullis status`: one screen about the running gate. Whatever part the gate does not tell is left out.

import type { Series } from '../traffic/series.ts';
import { ask, dataDirectoryOf } from './ask.ts';
import { type Arguments, type Command, type ExitCode, UsageError, type World } from './command.ts';
import { count, duration, size } from './figures.ts';
import { jsonText } from './json.ts';
import { lastMinute } from './last-minute.ts';
import { table, visible } from './table.ts';

/** The `status` command. */
export const status: Command = {
  name: 'status',
  summary: 'How the running gate is',
  usage: '[--data-dir DIRECTORY]',
  options: {
    'data-dir': { type: 'string', value: 'DIRECTORY', says: 'the data directory of the gate' },
    config: { type: 'string', value: 'FILE', says: 'the configuration of the gate, for its data directory' },
  },
  examples: [
    { says: 'the gate of this directory', line: 'portcullis status' },
    { says: 'for a program', line: 'portcullis status --json' },
  ],
  run,
};

async function run(args: Arguments, world: World): Promise<ExitCode> {
  if (args.words.length > 0) throw new UsageError(`status takes no words, and was given "${args.words[0]}"`);
  const directory = dataDirectoryOf(args, world);
  const answer = await ask(directory, { ask: 'status' });
  if (args.options.json === true) world.stdout.write(jsonText(answer));
  else world.stdout.write(screen(answer, world, (await ask(directory, { ask: 'series', seconds: 60 })) as Series));
  return 0;
}

/** One part of the answer: a group that may lack anything. */
type Part = Readonly<Record<string, unknown>>;

/** The screen, part by part, a blank line between two. */
export function screen(answer: unknown, world: Pick<World, 'stdout'>, series: Series | null = null): string {
  const gate = part(answer);
  const parts = [
    facts(gate, series === null ? '' : lastMinute(series)),
    rowsOf(gate.listeners, ['LISTENER', 'ADDRESS', 'PORT', 'TLS', 'ACCEPTED', 'OPEN'], listener, world),
    rowsOf(part(gate.crew).workers, ['WORKER', 'PID', 'UP', 'OPEN', 'GENERATION'], worker, world),
    rowsOf(
      gate.upstreams,
      ['UPSTREAM', 'SITE', 'HEALTH', 'IDLE', 'BUSY', 'FAILURES', 'PORTS USED', 'OF', 'FULL IN'],
      upstream,
      world,
      ['OF', 'SITE', 'IDLE'],
    ),
    rowsOf(gate.certificates, ['CERTIFICATE', 'NAMES', 'ISSUER', 'UNTIL'], certificate, world),
  ];
  return parts.filter((text) => text !== '').join('\n');
}

function facts(gate: Part, minute: string): string {
  const lines: [string, string][] = [
    ['gate', headline(gate)],
    ['connections', connections(part(gate.connections))],
    ['requests', requests(part(gate.requests))],
    ['last minute', minute],
    ['refused', counters(part(part(gate.requests).refusedByWhy))],
    ['workers', crew(part(gate.crew))],
    ['memory', memory(part(gate.memory))],
    ['descriptors', descriptors(part(gate.descriptors))],
    ['firewall', firewall(part(gate.firewall))],
    ['waf', waf(part(gate.waf))],
    ['journal', journal(part(gate.journal))],
    ['audit log', journal(part(gate.audit))],
    ...Object.entries(part(gate.logs)).map(([name, counts]): [string, string] => [
      'access log',
      `${name}: ${journal(part(counts))}`,
    ]),
    ['traces', journal(part(gate.traces), 'spans')],
    ['history', historyText(part(gate.history))],
  ];
  const shown = lines.filter(([, text]) => text !== '');
  return shown.map(([name, text]) => `${name.padEnd(12)}  ${visible(text)}\n`).join('');
}

function headline(gate: Part): string {
  const since = moment(gate.since);
  return joined([
    typeof gate.version === 'string' ? gate.version : '',
    told(gate.pid, (pid) => `pid ${pid}`),
    told(gate.workers, (workers) => plural(workers, 'worker')),
    since === '' ? '' : `since ${since}`,
  ]);
}

function connections(part_: Part): string {
  const stages = counters(part(part_.perStage));
  return joined([
    told(
      part_.open,
      (open) => `${count(open)} open${typeof part_.max === 'number' ? ` of at most ${count(part_.max)}` : ''}`,
    ) + (stages && ` (${stages})`),
    told(part_.denied, (denied) => `${count(denied)} denied by the firewall`),
    told(part_.refused, (refused) => `${count(refused)} over a limit`),
  ]);
}

function requests(part_: Part): string {
  return joined([
    told(part_.total, (total) => `${count(total)} in all`),
    told(part_.perSecond, (rate) => `${count(Math.round(rate * 10) / 10)} a second`),
  ]);
}

function memory(part_: Part): string {
  return joined([
    told(part_.rssBytes, size),
    told(part_.perConnectionBytes, (bytes) => `${size(bytes)} a connection`),
    told(part_.availableBytes, (bytes) => `${size(bytes)} left`),
  ]);
}

/** What happened to workers; nothing where nothing did. */
function crew(part_: Part): string {
  const last = part(part_.last);
  return joined([
    told(part_.deaths, (deaths) => (deaths === 0 ? '' : `${count(deaths)} died`)),
    told(part_.stalls, (stalls) => (stalls === 0 ? '' : `${count(stalls)} of them stalled`)),
    typeof last.says === 'string' ? `last at ${moment(last.at)}: ${last.says}` : '',
  ]);
}

function worker(row: Part): string[] {
  const up = typeof row.upMs === 'number' ? duration(row.upMs) : '-';
  return [word(row.worker), word(row.pid), up, word(row.open), word(row.generation)];
}

function firewall(part_: Part): string {
  return joined([
    told(part_.rules, (rules) => plural(rules, 'rule')),
    typeof part_.default === 'string' ? `default ${part_.default}` : '',
  ]);
}

function waf(part_: Part): string {
  return joined([
    typeof part_.mode === 'string' ? part_.mode : '',
    told(part_.threshold, (threshold) => `threshold ${threshold}`),
  ]);
}

/** Lines that are missing in the file, and why, or that all is well. */
function journal(part_: Part, what = 'lines'): string {
  return joined([
    told(part_.written, (lines) => `${count(lines)} ${what} written`),
    told(part_.dropped, (dropped) => (dropped === 0 ? '' : `${count(dropped)} LOST`)),
    typeof part_.trouble === 'string' ? part_.trouble : '',
  ]);
}

/** What is kept on disk, and how much of its room. */
function historyText(part_: Part): string {
  return joined([
    told(part_.journeys, (journeys) => `${count(journeys)} journeys`),
    told(part_.bytes, (bytes) => `${size(bytes)} of at most ${size(part_.maxBytes)}`),
    told(part_.notKept, (others) => (others === 0 ? '' : `${count(others)} only counted`)),
    told(part_.lost, (lost) => (lost === 0 ? '' : `${count(lost)} LOST`)),
    typeof part_.trouble === 'string' ? part_.trouble : '',
  ]);
}

function descriptors(part_: Part): string {
  return joined([
    told(
      part_.open,
      (open) => `${count(open)} open${typeof part_.limit === 'number' ? ` of ${count(part_.limit)}` : ''}`,
    ),
    told(part_.left, (left) => `${count(left)} left`),
  ]);
}

function listener(row: Part): string[] {
  const { name, address, port, tls, accepted, open } = row;
  return [word(name), word(address), word(port), tls === true ? 'yes' : 'no', count(accepted), count(open)];
}

function upstream(row: Part): string[] {
  const ephemeral = part(row.ephemeral);
  const [used, available] = [count(ephemeral.used), count(ephemeral.available)];
  const health = word(row.health) + (typeof row.says === 'string' && row.says !== '' ? ` (${row.says})` : '');
  const full = told(part(ephemeral.forecast).secondsLeft, (seconds) => `${count(Math.ceil(seconds))} s`) || '-';
  const { endpoint, site, idle, busy, failures } = row;
  return [word(endpoint), word(site), health, count(idle), count(busy), count(failures), used, available, full];
}

function certificate(row: Part): string[] {
  const names = Array.isArray(row.names) ? row.names.join(', ') : word(row.names);
  return [
    word(row.name ?? row.source ?? row.subject),
    names,
    word(row.issuer),
    moment(row.until ?? row.notAfter) || '-',
  ];
}

/** `sql-injection 3, path-traversal 1`, the most first; only what is a number or a word, and at most twelve. */
function counters(part_: Part): string {
  const entries = Object.entries(part_).filter(([, value]) => ['number', 'string'].includes(typeof value));
  entries.sort(([, a], [, b]) => (typeof a === 'number' && typeof b === 'number' ? b - a : 0));
  return joined(
    entries.slice(0, 12).map(([name, value]) => `${name} ${typeof value === 'number' ? count(value) : value}`),
  );
}

function rowsOf(
  rows: unknown,
  headers: readonly string[],
  cells: (row: Part) => string[],
  world: Pick<World, 'stdout'>,
  spared: readonly string[] = [],
): string {
  if (!Array.isArray(rows) || rows.length === 0) return '';
  return table(
    headers,
    rows.map((row) => cells(part(row))),
    world,
    spared,
  );
}

function part(value: unknown): Part {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Part) : {};
}

function told(value: unknown, say: (number: number) => string): string {
  return typeof value === 'number' && Number.isFinite(value) ? say(value) : '';
}

function word(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '-';
}

function plural(number: number, what: string): string {
  return `${count(number)} ${what}${number === 1 ? '' : 's'}`;
}

/** A time as the gate tells it, milliseconds or ISO text, in ISO to the second; '' for none. */
function moment(value: unknown): string {
  const date = typeof value === 'number' || typeof value === 'string' ? new Date(value) : null;
  return date === null || Number.isNaN(date.getTime()) ? '' : `${date.toISOString().slice(0, 19)}Z`;
}

function joined(parts: readonly string[]): string {
  return parts.filter((text) => text !== '').join(', ');
}

// Journeys and groups of them for people: a line each, fitted to the terminal, and safe to look at whatever they hold.

import type { GroupCount, HistoryRow, Outcome } from '../traffic/history.ts';
import type { World } from './command.ts';
import { count } from './figures.ts';
import { table, visible } from './table.ts';

/** Colours (SGR codes) of the outcomes. */
const colours: Readonly<Record<Outcome, number>> = Object.freeze({ pass: 32, detect: 33, block: 31, fail: 35 });

/** Fewest columns that hold a journey on one line, with some of its path. */
const leastColumns = 130;

/** Characters of the columns that are as wide on every line, so that lines that come later stand below those before. */
const [outcomeWidth, layerWidth, clientWidth, msWidth] = [6, 11, 15, 9];

/** One journey as a line with its line feed. `isColoured` where the terminal and its owner want it. */
export function logLine(row: HistoryRow, world: Pick<World, 'stdout'>, isColoured: boolean): string {
  const request = row.method === '' ? '' : `${row.method} ${row.host}${row.path}`;
  const why = [row.why, row.rule === '' ? '' : `rule ${row.rule}`].filter((text) => text !== '').join(' ');
  const before = [
    timeOf(row.at),
    row.verdict.padEnd(outcomeWidth),
    row.layer.padEnd(layerWidth),
    row.status === 0 ? '  -' : String(row.status).padStart(3),
    `${row.ms.toFixed(1)} ms`.padStart(msWidth),
    row.client.padEnd(clientWidth),
  ].map(visible);
  const after = [why, row.id].map(visible).filter((text) => text !== '');
  const said = visible(request || row.says);
  const { isTTY, columns = 80 } = world.stdout;
  if (isTTY === true && columns < leastColumns) return narrow(row, said, after, columns, isColoured);
  const room = roomFor(world, [...before, ...after].join('  '));
  const line = [...before, cut(said, room), ...after].join('  ');
  return `${isColoured ? coloured(line, row.verdict) : line}\n`;
}

/** On a terminal that is too narrow for all of it: what and when on a line, why and its number under it. */
function narrow(row: HistoryRow, said: string, after: readonly string[], columns: number, isColoured: boolean): string {
  const before = [
    timeOf(row.at).slice(11, 19),
    row.verdict.padEnd(outcomeWidth - 1),
    row.status === 0 ? '  -' : String(row.status).padStart(3),
    row.client,
  ].map(visible);
  const line = [...before, cut(said, Math.max(12, columns - before.join('  ').length - 2))].join('  ');
  return `${isColoured ? coloured(line, row.verdict) : line}\n${cut(`          ${after.join('  ')}`, columns)}\n`;
}

/** Kinds of the same, the most frequent first. */
export function groupTable(groups: readonly GroupCount[], total: number, world: Pick<World, 'stdout'>): string {
  const headers = ['COUNT', 'VERDICT', 'LAYER', 'WHY', 'RULE', 'SITE', 'FROM', 'LAST', 'SAMPLE'];
  const rows = groups.map(({ count: times, verdict, layer, why, rule, site, prefix, lastAt, sample }) => [
    count(times),
    verdict || 'several',
    layer || 'several',
    why || '-',
    rule || '-',
    site || '-',
    prefix || 'several',
    timeOf(lastAt),
    sample || '-',
  ]);
  const more = total > groups.length ? `${count(total)} kinds, ${groups.length} shown\n` : '';
  return rows.length === 0 ? 'nothing of that kind\n' : table(headers, rows, world) + more;
}

/** A time in UTC, to the second. */
function timeOf(at: number): string {
  const text = new Date(at).toISOString();
  return `${text.slice(0, 10)} ${text.slice(11, 19)}Z`;
}

/** Characters that are left on a line beside `others`; without a terminal there is no end. */
function roomFor({ stdout }: Pick<World, 'stdout'>, others: string): number {
  if (stdout.isTTY !== true) return Number.POSITIVE_INFINITY;
  return Math.max(12, (stdout.columns ?? 80) - others.length - 2);
}

function cut(text: string, room: number): string {
  const characters = [...text];
  return characters.length <= room ? text : `${characters.slice(0, room - 1).join('')}…`;
}

function coloured(line: string, verdict: Outcome): string {
  const at = line.indexOf(verdict);
  return `${line.slice(0, at)}\x1b[${colours[verdict]}m${verdict}\x1b[0m${line.slice(at + verdict.length)}`;
}

// Columns for people: aligned, fitted to the terminal, and safe to look at whatever bytes the cells hold.

import type { World } from './command.ts';

/** The part of the world that a table looks at. */
type Screen = Pick<World, 'stdout'>;

/** Narrowest a column becomes when the terminal is too small, in characters. */
const minColumn = 6;
/** Narrowest that is worth its room of a column that can be done without. */
const sparedColumn = 16;

/**
 * Aligned columns under `headers`, each line ended by a line feed; columns of numbers stand right.
 * On a terminal the columns `spared` are left out, the first named first, while there is too little room for all, and then the widest are
 * cut with `…` until the line fits; elsewhere nothing is cut.
 */
export function table(
  allHeaders: readonly string[],
  allRows: readonly (readonly string[])[],
  world: Screen,
  spared: readonly string[] = [],
): string {
  const kept = columnsFor(allHeaders, allRows, world, spared);
  const headers = kept.map((column) => allHeaders[column]!);
  const rows =
    kept.length === allHeaders.length ? allRows : allRows.map((row) => kept.map((column) => row[column] ?? ''));
  const shown = [headers, ...rows].map((row) => headers.map((_, column) => visible(row[column] ?? '')));
  const widths = headers.map((_, column) => shown.reduce((widest, row) => Math.max(widest, length(row[column]!)), 0));
  if (world.stdout.isTTY === true) fit(widths, world.stdout.columns ?? 80);
  const right = headers.map((_, column) => isNumeric(shown, column));
  return shown.map((row) => `${line(row, widths, right)}\n`).join('');
}

/** Places of the columns that are shown. */
function columnsFor(
  headers: readonly string[],
  rows: readonly (readonly string[])[],
  { stdout }: Screen,
  spared: readonly string[],
): number[] {
  const all = headers.map((_, column) => column);
  if (stdout.isTTY !== true || spared.length === 0) return all;
  const needed = all.map((column) => {
    const widest = [headers, ...rows].reduce((most, row) => Math.max(most, length(visible(row[column] ?? ''))), 0);
    // Because what is spared may be cut first, as long as something can be read of it.
    return spared.includes(headers[column]!) ? Math.min(widest, sparedColumn) : widest;
  });
  let excess = needed.reduce((sum, width) => sum + width + 2, -2) - (stdout.columns ?? 80);
  const left = new Set<number>();
  for (const name of spared) {
    const column = headers.indexOf(name);
    if (excess <= 0) break;
    if (column < 0) continue;
    left.add(column);
    excess -= needed[column]! + 2;
  }
  return all.filter((column) => !left.has(column));
}

/**
 * `text` as one line that cannot steer a terminal: control, format and bidirectional characters and lone surrogates
 * become `\xNN` or `\u{NNNN}`. Use it for anything that came from traffic.
 */
export function visible(text: string): string {
  if (!hasInvisible(text)) return text;
  let out = '';
  for (const character of text) {
    const code = character.codePointAt(0)!;
    if (!isInvisible(code)) out += character;
    else if (code < 0x100) out += `\\x${code.toString(16).padStart(2, '0')}`;
    else out += `\\u{${code.toString(16)}}`;
  }
  return out;
}

function hasInvisible(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (isInvisible(text.charCodeAt(index))) return true;
  return false;
}

/** Whether a code point moves, hides or reorders what a terminal shows (surrogates too: the caller looks at whole code points). */
export function isInvisible(code: number): boolean {
  if (code < 0x20 || (code >= 0x7f && code < 0xa0) || code === 0xad) return true;
  if (code < 0x61c) return false;
  if (code === 0x61c || code === 0x180e || code === 0xfeff) return true;
  if (code >= 0x200b && code <= 0x200f) return true;
  if (code >= 0x2028 && code <= 0x202e) return true;
  if (code >= 0x2060 && code <= 0x206f) return true;
  if (code >= 0xfff9 && code <= 0xfffb) return true;
  return (code >= 0xd800 && code <= 0xdfff) || (code >= 0xe0000 && code <= 0xe0fff);
}

function fit(widths: number[], columns: number): void {
  let excess = widths.reduce((sum, width) => sum + width + 2, -2) - columns;
  while (excess > 0) {
    const widest = widths.indexOf(Math.max(...widths));
    if (widths[widest]! <= minColumn) return;
    widths[widest]!--;
    excess--;
  }
}

function line(row: readonly string[], widths: readonly number[], right: readonly boolean[]): string {
  const cells = row.map((cell, column) => {
    const width = widths[column]!;
    const cut = length(cell) > width ? `${[...cell].slice(0, width - 1).join('')}…` : cell;
    const space = ' '.repeat(width - length(cut));
    return right[column] ? space + cut : cut + space;
  });
  return cells.join('  ').trimEnd();
}

/** Code points, which is what a terminal shows side by side for the text that stands in our tables. */
function length(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

function isNumeric(rows: readonly (readonly string[])[], column: number): boolean {
  let any = false;
  for (const row of rows.slice(1)) {
    const cell = row[column]!;
    if (cell === '' || cell === '-') continue;
    if (!isNumber(cell)) return false;
    any = true;
  }
  return any;
}

/** Digits with commas and at most one point, then perhaps `%` or a unit after a space: `1,024`, `3.5 MiB`; no address. */
function isNumber(cell: string): boolean {
  let index = cell[0] === '-' ? 1 : 0;
  const start = index;
  let points = 0;
  for (; index < cell.length; index++) {
    const character = cell[index]!;
    if (character === '.') points++;
    else if (character !== ',' && (character < '0' || character > '9')) break;
  }
  if (index === start || points > 1) return false;
  const rest = cell.slice(index);
  return rest === '' || rest === '%' || (rest[0] === ' ' && rest.length <= 4 && !rest.slice(1).includes(' '));
}

// How an explanation is laid out: numbered steps with a time at the right, what belongs to them below, words in colour.

import { plain } from './plain.ts';

/** One step of a journey. `text` begins with its verdict where it has one; times are in microseconds, -1 for none. */
export interface Step {
  readonly name: string;
  readonly text: string;
  readonly us: number;
  readonly more: readonly string[];
}

/** Where the text of a step begins, and where its time does, counted from there. */
const indent = 13;
const timeColumn = 80;

/** Longest line, in characters: what an attacker sent must not fill the screen. */
const maxLine = 600;

/** Colours (SGR codes) of the words that a step may begin with. */
const colours: Readonly<Record<string, number>> = Object.freeze({
  ALLOW: 32,
  PASS: 32,
  DETECT: 33,
  DENY: 31,
  BLOCK: 31,
  REFUSE: 31,
  CLOSE: 31,
  FAILED: 31,
  'not reached': 2,
});

/** The steps as lines, numbered from 1. */
export function printSteps(steps: readonly Step[], color: boolean): string {
  let out = '';
  for (const [index, { name, text, us, more }] of steps.entries()) {
    const line = safe(text);
    const time = duration(us);
    const full = time === '' ? line : `${line.padEnd(Math.max(timeColumn, line.length + 2))}${time}`;
    out += `${`${index + 1} ${name}`.padEnd(indent)}${color ? coloured(full) : full}\n`;
    for (const below of more) out += `${' '.repeat(indent)}${safe(below)}\n`;
  }
  return out;
}

/** Paragraphs under a heading each, which stands where steps have their names. */
export function printNotes(notes: readonly (readonly [string, readonly string[]])[]): string {
  let out = '';
  for (const [heading, lines] of notes)
    for (const [index, line] of lines.entries()) out += `${(index === 0 ? heading : '').padEnd(indent)}${safe(line)}\n`;
  return out;
}

/** A duration for people: `0.2 µs`, `31 µs`, `3.4 ms`, `12 s`; '' for none. */
export function duration(us: number): string {
  if (!(us > 0)) return '';
  const [value, unit] = us < 1000 ? [us, 'µs'] : us < 1_000_000 ? [us / 1000, 'ms'] : [us / 1_000_000, 's'];
  return `${value < 9.95 ? Math.max(0.1, value).toFixed(1) : Math.round(value)} ${unit}`;
}

function safe(text: string): string {
  const line = plain(text);
  return line.length > maxLine ? `${line.slice(0, maxLine)}…` : line;
}

function coloured(line: string): string {
  for (const [word, code] of Object.entries(colours))
    if (line === word || line.startsWith(`${word} `)) return `\x1b[${code}m${word}\x1b[0m${line.slice(word.length)}`;
  return line;
}

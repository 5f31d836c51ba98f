// Command injection: what a value would run if it were pasted into a command line of sh, cmd or PowerShell.

import type { Detect, Detection, Severity } from './detection.ts';
import { ALONE, ALONE_SHORT, DAMNING, LIKELY, NAMED, NO_COMMAND, SHAPED } from './shell-arguments.ts';
import { type Command, readCommand } from './shell-command.ts';
import { type Suspect, shellFindings, suspect } from './shell-findings.ts';
import { judgeLead } from './shell-lead.ts';
import { commandName, isBlank, uncover } from './shell-names.ts';
import { judgeOption } from './shell-options.ts';
import * as S from './shell-scan.ts';
import { judgeBackquotes, judgeExpansions, judgeRedirections, judgeWindows } from './shell-tricks.ts';
import { ASKING, ENTITIES, SHORT } from './shell-words.ts';

/** Whether a command could be recognised in `value` at all; false is final, and costs a few nanoseconds a character. */
export function mayBeShell(value: string): boolean {
  if (S.scanShell(value) !== 0 || isFunction(value)) return true;
  return (judgeOption(value) ?? judgeProgram(value) ?? judgeLead(value)) !== null;
}

/** Judges one decoded value for commands that a shell would run. */
export const detectShell: Detect = (value) => {
  const option = judgeOption(value) ?? judgeProgram(value);
  if (option !== null) return tell(option);
  const lead = judgeLead(value);
  if (lead !== null) return tell(lead);
  const seen = S.scanShell(value);
  if (seen === 0) return null;
  let best: Suspect | null = isFunction(value) ? suspect('function', 5, 0, value.length) : null;
  if ((seen & S.COMMAND_FIRST) !== 0 || (seen & S.COMMAND_BEHIND) !== 0)
    best = greater(best, judgeCommands(value, seen));
  if ((seen & S.DOLLAR) !== 0) best = greater(best, judgeExpansions(value));
  if ((seen & S.BACKQUOTE) !== 0) best = greater(best, judgeBackquotes(value));
  if ((seen & S.ANGLE) !== 0) best = greater(best, judgeRedirections(value));
  if ((seen & (S.PERCENT | S.CARET)) !== 0) best = greater(best, judgeWindows(value));
  return best === null ? null : tell(best);
};

/** Shells, which a value names alone only to get one. */
const shells: ReadonlySet<string> = new Set(['sh', 'bash', 'dash', 'zsh', 'ksh', 'nc', 'ncat', 'cat']);

/** A program by its whole path, alone or with a few arguments: `/bin/sh`, `/usr/bin/id`. */
function judgeProgram(value: string): Suspect | null {
  if (value.charCodeAt(0) !== 0x2f || value.length > 160) return null;
  const folder = ['/bin/', '/usr/bin/', '/sbin/', '/usr/sbin/'].find((one) => value.startsWith(one));
  if (folder === undefined) return null;
  let end = folder.length;
  while (end < value.length && !isBlank(value.charCodeAt(end)) && value[end] !== ':') end++;
  const name = commandName(uncover(value.slice(0, end)));
  if (name === '' || value[end] === ':') return null;
  // Because settings and reports name the programs that they run.
  return end === value.length && !ASKING.has(name) && !SHORT.has(name) && !shells.has(name)
    ? null
    : suspect('started', 5, 0, value.length);
}

function greater(best: Suspect | null, other: Suspect | null): Suspect | null {
  return best === null || (other !== null && other.score > best.score) ? other : best;
}

function tell(found: Suspect): Detection {
  const { id, says } = shellFindings[found.what];
  const severity: Severity = found.score >= 5 ? 'CRITICAL' : 'WARNING';
  return { id, score: found.score, severity, says, start: found.start, end: found.end };
}

/** Shellshock: bash took any variable that begins so for a function, and ran what stood behind it. */
function isFunction(value: string): boolean {
  let at = 0;
  while (at < value.length && isBlank(value.charCodeAt(at))) at++;
  if (value[at] !== '(' || value[at + 1] !== ')') return false;
  let brace = at + 2;
  while (brace < value.length && isBlank(value.charCodeAt(brace))) brace++;
  return value[brace] === '{' && value.indexOf(';', brace) > 0;
}

// Lines are looked at no further than this, so that many of them stay linear.
const maxRow = 512;

/** The command at the start of the value and each one behind a separator. */
function judgeCommands(value: string, seen: number): Suspect | null {
  let best: Suspect | null = null;
  let before = NO_COMMAND;
  let isCommandLine = false;
  if ((seen & S.COMMAND_FIRST) !== 0) {
    const first = readCommand(value, 0);
    before = first.rank;
    if (before === DAMNING) return suspect('started', 5, 0, first.end);
    if (before === SHAPED && value.charCodeAt(0) === 0x7b) return suspect('expanded', 5, 0, first.end);
    // Because programs of other languages say `echo` and `export`, too.
    if (before === SHAPED && !value.startsWith('echo ')) best = suspect('suspicion', 2, 0, first.end);
    isCommandLine = before >= LIKELY || (first.isMild && before !== NO_COMMAND);
  }
  if ((seen & S.COMMAND_BEHIND) === 0) return best;
  let bare = -1;
  // Because a file that begins so is a program that somebody keeps, whatever it does.
  const isScript = isProgramFile(value);
  // Because a loop from its first word on is a line of a script, and nothing was ended before it.
  const isLoop = value.startsWith('for ') && value.includes('; do ');
  // Because markup spells signs by `&…;`, and words follow them.
  const isTextual = value.includes('</');
  const rows = new TableRows(value);
  const word = new WordBefore(value);
  for (let at = 0; at < value.length; at++) {
    const code = value.charCodeAt(at);
    if (!S.separates(code)) continue;
    const start = at;
    while (at + 1 < value.length && (value.charCodeAt(at + 1) === code || isNewlineAgain(value, at))) at++;
    if (code === 0x7c && value.charCodeAt(at + 1) === 0x26) at++;
    if (code === 0x26 && isEntity(value, at + 1)) continue;
    if (code === 0x3b && isTextual && endsEntity(value, at)) continue;
    const command = readCommand(value, at + 1);
    if (command.rank !== NO_COMMAND) {
      if (bare < 0) bare = wordsBefore(value, start);
      const isTold = command.rank <= SHAPED && (isLoop || isScript || (command.isMild && (isCommandLine || bare > 1)));
      const doubled = at > start;
      const score = Math.min(isTold ? 3 : 5, weigh(value, start, code, command, bare, before, doubled, rows, word));
      if (score >= 5) {
        const piped = code === 0x7c && command.interprets && command.rank < SHAPED;
        return suspect(piped ? 'piped' : 'separated', score, start, Math.max(command.end, at));
      }
      if (score > 0 && best === null) best = suspect('suspicion', score, start, Math.max(command.end, at));
    }
    before = command.rank;
  }
  return best;
}

/** How files of commands begin: scripts and the recipes of images. */
function isProgramFile(value: string): boolean {
  if (!value.includes('\n')) return false;
  return value.startsWith('#!/') || (value.startsWith('FROM ') && value.includes('\nRUN '));
}

function isNewlineAgain(value: string, at: number): boolean {
  const code = value.charCodeAt(at + 1);
  return (code === 0x0a || code === 0x0d) && (value.charCodeAt(at) === 0x0a || value.charCodeAt(at) === 0x0d);
}

/** &copy; and its like, which are text. */
function isEntity(value: string, from: number): boolean {
  let end = from;
  while (end < from + 8 && (value.charCodeAt(end) | 32) >= 0x61 && (value.charCodeAt(end) | 32) <= 0x7a) end++;
  return value.charCodeAt(end) === 0x3b && ENTITIES.has(value.slice(from, end).toLowerCase());
}

/** Whether the semicolon at `at` ends the name of a sign: `&ndash;`, `&#8211;`. */
function endsEntity(value: string, at: number): boolean {
  let from = at;
  while (from > 0 && at - from < 9 && isEntityPart(value.charCodeAt(from - 1))) from--;
  return at - from > 1 && value.charCodeAt(from - 1) === 0x26;
}

function isEntityPart(code: number): boolean {
  return ((code | 32) >= 0x61 && (code | 32) <= 0x7a) || (code >= 0x30 && code <= 0x39) || code === 0x23;
}

/** How many words with three letters and more in a row stand before `end`, counted up to three: prose has them, an address is one. */
function wordsBefore(value: string, end: number): number {
  let words = 0;
  let letters = 0;
  let isWord = false;
  for (let at = 0; at < end && at < maxRow && words < 3; at++) {
    const code = value.charCodeAt(at);
    if (((code | 32) >= 0x61 && (code | 32) <= 0x7a) || code > 0xa0) isWord ||= ++letters >= 3;
    else {
      letters = 0;
      if (code > 0x20 && code !== 0x3b && code !== 0x2c && code !== 0x7c) continue;
      if (isWord) words++;
      isWord = false;
    }
  }
  return isWord ? words + 1 : words;
}

/** Whether the command whose name ends at `from` has arguments. */
function hasArguments(value: string, from: number): boolean {
  let at = from;
  while (isBlank(value.charCodeAt(at))) at++;
  return at > from && at < value.length && !S.separates(value.charCodeAt(at));
}

/** Whether no blank stands before `end`, and more than letters: an address or a file's name, but no word. */
function isOneToken(value: string, end: number): boolean {
  if (end > 128) return false;
  let hasSign = false;
  for (let at = 0; at < end; at++) {
    const code = value.charCodeAt(at);
    if (code <= 0x20 || code === 0x3b) return false;
    hasSign ||= !((code | 32) >= 0x61 && (code | 32) <= 0x7a) && code < 0x80;
  }
  return hasSign;
}

function weigh(
  value: string,
  start: number,
  code: number,
  command: Command,
  bare: number,
  before: number,
  doubled: boolean,
  rows: TableRows,
  word: WordBefore,
): number {
  const { rank, interprets } = command;
  if (closesMarkup(value, command.end)) return 0;
  if (rank === DAMNING) return 5;
  if (code === 0x7c && !doubled && isFilter(value, start, command.end)) return 0;
  if (code === 0x7c && interprets && before >= LIKELY && before !== ALONE) return 5;
  if (code === 0x7c && rows.holds(start)) return rank === SHAPED ? 3 : 0;
  if (code === 0x0a || code === 0x0d) return weighLine(value, start, command);
  if (rank === SHAPED) return 5;
  if (rank === ALONE) return bare <= 2 ? 5 : 3;
  if (rank === LIKELY) return bare <= 1 ? 5 : 3;
  // Because nothing but an attack begins with a separator and the name of such a command.
  if (rank === NAMED && command.isTechnical && (wordsBefore(value, start) === 0 || isOneToken(value, start)))
    return start === 0 || hasArguments(value, command.end) ? 5 : 2;
  if (rank !== ALONE_SHORT) return 0;
  if (word.isNoColumn(start) || before >= SHAPED) return 5;
  if (start < 16 && ASKING.has(value.slice(0, start).trim())) return 5;
  // Because a list of settings goes on with another one: `x=1;id` does not.
  if (code === 0x3b && word.isSetting(start) && command.end === value.length) return 5;
  if (bare > 1) return 0;
  // "name;id" is a list of columns as well as an attack; no list has its separators twice.
  if (!isOneName(value, start)) return 0;
  return doubled && code !== 0x3b ? 5 : 2;
}

/** Whether the bar at `start` chains a filter of a template, or is one of several in a list of alternatives: `{{ x | date }}`, `get|has|id|len`. */
function isFilter(value: string, start: number, end: number): boolean {
  const before = value.slice(Math.max(0, start - 160), start);
  const open = Math.max(before.lastIndexOf('{{'), before.lastIndexOf('{%'));
  if (open >= 0 && before.indexOf('}}', open) < 0 && before.indexOf('%}', open) < 0) return true;
  return value.charCodeAt(end) === 0x7c && value.charCodeAt(end + 1) !== 0x7c && before.includes('|');
}

/**
 * Whether the text before a separator is one word that is no name of a column: empty, or with a digit, a dot or a quote.
 * Asked for rising places only, so that many separators stay linear.
 */
class WordBefore {
  readonly #value: string;
  #at = 0;
  #isEmpty = true;
  #endedByBlank = false;
  #isWord = true;
  #isOdd = false;
  #isSet = false;

  constructor(value: string) {
    this.#value = value;
  }

  /** Whether it is `name=value`. */
  isSetting(end: number): boolean {
    this.isNoColumn(end);
    return this.#isSet && !this.#endedByBlank;
  }

  isNoColumn(end: number): boolean {
    for (; this.#at < end && this.#isWord; this.#at++) this.#read(this.#value.charCodeAt(this.#at));
    return this.#isWord && (this.#isEmpty || this.#isOdd);
  }

  #read(code: number): void {
    if (code <= 0x20) {
      this.#endedByBlank = !this.#isEmpty;
      return;
    }
    if (code === 0x3d) this.#isSet = !this.#isEmpty;
    if (this.#endedByBlank || code === 0x3d) this.#isWord = false;
    this.#isEmpty = false;
    this.#isOdd ||= code < 0x41 && code !== 0x3b && code !== 0x2c && code !== 0x2d;
  }
}

/** Whether the command ends at an end tag, as "bread & more</p>" does. */
function closesMarkup(value: string, at: number): boolean {
  let end = at;
  while (value.charCodeAt(end) === 0x20) end++;
  if (value[end] !== '<') return false;
  if (value[end + 1] === '/') end++;
  let close = end + 1;
  while (close < end + 12 && (value.charCodeAt(close) | 32) >= 0x61 && (value.charCodeAt(close) | 32) <= 0x7a) close++;
  return close > end + 1 && (value[close] === '>' || value.startsWith(' class=', close));
}

/** Whether the text before is one name. */
function isOneName(value: string, end: number): boolean {
  if (end > 64) return false;
  for (let at = 0; at < end; at++) {
    const code = value.charCodeAt(at);
    if (!((code | 32) >= 0x61 && (code | 32) <= 0x7a) && code !== 0x5f && code !== 0x2d) return false;
  }
  return end > 0;
}

/** A line of its own is a command when the line before it is an address or a number rather than text. */
function weighLine(value: string, start: number, { rank, isTechnical }: Command): number {
  if (rank < LIKELY && rank !== ALONE_SHORT) return 0;
  if (start > maxRow) return 0;
  let end = start;
  while (end > 0 && value.charCodeAt(end - 1) <= 0x20) end--;
  for (let at = 0; at < end; at++) {
    const code = value.charCodeAt(at);
    if (code === 0x20 || code === 0x60 || code === 0x0a) return 0;
  }
  // Because two short lines, of which the second is a command with what only commands have, are no text.
  const isPair = value.length < 96 && isLastLine(value, start) && rank >= LIKELY;
  if (isPair && (rank !== LIKELY || isTechnical)) return 5;
  if (start > 0 && wordsBefore(value, start) > 0 && value.indexOf('.') >= start) return rank === SHAPED ? 3 : 0;
  return rank >= ALONE || wordsBefore(value, start) === 0 ? 5 : 3;
}

/** Whether one line with something in it follows the break at `start`, and no other. */
function isLastLine(value: string, start: number): boolean {
  let from = start;
  while (value.charCodeAt(from) <= 0x20) from++;
  const end = value.indexOf('\n', from);
  for (let at = end; end >= 0 && at < value.length; at++) if (value.charCodeAt(at) > 0x20) return false;
  return true;
}

/** Remembers of the line last asked about whether it is a row of a Markdown table, because a line may hold many bars. */
class TableRows {
  readonly #value: string;
  #end = -1;
  #isRow = false;

  constructor(value: string) {
    this.#value = value;
  }

  holds(at: number): boolean {
    if (at < this.#end) return this.#isRow;
    const value = this.#value;
    let from = value.lastIndexOf('\n', at) + 1;
    const lineEnd = value.indexOf('\n', at);
    this.#end = lineEnd < 0 ? value.length : lineEnd;
    let to = this.#end;
    while (from < to && value.charCodeAt(from) <= 0x20) from++;
    while (to > from && value.charCodeAt(to - 1) <= 0x20) to--;
    this.#isRow = to - from > 4 && value.startsWith('| ', from) && value.startsWith(' |', to - 2);
    return this.#isRow;
  }
}

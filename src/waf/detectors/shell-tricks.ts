// The shell's ways to run or hide a command without a separator: substitutions, expansions, redirections, Windows variables.

import { ALONE, ALONE_SHORT, LIKELY, SHAPED } from './shell-arguments.ts';
import { readCommand } from './shell-command.ts';
import { type Suspect, suspect } from './shell-findings.ts';
import { isBlank } from './shell-names.ts';
import { ROOTS } from './shell-words.ts';

/** $(command), ${IFS}, ${PATH:0:1}, $'\x63' and their like. */
export function judgeExpansions(value: string): Suspect | null {
  let best: Suspect | null = null;
  for (let at = value.indexOf('$'); at >= 0; at = value.indexOf('$', at + 1)) {
    const found = judgeDollar(value, at);
    if (found === null) continue;
    if (found.score >= 5) return found;
    best ??= found;
  }
  return best;
}

function judgeDollar(value: string, at: number): Suspect | null {
  const next = value[at + 1];
  // Because what is run and gives nothing stands within a word to hide it: `who$()ami`.
  const isEmpty = next === '(' && value[at + 2] === ')' && at > 0;
  if (isEmpty && isName(value.charCodeAt(at - 1)) && isName(value.charCodeAt(at + 3)))
    return suspect('expanded', 5, at, at + 3);
  if (next === '(') return judgeSubstitution(value, at, at + 2);
  if (next === "'") {
    const mark = value.charCodeAt(at + 3) | 32;
    const coded = value[at + 2] === '\\' && (mark === 0x78 || mark === 0x75 || (mark >= 0x30 && mark <= 0x37));
    return coded ? suspect('expanded', 5, at, at + 6) : null;
  }
  if (next === '{') return judgeBraces(value, at);
  if (!value.startsWith('IFS', at + 1)) return null;
  // Named in prose it stands alone; in an attack it stands for a blank, between two words.
  const before = at > 0 ? value.charCodeAt(at - 1) : 0x20;
  const after = at + 4 < value.length ? value.charCodeAt(at + 4) : 0x20;
  const glued = !isBlank(before) && !isBlank(after) && isWordy(before);
  return suspect(glued ? 'expanded' : 'suspicion', glued ? 5 : 3, at, at + 4);
}

/** Log4j's `${jndi:…}` and what spells it in pieces: `${lower:j}`, `${::-j}`, a lookup in the name of a lookup. */
function isLookup(value: string, at: number): boolean {
  if (value.startsWith('::-', at + 2)) return true;
  let colon = at + 2;
  while (colon < at + 8 && isName(value.charCodeAt(colon))) colon++;
  if (value[colon] !== ':') return false;
  const kind = value.slice(at + 2, colon).toLowerCase();
  if (kind === 'jndi') return true;
  // Because a lookup of one letter serves nothing but to spell.
  return (kind === 'lower' || kind === 'upper') && value[colon + 2] === '}';
}

function judgeBraces(value: string, at: number): Suspect | null {
  if (isLookup(value, at)) return suspect('lookup', 5, at, Math.min(value.length, at + 64));
  let end = at + 2;
  if (value[end] === '!' || value[end] === '#') end++;
  const from = end;
  while (end < from + 32 && isName(value.charCodeAt(end))) end++;
  if (end === from) return null;
  const mark = value[end];
  if (value.startsWith('IFS', from) && end === from + 3) return suspect('expanded', 5, at, end + 1);
  const behind = value.charCodeAt(end + 1);
  const slices = mark === ':' && ((behind >= 0x30 && behind <= 0x39) || (behind === 0x20 && value[end + 2] === '-'));
  if (slices && isUpper(value.charCodeAt(from))) return suspect('expanded', 5, at, end + 2);
  let close = end;
  while (close < end + 24 && close < value.length && value[close] !== '}') close++;
  if (value[close] !== '}') return null;
  const strips = (mark === '%' || mark === '#' || mark === '/' || mark === '^') && isUpper(value.charCodeAt(from));
  return strips ? suspect('suspicion', 3, at, close + 1) : null;
}

/** Whether a name of at most 64 characters ends with a closing bracket, as in `$(<flag.txt)`. */
function closesFileName(value: string, from: number): boolean {
  let end = from;
  while (end < from + 64 && (isName(value.charCodeAt(end)) || value[end] === '.' || value[end] === '/')) end++;
  return value[end] === ')';
}

function judgeSubstitution(value: string, start: number, from: number): Suspect | null {
  const code = value.charCodeAt(from);
  if (code === 0x3c) {
    const file = skip(value, from + 1);
    const isFile = value[file] === '/' || (isName(value.charCodeAt(file)) && closesFileName(value, file));
    return isFile ? suspect('substituted', 5, start, file + 1) : null;
  }
  if (code === 0x28) return suspect('suspicion', 2, start, from + 1);
  // Because these only say where and when, and every script asks them.
  if (isIdle(value, from) && start > 0 && wordsBefore(value, start)) return suspect('suspicion', 2, start, from + 8);
  const command = readCommand(value, from);
  if (command.rank >= LIKELY || command.rank === ALONE_SHORT) return suspect('substituted', 5, start, command.end);
  // Because between these brackets nobody writes prose: `$(cat flag)`.
  const isWhole =
    command.rank > 0 && isBlank(value.charCodeAt(command.end)) && closesFileName(value, skip(value, command.end));
  return isWhole ? suspect('substituted', 5, start, command.end) : null;
}

const idle: readonly string[] = [
  'pwd)',
  'dirname ',
  'basename ',
  'date ',
  'seq ',
  'git ',
  'nproc)',
  'which ',
  'cat package.json',
];

function isIdle(value: string, from: number): boolean {
  return idle.some((name) => value.startsWith(name, from));
}

/** Whether two words stand before `end`: a line of a script rather than a value. */
function wordsBefore(value: string, end: number): boolean {
  let words = 0;
  for (let at = 1; at < end && words < 2; at++)
    if (isName(value.charCodeAt(at - 1)) && isBlank(value.charCodeAt(at))) words++;
  return words > 1 || value.startsWith('#!');
}

/** `command`, unless it is a word of Markdown in prose. */
export function judgeBackquotes(value: string): Suspect | null {
  if (value.includes('```')) return null;
  // Because lists of terms are set in backquotes, too.
  const outside = value.includes('\n') ? 2 : wordsOutside(value);
  const prose = outside > 0;
  let best: Suspect | null = null;
  let open = value.indexOf('`');
  while (open >= 0) {
    const close = value.indexOf('`', open + 1);
    const command = readCommand(value, open + 1);
    if (command.rank === ALONE_SHORT || command.rank >= LIKELY) {
      const certain =
        close < 0 ? !prose : (!prose || isGlued(value, open, close, outside < 2)) && !isIdentifier(value, open, close);
      if (certain) return suspect('substituted', 5, open, close < 0 ? command.end : close + 1);
      if (command.rank >= SHAPED) best ??= suspect('suspicion', 2, open, close < 0 ? command.end : close + 1);
    }
    if (close < 0) return best;
    if (command.rank < LIKELY && isGluedCall(value, open, close)) return suspect('substituted', 5, open, close + 1);
    open = value.indexOf('`', close + 1);
  }
  return best;
}

/** `` host`telnetd -l /bin/sh` ``: a program that no list knows, with an option or a path, right behind a word and at the end. */
function isGluedCall(value: string, open: number, close: number): boolean {
  if (open === 0 || close + 1 < value.length || close - open > 200 || !isName(value.charCodeAt(open - 1))) return false;
  if (value.indexOf('`') !== open || value.lastIndexOf(' ', open) >= 0) return false;
  const call = value.slice(open + 1, close);
  return call.includes(' -') || call.includes(' /');
}

/** `` `products`.`id` ``: one word each, a dot between, as MySQL spells a column. */
function isIdentifier(value: string, open: number, close: number): boolean {
  for (let at = open + 1; at < close; at++) if (!isName(value.charCodeAt(at))) return false;
  return (open > 1 && value.startsWith('`.', open - 2)) || value.startsWith('.`', close + 1);
}

/** Whether the quoted part is a part of a word: prose sets its code apart. */
function isGlued(value: string, open: number, close: number, mayBeQuoted: boolean): boolean {
  const before = open > 0 ? value.charCodeAt(open - 1) : 0x20;
  const after = close + 1 < value.length ? value.charCodeAt(close + 1) : 0x20;
  const second = close + 2 < value.length ? value.charCodeAt(close + 2) : 0x20;
  if (mayBeQuoted && (before === 0x22 || before === 0x27) && after === before && open > 1) return true;
  if (isName(before) || before === 0x3d || before === 0x2f || before === 0x40 || before === 0x7c || before === 0x26)
    return true;
  return isName(after) ? isName(second) : after === 0x2e && isName(second);
}

/** Words of letters alone that stand outside of backquotes, with the sign of a sentence behind them or none: an address and a file are no prose. */
function wordsOutside(value: string): number {
  let words = 0;
  let letters = 0;
  let signs = 0;
  let inside = false;
  for (let at = 0; at <= value.length; at++) {
    const code = at < value.length ? value.charCodeAt(at) : 0x20;
    if (code === 0x60) inside = !inside;
    if (inside) continue;
    if (code <= 0x20 || code === 0x60) {
      if (letters >= 2 && signs < 2) words++;
      letters = signs = 0;
    } else if (((code | 32) >= 0x61 && (code | 32) <= 0x7a) || code > 0xa0) {
      letters += signs > 0 ? 0 : 1;
      // Because a letter behind a sign is none of a word, but of one that is shortened or joined.
      if (signs > 0 && !isJoint(value.charCodeAt(at - 1))) signs = 2;
    } else signs += isJoint(code) ? 0 : code >= 0x30 && code <= 0x39 ? 2 : 1;
  }
  return words;
}

/** Apostrophe, hyphen, quotes and brackets, which words have around and in them. */
function isJoint(code: number): boolean {
  return code === 0x27 || code === 0x2d || code === 0x22 || code === 0x28 || code === 0x29 || code === 0x2a;
}

/** Folders in which programs keep what they say. */
const logged: readonly string[] = ['/var/log/', '/home/', '/tmp/'];

/** > /tmp/x, < /etc/passwd, >& /dev/tcp/…, <(command), 2>&1. */
export function judgeRedirections(value: string): Suspect | null {
  // Because a program that somebody keeps writes its files.
  let tags = value.startsWith('#!/') && value.includes('\n');
  const isTimed = value.includes(' * * ');
  for (let at = 0; at < value.length; at++) {
    const code = value.charCodeAt(at);
    if (code !== 0x3c && code !== 0x3e) continue;
    const next = value.charCodeAt(at + 1);
    if (next === 0x28) {
      const command = readCommand(value, at + 2);
      const isSet = command.rank === ALONE_SHORT && (at === 0 || isBlank(value.charCodeAt(at - 1)));
      if (command.rank >= LIKELY || isSet) return suspect('substituted', 5, at, command.end);
    }
    // What stands between angle brackets is markup, and a line that begins with one quotes an e-mail.
    const letter = (next | 32) >= 0x61 && (next | 32) <= 0x7a;
    if (code === 0x3c && (letter || next === 0x2f || next === 0x21))
      tags ||= letter || next === 0x21 || value[at + 2] !== 'e';
    let path = at + 1;
    while (value[path] === '>' || value[path] === '&' || value[path] === '|') path++;
    path = skip(value, path);
    if (value[path] !== '/') {
      at = Math.max(at, path - 1);
      continue;
    }
    if (value.startsWith('/dev/tcp/', path) || value.startsWith('/dev/udp/', path))
      return suspect('redirected', 5, at, path + 9);
    if (value.startsWith('/dev/null', path)) continue;
    // Because a line of a timetable says where its program's words go.
    if (isTimed && logged.some((folder) => value.startsWith(folder, path))) continue;
    const quotes = at === 0 || value.charCodeAt(at - 1) === 0x0a;
    // An arrow points, it sends nothing.
    const arrow = code === 0x3e && (value[at - 1] === '-' || value[at - 1] === '=');
    if (!tags && !quotes && !arrow && opensRoot(value, path)) return suspect('redirected', 5, at, path + 1);
  }
  return null;
}

function opensRoot(value: string, path: number): boolean {
  let end = path + 1;
  while (end < path + 6 && isName(value.charCodeAt(end))) end++;
  return value[end] === '/' && ROOTS.has(value.slice(path + 1, end));
}

/** %COMSPEC%, %PATH:~0,1%, w^h^o^a^m^i. */
export function judgeWindows(value: string): Suspect | null {
  for (let at = value.indexOf('%'); at >= 0; at = value.indexOf('%', at + 1)) {
    let end = at + 1;
    while (end < at + 24 && isName(value.charCodeAt(end))) end++;
    if (end === at + 1) continue;
    const name = value.slice(at + 1, end).toLowerCase();
    if (value[end] === ':' && value[end + 1] === '~') return suspect('windows', 5, at, end + 2);
    if (value[end] === '%' && name === 'comspec') return suspect('windows', 5, at, end + 1);
    if (value[end] === '%' && (name === 'systemroot' || name === 'windir') && value[end + 1] === '\\')
      return suspect('windows', 5, at, end + 1);
  }
  return judgeCarets(value);
}

/** A word whose letters are parted by carets, which cmd takes away. */
function judgeCarets(value: string): Suspect | null {
  let from = 0;
  let carets = 0;
  for (let at = 0; at <= value.length; at++) {
    const code = at < value.length ? value.charCodeAt(at) : 0x20;
    if (code === 0x5e && isName(value.charCodeAt(at + 1))) carets++;
    else if (!isName(code)) {
      if (carets > 1 && readCommand(value, from).rank >= ALONE) return suspect('windows', 5, from, at);
      from = at + 1;
      carets = 0;
    }
  }
  return null;
}

function skip(value: string, from: number): number {
  let at = from;
  while (at < value.length && isBlank(value.charCodeAt(at))) at++;
  return at;
}

function isName(code: number): boolean {
  return ((code | 32) >= 0x61 && (code | 32) <= 0x7a) || (code >= 0x30 && code <= 0x39) || code === 0x5f;
}

function isUpper(code: number): boolean {
  return code >= 0x41 && code <= 0x5a;
}

/** A letter, digit or quote: the end of a word. */
function isWordy(code: number): boolean {
  return isName(code) || code === 0x27 || code === 0x22 || code === 0x2f || code === 0x2d;
}

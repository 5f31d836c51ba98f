// Reads one simple command as sh or cmd would, quotes and tricks taken away, and ranks how surely it is one.

import { ALONE, ALONE_SHORT, DAMNING, LIKELY, NAMED, NO_COMMAND, rankArguments, SHAPED } from './shell-arguments.ts';
import {
  commandName,
  isBlank,
  isLetter,
  isProgram,
  isSeparator,
  maxWord,
  skipBlanks,
  uncover,
  wordEnd,
} from './shell-names.ts';
import { INTERPRETERS, KEYWORDS, MILD, ROOTS, TECHNICAL } from './shell-words.ts';

/** What stands at one command's place: how surely it is a command, where it ends, and whether it is an interpreter. */
export interface Command {
  readonly rank: number;
  readonly end: number;
  readonly interprets: boolean;
  /** Whether it does nothing but a developer's ordinary work. */
  readonly isMild: boolean;
  /** Whether its name is one that prose does not have. */
  readonly isTechnical: boolean;
}

const none: Command = Object.freeze({ rank: NO_COMMAND, end: 0, interprets: false, isMild: false, isTechnical: false });

function known(rank: number, end: number): Command {
  return { rank, end, interprets: false, isMild: false, isTechnical: false };
}

/** Reads the command at `from`, blanks skipped. */
export function readCommand(value: string, from: number): Command {
  let at = skipBlanks(value, from);
  // A command may stand behind an opening bracket, a negation or an assignment: (id), { id;}, X=1 id.
  while (at < value.length && isOpening(value.charCodeAt(at)) && isBlank(value.charCodeAt(at + 1)))
    at = skipBlanks(value, at + 1);
  if (value[at] === '[' && value[at + 1] === '[') at++;
  if (value[at] === '[' && isBlank(value.charCodeAt(at + 1))) return readTest(value, at);
  if (value[at] === '(' || value[at] === '@') at = skipBlanks(value, at + 1);
  const behindKeywords = skipKeywords(value, at);
  const isGoverned = behindKeywords > at;
  at = behindKeywords;
  if (at >= value.length) return none;
  const first = value.charCodeAt(at);
  if (!mayStart(first)) return none;
  const end = wordEnd(value, at);
  const raw = value.slice(at, end);
  if (raw.length > 128) return none;
  if (isCompound(value, raw, end)) return known(SHAPED, end);
  const braced = raw.charCodeAt(0) === 0x7b ? readBraces(raw, end, from > 0) : null;
  if (braced !== null) return braced;
  // The shell itself by its variable, and nothing else in the value.
  if ((raw === '$0' || raw === '$SHELL' || raw === '$BASH') && (from <= 2 || raw !== '$0') && isLast(value, end))
    return known(SHAPED, end);
  if (first === 0x24 && raw.slice(0, 5).toLowerCase() === '$env:') return known(from > 0 ? SHAPED : NO_COMMAND, end);
  if (raw === '$0' && value.startsWith(' -c ', end)) return known(SHAPED, end);
  const plain = uncover(raw);
  const hidden = isHidden(raw, plain);
  const name = commandName(plain);
  if (name === '' && isProgram(plain)) return known(LIKELY, end);
  if (name === '' && first === 0x2e && end === at + 1) return readSourced(value, end);
  // Because `/[a-z]/.test(x)` is a pattern of a program.
  if (name === '' && value[end] === '(') return none;
  if (name === '' && isHiddenPath(raw)) return known(DAMNING, end);
  if (name === '') return isWildPath(raw) || isVariable(value, raw, end) ? known(SHAPED, end) : readPath(raw, end);
  if (value[end] === '(' || isMethodCall(value, end)) return none;
  const interprets = INTERPRETERS.has(name);
  const asked = rankArguments(value, end, name, interprets);
  if (asked === NO_COMMAND) return none;
  const rank = isGoverned && asked === ALONE_SHORT ? ALONE : isGoverned && asked === NAMED ? LIKELY : asked;
  const absolute =
    plain.startsWith('/') || plain.toLowerCase().endsWith('.exe') || plain.includes('\\') || plain.startsWith('./');
  const isCovered = hidden || absolute;
  return {
    rank: isCovered && rank < SHAPED ? SHAPED : rank,
    end,
    interprets,
    isMild: !isCovered && (MILD.has(name) || isMildRun(value, end, name)) && isQuiet(value, end),
    isTechnical: TECHNICAL.has(name),
  };
}

/** Loops and choices up to the word that ends them: `for x in a;do …;done`, `case x in x) …;esac`. */
function isCompound(value: string, raw: string, end: number): boolean {
  if (raw !== 'for' && raw !== 'case') return false;
  // No further, so that many of them stay linear.
  const rest = value.slice(end, end + maxWord);
  const names = rest.indexOf(' in ');
  return names > 0 && names < 64 && rest.indexOf(raw === 'for' ? 'done' : 'esac', names) > 0;
}

/** Whether only what ends a command follows. */
function isLast(value: string, at: number): boolean {
  return at >= value.length || isSeparator(value.charCodeAt(at)) || '\'" '.includes(value.charAt(at));
}

/** `sudo apt-get update`: a developer's ordinary work, as somebody who may. */
function isMildRun(value: string, end: number, name: string): boolean {
  if (name !== 'sudo') return false;
  const from = skipBlanks(value, end);
  return MILD.has(value.slice(from, wordEnd(value, from)));
}

/** Whether the arguments up to the next separator fetch, expand and redirect nothing, but into a file beside. */
function isQuiet(value: string, from: number): boolean {
  let isQuoted = false;
  for (let at = from; at < value.length && !isSeparator(value.charCodeAt(at)); at++) {
    const code = value.charCodeAt(at);
    if (code === 0x27) isQuoted = !isQuoted;
    if (code === 0x24 && (isQuoted || isField(value, at))) continue;
    if (code === 0x3e && isBeside(value, at)) continue;
    if (code === 0x24 || code === 0x3c || code === 0x3e || at - from > maxWord) return false;
    if (code === 0x3a && value.startsWith('//', at + 1)) return false;
  }
  return true;
}

/** `> out.txt`: a file of text in the folder that one is in. */
function isBeside(value: string, at: number): boolean {
  const from = skipBlanks(value, at + 1);
  const end = wordEnd(value, from);
  const name = value.slice(from, end);
  return ['.txt', '.log', '.csv', '.json', '.sql', '.md'].some((one) => name.endsWith(one)) && !name.includes('/');
}

/** awk's `$1`, and the variable of a loop: `$i`. */
function isField(value: string, at: number): boolean {
  const code = value.charCodeAt(at + 1);
  return (code >= 0x30 && code <= 0x39) || (isLetter(code) && !isLetter(value.charCodeAt(at + 2)));
}

/** Behind `X=1 `, a variable set for one command, or `at` where there is none. */
function assignmentEnd(value: string, at: number): number {
  let end = at;
  while (end < at + 32 && (isLetter(value.charCodeAt(end)) || value[end] === '_')) end++;
  if (end === at || value[end] !== '=') return at;
  while (end < at + 96 && end < value.length && !isBlank(value.charCodeAt(end)) && !isSeparator(value.charCodeAt(end)))
    end++;
  return isBlank(value.charCodeAt(end)) ? skipBlanks(value, end) : at;
}

/** Behind `then`, `do`, `X=1` and what else may stand before a command, at most three of them. */
function skipKeywords(value: string, from: number): number {
  let at = from;
  for (let count = 0; count < 3; count++) {
    let end = at;
    while (end < at + 6 && isLetter(value.charCodeAt(end))) end++;
    // Because the longest keyword has five letters, most words need not be cut out to be none.
    const mayBeKeyword = end > at + 1 && end < at + 6 && isBlank(value.charCodeAt(end));
    if (mayBeKeyword && KEYWORDS.has(value.slice(at, end))) at = skipBlanks(value, end);
    else {
      const behind = assignmentEnd(value, at);
      if (behind === at) return at;
      at = behind;
    }
  }
  return at;
}

/** Whether a bracket closes at `end` and a method is called on it: jQuery's `$(id).hide()`. */
function isMethodCall(value: string, end: number): boolean {
  if (value[end] !== ')' || value[end + 1] !== '.') return false;
  let at = end + 2;
  while (at < end + 34 && isLetter(value.charCodeAt(at))) at++;
  return value[at] === '(';
}

function isOpening(code: number): boolean {
  return code === 0x28 || code === 0x7b || code === 0x21;
}

/** Letters, digits, and the marks with which a command's name may be spelt or hidden. */
function mayStart(code: number): boolean {
  return (
    isLetter(code) ||
    (code >= 0x30 && code <= 0x39) ||
    code === 0x2f ||
    code === 0x2e ||
    code === 0x7e ||
    code === 0x27 ||
    code === 0x22 ||
    code === 0x5c ||
    code === 0x24 ||
    code === 0x7b ||
    code === 0x3f ||
    code === 0x2a ||
    code === 0x25 ||
    code === 0x5e
  );
}

/** Whether something was taken away between letters, and in pairs where it comes in pairs: c'a't, but not i'd. */
function isHidden(raw: string, plain: string): boolean {
  if (raw.length === plain.length) return false;
  // Because a name that is quoted as a whole is a word in quotes: `"date" | "time"`.
  if (raw.length === plain.length + 2 && (raw.startsWith('"') || raw.startsWith("'")) && raw.endsWith(raw.charAt(0)))
    return false;
  let quotes = 0;
  let inside = false;
  for (let at = 0; at < raw.length; at++) {
    const code = raw.charCodeAt(at);
    if (code === 0x27 || code === 0x22) quotes++;
    if (
      at > 0 &&
      at < raw.length - 1 &&
      !isLetter(code) &&
      (code === 0x27 || code === 0x22 || code === 0x5c || code === 0x5e || code === 0x24)
    )
      inside ||= isLetter(raw.charCodeAt(at - 1)) && at + 1 < raw.length;
  }
  if (raw.startsWith('\\') && isLetter(raw.charCodeAt(1))) inside = true;
  return inside && quotes % 2 === 0;
}

/** `[ -f /etc/passwd ]`: the test command by its other name. */
function readTest(value: string, from: number): Command {
  const at = skipBlanks(value, from + 1);
  const tests = value[at] === '-' && isLetter(value.charCodeAt(at + 1)) && isBlank(value.charCodeAt(at + 2));
  return tests ? known(SHAPED, at + 2) : none;
}

/** {cat,/etc/passwd}: a command and its arguments without a blank. */
function readBraces(raw: string, end: number, isBehind: boolean): Command | null {
  const comma = raw.indexOf(',');
  if (comma < 0 || !raw.includes('}')) return null;
  const name = commandName(uncover(raw.slice(1, comma)));
  if (name === '') return null;
  const next = raw.charCodeAt(comma + 1);
  const shaped = next === 0x2d || next === 0x2f || next === 0x2e || raw.includes('://') || raw.includes('$');
  return known(shaped || isBehind ? SHAPED : NAMED, end);
}

/** A path with wildcards that could name a command: /???/c?t, /bin/c*t. */
function isWildPath(raw: string): boolean {
  if (!raw.startsWith('/') && !raw.startsWith('./')) return false;
  if (raw.indexOf('/', 1) < 0) return false;
  return raw.includes('?') || raw.includes('*') || (raw.includes('[') && raw.includes(']'));
}

/** Folders and files of a system spelt with wildcards, as no address of the web is: `/???/??t`, `/bin/c?t`. */
function isHiddenPath(raw: string): boolean {
  if (raw.startsWith('/??')) return true;
  return (raw.startsWith('/bin/') || raw.startsWith('/usr/bin/') || raw.startsWith('/?')) && raw.indexOf('?', 5) > 0;
}

/** The dot that runs a file's commands: `. /tmp/x`. */
function readSourced(value: string, end: number): Command {
  const next = skipBlanks(value, end);
  return next > end && value[next] === '/' ? known(SHAPED, next + 1) : none;
}

/** A command put together from variables, with a path behind it: $a$b /etc/passwd. */
function isVariable(value: string, raw: string, end: number): boolean {
  if (!raw.startsWith('$') || raw.length < 2) return false;
  // Because `a=id;$a` sets what it runs.
  const dollar = raw.indexOf('$', 1);
  const first = dollar < 0 ? raw.slice(1) : raw.slice(1, dollar);
  const set = value.length < 256 ? value.indexOf(`${first}=`) : -1;
  if (isLetter(raw.charCodeAt(1)) && set >= 0 && set < end && (set === 0 || isSeparator(value.charCodeAt(set - 1))))
    return isLast(value, end);
  const next = skipBlanks(value, end);
  if (next === end || (value[next] !== '/' && value[next] !== '-')) return false;
  return isLetter(raw.charCodeAt(1)) || raw.charCodeAt(1) === 0x7b;
}

/** A program by its path, known or not. */
function readPath(raw: string, end: number): Command {
  if (raw.startsWith('./') && raw.length > 3) return known(LIKELY, end);
  const slash = raw.indexOf('/', 1);
  if (!raw.startsWith('/') || slash < 0 || !ROOTS.has(raw.slice(1, slash))) return none;
  const runnable =
    raw.startsWith('/tmp/') || raw.startsWith('/dev/shm/') || raw.startsWith('/bin/') || raw.startsWith('/usr/bin/');
  return known(runnable ? LIKELY : NAMED, end);
}

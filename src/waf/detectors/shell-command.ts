// Reads one simple command as sh or cmd would, quotes and tricks taken away, and ranks how surely it is one.

import {
  ASKING,
  COUNTING,
  INTERPRETERS,
  POSIX,
  PROGRAM_OPTIONS,
  ROOTS,
  RUNNERS,
  SECRETS,
  SHORT,
  SWITCHED,
  TECHNICAL,
  VERBS,
  WINDOWS,
} from './shell-words.ts';

// How surely text in a command's place is a command.
export const NO_COMMAND = 0;
/** A known name with plain words behind it, as prose has. */
export const NAMED = 1;
/** A short name alone. */
export const ALONE_SHORT = 2;
/** A known name with something that could be an argument: a file name, a number, a quoted text. */
export const LIKELY = 3;
/** The name of a command that asks about the machine, alone. */
export const ALONE = 4;
/** A known name with options, paths, addresses or expansions, or a name that was hidden. */
export const SHAPED = 5;
/** A command that does an intruder's work. */
export const DAMNING = 6;

// A command is judged by its first words, so that commands inside commands stay linear.
const maxWords = 64;
const maxWord = 512;

/** What stands at one command's place: how surely it is a command, where it ends, and whether it is an interpreter. */
export interface Command {
  readonly rank: number;
  readonly end: number;
  readonly interprets: boolean;
}

const none: Command = Object.freeze({ rank: NO_COMMAND, end: 0, interprets: false });

/** Reads the command at `from`, blanks skipped. */
export function readCommand(value: string, from: number): Command {
  let at = skipBlanks(value, from);
  // A command may stand behind an opening bracket, a negation or an assignment: (id), { id;}, X=1 id.
  while (at < value.length && isOpening(value.charCodeAt(at)) && isBlank(value.charCodeAt(at + 1)))
    at = skipBlanks(value, at + 1);
  if (value[at] === '(' || value[at] === '@') at = skipBlanks(value, at + 1);
  if (at >= value.length) return none;
  const first = value.charCodeAt(at);
  if (!mayStart(first)) return none;
  const end = wordEnd(value, at);
  const raw = value.slice(at, end);
  if (raw.length > 128) return none;
  const braced = raw.charCodeAt(0) === 0x7b ? readBraces(raw, end) : null;
  if (braced !== null) return braced;
  const plain = uncover(raw);
  const hidden = isHidden(raw, plain);
  const name = commandName(plain);
  if (name === '' && first === 0x2e && end === at + 1) return readSourced(value, end);
  if (name === '')
    return isWildPath(raw) || isVariable(value, raw, end)
      ? { rank: SHAPED, end, interprets: false }
      : readPath(raw, end);
  if (value[end] === '(' || (value[end] === ')' && value[end + 1] === '.')) return none;
  const interprets = INTERPRETERS.has(name);
  const rank = rankArguments(value, end, name, interprets);
  if (rank === NO_COMMAND) return none;
  const absolute =
    plain.startsWith('/') || plain.toLowerCase().endsWith('.exe') || plain.includes('\\') || plain.startsWith('./');
  return { rank: (hidden || absolute) && rank < SHAPED ? SHAPED : rank, end, interprets };
}

/** Whether `code` ends a command: a separator, a closing bracket, a backquote. */
export function isSeparator(code: number): boolean {
  return (
    code === 0x3b || code === 0x7c || code === 0x26 || code === 0x0a || code === 0x0d || code === 0x60 || code === 0x29
  );
}

/** Whether a shell would take this character between two words, a line's end not counted. */
export function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0b || code === 0x0c;
}

function skipBlanks(value: string, from: number): number {
  let at = from;
  while (at < value.length && isBlank(value.charCodeAt(at))) at++;
  return at;
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

function isLetter(code: number): boolean {
  return (code | 32) >= 0x61 && (code | 32) <= 0x7a;
}

function wordEnd(value: string, from: number): number {
  let at = from;
  const to = Math.min(value.length, from + maxWord);
  for (; at < to; at++) {
    const code = value.charCodeAt(at);
    if (isBlank(code) || isSeparator(code) || code === 0x3c || code === 0x3e) break;
    if (code === 0x28) break;
  }
  return at;
}

/** A word without what the shell takes away: quotes, backslashes, carets and empty expansions. */
function uncover(raw: string): string {
  let plain = '';
  for (let at = 0; at < raw.length; at++) {
    const code = raw.charCodeAt(at);
    if (code === 0x27 || code === 0x22 || code === 0x5e) continue;
    if (code === 0x5c && raw.charCodeAt(at + 1) !== 0x5c && !isDrivePath(raw)) continue;
    if (code === 0x24 && at + 1 < raw.length) {
      const next = raw[at + 1]!;
      if (next === '{') {
        const close = raw.indexOf('}', at);
        if (close < 0) return plain;
        at = close;
        continue;
      }
      if ('@*#!?-0123456789'.includes(next)) {
        at++;
        continue;
      }
      if (next === "'" || next === '"') continue;
    }
    plain += raw[at];
  }
  return plain;
}

function isDrivePath(raw: string): boolean {
  return raw.charCodeAt(1) === 0x3a || raw.startsWith('%') || raw.startsWith('\\\\');
}

/** Whether something was taken away between letters, and in pairs where it comes in pairs: c'a't, but not i'd. */
function isHidden(raw: string, plain: string): boolean {
  if (raw.length === plain.length) return false;
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

/** The known command that a word names, its folders and .exe left off, or nothing. */
function commandName(plain: string): string {
  let from = 0;
  if (plain.startsWith('/') || plain.startsWith('./') || plain.startsWith('../') || plain.startsWith('~')) {
    from = plain.lastIndexOf('/') + 1;
    // A single slash before a name is a path of the web, not of a system.
    if (plain.startsWith('/') && plain.indexOf('/', 1) < 0) return '';
  } else from = plain.lastIndexOf('\\') + 1;
  const name = plain.slice(from);
  if (name.length < 1 || name.length > 20) return '';
  if (POSIX.has(name) || ASKING.has(name) || INTERPRETERS.has(name) || SHORT.has(name)) return name;
  let lower = name.toLowerCase();
  if (lower.endsWith('.exe') || lower.endsWith('.com')) lower = lower.slice(0, -4);
  if (WINDOWS.has(lower) || lower === 'powershell' || lower === 'pwsh' || lower === 'cmd') return lower;
  if (name.startsWith('python') && name.charCodeAt(6) >= 0x32 && name.charCodeAt(6) <= 0x33) return 'python3';
  return lower !== name && lower.length + 4 === name.length && INTERPRETERS.has(lower) ? lower : '';
}

/** {cat,/etc/passwd}: a command and its arguments without a blank. */
function readBraces(raw: string, end: number): Command | null {
  const comma = raw.indexOf(',');
  if (comma < 0 || !raw.includes('}')) return null;
  const name = commandName(uncover(raw.slice(1, comma)));
  if (name === '') return null;
  const next = raw.charCodeAt(comma + 1);
  const shaped = next === 0x2d || next === 0x2f || next === 0x2e || raw.includes('://') || raw.includes('$');
  return { rank: shaped ? SHAPED : NAMED, end, interprets: false };
}

/** A path with wildcards that could name a command: /???/c?t, /bin/c*t. */
function isWildPath(raw: string): boolean {
  if (!raw.startsWith('/') && !raw.startsWith('./')) return false;
  if (raw.indexOf('/', 1) < 0) return false;
  return raw.includes('?') || raw.includes('*') || (raw.includes('[') && raw.includes(']'));
}

/** The dot that runs a file's commands: `. /tmp/x`. */
function readSourced(value: string, end: number): Command {
  const next = skipBlanks(value, end);
  return next > end && value[next] === '/' ? { rank: SHAPED, end: next + 1, interprets: false } : none;
}

/** A command put together from variables, with a path behind it: $a$b /etc/passwd. */
function isVariable(value: string, raw: string, end: number): boolean {
  if (!raw.startsWith('$') || raw.length < 2) return false;
  const next = skipBlanks(value, end);
  if (next === end || (value[next] !== '/' && value[next] !== '-')) return false;
  return isLetter(raw.charCodeAt(1)) || raw.charCodeAt(1) === 0x7b;
}

/** A program by its path, known or not. */
function readPath(raw: string, end: number): Command {
  if (raw.startsWith('./') && raw.length > 3) return { rank: LIKELY, end, interprets: false };
  const slash = raw.indexOf('/', 1);
  if (!raw.startsWith('/') || slash < 0 || !ROOTS.has(raw.slice(1, slash))) return none;
  const runnable =
    raw.startsWith('/tmp/') || raw.startsWith('/dev/shm/') || raw.startsWith('/bin/') || raw.startsWith('/usr/bin/');
  return { rank: runnable ? LIKELY : NAMED, end, interprets: false };
}

function rankArguments(value: string, from: number, name: string, interprets: boolean): number {
  let best = NAMED;
  let words = 0;
  let at = from;
  for (;;) {
    at = skipBlanks(value, at);
    const code = value.charCodeAt(at);
    if (at >= value.length || isSeparator(code) || words >= maxWords) break;
    if (words === 0 && isForeign(value, at, code)) return NO_COMMAND;
    if (words === 0 && code === 0x23) break;
    if (code === 0x3c || code === 0x3e) {
      const behind = value.charCodeAt(skipBlanks(value, at + 1));
      if (code === 0x3e || behind === 0x2f || behind === 0x3c) best = Math.max(best, SHAPED);
      at++;
      words++;
      continue;
    }
    const end = Math.max(at + 1, wordEnd(value, at));
    const rank = rankArgument(value.slice(at, end), name, interprets, words);
    if (rank === DAMNING) return rank;
    // "sleep 8 hours": words that go on behind a number or a file's name are prose.
    if (rank === NO_COMMAND && best === LIKELY && isLetter(code)) best = NAMED;
    else best = Math.max(best, rank);
    words++;
    at = end;
  }
  if (words > 0) return best;
  if (ASKING.has(name)) return ALONE;
  return SHORT.has(name) ? ALONE_SHORT : NAMED;
}

/** Assignments, calls, lists and object keys are other languages than the shell's. */
function isForeign(value: string, at: number, code: number): boolean {
  if (code === 0x3d || code === 0x28 || code === 0x3a || code === 0x2c || code === 0x7d) return true;
  return code === 0x2b && !isLetter(value.charCodeAt(at + 1));
}

function rankArgument(raw: string, name: string, interprets: boolean, index: number): number {
  const word = uncover(raw);
  const lower = word.toLowerCase();
  const first = lower.charCodeAt(0);
  if (holdsSecret(lower) || (name === 'socat' && lower.startsWith('exec:'))) return DAMNING;
  if (interprets && index < 3 && PROGRAM_OPTIONS.has(lower)) return DAMNING;
  if (
    (name === 'nc' || name === 'ncat' || name === 'netcat') &&
    (lower === '-e' || lower === '-c' || lower.startsWith('-l'))
  )
    return DAMNING;
  if (index === 0 && VERBS[name]?.has(lower)) return SHAPED;
  if (first === 0x2f && SWITCHED.has(name)) return SHAPED;
  if (name === 'chmod' && first === 0x2b) return SHAPED;
  if (first === 0x2d && isLetter(lower.charCodeAt(1)) && lower.length < 24 && index < 3) return SHAPED;
  if (first === 0x2d && first === lower.charCodeAt(1) && isLetter(lower.charCodeAt(2))) return SHAPED;
  if (first === 0x2d && isNumeric(lower.slice(1)) && lower.length > 1) return COUNTING.has(name) ? SHAPED : LIKELY;
  if (index === 0 && RUNNERS.has(name) && isLetter(first)) return rankRun(word);
  if (index === 1 && name === 'timeout') return rankRun(word);
  if (index === 0 && (name === 'powershell' || name === 'pwsh') && lower !== 'core' && WINDOWS.has(lower))
    return SHAPED;
  if (isPath(lower, raw)) return SHAPED;
  if (raw.includes('$(') || raw.includes('${') || raw.includes('$IFS')) return SHAPED;
  if (name === 'echo' || name === 'printf') return LIKELY;
  if (lower.includes('://') || (isNumeric(raw) && isAddress(raw))) return SHAPED;
  if (index === 0 && TECHNICAL.has(name)) return LIKELY;
  if (index > 0 && !lower.includes('.')) return NO_COMMAND;
  const code = raw.charCodeAt(0);
  if (code >= 0x30 && code <= 0x39 && isNumeric(raw)) return COUNTING.has(name) ? LIKELY : NO_COMMAND;
  return looksLikeFile(lower) || code === 0x24 || (code === 0x2a && raw.length > 1) ? LIKELY : NO_COMMAND;
}

/** How surely the argument of a runner is a command of its own. */
function rankRun(word: string): number {
  const name = commandName(word);
  if (name === '') return NO_COMMAND;
  return ASKING.has(name) || SHORT.has(name) || INTERPRETERS.has(name) ? SHAPED : LIKELY;
}

function holdsSecret(lower: string): boolean {
  if (lower.length < 5) return false;
  for (const secret of SECRETS) if (lower.includes(secret)) return true;
  return false;
}

/** An absolute POSIX path, one from here or from home, a drive's, or a switch of Windows. */
function isPath(lower: string, raw: string): boolean {
  const first = lower.charCodeAt(0);
  if (first === 0x2f) {
    const slash = lower.indexOf('/', 1);
    return (
      lower.length === 1 ||
      slash > 0 ||
      ROOTS.has(lower.slice(1)) ||
      lower.length === 2 ||
      lower.includes('*') ||
      lower.includes('?')
    );
  }
  if (lower.startsWith('./') || lower.startsWith('../') || lower.startsWith('~/') || lower.startsWith('..\\'))
    return true;
  return isLetter(first) && lower.charCodeAt(1) === 0x3a && (raw.charCodeAt(2) === 0x5c || raw.charCodeAt(2) === 0x2f);
}

function isNumeric(raw: string): boolean {
  for (let at = 0; at < raw.length; at++) {
    const code = raw.charCodeAt(at);
    if (
      !(code >= 0x30 && code <= 0x39) &&
      code !== 0x2e &&
      !(at === raw.length - 1 && (isLetter(code) || code === 0x27 || code === 0x22))
    )
      return false;
  }
  return true;
}

/** Three dots between numbers: an IPv4 address. */
function isAddress(raw: string): boolean {
  let dots = 0;
  for (let at = 0; at < raw.length; at++) if (raw.charCodeAt(at) === 0x2e) dots++;
  return dots === 3;
}

/** A name with a dot inside and letters behind it, such as flag.txt and .env, but no sentence's end. */
function looksLikeFile(lower: string): boolean {
  const dot = lower.lastIndexOf('.');
  if (dot < 0 || dot === lower.length - 1 || lower.length - dot > 8) return false;
  return isLetter(lower.charCodeAt(dot + 1));
}

// Ranks a command by its arguments: what prose has as well, what only a command line has, and what only an intruder's has.

import { commandName, isLetter, isSeparator, skipBlanks, uncover, wordEnd } from './shell-names.ts';
import {
  ASKING,
  COUNTING,
  EVALUATING,
  INTERPRETERS,
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

/** How surely `name` with the arguments at `from` is a command: one of the ranks above, or NO_COMMAND. */
export function rankArguments(value: string, from: number, first: string, interprets: boolean): number {
  let name = first;
  let best = NAMED;
  let words = 0;
  let runners = 0;
  let at = from;
  for (;;) {
    at = skipBlanks(value, at);
    const code = value.charCodeAt(at);
    if (at >= value.length || isSeparator(code) || words >= maxWords) break;
    if (words === 0 && (code === 0x28 || code === 0x27 || code === 0x22 || code === 0x24) && EVALUATING.has(name))
      return SHAPED;
    if (words === 0 && isForeign(value, at, code)) return NO_COMMAND;
    if (words === 0 && code === 0x23) break;
    if (code === 0x3c || code === 0x3e) {
      const behind = value.charCodeAt(skipBlanks(value, at + 1));
      const writes =
        code === 0x3e &&
        name !== 'where' &&
        (words > 0 || behind === 0x2f || behind === 0x26) &&
        isTarget(value, at, behind);
      if (writes || behind === 0x2f || behind === 0x3c) best = Math.max(best, SHAPED);
      at++;
      words++;
      continue;
    }
    const end = Math.max(at + 1, wordEnd(value, at));
    const raw = value.slice(at, end);
    const inner = words === 0 && RUNNERS.has(name) && isLetter(code) ? commandName(uncover(raw)) : '';
    if (inner !== '' && runners++ < 3) {
      // Because `busybox nc …` and `sudo cat …` are what their first argument is.
      best = Math.max(best, rankRun(raw));
      name = inner;
      at = end;
      continue;
    }
    const rank = rankArgument(raw, name, interprets, words);
    // Because these two are words of every sentence, and commands by what follows alone.
    if (words === 0 && (name === 'if' || name === 'for') && rank !== SHAPED) return NO_COMMAND;
    if (rank === DAMNING) return rank;
    // "sleep 8 hours": words that go on behind a number or a file's name are prose.
    if (rank === NO_COMMAND && best === LIKELY && isLetter(code)) best = NAMED;
    else best = Math.max(best, rank);
    words++;
    at = end;
  }
  if (words > 0 || runners > 0) return best;
  if (ASKING.has(name)) return ALONE;
  return SHORT.has(name) ? ALONE_SHORT : NAMED;
}

/** Whether a file's name may stand behind the `>` at `at`, whose next visible character is `behind`: a number is compared with, and nothing ends markup. */
function isTarget(value: string, at: number, behind: number): boolean {
  const isSpaced = value.charCodeAt(at + 1) === 0x20;
  if (behind >= 0x30 && behind <= 0x39) return !isSpaced;
  if (behind === 0x26) return !isSpaced;
  return (
    isLetter(behind) || behind === 0x2f || behind === 0x2e || behind === 0x24 || behind === 0x3e || behind === 0x7e
  );
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
  if (isIntrusion(name, lower)) return DAMNING;
  if (index === 0 && VERBS[name]?.has(lower)) return name === 'docker' || name === 'kubectl' ? LIKELY : SHAPED;
  if (first === 0x2f && SWITCHED.has(name)) return SHAPED;
  if (name === 'chmod' && first === 0x2b) return SHAPED;
  if (first === 0x2d && isLetter(lower.charCodeAt(1)) && lower.length < 24 && index < (TECHNICAL.has(name) ? 6 : 3))
    return SHAPED;
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
  if (index === 0 && (TECHNICAL.has(name) || (interprets && isQuoted(raw)))) return LIKELY;
  if (index > 0 && !lower.includes('.')) return NO_COMMAND;
  const code = raw.charCodeAt(0);
  if (code >= 0x30 && code <= 0x39 && isNumeric(raw)) return COUNTING.has(name) ? LIKELY : NO_COMMAND;
  return looksLikeFile(lower) || code === 0x24 || (code === 0x2a && (raw.length > 1 || index === 0))
    ? LIKELY
    : NO_COMMAND;
}

/** Where programs that anybody may write to lie, and where pages are served from. */
export const dropped: readonly string[] = ['/tmp', '/dev/shm', '/var/www', '/var/tmp'];

/** Arguments by which an administrator's program becomes an intruder's. */
function isIntrusion(name: string, lower: string): boolean {
  switch (name) {
    case 'nc':
    case 'ncat':
    case 'netcat':
      return lower === '--exec' || (isOptions(lower) && (lower.includes('e') || lower.includes('l') || lower === '-c'));
    case 'curl':
    case 'wget':
    case 'chmod':
      return dropped.some((folder) => lower.startsWith(folder)) || lower.startsWith('@/');
    case 'rm':
      return lower === '/' || lower === '/*' || lower === '--no-preserve-root';
    case 'find':
      return lower === '-4000' || lower === '-u=s' || lower === '/4000';
    case 'dd':
      return lower.startsWith('of=/dev/') || lower.startsWith('if=/dev/');
    case 'powershell':
    case 'pwsh':
      return lower.includes('://') || lower === 'iex';
    case 'certutil':
      return lower.endsWith('urlcache') || lower.endsWith('-decode');
    case 'bitsadmin':
      return lower === '/transfer';
    case 'mshta':
    case 'msiexec':
    case 'regsvr32':
    case 'rundll32':
      return (
        lower.includes('http:') || lower.includes('https:') || lower.startsWith('\\\\') || lower.includes('script:')
      );
    case 'net':
    case 'net1':
      return lower === '/add';
    default:
      return false;
  }
}

/** Letters behind one dash. */
function isOptions(lower: string): boolean {
  if (lower.charCodeAt(0) !== 0x2d || lower.length > 8) return false;
  for (let at = 1; at < lower.length; at++) if (!isLetter(lower.charCodeAt(at))) return false;
  return lower.length > 1;
}

function isQuoted(raw: string): boolean {
  return raw.startsWith("'") || raw.startsWith('"');
}

/** How surely the argument of a runner is a command of its own. */
function rankRun(word: string): number {
  const name = commandName(word);
  if (name === '') return NO_COMMAND;
  return ASKING.has(name) || SHORT.has(name) || INTERPRETERS.has(name) ? SHAPED : LIKELY;
}

/** Whether a text in lower case names a file that only an intruder hands a command. */
export function holdsSecret(lower: string): boolean {
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

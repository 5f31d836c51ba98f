// Whether a value is plain prose, so that no detector could have anything to say: one look at its signs instead of one by each of them.

import { codesOf } from '../base/byte-codes.ts';
import { latin1 } from '../base/bytes.ts';
import type { Subject } from './detectors/detection.ts';
import { SignSet } from './detectors/detection-signs.ts';
import { loneSinks, sinks } from './detectors/html-words.ts';
import { detectShell } from './detectors/shell.ts';
import { mayCommand } from './detectors/shell-scan.ts';
import { isNoSql } from './detectors/sql.ts';
import { HashedWords, lettersEnd } from './detectors/sql-hashed.ts';
import { mayBeSqlSentence } from './detectors/sql-prose.ts';
import { SEMICOLON_SEEN, sqlMarks } from './detectors/sql-scan.ts';
import { signSet } from './detectors.ts';

// What a character may be. Everything that is none of these makes a value one for the detectors.
const LETTER = 1;
const DIGIT = 2;
const BLANK = 3;
/** `, ! ?`: signs that mean nothing outside of prose, wherever they stand. */
const COMMA = 4;
/** `.` and `:`, which end a sentence or a part of one: a blank follows. */
const STOP = 5;
const SEMICOLON = 6;
const DASH = 7;
const OPEN = 8;
const CLOSE = 9;
const APOSTROPHE = 10;
/** A letter of another alphabet of Europe. */
const ACCENTED = 11;

const kinds: Uint8Array = kindTable();

function kindTable(): Uint8Array {
  const table = new Uint8Array(256);
  for (let code = 48; code < 58; code++) table[code] = DIGIT;
  for (let code = 97; code < 123; code++) table[code] = table[code - 32] = LETTER;
  // The signs among them are none of these.
  for (let code = 0xc0; code < 0x100; code++) if (code !== 0xd7 && code !== 0xf7) table[code] = ACCENTED;
  table[32] = BLANK;
  for (const [kind, signs] of [
    [COMMA, ',!?'],
    [STOP, '.:'],
    [SEMICOLON, ';'],
    [DASH, '-'],
    [OPEN, '('],
    [CLOSE, ')'],
    [APOSTROPHE, "'"],
  ] as const)
    for (const sign of signs) table[sign.charCodeAt(0)] = kind;
  return table;
}

/** Words that a bracket behind a blank would call in one language or another. */
const callable: ReadonlySet<string> = new Set([
  ...sinks,
  ...loneSinks,
  ...'system passthru shell_exec popen proc_open pcntl_exec exec assert create_function call_user_func call_user_func_array phpinfo'.split(
    ' ',
  ),
  ...'readfile highlight_file show_source fopen include require unlink scandir usort rename chmod symlink die exit echo printf'.split(
    ' ',
  ),
  ...'require if iif iex sleep benchmark count'.split(' '),
]);
const calls: HashedWords = HashedWords.of(callable);

/**
 * Whether the text is words, numbers and the punctuation of sentences, each where a sentence has it, without a sign of any
 * attack, and nothing to the detectors of commands and of SQL, which alone find words enough.
 */
export function isPlain(subject: Subject): boolean {
  const { text } = subject;
  const doubts = doubtsOf(codesOf(text), text.length);
  if ((doubts & ~HAS_ACCENTS) === 0) return true;
  if ((doubts & NO_SENTENCE) !== 0 || ((doubts & MAY_COMMAND) !== 0 && detectShell(text) !== null)) return false;
  return (doubts & MAY_QUERY) === 0 || isNoSql(text);
}

/** The same of the first `length` codes, a 0 behind them; false where one is no ASCII, and where the text must be looked at. */
export function isPlainly(codes: Buffer, length: number): boolean {
  return doubtsOf(codes, length) === 0;
}

// Why a text may be more than prose.
const NO_SENTENCE = 1;
/** What a shell might take for a command stands at its beginning or behind a semicolon. */
const MAY_COMMAND = 2;
/** Its words may be SQL. */
const MAY_QUERY = 4;
/** No doubt, but what may be folded first. */
const HAS_ACCENTS = 8;

/** The signs of detectors that a sentence could hold, which are few. */
const sentenceSigns: SignSet = new SignSet(signSet.texts.filter(mayStand));

const { automaton } = sentenceSigns;
/** From here on a step of it ends a sign. */
const ENDS = 0x8000;

/** Whether `sign` may stand in a sentence. */
function mayStand(sign: string): boolean {
  for (let at = 0; at < sign.length; at++) {
    const kind = kindAt(sign, at);
    const isLast = at === sign.length - 1;
    if (kind === 0 || (kind === STOP && !isLast && kindAt(sign, at + 1) !== BLANK)) return false;
    if (kind === OPEN && at > 0 && kindAt(sign, at - 1) !== BLANK) return false;
  }
  return true;
}

function kindAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code < 256 ? kinds[code]! : 0;
}

/** Reads a text once, with the scans of SQL and of commands and the signs of all others: what speaks against prose, 0 where nothing does. */
function doubtsOf(codes: Buffer, length: number): number {
  const { shift, next, columnOf } = automaton;
  if (!isWord(kinds[codes[0]!]!)) return NO_SENTENCE;
  let doubts = 0;
  let seen = 0;
  let apostrophe = -1;
  let isSpaced = false;
  let node = 0;
  let before = BLANK;
  for (let at = 0; ; at++) {
    let kind = kinds[codes[at]!]!;
    if (kind === LETTER) {
      const start = at;
      do {
        node = next[(node << shift) | columnOf[codes[at]!]!]!;
        if (node >= ENDS) return NO_SENTENCE;
        kind = kinds[codes[++at]!]!;
      } while (kind === LETTER);
      seen |= sqlMarks.marks(codes, start, at);
      before = LETTER;
    }
    if (at >= length) break;
    node = next[(node << shift) | columnOf[codes[at]!]!]!;
    if (node >= ENDS) return NO_SENTENCE;
    if (kind > COMMA || kind === 0) {
      if (kind === ACCENTED) {
        kind = LETTER;
        doubts |= HAS_ACCENTS;
      } else if (!isInPlace(codes, length, at, kind, before)) return NO_SENTENCE;
      else if (kind === APOSTROPHE) {
        if (apostrophe < 0) apostrophe = at;
      } else if (kind === SEMICOLON) {
        seen |= SEMICOLON_SEEN;
        if (mayCommand(codes, at + 1)) doubts |= MAY_COMMAND;
      }
    } else if (kind === BLANK) isSpaced = true;
    before = kind;
  }
  if (!isSpaced) return NO_SENTENCE;
  if (mayCommand(codes, 0)) doubts |= MAY_COMMAND;
  return mayBeSqlSentence(codes, length, seen, apostrophe) ? doubts | MAY_QUERY : doubts;
}

/** Whether the sign at `at`, behind a character of the kind `before`, stands where a sentence has it. */
function isInPlace(codes: Buffer, length: number, at: number, kind: number, before: number): boolean {
  switch (kind) {
    case STOP:
      return isBlankOrEnd(codes, length, at + 1);
    case SEMICOLON:
      // Because a number alone before it is what probes put there.
      if (before !== LETTER && !(before === DIGIT && isLetter(kinds[codes[0]!]!))) return false;
      return isBlankOrEnd(codes, length, at + 1);
    case DASH:
      // Because an option follows a blank, and two of them begin a comment.
      return before === LETTER || before === DIGIT || (before === BLANK && isBlankOrEnd(codes, length, at + 1));
    case OPEN:
      return at > 0 && before === BLANK && isWord(kinds[codes[at + 1]!]!) && !isCall(codes, at);
    case CLOSE:
      return before === LETTER || before === DIGIT;
    case APOSTROPHE:
      return before === LETTER && isLetter(kinds[codes[at + 1]!]!);
    default:
      return false;
  }
}

/** Whether what stands between blanks or brackets before the blanks before `open` would be called. */
function isCall(codes: Buffer, open: number): boolean {
  let end = open;
  while (end > 0 && codes[end - 1] === 32) end--;
  let start = end;
  while (start > 0 && codes[start - 1] !== 32) start--;
  while (codes[start] === 40) start++;
  return (
    calls.marks(codes, start, lettersEnd(codes, start)) !== 0 && callable.has(latin1(codes, start, end).toLowerCase())
  );
}

function isBlankOrEnd(codes: Buffer, length: number, at: number): boolean {
  return at >= length || codes[at] === 32;
}

function isLetter(kind: number): boolean {
  return kind === LETTER || kind === ACCENTED;
}

function isWord(kind: number): boolean {
  return isLetter(kind) || kind === DIGIT;
}

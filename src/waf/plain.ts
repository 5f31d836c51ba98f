// Whether a value is plain prose, so that no detector could have anything to say: one look at its signs instead of one by each of them.

import { codesOf } from '../base/byte-codes.ts';
import type { Subject } from './detectors/detection.ts';
import { SignSet } from './detectors/detection-signs.ts';
import { loneSinks, sinks } from './detectors/html-words.ts';
import { detectShell } from './detectors/shell.ts';
import { isNoSql } from './detectors/sql.ts';
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

const kinds: Uint8Array = kindTable();

function kindTable(): Uint8Array {
  const table = new Uint8Array(256);
  for (let code = 48; code < 58; code++) table[code] = DIGIT;
  for (let code = 97; code < 123; code++) table[code] = table[code - 32] = LETTER;
  // Letters of other alphabets of Europe; the signs among them are none of these.
  for (let code = 0xc0; code < 0x100; code++) if (code !== 0xd7 && code !== 0xf7) table[code] = LETTER;
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

/**
 * Whether the text is words, numbers and the punctuation of sentences, each where a sentence has it, without a sign of any
 * attack, and nothing to the detectors of commands and of SQL, which alone find words enough.
 */
export function isPlain(subject: Subject): boolean {
  const { text } = subject;
  if (!isSentence(text)) return false;
  if (sentenceSigns.find(text) !== null || detectShell(text) !== null) return false;
  return isNoSql(text);
}

/** The signs of detectors that a sentence could hold, which are few. */
const sentenceSigns: SignSet = new SignSet(signSet.texts.filter(mayStand));

/** Whether `sign` may stand in a text that `isSentence`. */
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

function isSentence(text: string): boolean {
  if (!isWord(text, 0) || !text.includes(' ')) return false;
  const codes = codesOf(text);
  const { length } = text;
  for (let at = 0; at < length; at++) {
    const kind = kinds[codes[at]!]!;
    if (kind > COMMA || kind === 0) {
      if (!isInPlace(text, at, kind, at === 0 ? BLANK : kinds[codes[at - 1]!]!)) return false;
    }
  }
  return true;
}

/** Whether the sign at `at`, behind a character of the kind `before`, stands where a sentence has it. */
function isInPlace(text: string, at: number, kind: number, before: number): boolean {
  switch (kind) {
    case STOP:
      return isBlankOrEnd(text, at + 1);
    case SEMICOLON:
      // Because a number alone before it is what probes put there.
      if (before !== LETTER && !(before === DIGIT && isLetter(text, 0))) return false;
      return isBlankOrEnd(text, at + 1);
    case DASH:
      // Because an option follows a blank, and two of them begin a comment.
      return before === LETTER || before === DIGIT || (before === BLANK && isBlankOrEnd(text, at + 1));
    case OPEN:
      return at > 0 && before === BLANK && !callable.has(wordBefore(text, at)) && isWord(text, at + 1);
    case CLOSE:
      return before === LETTER || before === DIGIT;
    case APOSTROPHE:
      return before === LETTER && isLetter(text, at + 1);
    default:
      return false;
  }
}

/** What stands between blanks or brackets before the blanks before `open`, in lower case. */
function wordBefore(text: string, open: number): string {
  let end = open;
  while (end > 0 && text.charCodeAt(end - 1) === 32) end--;
  let start = end;
  while (start > 0 && text.charCodeAt(start - 1) !== 32) start--;
  while (text.charCodeAt(start) === 40) start++;
  return text.slice(start, end).toLowerCase();
}

function isBlankOrEnd(text: string, at: number): boolean {
  return at >= text.length || text.charCodeAt(at) === 32;
}

function isLetter(text: string, at: number): boolean {
  return at < text.length && kinds[text.charCodeAt(at) & 255] === LETTER && text.charCodeAt(at) < 256;
}

function isWord(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return isLetter(text, at) || (code >= 48 && code < 58);
}

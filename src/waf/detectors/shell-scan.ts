// The one cheap pass over every value: which marks of a shell are there, and whether a command may stand at one of them.

import { codesOf } from '../../base/byte-codes.ts';
import { latin1 } from '../../base/bytes.ts';
import { ASKING, CMDLETS, INTERPRETERS, KEYWORDS, POSIX, SHORT, WINDOWS } from './shell-words.ts';

/** A separator behind which a command may stand. */
export const COMMAND_BEHIND = 1;
/** A command may stand at the start of the value. */
export const COMMAND_FIRST = 2;
export const BACKQUOTE = 4;
export const DOLLAR = 8;
export const ANGLE = 16;
export const PERCENT = 32;
export const CARET = 64;

const SEPARATOR = 128;
// A blank, or what may stand for one: without it a value is one word, and no command with arguments.
const GAP = 256;
const slots = 4096;
const separators = ';|&\n\r';
const marks = ' `$<>%^\t{,';
const classes = classify();
const names = tabulate();

/** The bits above that hold for `value`. */
export function scanShell(value: string): number {
  const { length } = value;
  const codes = codesOf(value);
  let seen = length < minSought ? 0 : sought(value, codes);
  if (length < minSought)
    for (let at = 0; at < length; at++) {
      const kind = classes[codes[at]!]!;
      seen |= kind;
      if (kind === SEPARATOR && (seen & COMMAND_BEHIND) === 0 && mayCommand(codes, at + 1)) seen |= COMMAND_BEHIND;
    }
  seen &= ~SEPARATOR;
  if ((seen & GAP) === 0) return seen;
  seen &= ~GAP;
  return mayBegin(codes[0]!) && mayCommand(codes, 0) ? seen | COMMAND_FIRST : seen;
}

/** From this length on it is quicker to search for each mark than to look at each character. */
const minSought = 512;

/** What stands anywhere in `value`, a separator as such left out. */
function sought(value: string, codes: Buffer): number {
  let seen = 0;
  for (const mark of marks)
    if ((seen & classes[mark.charCodeAt(0)]!) !== classes[mark.charCodeAt(0)] && value.includes(mark))
      seen |= classes[mark.charCodeAt(0)]!;
  for (const mark of separators)
    for (let at = value.indexOf(mark); at >= 0 && (seen & COMMAND_BEHIND) === 0; at = value.indexOf(mark, at + 1))
      if (mayCommand(codes, at + 1)) seen |= COMMAND_BEHIND;
  return seen;
}

/** Whether a command at the start of a value may begin with `code`: not with a quote, as phrases and headers do. */
function mayBegin(code: number): boolean {
  return code !== 0x22 && code !== 0x27 && code !== 0x3f && code !== 0x2a && code !== 0x5b && code !== 0x40;
}

/** Whether `code` is ; | & or the end of a line. */
export function separates(code: number): boolean {
  return code < 256 && classes[code] === SEPARATOR;
}

/** Whether the word at `from`, in codes with a 0 behind the last, is a known command, or spelt as only a path or a hidden name is. */
export function mayCommand(codes: Buffer, from: number, mayAssign = true): boolean {
  let at = from;
  let code = codes[at]!;
  while (code === 0x20 || code === 0x09 || code === 0x0b || code === 0x0c) code = codes[++at]!;
  const start = at;
  let hash = 0;
  while (isNamePart(code)) {
    hash = (Math.imul(hash, 31) + (code | 32)) | 0;
    code = codes[++at]!;
  }
  // The 0 at the end of the value is no mark.
  if (hash === 0) return isUncommon(code);
  if (isUncommon(code) && code !== 0x28 && code !== 0x2f && code !== 0x2a && code !== 0x3f && code !== 0x25) {
    return code !== 0x2e || isKnown(hash) || isProgramEnding(codes, at + 1);
  }
  if (code === 0x3a) return at === start + 1 && (codes[at + 1]! === 0x5c || codes[at + 1]! === 0x2f);
  if (code === 0x3d) return mayAssign && isAssignment(codes, at);
  if (code === 0x2c || code === 0x28 || code === 0x2f) return false;
  return isKnown(hash);
}

/** Whether a value and a blank stand behind the `=` at `at`: a command may follow `X=1`. */
function isAssignment(codes: Buffer, at: number): boolean {
  for (let end = at + 1; end < at + 64; end++) {
    const code = codes[end]!;
    if (code === 0x20 || code === 0x09) return end > at + 1 && mayCommand(codes, end, false);
    if (!(code > 0x20) || code === 0x3b || code === 0x7c || code === 0x26) return false;
  }
  return false;
}

/** `exe`, `bat`, `cmd` or `ps1`, which make a file a program of Windows. */
function isProgramEnding(codes: Buffer, at: number): boolean {
  const ending = latin1(codes, at, at + 3).toLowerCase();
  return ending === 'exe' || ending === 'bat' || ending === 'cmd' || ending === 'ps1';
}

function isKnown(hash: number): boolean {
  let slot = (hash ^ (hash >>> 11)) & (slots - 1);
  while (names[slot] !== 0) {
    if (names[slot] === hash) return true;
    slot = (slot + 1) & (slots - 1);
  }
  return false;
}

function isNamePart(code: number): boolean {
  return (
    ((code | 32) >= 0x61 && (code | 32) <= 0x7a) || (code >= 0x30 && code <= 0x39) || code === 0x2d || code === 0x5f
  );
}

/** " $ % ' ( * . / ? @ [ \ ^ { ~ !: what hides a name, begins a path or groups commands. */
function isUncommon(code: number): boolean {
  switch (code) {
    case 0x21:
    case 0x22:
    case 0x24:
    case 0x25:
    case 0x27:
    case 0x28:
    case 0x2a:
    case 0x2e:
    case 0x2f:
    case 0x3f:
    case 0x40:
    case 0x5b:
    case 0x5c:
    case 0x5e:
    case 0x7b:
    case 0x7e:
      return true;
    default:
      return false;
  }
}

function classify(): Uint16Array {
  const table = new Uint16Array(256);
  for (const mark of separators) table[mark.charCodeAt(0)] = SEPARATOR;
  table[0x60] = BACKQUOTE;
  table[0x24] = DOLLAR | GAP;
  table[0x3c] = table[0x3e] = ANGLE | GAP;
  for (const mark of ' \t{,') table[mark.charCodeAt(0)] = GAP;
  table[0x25] = PERCENT;
  table[0x5e] = CARET;
  return table;
}

function tabulate(): Int32Array {
  const table = new Int32Array(slots);
  for (const name of [...POSIX, ...WINDOWS, ...ASKING, ...SHORT, ...INTERPRETERS, ...KEYWORDS, ...CMDLETS]) {
    let hash = 0;
    for (let at = 0; at < name.length; at++) hash = (Math.imul(hash, 31) + (name.charCodeAt(at) | 32)) | 0;
    let slot = (hash ^ (hash >>> 11)) & (slots - 1);
    while (table[slot] !== 0 && table[slot] !== hash) slot = (slot + 1) & (slots - 1);
    table[slot] = hash;
  }
  return table;
}

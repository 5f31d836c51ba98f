// A class in brackets: bytes, ranges, escapes, POSIX classes (pcre2pattern, "Square brackets and character classes").

import * as B from './byte-set.ts';
import type { Cursor } from './cursor.ts';
import { readBytesEscape } from './escapes.ts';

/** Reads the class whose `[` was just passed. Null after a problem. */
export function readClass(cursor: Cursor, ignoreCase: boolean): B.ByteSet | null {
  const open = cursor.at - 1;
  const negated = cursor.take('^');
  const set = new Uint32Array(8);
  for (let isFirst = true; isFirst || cursor.peek() !== ']'; isFirst = false) {
    if (cursor.atEnd) return cursor.fail(open, 'this class is never closed', 'write \\[ for the bracket itself');
    const from = cursor.at;
    const low = readMember(cursor);
    if (low === null) return null;
    if (typeof low === 'number' && isRange(cursor)) {
      cursor.at++;
      const high = readMember(cursor);
      if (high === null) return null;
      if (typeof high !== 'number') {
        // Because PCRE before version 2 reads the hyphen before a kind of bytes as itself, and rules are written for both.
        include(set, low);
        include(set, 45);
        include(set, high);
      } else if (high < low) {
        const text = cursor.source.slice(from, cursor.at);
        return cursor.fail(from, `the range ${text} runs backwards`, 'write the lower byte first', cursor.at - from);
      } else include(set, B.range(low, high));
    } else include(set, low);
  }
  if (cursor.problem !== null) return null;
  cursor.at++;
  const folded = ignoreCase ? B.foldCase(set) : set;
  return negated ? B.complement(folded) : folded;
}

function include(set: B.ByteSet, what: number | B.ByteSet): void {
  if (typeof what === 'number') B.add(set, what);
  else for (let word = 0; word < 8; word++) set[word]! |= what[word]!;
}

/** Whether a hyphen stands here that has something to its right to reach to. */
function isRange(cursor: Cursor): boolean {
  return cursor.peek() === '-' && cursor.peek(1) !== ']' && cursor.peek(1) !== '';
}

/** One member: a byte, or a kind of bytes. Null after a problem. */
function readMember(cursor: Cursor): number | B.ByteSet | null {
  const from = cursor.at;
  const letter = cursor.peek();
  if (letter === '[' && /[:.=]/.test(cursor.peek(1))) {
    const named = readPosix(cursor);
    if (named !== undefined) return named;
  }
  cursor.at++;
  if (letter !== '\\') {
    const code = letter.charCodeAt(0);
    if (code <= 255) return code;
    return cursor.fail(from, 'this is no byte', 'write its UTF-8 bytes as \\xHH, outside of a class');
  }
  const escaped = readBytesEscape(cursor, true);
  if (escaped !== null) return 'byte' in escaped ? escaped.byte : escaped.set;
  if (cursor.problem !== null) return null;
  const word = cursor.peek();
  if (word === 'b') {
    cursor.at++;
    return 8;
  }
  if (word === 'Q' || word === 'E') return readQuoted(cursor);
  return cursor.fail(from, `\\${word} has no meaning in a class`, `write ${word} for the character itself`, 2);
}

/** `\Q…\E` within a class, and a lone `\E`, which says nothing. */
function readQuoted(cursor: Cursor): B.ByteSet {
  const isQuote = cursor.peek() === 'Q';
  cursor.at++;
  if (!isQuote) return new Uint32Array(8);
  return B.bytesOf(cursor.takeUntil('\\E') ?? '');
}

/** `[:name:]`; undefined where the bracket is only a bracket. */
function readPosix(cursor: Cursor): B.ByteSet | null | undefined {
  const found = /^\[([:.=])(\^?)([a-z]*)\1\]/.exec(cursor.source.slice(cursor.at, cursor.at + 24));
  if (found === null) return undefined;
  const [whole, mark, not, name] = found as unknown as [string, string, string, string];
  const from = cursor.at;
  cursor.at += whole.length;
  if (mark === ':' && Object.hasOwn(B.posix, name)) {
    const set = B.posix[name]!;
    return not === '' ? set : B.complement(set);
  }
  const says = mark === ':' ? `there is no POSIX class ${name}` : 'collating elements are not supported';
  return cursor.fail(from, says, `one of ${Object.keys(B.posix).join(', ')}`, whole.length);
}

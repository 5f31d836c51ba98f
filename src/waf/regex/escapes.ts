// What stands behind a backslash, inside a class and outside (pcre2pattern, "Backslash").

import * as B from './byte-set.ts';
import type { Cursor } from './cursor.ts';

const controls: Readonly<Record<string, number>> = { a: 7, e: 27, f: 12, n: 10, r: 13, t: 9 };

const kinds: Readonly<Record<string, B.ByteSet>> = {
  d: B.digits,
  D: B.complement(B.digits),
  w: B.words,
  W: B.complement(B.words),
  s: B.spaces,
  S: B.complement(B.spaces),
  h: B.horizontal,
  H: B.complement(B.horizontal),
  v: B.vertical,
  V: B.complement(B.vertical),
};

const octalDigits = '01234567';
const hexDigits = '0123456789abcdefABCDEF';

/** What an escape stands for: one byte, a kind of bytes, or null after a problem or where it is none of both. */
export type Escaped = { readonly byte: number } | { readonly set: B.ByteSet } | null;

/**
 * Reads the escape whose backslash was just passed, if it stands for bytes. Other escapes (`\b`, `\1`, `\Q`) are left
 * where they are and null is returned; so is null after a problem.
 */
export function readBytesEscape(cursor: Cursor, inClass: boolean): Escaped {
  const offset = cursor.at - 1;
  if (cursor.atEnd)
    return cursor.fail(offset, 'the pattern ends with a backslash', 'write \\\\ for the backslash itself');
  const letter = cursor.peek();
  if (!isAlphanumeric(letter.charCodeAt(0))) {
    if (letter.charCodeAt(0) > 255) return cursor.fail(offset, 'this is no byte', 'write its UTF-8 bytes as \\xHH');
    return advance(cursor, { byte: letter.charCodeAt(0) });
  }
  if (Object.hasOwn(kinds, letter)) return advance(cursor, { set: kinds[letter]! });
  if (Object.hasOwn(controls, letter)) return advance(cursor, { byte: controls[letter]! });
  if (letter === 'x') return readHex(cursor, offset);
  if (letter === 'o') return readOctalBraces(cursor, offset);
  if (letter === 'c') return readControl(cursor, offset);
  if (letter === '0' || (inClass && octalDigits.includes(letter))) return readOctal(cursor, offset, 3);
  if (letter === 'N' && !inClass && cursor.peek(1) !== '{') return advance(cursor, { set: B.complement(B.single(10)) });
  if (letter === 'p' || letter === 'P')
    return cursor.fail(
      offset,
      'Unicode properties read characters, and values here are bytes',
      'use a class of bytes',
      2,
    );
  return null;
}

function isAlphanumeric(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57);
}

function advance(cursor: Cursor, result: Escaped): Escaped {
  cursor.at++;
  return result;
}

function readHex(cursor: Cursor, offset: number): Escaped {
  cursor.at++;
  if (!cursor.take('{')) {
    const text = cursor.takeAll(hexDigits, 2);
    return { byte: text === '' ? 0 : Number.parseInt(text, 16) };
  }
  const text = cursor.takeAll(hexDigits);
  if (!cursor.take('}') || text === '')
    return cursor.fail(offset, '\\x{ has no hexadecimal number and closing brace', 'write \\xHH');
  return inByte(cursor, offset, Number.parseInt(text, 16));
}

function readOctalBraces(cursor: Cursor, offset: number): Escaped {
  cursor.at++;
  const text = cursor.take('{') ? cursor.takeAll(octalDigits) : '';
  if (text === '' || !cursor.take('}'))
    return cursor.fail(offset, '\\o needs an octal number in braces', 'write \\xHH');
  return inByte(cursor, offset, Number.parseInt(text, 8));
}

/** Reads up to `most` octal digits at the cursor as a byte. */
export function readOctal(cursor: Cursor, offset: number, most: number): Escaped {
  return inByte(cursor, offset, Number.parseInt(cursor.takeAll(octalDigits, most), 8));
}

function readControl(cursor: Cursor, offset: number): Escaped {
  const code = cursor.source.charCodeAt(cursor.at + 1);
  if (!(code >= 32 && code <= 126))
    return cursor.fail(offset, '\\c needs a printable ASCII character behind it', 'write \\xHH', 2);
  cursor.at += 2;
  return { byte: (code >= 97 && code <= 122 ? code - 32 : code) ^ 64 };
}

function inByte(cursor: Cursor, offset: number, value: number): Escaped {
  if (value <= 255) return { byte: value };
  return cursor.fail(
    offset,
    'values are bytes, and this number is above 255',
    'write the UTF-8 bytes of the character as \\xHH, one after another',
    cursor.at - offset,
  );
}

// Escapes of languages: jsDecode, cssDecode, escapeSeqDecode, sqlHexDecode.

import { ANY, BACKSLASH, DIGIT } from '../marks.ts';
import { fold, hexRun } from './percent.ts';
import { Bytes, hexValue, isWhite, type Transformation } from './transformation.ts';

/** Undoes the escapes of JavaScript strings. */
export const jsDecode: Transformation = {
  says: 'Decodes \\uHHHH (low byte, full-width letters to ASCII), \\xHH, \\OOO and the one-letter escapes of JavaScript.',
  changes: BACKSLASH,
  examples: [
    ['\\u0061\\uff1c', 'a<'],
    ['\\x41\\101\\n', 'AA\n'],
    ["\\'\\\\", "'\\"],
    ['\\xzz\\u12', 'xzzu12'],
    ['\\', '\\'],
    ['\\400', ' 0'],
  ],
  apply(value) {
    if (!value.includes('\\')) return value;
    const bytes = new Bytes(value.length);
    for (let index = 0; index < value.length; ) index = jsStep(value, index, bytes);
    return bytes.toString();
  },
};

function jsStep(value: string, index: number, bytes: Bytes): number {
  const code = value.charCodeAt(index);
  if (code !== 92 || index + 1 >= value.length) {
    bytes.add(code);
    return index + 1;
  }
  const next = value.charCodeAt(index + 1);
  const unit = next === 117 ? hexRun(value, index + 2, 4) : -1;
  if (unit >= 0) {
    bytes.add(fold(unit));
    return index + 6;
  }
  const byte = next === 120 ? hexRun(value, index + 2, 2) : -1;
  if (byte >= 0) {
    bytes.add(byte);
    return index + 4;
  }
  const digits = octalDigits(value, index + 1, 3);
  if (digits > 0) {
    // Because three digits above \377 are no byte: the third then stands for itself.
    const count = digits === 3 && next > 51 ? 2 : digits;
    bytes.add(Number.parseInt(value.slice(index + 1, index + 1 + count), 8));
    return index + 1 + count;
  }
  bytes.add(plainEscape(next));
  return index + 2;
}

function octalDigits(value: string, from: number, most: number): number {
  let count = 0;
  while (count < most && isOctal(value.charCodeAt(from + count))) count++;
  return count;
}

function isOctal(code: number): boolean {
  return code >= 48 && code <= 55;
}

/** What a letter after a backslash means; others mean themselves. */
function plainEscape(code: number): number {
  const index = 'abfnrtv'.indexOf(String.fromCharCode(code));
  return index < 0 ? code : [7, 8, 12, 10, 13, 9, 11][index]!;
}

/** Undoes the escapes of C strings. */
export const escapeSeqDecode: Transformation = {
  says: 'Decodes the escapes of C: \\a \\b \\f \\n \\r \\t \\v \\\\ \\? \\\' \\" \\xHH \\0OOO; others stay as they are.',
  changes: BACKSLASH,
  examples: [
    ['\\x41\\101\\n', 'AA\n'],
    ['\\\\\\"', '\\"'],
    ['\\q', '\\q'],
    ['a\\', 'a\\'],
    ['\\0', '\0'],
  ],
  apply(value) {
    if (!value.includes('\\')) return value;
    const bytes = new Bytes(value.length);
    for (let index = 0; index < value.length; ) index = cStep(value, index, bytes);
    return bytes.toString();
  },
};

function cStep(value: string, index: number, bytes: Bytes): number {
  const code = value.charCodeAt(index);
  if (code !== 92 || index + 1 >= value.length) {
    bytes.add(code);
    return index + 1;
  }
  const next = value.charCodeAt(index + 1);
  const simple = 'abfnrtv\\?\'"'.indexOf(String.fromCharCode(next));
  if (simple >= 0) {
    bytes.add([7, 8, 12, 10, 13, 9, 11, 92, 63, 39, 34][simple]!);
    return index + 2;
  }
  if ((next | 32) === 120) {
    const byte = hexRun(value, index + 2, 2);
    if (byte >= 0) {
      bytes.add(byte);
      return index + 4;
    }
  }
  const digits = octalDigits(value, index + 1, 3);
  if (digits > 0) {
    bytes.add(Number.parseInt(value.slice(index + 1, index + 1 + digits), 8) & 255);
    return index + 1 + digits;
  }
  bytes.add(92);
  bytes.add(next);
  return index + 2;
}

/** Undoes the escapes of CSS 2. */
export const cssDecode: Transformation = {
  says: 'Decodes CSS escapes of one to six hexadecimal digits (low byte, full-width letters to ASCII) and drops other backslashes.',
  changes: BACKSLASH,
  examples: [
    ['\\61 b', 'ab'],
    ['\\000061c', 'ac'],
    ['ja\\vascript', 'javascript'],
    ['a\\\nb', 'ab'],
    ['\\', ''],
    ['\\ff1c', '<'],
  ],
  apply(value) {
    if (!value.includes('\\')) return value;
    const bytes = new Bytes(value.length);
    for (let index = 0; index < value.length; ) index = cssStep(value, index, bytes);
    return bytes.toString();
  },
};

function cssStep(value: string, index: number, bytes: Bytes): number {
  const code = value.charCodeAt(index);
  if (code !== 92) {
    bytes.add(code);
    return index + 1;
  }
  let at = index + 1;
  if (at >= value.length) return at;
  let count = 0;
  while (count < 6 && hexValue(value.charCodeAt(at + count)) >= 0) count++;
  if (count === 0) {
    const next = value.charCodeAt(at);
    // Because a line that ends in a backslash goes on in the next (CSS 2.1 4.1.3).
    if (next !== 10) bytes.add(next);
    return at + 1;
  }
  const digits = value.slice(at, at + count);
  const unit = Number.parseInt(digits.slice(-4), 16);
  const isFull = count >= 4 && Number.parseInt(digits, 16) >= 0xff01 && Number.parseInt(digits, 16) <= 0xff5e;
  bytes.add(isFull ? fold(unit) : unit & 0xff);
  at += count;
  return at < value.length && isWhite(value.charCodeAt(at)) ? at + 1 : at;
}

/** Undoes `0x…` of SQL. */
export const sqlHexDecode: Transformation = {
  says: 'Decodes SQL hexadecimal such as 0x414243.',
  changes: DIGIT & ANY,
  examples: [
    ['0x414243', 'ABC'],
    ['a 0x41 b', 'a A b'],
    ['0x4', '0x4'],
    ['0x4142g', 'ABg'],
  ],
  apply(value) {
    if (!value.includes('0x') && !value.includes('0X')) return value;
    const bytes = new Bytes(value.length);
    for (let index = 0; index < value.length; ) {
      const isHex = value[index] === '0' && (value.charCodeAt(index + 1) | 32) === 120;
      let at = index + 2;
      let byte = isHex ? hexRun(value, at, 2) : -1;
      if (byte < 0) {
        bytes.add(value.charCodeAt(index++));
        continue;
      }
      for (; byte >= 0; byte = hexRun(value, at, 2)) {
        bytes.add(byte);
        at += 2;
      }
      index = at;
    }
    return bytes.toString();
  },
};

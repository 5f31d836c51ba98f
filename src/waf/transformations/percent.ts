// URL encodings: urlDecode, urlDecodeUni, urlEncode.

import { ANY, PERCENT, PLUS } from '../marks.ts';
import { Bytes, hexValue, type Transformation } from './transformation.ts';

/** Undoes `%HH` and `+`. */
export const urlDecode: Transformation = {
  says: 'Decodes %HH and turns + into a space; a broken encoding stays as it is.',
  changes: PERCENT | PLUS,
  examples: [
    ['', ''],
    ['a+b%20c', 'a b c'],
    ['%41%zz%4', 'A%zz%4'],
    ['%00%ff', '\0\xff'],
  ],
  apply: (value) => decode(value, false),
};

/** Undoes `%HH`, `%uHHHH` and `+`. */
export const urlDecodeUni: Transformation = {
  says: 'As urlDecode, and decodes %uHHHH: to its low byte, full-width letters to ASCII.',
  changes: PERCENT | PLUS,
  examples: [
    ['%u0041%u003c', 'A<'],
    ['%uff1cscript%uFF1E', '<script>'],
    ['%u004', '%u004'],
    ['%u12', '%u12'],
    ['a+b', 'a b'],
    ['%', '%'],
  ],
  apply: (value) => decode(value, true),
  mapped: (map) => ({ ...urlDecodeUni, apply: (value) => decode(value, true, map) }),
};

/** Encodes what is no letter, digit or `*-._`. */
export const urlEncode: Transformation = {
  says: 'Encodes everything but letters, digits and * - . _ as %hh; a space becomes +.',
  changes: ANY,
  examples: [
    ['a b', 'a+b'],
    ['<\xff', '%3c%ff'],
    ['a-b.c_d*', 'a-b.c_d*'],
  ],
  apply(value) {
    let encoded = '';
    for (let index = 0; index < value.length; index++) {
      const code = value.charCodeAt(index);
      if (code === 32) encoded += '+';
      else if (isUnreserved(code)) encoded += value[index];
      else encoded += `%${code.toString(16).padStart(2, '0')}`;
    }
    return encoded;
  },
};

function isUnreserved(code: number): boolean {
  const lower = code | 32;
  const isLetter = lower >= 97 && lower <= 122;
  return isLetter || (code >= 48 && code <= 57) || code === 42 || code === 45 || code === 46 || code === 95;
}

function decode(value: string, isUnicode: boolean, map: ReadonlyMap<number, number> | null = null): string {
  let start = 0;
  for (; start < value.length; start++) {
    const code = value.charCodeAt(start);
    if (code === 37 || code === 43) break;
  }
  if (start === value.length) return value;
  const bytes = new Bytes(value.length);
  bytes.addText(value.slice(0, start));
  for (let index = start; index < value.length; ) {
    const code = value.charCodeAt(index);
    if (code === 43) {
      bytes.add(32);
      index++;
    } else if (code !== 37) {
      bytes.add(code);
      index++;
    } else if (isUnicode && (value.charCodeAt(index + 1) | 32) === 117) {
      const unit = hexRun(value, index + 2, 4);
      if (unit < 0) {
        bytes.add(37);
        index++;
      } else {
        bytes.add(map?.get(unit) ?? fold(unit));
        index += 6;
      }
    } else {
      const byte = hexRun(value, index + 1, 2);
      bytes.add(byte < 0 ? 37 : byte);
      index += byte < 0 ? 1 : 3;
    }
  }
  return bytes.toString();
}

/** The number that `count` hexadecimal digits from `from` make, or -1. */
export function hexRun(value: string, from: number, count: number): number {
  if (from + count > value.length) return -1;
  let number = 0;
  for (let index = from; index < from + count; index++) {
    const digit = hexValue(value.charCodeAt(index));
    if (digit < 0) return -1;
    number = number * 16 + digit;
  }
  return number;
}

/** One byte for a UTF-16 unit: full-width forms (FF01–FF5E) are the ASCII they look like, of others the low byte is left. */
export function fold(unit: number): number {
  return unit >= 0xff01 && unit <= 0xff5e ? (unit & 0xff) + 0x20 : unit & 0xff;
}

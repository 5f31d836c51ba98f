// URL encodings: urlDecode, urlDecodeUni, urlEncode.

import type { Codes } from '../codes.ts';
import { ANY, PERCENT, PLUS } from '../marks.ts';
import { byTurning, hexValue, type Transformation } from './transformation.ts';

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
  apply: byTurning(decoding(false)),
  turn: decoding(false),
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
  apply: byTurning(decoding(true)),
  turn: decoding(true),
  mapped(map) {
    const turn = decoding(true, map);
    return { ...urlDecodeUni, apply: byTurning(turn), turn };
  },
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

type Turn = (from: Codes, to: Codes) => boolean;

function decoding(isUnicode: boolean, map: ReadonlyMap<number, number> | null = null): Turn {
  return ({ list, length }, to) => {
    const kept = to.reserve(length);
    let count = 0;
    for (let index = 0; index < length; ) {
      const code = list[index]!;
      if (code !== 37) {
        kept[count++] = code === 43 ? 32 : code;
        index++;
      } else if (isUnicode && index + 1 < length && (list[index + 1]! | 32) === 117) {
        const unit = hexIn(list, index + 2, 4, length);
        kept[count++] = unit < 0 ? 37 : (map?.get(unit) ?? fold(unit)) & 255;
        index += unit < 0 ? 1 : 6;
      } else {
        const byte = hexIn(list, index + 1, 2, length);
        kept[count++] = byte < 0 ? 37 : byte;
        index += byte < 0 ? 1 : 3;
      }
    }
    to.length = count;
    return true;
  };
}

function hexIn(list: Uint16Array, from: number, count: number, length: number): number {
  if (from + count > length) return -1;
  let number = 0;
  for (let index = from; index < from + count; index++) {
    const digit = hexValue(list[index]!);
    if (digit < 0) return -1;
    number = number * 16 + digit;
  }
  return number;
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

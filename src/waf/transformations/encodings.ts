// Base64, hexadecimal and UTF-8: base64Decode, base64DecodeExt, base64Encode, hexDecode, hexEncode, utf8toUnicode.

import type { Codes } from '../codes.ts';
import { ANY, HIGH } from '../marks.ts';
import { hexRun } from './percent.ts';
import { Bytes, byTurning, type Transformation } from './transformation.ts';

/** Undoes Base64 up to the first character that is none. */
export const base64Decode: Transformation = {
  says: 'Decodes Base64 up to the first character that is none of its alphabet.',
  changes: ANY,
  examples: [
    ['VGVzdA==', 'Test'],
    ['VGVzdA', 'Test'],
    ['', ''],
    ['VGVz!dA==', 'Tes'],
    ['/w==', '\xff'],
  ],
  apply: byTurning(base64(false)),
  turn: base64(false),
};

/** Undoes Base64 and skips what is none. */
export const base64DecodeExt: Transformation = {
  says: 'Decodes Base64 and skips every character that is none of its alphabet.',
  changes: ANY,
  examples: [
    ['VG Vz.dA==', 'Test'],
    ['V G V z d A', 'Test'],
  ],
  apply: byTurning(base64(true)),
  turn: base64(true),
};

function base64(isForgiving: boolean): (from: Codes, to: Codes) => boolean {
  return ({ list, length }, to) => {
    const bytes = to.reserve(length);
    let made = 0;
    let bits = 0;
    let count = 0;
    for (let index = 0; index < length; index++) {
      const digit = base64Digit(list[index]!);
      if (digit < 0) {
        if (isForgiving) continue;
        break;
      }
      bits = ((bits << 6) | digit) & 0xffffff;
      count += 6;
      if (count < 8) continue;
      count -= 8;
      bytes[made++] = (bits >> count) & 0xff;
    }
    to.length = made;
    return true;
  };
}

function base64Digit(code: number): number {
  if (code >= 65 && code <= 90) return code - 65;
  if (code >= 97 && code <= 122) return code - 71;
  if (code >= 48 && code <= 57) return code + 4;
  if (code === 43) return 62;
  return code === 47 ? 63 : -1;
}

/** Base64 of the value. */
export const base64Encode: Transformation = {
  says: 'Encodes as Base64.',
  changes: ANY,
  examples: [
    ['Test\xff', 'VGVzdP8='],
    ['', ''],
  ],
  apply: (value) => Buffer.from(value, 'latin1').toString('base64'),
};

/** Undoes two hexadecimal digits a byte. */
export const hexDecode: Transformation = {
  says: 'Decodes pairs of hexadecimal digits up to the first that is none.',
  changes: ANY,
  examples: [
    ['4142', 'AB'],
    ['414', 'A'],
    ['zz', ''],
  ],
  apply(value) {
    const bytes = new Bytes(value.length);
    for (let index = 0; ; index += 2) {
      const byte = hexRun(value, index, 2);
      if (byte < 0) return bytes.toString();
      bytes.add(byte);
    }
  },
};

/** Two hexadecimal digits a byte. */
export const hexEncode: Transformation = {
  says: 'Encodes every byte as two hexadecimal digits.',
  changes: ANY,
  examples: [['A\xff\0', '41ff00']],
  apply: (value) => Buffer.from(value, 'latin1').toString('hex'),
};

/** `%uHHHH` for each character of several bytes. */
export const utf8toUnicode: Transformation = {
  says: 'Turns every UTF-8 character of several bytes into %uhhhh; broken sequences stay as they are.',
  changes: HIGH,
  examples: [
    ['\xc3\xa4a', '%u00e4a'],
    ['\xef\xbc\x9c', '%uff1c'],
    ['\xc3', '\xc3'],
    ['\xc0\xaf', '%u002f'],
    ['\xf0\x9f\x98\x80', '%u1f600'],
  ],
  apply(value) {
    let result = '';
    for (let index = 0; index < value.length; ) {
      const code = value.charCodeAt(index);
      const length = code < 0xc0 ? 1 : code < 0xe0 ? 2 : code < 0xf0 ? 3 : code < 0xf8 ? 4 : 1;
      const point = length === 1 ? -1 : pointAt(value, index, length);
      if (point < 0) {
        result += value[index++];
        continue;
      }
      result += `%u${point.toString(16).padStart(4, '0')}`;
      index += length;
    }
    return result;
  },
};

function pointAt(value: string, from: number, length: number): number {
  if (from + length > value.length) return -1;
  let point = value.charCodeAt(from) & (0xff >> (length + 1));
  for (let index = from + 1; index < from + length; index++) {
    const code = value.charCodeAt(index);
    if ((code & 0xc0) !== 0x80) return -1;
    point = (point << 6) | (code & 0x3f);
  }
  return point;
}

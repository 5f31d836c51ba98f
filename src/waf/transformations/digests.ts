// Digests as SecLang knows them: md5 (RFC 1321) and sha1 (RFC 3174). For comparing, not for keeping secrets.

import { ANY } from '../marks.ts';
import type { Transformation } from './transformation.ts';

/** The 16 bytes of MD5. */
export const md5: Transformation = {
  says: 'Turns the value into its MD5 digest, 16 raw bytes.',
  changes: ANY,
  examples: [
    ['', '\xd4\x1d\x8c\xd9\x8f\x00\xb2\x04\xe9\x80\x09\x98\xec\xf8\x42\x7e'],
    ['abc', '\x90\x01\x50\x98\x3c\xd2\x4f\xb0\xd6\x96\x3f\x7d\x28\xe1\x7f\x72'],
  ],
  apply: (value) => {
    const words = padded(value, true);
    const state = Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476);
    for (let at = 0; at < words.length; at += 16) md5Block(state, words, at);
    return output(state, true);
  },
};

/** The 20 bytes of SHA-1. */
export const sha1: Transformation = {
  says: 'Turns the value into its SHA-1 digest, 20 raw bytes.',
  changes: ANY,
  examples: [
    ['', '\xda\x39\xa3\xee\x5e\x6b\x4b\x0d\x32\x55\xbf\xef\x95\x60\x18\x90\xaf\xd8\x07\x09'],
    ['abc', '\xa9\x99\x3e\x36\x47\x06\x81\x6a\xba\x3e\x25\x71\x78\x50\xc2\x6c\x9c\xd0\xd8\x9d'],
  ],
  apply: (value) => {
    const words = padded(value, false);
    const state = Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0);
    for (let at = 0; at < words.length; at += 16) sha1Block(state, words, at);
    return output(state, false);
  },
};

/** The value with its 0x80, zeros and length in bits, as words. */
function padded(value: string, isLittle: boolean): Int32Array {
  const blocks = ((value.length + 8) >> 6) + 1;
  const words = new Int32Array(blocks * 16);
  const put = (index: number, byte: number) => {
    const shift = isLittle ? (index & 3) * 8 : 24 - (index & 3) * 8;
    words[index >> 2]! |= byte << shift;
  };
  for (let index = 0; index < value.length; index++) put(index, value.charCodeAt(index) & 255);
  put(value.length, 0x80);
  const bits = value.length * 8;
  words[words.length - (isLittle ? 2 : 1)] = bits | 0;
  words[words.length - (isLittle ? 1 : 2)] = Math.floor(bits / 2 ** 32);
  return words;
}

function output(state: Int32Array, isLittle: boolean): string {
  let text = '';
  for (const word of state)
    for (let index = 0; index < 4; index++)
      text += String.fromCharCode((word >>> (isLittle ? index * 8 : 24 - index * 8)) & 255);
  return text;
}

const md5Shifts: readonly number[] = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];
const md5Sines: Int32Array = Int32Array.from({ length: 64 }, (_, index) =>
  Math.floor(Math.abs(Math.sin(index + 1)) * 2 ** 32),
);

function md5Block(state: Int32Array, words: Int32Array, at: number): void {
  let [a, b, c, d] = state as unknown as [number, number, number, number];
  for (let step = 0; step < 64; step++) {
    const round = step >> 4;
    const [mixed, word] =
      round === 0
        ? [(b & c) | (~b & d), step]
        : round === 1
          ? [(d & b) | (~d & c), (5 * step + 1) & 15]
          : round === 2
            ? [b ^ c ^ d, (3 * step + 5) & 15]
            : [c ^ (b | ~d), (7 * step) & 15];
    const sum = (a + mixed + md5Sines[step]! + words[at + word]!) | 0;
    a = d;
    d = c;
    c = b;
    b = (b + turned(sum, md5Shifts[round * 4 + (step & 3)]!)) | 0;
  }
  state[0] = state[0]! + a;
  state[1] = state[1]! + b;
  state[2] = state[2]! + c;
  state[3] = state[3]! + d;
}

function sha1Block(state: Int32Array, words: Int32Array, at: number): void {
  const schedule = new Int32Array(80);
  for (let step = 0; step < 80; step++)
    schedule[step] =
      step < 16
        ? words[at + step]!
        : turned(schedule[step - 3]! ^ schedule[step - 8]! ^ schedule[step - 14]! ^ schedule[step - 16]!, 1);
  let [a, b, c, d, e] = state as unknown as [number, number, number, number, number];
  for (let step = 0; step < 80; step++) {
    const [mixed, constant] =
      step < 20
        ? [(b & c) | (~b & d), 0x5a827999]
        : step < 40
          ? [b ^ c ^ d, 0x6ed9eba1]
          : step < 60
            ? [(b & c) | (b & d) | (c & d), 0x8f1bbcdc]
            : [b ^ c ^ d, 0xca62c1d6];
    const sum = (turned(a, 5) + mixed + e + constant + schedule[step]!) | 0;
    e = d;
    d = c;
    c = turned(b, 30);
    b = a;
    a = sum;
  }
  state[0] = state[0]! + a;
  state[1] = state[1]! + b;
  state[2] = state[2]! + c;
  state[3] = state[3]! + d;
  state[4] = state[4]! + e;
}

function turned(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

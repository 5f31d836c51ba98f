// Operators that check how a value is written: validateByteRange, validateUrlEncoding, validateUtf8Encoding.

import { HIGH, markOfByte, PERCENT } from '../marks.ts';
import type { BuiltOperator, Fault } from './operator.ts';

function built(says: string, build: BuiltOperator['build'], examples: BuiltOperator['examples']): BuiltOperator {
  return { kind: 'built', says, build, examples };
}

export const validateByteRange: BuiltOperator = built(
  'The value has a byte outside of the ranges.',
  (argument) => {
    const allowed = new Uint8Array(256);
    for (const part of argument.split(',')) {
      const fault = allow(allowed, part.trim());
      if (fault !== null) return fault;
    }
    return {
      signs: markOfByte.reduce((marks, mark, byte) => (allowed[byte] === 0 ? marks | mark : marks), 0),
      test(value) {
        for (let index = 0; index < value.length; index++)
          if (allowed[value.charCodeAt(index) & 255] === 0) return true;
        return false;
      },
    };
  },
  [
    ['1-255', 'a\0', true],
    ['1-255', '\xff', false],
    ['32,65-90', 'A B', false],
    ['32,65-90', 'a', true],
    ['1-255', '', false],
  ],
);

function allow(allowed: Uint8Array, part: string): Fault | null {
  const [first = '', last = first] = part.split('-').map((text) => text.trim());
  const from = Number(first);
  const to = Number(last);
  if (first === '' || !Number.isInteger(from) || !Number.isInteger(to) || from < 0 || to > 255 || from > to)
    return {
      says: `"${part}" is no range of bytes`,
      instead: 'write numbers from 0 to 255 and ranges of them: 9,10,13,32-126',
    };
  allowed.fill(1, from, to + 1);
  return null;
}

export const validateUrlEncoding: BuiltOperator = built(
  'The value has a % that two hexadecimal digits do not follow.',
  () => ({
    signs: PERCENT,
    test(value) {
      for (let at = value.indexOf('%'); at >= 0; at = value.indexOf('%', at + 1))
        if (!isHex(value.charCodeAt(at + 1)) || !isHex(value.charCodeAt(at + 2))) return true;
      return false;
    },
  }),
  [
    ['', '%41', false],
    ['', '%4', true],
    ['', '100%', true],
    ['', '%zz', true],
    ['', '', false],
  ],
);

function isHex(code: number): boolean {
  const lower = code | 32;
  return (code >= 48 && code <= 57) || (lower >= 97 && lower <= 102);
}

export const validateUtf8Encoding: BuiltOperator = built(
  'The value is not well-formed UTF-8: cut off, overlong, a surrogate, or beyond U+10FFFF.',
  () => ({ signs: HIGH, test: (value) => !isUtf8(value) }),
  [
    ['', 'abc', false],
    ['', '\xc3\xa4', false],
    ['', '\xc3', true],
    ['', '\xc0\xaf', true],
    ['', '\xed\xa0\x80', true],
    ['', '\xf4\x90\x80\x80', true],
    ['', '\x80', true],
    ['', '', false],
  ],
);

/** RFC 3629 4. */
function isUtf8(value: string): boolean {
  for (let index = 0; index < value.length; ) {
    const first = value.charCodeAt(index++);
    if (first < 0x80) continue;
    const more =
      first >= 0xc2 && first <= 0xdf ? 1 : first >= 0xe0 && first <= 0xef ? 2 : first >= 0xf0 && first <= 0xf4 ? 3 : 0;
    if (more === 0) return false;
    const low = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
    const high = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
    for (let step = 0; step < more; step++) {
      const code = value.charCodeAt(index++);
      if (!(code >= (step === 0 ? low : 0x80) && code <= (step === 0 ? high : 0xbf))) return false;
    }
  }
  return true;
}

// Letters, length and parity: none, lowercase, uppercase, length, parityEven7bit, parityOdd7bit, parityZero7bit.

import { ANY, HIGH, LOWER, UPPER } from '../marks.ts';
import { Bytes, type Transformation } from './transformation.ts';

/** Nothing; as the first word it drops what SecDefaultAction says. */
export const none: Transformation = {
  says: 'Changes nothing; the transformations before it, those of SecDefaultAction too, are dropped.',
  changes: 0,
  examples: [['aB', 'aB']],
  apply: (value) => value,
};

/** ASCII capitals become small. */
export const lowercase: Transformation = {
  says: 'Turns A–Z into a–z; other bytes stay.',
  changes: UPPER,
  makes: LOWER,
  leaves: (marks) => ((marks & UPPER) === 0 ? marks : (marks & ~UPPER) | LOWER),
  isOfCase: true,
  examples: [
    ['AbC', 'abc'],
    ['\xc4\xd6', '\xc4\xd6'],
  ],
  apply: (value) => caseTurned(value, 65, 90),
  turn({ list, length }, to) {
    const lowered = to.reserve(length);
    for (let index = 0; index < length; index++) {
      const code = list[index]!;
      lowered[index] = code >= 65 && code <= 90 ? code | 32 : code;
    }
    return true;
  },
};

/** ASCII small letters become capitals. */
export const uppercase: Transformation = {
  says: 'Turns a–z into A–Z; other bytes stay.',
  changes: LOWER,
  makes: UPPER,
  isOfCase: true,
  examples: [['aB\xe4', 'AB\xe4']],
  apply: (value) => caseTurned(value, 97, 122),
};

function caseTurned(value: string, first: number, last: number): string {
  let isHigh = false;
  let start = -1;
  for (let index = 0; index < value.length; index++) {
    const code = value.charCodeAt(index);
    if (code > 127) isHigh = true;
    if (start < 0 && code >= first && code <= last) start = index;
  }
  if (start < 0) return value;
  // Because the engine's own conversion is the fastest, and right for ASCII alone.
  if (!isHigh) return first === 65 ? value.toLowerCase() : value.toUpperCase();
  const bytes = new Bytes(value.length);
  for (let index = 0; index < value.length; index++) {
    const code = value.charCodeAt(index);
    bytes.add(code >= first && code <= last ? code ^ 32 : code);
  }
  return bytes.toString();
}

/** How long it is. */
export const length: Transformation = {
  says: 'Turns the value into its length in bytes, as decimal digits.',
  changes: ANY,
  examples: [
    ['', '0'],
    ['ab\xff', '3'],
  ],
  apply: (value) => String(value.length),
};

/** An eighth bit that makes the number of ones even. */
export const parityEven7bit: Transformation = {
  says: 'Sets the eighth bit of each byte so that its ones are even.',
  changes: ANY,
  examples: [['ab', '\xe1\xe2']],
  apply: (value) => parity(value, 0),
};

/** An eighth bit that makes the number of ones odd. */
export const parityOdd7bit: Transformation = {
  says: 'Sets the eighth bit of each byte so that its ones are odd.',
  changes: ANY,
  examples: [['ac', 'a\xe3']],
  apply: (value) => parity(value, 1),
};

/** No eighth bit. */
export const parityZero7bit: Transformation = {
  says: 'Clears the eighth bit of each byte.',
  changes: HIGH,
  examples: [['\xe1b', 'ab']],
  apply(value) {
    const bytes = new Bytes(value.length);
    for (let index = 0; index < value.length; index++) bytes.add(value.charCodeAt(index) & 127);
    return bytes.toString();
  },
};

function parity(value: string, wanted: 0 | 1): string {
  const bytes = new Bytes(value.length);
  for (let index = 0; index < value.length; index++) {
    const code = value.charCodeAt(index) & 127;
    let ones = 0;
    for (let rest = code; rest > 0; rest >>= 1) ones ^= rest & 1;
    bytes.add(ones === wanted ? code : code | 128);
  }
  return bytes.toString();
}

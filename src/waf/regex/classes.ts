// Bytes that a program cannot tell apart, taken together: tables have a column for each class instead of each byte.

import { WIDE } from '../codes.ts';
import { has } from './byte-set.ts';
import { EDGE, kindOfByte, OTHER } from './places.ts';
import type { Program } from './program.ts';

/** The classes of one program. The last two are no byte: a character that is none, and the end. */
export interface Classes {
  /** The class of each byte, and behind them of `WIDE`. */
  readonly ofCode: Uint16Array;
  readonly count: number;
  /** The class of the end of the value. */
  readonly end: number;
  /** What stands on a place's side when a byte of the class is there. */
  readonly kinds: Uint8Array;
  /** `accepts[set * count + class]` is 1 where the set has the bytes of the class. */
  readonly accepts: Uint8Array;
}

/** The classes of `program`. */
export function classesOf(program: Program): Classes {
  const ofCode = new Uint16Array(WIDE + 1);
  let count = 1;
  const refine = (isIn: (byte: number) => boolean): void => {
    const twins = new Int16Array(count).fill(-1);
    const whole = count;
    const remains = new Uint8Array(count);
    for (let byte = 0; byte < 256; byte++) if (!isIn(byte)) remains[ofCode[byte]!] = 1;
    for (let byte = 0; byte < 256; byte++) {
      const old = ofCode[byte]!;
      if (!isIn(byte) || old >= whole || remains[old] === 0) continue;
      if (twins[old]! < 0) twins[old] = count++;
      ofCode[byte] = twins[old]!;
    }
  };
  for (const set of program.sets) refine((byte) => has(set, byte));
  if (program.hasPlaces) for (const kind of [1, 2]) refine((byte) => kindOfByte[byte] === kind);
  ofCode[WIDE] = count;
  const end = count + 1;
  count += 2;
  const kinds = new Uint8Array(count).fill(OTHER);
  kinds[end] = EDGE;
  const accepts = new Uint8Array(program.sets.length * count);
  for (let byte = 0; byte < 256; byte++) {
    const own = ofCode[byte]!;
    kinds[own] = kindOfByte[byte]!;
    for (const [index, set] of program.sets.entries()) if (has(set, byte)) accepts[index * count + own] = 1;
  }
  return { ofCode, count, end, kinds, accepts };
}

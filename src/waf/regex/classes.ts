// Bytes that a program cannot tell apart, taken together: tables have a column for each class instead of each byte.

import { WIDE } from '../codes.ts';
import { add, type ByteSet, has, members } from './byte-set.ts';
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
  const partition = new Partition();
  for (const set of program.sets) partition.refine(set);
  if (program.hasPlaces) for (const kind of [1, 2]) partition.refine(bytesOfKind(kind));
  const { ofCode } = partition;
  ofCode[WIDE] = partition.count;
  const end = partition.count + 1;
  const count = partition.count + 2;
  const kinds = new Uint8Array(count).fill(OTHER);
  kinds[end] = EDGE;
  const oneOf = new Int16Array(count).fill(-1);
  for (let byte = 0; byte < 256; byte++) {
    kinds[ofCode[byte]!] = kindOfByte[byte]!;
    oneOf[ofCode[byte]!] = byte;
  }
  const accepts = new Uint8Array(program.sets.length * count);
  for (const [index, set] of program.sets.entries())
    for (let own = 0; own < count; own++)
      if (oneOf[own]! >= 0 && has(set, oneOf[own]!)) accepts[index * count + own] = 1;
  return { ofCode, count, end, kinds, accepts };
}

function bytesOfKind(kind: number): ByteSet {
  const set: ByteSet = new Uint32Array(8);
  for (let byte = 0; byte < 256; byte++) if (kindOfByte[byte] === kind) add(set, byte);
  return set;
}

/** Bytes by class, split as long as a set holds some of a class and not all. */
class Partition {
  readonly ofCode = new Uint16Array(WIDE + 1);
  count = 1;
  readonly #twins = new Int16Array(256);
  /** By class: how many bytes it has, and how many of them the set at hand has. */
  readonly #sizes = new Uint16Array(256).fill(256, 0, 1);
  readonly #shared = new Uint16Array(256);

  refine(set: ByteSet): void {
    const { ofCode } = this;
    const whole = this.count;
    const twins = this.#twins.fill(-1, 0, whole);
    const sizes = this.#sizes;
    const shared = this.#shared.fill(0, 0, whole);
    const bytes = members(set);
    for (const byte of bytes) shared[ofCode[byte]!]!++;
    for (const byte of bytes) {
      const old = ofCode[byte]!;
      if (shared[old] === sizes[old]) continue;
      if (twins[old]! < 0) twins[old] = this.count++;
      ofCode[byte] = twins[old]!;
    }
    for (let old = 0; old < whole; old++) {
      if (twins[old]! < 0) continue;
      sizes[twins[old]!] = shared[old]!;
      sizes[old]! -= shared[old]!;
    }
  }
}

// What a transformation is: a word that turns one value into another, byte by byte.

import { latin1 } from '../../base/bytes.ts';
import { Codes } from '../codes.ts';

/** One transformation. Values are binary strings: one character a byte. */
export interface Transformation {
  /** One sentence for the manual. */
  readonly says: string;
  /** Marks (`marks.ts`) one of which a value must have to be changed; a value without any of them stays as it is. */
  readonly changes: number;
  /** Marks that a value may have afterwards and did not have before; any where this is missing. */
  readonly makes?: number;
  /** The marks of what it makes of a value with these, or more, where that follows without a look at it. */
  leaves?(marks: number): number;
  /** Whether it changes nothing but the case of ASCII letters. */
  readonly isOfCase?: boolean;
  /** Input and output, run as tests. */
  readonly examples: readonly (readonly [input: string, output: string])[];
  /** In linear time; never throws. Gives the very value back where nothing changes. */
  apply(value: string): string;
  /** The same from `from` to `to`, where that is worth its lines; false where nothing changes. Both hold bytes alone. */
  turn?(from: Codes, to: Codes): boolean;
  /** The same word under a map of code points to bytes (SecUnicodeMapFile). */
  mapped?(map: ReadonlyMap<number, number>): Transformation;
}

/** What a transformation does to text, by what it does to bytes. */
export function byTurning(turn: (from: Codes, to: Codes) => boolean): (value: string) => string {
  return (value) => {
    const to = new Codes(value.length);
    return turn(new Codes(value.length).take(value), to) ? to.text : value;
  };
}

/** The value of a hexadecimal digit, or -1. */
export function hexValue(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

/** Whether the C locale calls it white space. */
export function isWhite(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13);
}

/** Gathers bytes; a buffer that grows, because joining one-character strings costs several times as much. */
export class Bytes {
  #buffer: Buffer;
  length = 0;

  constructor(capacity: number) {
    this.#buffer = Buffer.allocUnsafe(Math.max(16, capacity));
  }

  add(code: number): void {
    if (this.length === this.#buffer.length) {
      const grown = Buffer.allocUnsafe(this.length * 2);
      this.#buffer.copy(grown);
      this.#buffer = grown;
    }
    this.#buffer[this.length++] = code;
  }

  addText(text: string): void {
    for (let index = 0; index < text.length; index++) this.add(text.charCodeAt(index));
  }

  /** Takes the last `count` bytes away. */
  drop(count: number): void {
    this.length -= count;
  }

  at(index: number): number {
    return this.#buffer[index]!;
  }

  toString(): string {
    return latin1(this.#buffer, 0, this.length);
  }
}

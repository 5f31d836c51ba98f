// A value as numbers in one flat array: strings may be pieces of other strings, and reading those costs more each time.

import { latin1, writeLatin1 } from '../base/bytes.ts';
import { markOfByte } from './marks.ts';

/** From this length on one native copy is cheaper than a look at each character. */
const minCopied = 24;

/** What stands for a character that is no byte. */
export const WIDE = 256;

/** The characters of one value at a time, in memory that is used again. */
export class Codes {
  /** Bytes of the value, `WIDE` for what is none; what is behind `length` is left from values before. */
  list: Uint16Array;
  length = 0;
  /** Whether a character is none of the 256 bytes: what was made of such a value cannot become text again. */
  isWide = false;
  /** The value itself, where it is known. */
  #text: string | null = null;
  #bytes: Buffer | null = null;

  /** Room for so many characters to begin with. */
  constructor(room = 256) {
    this.list = new Uint16Array(room);
  }

  /** Makes room for `length` characters, which the caller writes. */
  reserve(length: number): Uint16Array {
    if (length > this.list.length) this.list = new Uint16Array(Math.max(length, this.list.length * 2));
    this.length = length;
    this.#text = null;
    this.isWide = false;
    return this.list;
  }

  /** Takes the characters of `value`, which may be no bytes. */
  take(value: string): this {
    const list = this.reserve(value.length);
    this.#text = value;
    let all = 0;
    for (let index = 0; index < value.length; index++) {
      const code = value.charCodeAt(index);
      all |= code;
      list[index] = code;
    }
    if (all > 255) this.#widen(list);
    return this;
  }

  /** Takes the bytes of `value`, which holds nothing else, and gives the union of their marks (`marks.ts`). */
  read(value: string): number {
    const { length } = value;
    const list = this.reserve(length);
    this.#text = value;
    let marks = 0;
    if (length < minCopied) {
      for (let index = 0; index < length; index++) {
        const code = value.charCodeAt(index) & 255;
        list[index] = code;
        marks |= markOfByte[code]!;
      }
      return marks;
    }
    // Because a value is most often a piece of a longer text, of which the engine gives one character at a time slowly.
    const bytes = this.#room(length);
    writeLatin1(bytes, value);
    for (let index = 0; index < length; index++) {
      const code = bytes[index]!;
      list[index] = code;
      marks |= markOfByte[code]!;
    }
    return marks;
  }

  #room(length: number): Buffer {
    if (this.#bytes === null || this.#bytes.length < length) this.#bytes = Buffer.allocUnsafe(this.list.length);
    return this.#bytes;
  }

  #widen(list: Uint16Array): void {
    this.isWide = true;
    for (let index = 0; index < this.length; index++) if (list[index]! > 255) list[index] = WIDE;
  }

  /** The value as text; of a wide value only where it was taken from text. */
  get text(): string {
    if (this.#text !== null) return this.#text;
    const { list, length } = this;
    const bytes = this.#room(length);
    for (let index = 0; index < length; index++) bytes[index] = list[index]!;
    this.#text = latin1(bytes, 0, length);
    return this.#text;
  }

  /** Whether it was taken from this text, and nothing else since. */
  holds(value: string): boolean {
    return this.#text === value && this.length === value.length;
  }

  /** The union of the marks of its characters. */
  get marks(): number {
    const { list, length } = this;
    let marks = 0;
    for (let index = 0; index < length; index++) marks |= markOfByte[list[index]! & 255]!;
    return marks;
  }

  /** Lets go of the memory of a long value. */
  shrink(): void {
    this.#text = null;
    if (this.list.length <= maxKept) return;
    this.list = new Uint16Array(256);
    this.#bytes = null;
    this.length = 0;
  }
}

/** Characters whose memory is kept for the next value. */
const maxKept = 16_384;

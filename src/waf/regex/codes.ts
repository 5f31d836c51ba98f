// A value as numbers in one flat array: strings may be pieces of other strings, and reading those costs more each time.

/** What stands for a character that is no byte. */
export const WIDE = 256;

/** The characters of one value at a time, in memory that is used again. */
export class Codes {
  /** Bytes of the value, `WIDE` for what is none; what is behind `length` is left from values before. */
  list: Uint16Array = new Uint16Array(256);
  length = 0;

  /** Makes room for `length` characters. */
  reserve(length: number): Uint16Array {
    if (length > this.list.length) this.list = new Uint16Array(Math.max(length, this.list.length * 2));
    this.length = length;
    return this.list;
  }

  /** Takes the characters of `value`. */
  take(value: string): this {
    const list = this.reserve(value.length);
    for (let index = 0; index < value.length; index++) {
      const code = value.charCodeAt(index);
      list[index] = code > 255 ? WIDE : code;
    }
    return this;
  }
}

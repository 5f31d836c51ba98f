// A set of bytes, 256 bits in eight words: what one step of a pattern accepts.

/** Eight words of 32 bits; bit b of word w stands for byte 32 w + b. */
export type ByteSet = Uint32Array;

/** The set of the bytes from `first` to `last`, both included. */
export function range(first: number, last: number): ByteSet {
  const set = new Uint32Array(8);
  for (let byte = first; byte <= last; byte++) add(set, byte);
  return set;
}

/** The set of the bytes of `text`. */
export function bytesOf(text: string): ByteSet {
  const set = new Uint32Array(8);
  for (let index = 0; index < text.length; index++) add(set, text.charCodeAt(index));
  return set;
}

/** The set of one byte. */
export function single(byte: number): ByteSet {
  return range(byte, byte);
}

/** Puts `byte` into `set`. */
export function add(set: ByteSet, byte: number): void {
  set[byte >> 5]! |= 1 << (byte & 31);
}

/** Whether `byte` (0..255) is in `set`. */
export function has(set: ByteSet, byte: number): boolean {
  return ((set[byte >> 5]! >>> (byte & 31)) & 1) === 1;
}

/** All bytes that are in one of the sets. */
export function union(...sets: readonly ByteSet[]): ByteSet {
  const result = new Uint32Array(8);
  for (const set of sets) for (let word = 0; word < 8; word++) result[word]! |= set[word]!;
  return result;
}

/** All bytes that are not in `set`. */
export function complement(set: ByteSet): ByteSet {
  return set.map((word) => ~word);
}

/** How many bytes are in `set`. */
export function sizeOf(set: ByteSet): number {
  let count = 0;
  for (let byte = 0; byte < 256; byte++) if (has(set, byte)) count++;
  return count;
}

/** How many bytes are in `set`, both cases of an ASCII letter as one. */
export function foldedSize(set: ByteSet): number {
  let count = 0;
  for (let word = 0; word < 8; word++) for (let bits = set[word]!; bits !== 0; bits &= bits - 1) count++;
  // Capitals and small letters are 32 apart: the same bits of two words.
  for (let bits = set[2]! & set[3]! & 0x07fffffe; bits !== 0; bits &= bits - 1) count--;
  return count;
}

/** Whether the sets have a byte in common. */
export function meet(one: ByteSet, other: ByteSet): boolean {
  for (let word = 0; word < 8; word++) if ((one[word]! & other[word]!) !== 0) return true;
  return false;
}

/** The bytes of `set`, in rising order. */
export function members(set: ByteSet): number[] {
  const result: number[] = [];
  for (let word = 0; word < 8; word++)
    for (let bits = set[word]!; bits !== 0; bits &= bits - 1) result.push(word * 32 + 31 - Math.clz32(bits & -bits));
  return result;
}

/** `set` with both cases of every ASCII letter of which it has one: what PCRE's caseless mode accepts without UTF. */
export function foldCase(set: ByteSet): ByteSet {
  const result = set.slice();
  for (let lower = 97; lower <= 122; lower++) {
    if (!has(set, lower) && !has(set, lower - 32)) continue;
    add(result, lower);
    add(result, lower - 32);
  }
  return result;
}

/** A text that is equal for equal sets. */
export function keyOf(set: ByteSet): string {
  let key = '';
  for (let word = 0; word < 8; word++) key += String.fromCharCode(set[word]! & 0xffff, set[word]! >>> 16);
  return key;
}

/** `\d`. */
export const digits: ByteSet = range(48, 57);
/** `\w` without UTF: letters, digits and the underscore. */
export const words: ByteSet = union(range(48, 57), range(65, 90), range(97, 122), single(95));
/** `\s` of PCRE2: the vertical tab is white space since 8.34. */
export const spaces: ByteSet = bytesOf('\t\n\v\f\r ');
/** `\h` in the 8-bit library. */
export const horizontal: ByteSet = bytesOf('\t \xa0');
/** `\v` in the 8-bit library. */
export const vertical: ByteSet = bytesOf('\n\v\f\r\x85');
/** All 256 bytes. */
export const everything: ByteSet = range(0, 255);

/** The POSIX classes of PCRE2 in the C locale, by name (pcre2pattern, "POSIX character classes"). */
export const posix: Readonly<Record<string, ByteSet>> = {
  alnum: union(range(48, 57), range(65, 90), range(97, 122)),
  alpha: union(range(65, 90), range(97, 122)),
  ascii: range(0, 127),
  blank: bytesOf('\t '),
  cntrl: union(range(0, 31), single(127)),
  digit: digits,
  graph: range(33, 126),
  lower: range(97, 122),
  print: range(32, 126),
  punct: union(range(33, 47), range(58, 64), range(91, 96), range(123, 126)),
  space: spaces,
  upper: range(65, 90),
  word: words,
  xdigit: union(range(48, 57), range(65, 70), range(97, 102)),
};

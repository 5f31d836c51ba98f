// What stands on both sides of a place in a value, and which assertions hold there.

import { has, words } from './byte-set.ts';

/** Beyond the value. */
export const EDGE = 0;
/** A line feed. */
export const LINE = 1;
/** A letter, a digit or the underscore. */
export const WORD = 2;
export const OTHER = 3;

/** The kind of each byte. */
export const kindOfByte: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte === 10 ? LINE : has(words, byte) ? WORD : OTHER,
);

/** The kind of the byte at `index` of `value`, `EDGE` outside of it. */
export function kindAt(value: string, index: number): number {
  if (index < 0 || index >= value.length) return EDGE;
  const code = value.charCodeAt(index);
  return code > 255 ? OTHER : kindOfByte[code]!;
}

/** Whether the assertion with this number (`places` of program.ts) holds between bytes of these kinds. */
export function holds(place: number, before: number, after: number): boolean {
  switch (place) {
    case 0:
      return before === EDGE;
    case 1:
      // Because PCRE2 does not begin a line behind a line feed that is the last byte (PCRE2_ALT_CIRCUMFLEX is off).
      return before === EDGE || (before === LINE && after !== EDGE);
    case 2:
      return after === EDGE;
    case 3:
      return after === EDGE || after === LINE;
    case 4:
      return (before === WORD) !== (after === WORD);
    default:
      return (before === WORD) === (after === WORD);
  }
}

/** Whether the assertion can still hold when only what is before is known. */
export function canHold(place: number, before: number): boolean {
  return place === 0 ? before === EDGE : place === 1 ? before === EDGE || before === LINE : true;
}

// DER (ITU-T X.690) read by hand: one element after the other, never past the end of what is given.

/** One element: its tag, and where its content begins and ends. The next element begins at `to`. */
export interface Element {
  readonly tag: number;
  readonly from: number;
  readonly to: number;
}

/** The element at `at`, which must end before `end`; null where the bytes are none, or its length is not in the shortest form. */
export function readElement(bytes: Uint8Array, at: number, end = bytes.length): Element | null {
  if (at + 2 > end) return null;
  const tag = bytes[at]!;
  // Tags above 30 take more bytes; nothing in a certificate has one.
  if ((tag & 0x1f) === 0x1f) return null;
  const first = bytes[at + 1]!;
  if (first < 0x80) return within(tag, at + 2, first, end);
  const digits = first & 0x7f;
  if (digits === 0 || digits > 4 || at + 2 + digits > end) return null;
  let length = 0;
  for (let index = 0; index < digits; index++) length = length * 256 + bytes[at + 2 + index]!;
  if (length < 0x80 || bytes[at + 2] === 0) return null;
  return within(tag, at + 2 + digits, length, end);
}

/** The elements that fill the stretch; null where something there is no element. */
export function readElements(bytes: Uint8Array, from: number, to: number): Element[] | null {
  const elements: Element[] = [];
  for (let at = from; at < to; ) {
    const element = readElement(bytes, at, to);
    if (element === null) return null;
    elements.push(element);
    at = element.to;
  }
  return elements;
}

function within(tag: number, from: number, length: number, end: number): Element | null {
  return from + length > end ? null : { tag, from, to: from + length };
}

// DER (ITU-T X.690) written by hand: the few ASN.1 types that an X.509 certificate is made of.

const sequenceTag = 0x30;
const setTag = 0x31;

/** One element: its tag, its length in the shortest form (X.690 10.1), its content. */
export function element(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  let bytes = 0;
  for (const content of contents) bytes += content.length;
  return Buffer.concat([head(tag, bytes), ...contents]);
}

/** SEQUENCE of elements that are DER already. */
export function sequence(...elements: readonly Uint8Array[]): Buffer {
  return element(sequenceTag, ...elements);
}

/** SET with one element: more would have to be sorted. */
export function setOf(only: Uint8Array): Buffer {
  return element(setTag, only);
}

/** INTEGER that is not negative, from its big-endian bytes, in the fewest octets (X.690 8.3.2). */
export function integer(magnitude: Uint8Array): Buffer {
  let start = 0;
  while (start < magnitude.length - 1 && magnitude[start] === 0) start++;
  const digits = magnitude.subarray(start);
  // A leading 1 bit would read as a minus.
  const padding = digits.length === 0 || digits[0]! > 0x7f ? Buffer.alloc(1) : Buffer.alloc(0);
  return element(0x02, padding, digits);
}

/** BOOLEAN TRUE; FALSE is always a default here, and DER leaves defaults out. */
export const derTrue: Buffer = Buffer.from([0x01, 0x01, 0xff]);

/** NULL. */
export const derNull: Buffer = Buffer.from([0x05, 0x00]);

/** OBJECT IDENTIFIER from its dotted form. */
export function objectIdentifier(dotted: string): Buffer {
  const arcs = dotted.split('.').map(Number);
  const octets: number[] = [];
  for (const arc of [arcs[0]! * 40 + arcs[1]!, ...arcs.slice(2)]) {
    const digits = [arc & 0x7f];
    for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128))
      digits.unshift((rest & 0x7f) | 0x80);
    octets.push(...digits);
  }
  return element(0x06, Uint8Array.from(octets));
}

/** UTF8String. */
export function utf8String(text: string): Buffer {
  return element(0x0c, Buffer.from(text, 'utf8'));
}

/** OCTET STRING. */
export function octetString(bytes: Uint8Array): Buffer {
  return element(0x04, bytes);
}

/** BIT STRING whose last `unusedBits` bits do not count. */
export function bitString(bytes: Uint8Array, unusedBits = 0): Buffer {
  return element(0x03, Buffer.from([unusedBits]), bytes);
}

/** An element with a context-specific tag: primitive `[n] IMPLICIT`, or constructed around whole elements. */
export function tagged(number: number, content: Uint8Array, form: 'primitive' | 'constructed'): Buffer {
  return element((form === 'primitive' ? 0x80 : 0xa0) | number, content);
}

/** A moment in ms since 1970 as UTCTime until 2049, as GeneralizedTime from 2050 (RFC 5280 4.1.2.5). */
export function time(ms: number): Buffer {
  let digits = '';
  for (const character of new Date(ms).toISOString().slice(0, 19))
    if (character >= '0' && character <= '9') digits += character;
  return Number(digits.slice(0, 4)) < 2050
    ? element(0x17, Buffer.from(`${digits.slice(2)}Z`, 'latin1'))
    : element(0x18, Buffer.from(`${digits}Z`, 'latin1'));
}

function head(tag: number, bytes: number): Buffer {
  if (bytes < 0x80) return Buffer.from([tag, bytes]);
  const digits: number[] = [];
  for (let rest = bytes; rest > 0; rest = Math.floor(rest / 256)) digits.unshift(rest & 0xff);
  return Buffer.from([tag, 0x80 | digits.length, ...digits]);
}

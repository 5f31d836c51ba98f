// Base64 and Base64url undone where it is plausible that somebody encoded text.

import { isUtf8 } from 'node:buffer';

/** Shortest text taken for Base64: six bytes hold the shortest attacks, and eight letters that decode to text are rare. */
const minLength = 8;
/** Below this length, not one byte may be unreadable. */
const certainLength = 24;

/**
 * Whether `text` from `start` to `end` may be Base64 of readable text: the alphabet, the length, and the first groups.
 * Costs a few steps for words and random tokens.
 */
export function mayBeBase64(text: string, start: number, end: number): boolean {
  if (end - start < minLength) return false;
  let owed = 0;
  for (let at = start; at < start + 12 && at + 3 < end; at += 4) {
    const group =
      (sextet(text.charCodeAt(at)) << 18) |
      (sextet(text.charCodeAt(at + 1)) << 12) |
      (sextet(text.charCodeAt(at + 2)) << 6) |
      sextet(text.charCodeAt(at + 3));
    // Because of the padding that ends a short text.
    if (group < 0) return at > start && at + 4 >= end && text.charCodeAt(end - 1) === 61;
    for (let shift = 16; shift >= 0; shift -= 8) {
      owed = owedBehind((group >> shift) & 255, owed);
      if (owed < 0) return false;
    }
  }
  return true;
}

/** The value of each code as a digit of either alphabet, or -1. */
const sextets: Int8Array = Int8Array.from({ length: 256 }, (_, code) => sextet(code));

/** Whether the first group of the codes may be one of readable text in Base64: what says no is none. Reads four codes. */
export function mayBeginBase64(codes: Uint8Array): boolean {
  const group =
    (sextets[codes[0]!]! << 18) | (sextets[codes[1]!]! << 12) | (sextets[codes[2]!]! << 6) | sextets[codes[3]!]!;
  if (group < 0) return false;
  const owed = owedBehind((group >> 8) & 255, owedBehind(group >> 16, 0));
  return owed >= 0 && owedBehind(group & 255, owed) >= 0;
}

/** Bytes that a UTF-8 sequence still owes behind `byte`, or -1 where text has no such byte there. */
function owedBehind(byte: number, owed: number): number {
  if (owed > 0) return byte >= 0x80 && byte < 0xc0 ? owed - 1 : -1;
  if (byte < 0x80) return isReadable(byte) ? 0 : -1;
  if (byte < 0xc2) return -1;
  return byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : byte < 0xf5 ? 3 : -1;
}

/**
 * The readable text (as latin1 of its bytes) that `text` encodes, or null. `data:…;base64,` is stripped first;
 * a space counts as the `+` that a form made of it. At most three quarters as long.
 */
export function base64Decode(text: string): string | null {
  const comma = text.startsWith('data:') ? text.indexOf(';base64,') : -1;
  const start = comma < 0 ? 0 : comma + 8;
  if (!mayBeBase64(text, start, text.length)) return null;
  let end = text.length;
  while (end > start && text.charCodeAt(end - 1) === 61) end--;
  if (text.length - end > 2) return null;
  for (let index = start; index < end; index++) if (sextet(text.charCodeAt(index)) < 0) return null;
  const bytes = Buffer.from(text.slice(start, end).replaceAll(' ', '+'), 'base64');
  const isText = isUtf8(bytes);
  let unreadable = 0;
  for (let index = 0; index < bytes.length; index++)
    if (!isReadable(bytes[index]!) && !(isText && bytes[index]! >= 0x80)) unreadable++;
  const allowed = end - start < certainLength ? 0 : bytes.length / 10;
  return unreadable > allowed ? null : bytes.toString('latin1');
}

/** The value of a digit of either alphabet, or -1. */
function sextet(code: number): number {
  if (code >= 65 && code <= 90) return code - 65;
  if (code >= 97 && code <= 122) return code - 71;
  if (code >= 48 && code <= 57) return code + 4;
  if (code === 43 || code === 45 || code === 32) return 62;
  return code === 47 || code === 95 ? 63 : -1;
}

function isReadable(byte: number): boolean {
  return (byte >= 32 && byte < 127) || byte === 9 || byte === 10 || byte === 13;
}

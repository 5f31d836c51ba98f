// Percent encoding undone: `%HH`, `%uHHHH` and, in forms, `+`; what is no escape stays as it stands.

import { codesOf, roomFor, takeRoom } from '../../base/byte-codes.ts';
import { hexDigit } from '../classes.ts';

/** From this length on an array is faster than pieces of the text. */
const minCopied = 24;

/** `text` with its escapes undone once, or the same string where it has none. Never longer than `text`. */
export function percentDecode(text: string, plusIsSpace: boolean): string {
  if (!text.includes('%') && !(plusIsSpace && text.includes('+'))) return text;
  return text.length < minCopied ? decodePieces(text, plusIsSpace) : decodeBytes(text, plusIsSpace);
}

/** The value of each character as a hexadecimal digit, or -1. */
const digits: Int8Array = Int8Array.from({ length: 256 }, (_, code) => hexDigit(code));

/** The same over an array, where text and what comes out are ASCII. */
function decodeBytes(text: string, plusIsSpace: boolean): string {
  const codes = codesOf(text);
  const to = decodeCodes(codes, 0, text.length, plusIsSpace, roomFor(text.length));
  return to < 0 ? decodePieces(text, plusIsSpace) : takeRoom(to);
}

/**
 * Undoes the escapes of the codes from `from` to `end` into `bytes`, and puts a 0 behind what comes out: how many these are;
 * -1 where the text must be read instead, because of a character that is no ASCII or of `%u`.
 */
export function decodeCodes(codes: Buffer, from: number, end: number, plusIsSpace: boolean, bytes: Buffer): number {
  let to = 0;
  for (let index = from; index < end; index++) {
    let code = codes[index]!;
    if (code === 43 && plusIsSpace) code = 32;
    else if (code === 37) {
      const high = digits[codes[index + 1]!]!;
      const low = digits[codes[index + 2]!]!;
      if (high >= 0 && low >= 0 && index + 2 < end) {
        code = high * 16 + low;
        index += 2;
      } else if ((codes[index + 1]! | 32) === 117) return -1;
    } else if (code > 127) return -1;
    bytes[to++] = code;
  }
  bytes[to] = 0;
  return to;
}

/** The same piece by piece. */
function decodePieces(text: string, plusIsSpace: boolean): string {
  let from = 0;
  let out = '';
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 43 && plusIsSpace) {
      out += `${text.slice(from, index)} `;
      from = index + 1;
    } else if (code === 37) {
      const length = escapeLength(text, index);
      if (length === 0) continue;
      out += text.slice(from, index) + String.fromCharCode(hexAt(text, index + (length === 3 ? 1 : 2), length));
      index += length - 1;
      from = index + 1;
    }
  }
  return from === 0 ? text : out + text.slice(from);
}

/** 3 for `%HH`, 6 for `%uHHHH`, 0 for anything else. */
function escapeLength(text: string, at: number): number {
  if (hexDigit(text.charCodeAt(at + 1)) >= 0) return hexDigit(text.charCodeAt(at + 2)) >= 0 ? 3 : 0;
  if ((text.charCodeAt(at + 1) | 32) !== 117) return 0;
  for (let index = at + 2; index < at + 6; index++) if (!(hexDigit(text.charCodeAt(index)) >= 0)) return 0;
  return 6;
}

function hexAt(text: string, at: number, length: number): number {
  let value = 0;
  for (let index = at; index < at + (length === 3 ? 2 : 4); index++)
    value = value * 16 + hexDigit(text.charCodeAt(index));
  return value;
}

// The characters of a value as bytes in an array, which loops read three times as fast as they read a string.

import { latin1, writeLatin1 } from './bytes.ts';

/** Values of up to this many characters share one array. */
const sharedLength = 1 << 17;

/** Stands for any character beyond latin1. It is none of text: a control of the upper half. */
export const BEYOND = 0x80;

/** Reads values into an array. Remembers the one that was read last, because several scans follow each other. */
class CodeReader {
  #bytes = Buffer.alloc(3 * 4096);
  #text = '';
  #room = Buffer.alloc(4096);

  /**
   * The codes of `text`, those beyond latin1 as BEYOND; good until the next call, and only up to the text's length.
   */
  read(text: string): Uint8Array {
    // Because it is the same string in nearly all cases, this compares two pointers.
    if (text === this.#text) return this.#bytes;
    const room = 3 * text.length;
    if (text.length > sharedLength) {
      const bytes = Buffer.allocUnsafe(room);
      fill(bytes, text);
      return bytes;
    }
    if (room > this.#bytes.length) this.#bytes = Buffer.alloc(room);
    this.#text = text;
    fill(this.#bytes, text);
    return this.#bytes;
  }

  /** An array to write `length` bytes to; good until the next call. */
  room(length: number): Buffer {
    if (length > this.#room.length) this.#room = Buffer.alloc(length);
    return this.#room;
  }

  take(length: number): string {
    const bytes = this.#room;
    this.#room = this.#bytes;
    this.#bytes = bytes;
    this.#text = latin1(bytes, 0, length);
    return this.#text;
  }
}

const reader = new CodeReader();

/** The codes of `text`, those beyond latin1 as BEYOND; good until the next call, and only up to the text's length. */
export function codesOf(text: string): Uint8Array {
  return reader.read(text);
}

/** An array to write `length` bytes to; good until the next call. */
export function roomFor(length: number): Buffer {
  return reader.room(length);
}

/** The first `length` bytes of that array as text, whose codes they are then. */
export function takeRoom(length: number): string {
  return reader.take(length);
}

/** Writes `text` as UTF-8, and narrows that to a byte a character where it is no ASCII. */
function fill(bytes: Buffer, text: string): void {
  const written = bytes.write(text, 'utf8');
  if (written === text.length) return;
  let most = 0;
  for (let at = 0; at < written; at++) if (bytes[at]! > most) most = bytes[at]!;
  // Because up to this lead nothing is beyond latin1.
  if (most < 0xc4) {
    writeLatin1(bytes, text);
    return;
  }
  let to = 0;
  for (let at = 0; at < written; at++) {
    const lead = bytes[at]!;
    if (lead < 0x80) bytes[to++] = lead;
    else if (lead < 0xe0) {
      const code = ((lead & 0x1f) << 6) | (bytes[++at]! & 0x3f);
      bytes[to++] = code < 0x100 ? code : BEYOND;
    } else {
      // Because four bytes are a pair of surrogates, which is two characters of a string.
      if (lead >= 0xf0) bytes[to++] = BEYOND;
      bytes[to++] = BEYOND;
      at += lead < 0xf0 ? 2 : 3;
    }
  }
}

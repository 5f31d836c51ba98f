// The characters of a value as bytes in an array, which loops read three times as fast as they read a string.

import { latin1, writeLatin1 } from './bytes.ts';

/** Room behind the last code, so that a word may be cut there without a look at where the array ends. */
const slack = 8;
/** From this length on bytes are compared with the text they come from sooner than looked at one by one. */
const minCompared = 2048;
/** Values of up to this many characters share one array. */
const sharedLength = 1 << 17;

/** Stands for any character beyond latin1. It is none of text: a control of the upper half. */
export const BEYOND = 0x80;

/** Reads values into an array. Remembers the one that was read last, because several scans follow each other. */
export class CodeReader {
  #bytes = Buffer.alloc(slack);
  #text = '';
  #room = Buffer.alloc(slack);

  /**
   * The codes of `text`, those beyond latin1 as BEYOND, and a 0 behind the last; good until the next call, and no further.
   */
  read(text: string): Buffer {
    // Because it is the same string in nearly all cases, this compares two pointers.
    if (text === this.#text) return this.#bytes;
    const room = 3 * text.length + slack;
    if (text.length > sharedLength) {
      const bytes = Buffer.allocUnsafe(room);
      fill(bytes, text);
      bytes[text.length] = 0;
      return bytes;
    }
    if (room > this.#bytes.length) this.#bytes = Buffer.alloc(grown(room, this.#bytes));
    this.#text = text;
    fill(this.#bytes, text);
    this.#bytes[text.length] = 0;
    return this.#bytes;
  }

  /** An array to write `length` bytes to; good until the next call. */
  room(length: number): Buffer {
    if (length + slack > this.#room.length) this.#room = Buffer.alloc(grown(length + slack, this.#room));
    return this.#room;
  }

  take(length: number): string {
    const bytes = this.#room;
    this.#room = this.#bytes;
    this.#bytes = bytes;
    bytes[length] = 0;
    this.#text = latin1(bytes, 0, length);
    return this.#text;
  }
}

/** So much room that values which grow do not need new room each time. */
function grown(room: number, before: Buffer): number {
  return Math.max(room, 2 * before.length);
}

const reader = new CodeReader();

/**
 * The codes of `text`, those beyond latin1 as BEYOND, and a 0 behind the last, so that a loop may look one further; good until
 * the next call.
 */
export function codesOf(text: string): Buffer {
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
  if (text.length >= minCompared) {
    writeLatin1(bytes, text);
    // Because of a character beyond latin1 only its lower half is written.
    if (latin1(bytes, 0, text.length) === text) return;
  }
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

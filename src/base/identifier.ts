// Identifiers of exchanges and connections: 26 characters of Crockford's Base32, sortable by time, unguessable (ULID).

import { latin1 } from './bytes.ts';

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const digits: Uint8Array = Uint8Array.from(alphabet, (character) => character.charCodeAt(0));
const timeDigits = 10;
const chanceDigits = 16;

/** Makes identifiers. Randomness comes in blocks from `fill`, since one call a request would cost more than the rest. */
export class Identifiers {
  #fill: (block: Uint8Array) => unknown;
  #block = new Uint8Array(4096);
  #used = 4096;
  #timeMs = -1;
  /** Written here and turned to text at once: a text put together piece by piece would stay in its pieces. */
  #scratch = Buffer.alloc(timeDigits + chanceDigits);

  constructor(fill: (block: Uint8Array) => unknown) {
    this.#fill = fill;
  }

  /** A new identifier: 48 bits of the time in ms, 80 bits of chance. */
  next(now: number): string {
    if (now !== this.#timeMs) this.#writeTime(now);
    if (this.#used + chanceDigits > this.#block.length) {
      this.#fill(this.#block);
      this.#used = 0;
    }
    const block = this.#block;
    const scratch = this.#scratch;
    const from = this.#used;
    this.#used = from + chanceDigits;
    for (let index = 0; index < chanceDigits; index++) scratch[timeDigits + index] = digits[block[from + index]! & 31]!;
    return latin1(scratch, 0, timeDigits + chanceDigits);
  }

  #writeTime(now: number): void {
    this.#timeMs = now;
    let rest = Math.floor(now);
    for (let index = timeDigits - 1; index >= 0; index--) {
      this.#scratch[index] = digits[rest % 32]!;
      rest = Math.floor(rest / 32);
    }
  }
}

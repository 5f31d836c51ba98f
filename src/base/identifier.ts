// Identifiers of exchanges and connections: 26 characters of Crockford's Base32, sortable by time, unguessable (ULID).

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** Makes identifiers. Randomness comes in blocks from `fill`, since one call a request would cost more than the rest. */
export class Identifiers {
  #fill: (block: Uint8Array) => unknown;
  #now: () => number;
  #block = new Uint8Array(4096);
  #used = 4096;
  #timeMs = -1;
  #timeText = '';

  constructor(fill: (block: Uint8Array) => unknown, now: () => number) {
    this.#fill = fill;
    this.#now = now;
  }

  /** A new identifier: 48 bits of milliseconds, 80 bits of chance. */
  next(): string {
    const now = this.#now();
    if (now !== this.#timeMs) {
      this.#timeMs = now;
      this.#timeText = timeText(now);
    }
    if (this.#used + 16 > this.#block.length) {
      this.#fill(this.#block);
      this.#used = 0;
    }
    const block = this.#block;
    const at = this.#used;
    this.#used = at + 16;
    let text = this.#timeText;
    for (let index = at; index < at + 16; index++) text += alphabet[block[index]! & 31];
    return text;
  }
}

function timeText(ms: number): string {
  let text = '';
  let rest = Math.floor(ms);
  for (let index = 0; index < 10; index++) {
    text = alphabet[rest % 32]! + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}

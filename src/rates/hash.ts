// A keyed 64-bit hash of text: HalfSipHash-1-3, so that nobody without the seed can make two keys collide.

/** Characters of a key that are hashed; longer keys that agree so far and in length share one counter. */
export const maxHashed = 512;

/** Hashes text into `high` and `low`, which hold until the next call; nothing is allocated. */
export class KeyHash {
  /** Signed 32-bit halves of the last hash; never both 0. */
  high = 0;
  low = 0;
  #key0: number;
  #key1: number;
  #words = new Int32Array(maxHashed / 2 + 1);

  /** `seed` is a secret whole number below 2^53, drawn once a process. */
  constructor(seed: number) {
    this.#key0 = seed | 0;
    this.#key1 = Math.floor(seed / 2 ** 32) ^ 0x5bd1e995;
  }

  /** Hashes the characters of `text` from `from` to `to`; the same text of another `kind` is another key. */
  of(kind: number, text: string, from = 0, to = text.length): void {
    const end = Math.min(to, from + maxHashed);
    let count = 0;
    for (let at = from; at < end; at += 2)
      this.#words[count++] = text.charCodeAt(at) | (at + 1 < end ? text.charCodeAt(at + 1) << 16 : 0);
    this.#mix(count, (kind << 24) ^ (to - from));
  }

  /** Hashes two 32-bit words. */
  ofPair(kind: number, word0: number, word1: number): void {
    this.#words[0] = word0;
    this.#words[1] = word1;
    this.#mix(2, (kind << 24) ^ 0x800000);
  }

  /** Hashes the last hash together with the one before it, given as its halves: two keys become one. */
  join(kind: number, high: number, low: number): void {
    this.#words[0] = high;
    this.#words[1] = low;
    this.#words[2] = this.high;
    this.#words[3] = this.low;
    this.#mix(4, (kind << 24) ^ 0x800000);
  }

  #mix(count: number, last: number): void {
    const words = this.#words;
    let v0 = this.#key0;
    // Where the hash is to have 64 bits, the reference mixes in 0xee at the beginning and the end, and 0xdd between halves.
    let v1 = this.#key1 ^ 0xee;
    let v2 = this.#key0 ^ 0x6c796765;
    let v3 = this.#key1 ^ 0x74656462;
    words[count] = last;
    for (let step = 0; step < count + 7; step++) {
      const word = step <= count ? words[step]! : 0;
      if (step === count + 1) v2 ^= 0xee;
      else if (step === count + 4) {
        this.high = v1 ^ v3;
        v1 ^= 0xdd;
      }
      v3 ^= word;
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
      v0 ^= word;
    }
    const low = v1 ^ v3;
    this.low = low === 0 && this.high === 0 ? 1 : low;
  }
}

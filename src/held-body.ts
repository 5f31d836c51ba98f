// The beginning of a request's body, kept while the WAF has not given its word.

const noBytes = Buffer.alloc(0);

/** Bytes that are kept until they are let go. */
export class HeldBody {
  /** How many bytes were kept for the request in hand; stays true after they were let go. */
  bytes = 0;
  #buffer: Buffer = noBytes;

  /** Keeps a copy. In one buffer that grows, because a list of one-byte pieces would take a hundred times their size. */
  add(piece: Buffer): void {
    const bytes = this.bytes + piece.length;
    if (bytes > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(this.bytes === 0 ? bytes : Math.max(4096, bytes * 2));
      this.#buffer.copy(grown, 0, 0, this.bytes);
      this.#buffer = grown;
    }
    piece.copy(this.#buffer, this.bytes);
    this.bytes = bytes;
  }

  /** Ready for another request. */
  clear(): void {
    this.bytes = 0;
    this.#buffer = noBytes;
  }

  /** Gives what was kept and lets it go; null for nothing. */
  release(): Buffer | null {
    if (this.bytes === 0) return null;
    const body = this.#buffer.subarray(0, this.bytes);
    this.#buffer = noBytes;
    return body;
  }
}

// Streams of one HTTP/2 connection that we ended before the peer did: what still comes on them is nobody's fault, up to a bound.

/** More are not remembered: the oldest go first. */
const maxForgotten = 256;
/** How much is dropped in silence on one of them. */
const maxDroppedBytes = 32_768;

/** The last streams that were ended early. */
export class ForgottenStreams {
  /** With the bytes that still came; at most `maxForgotten`. */
  readonly #dropped: Map<number, number> = new Map();

  has(id: number): boolean {
    return this.#dropped.has(id);
  }

  /** What comes on it from here on is dropped; `isTold`: the peer knows that already, and need not hear of it again. */
  add(id: number, isTold: boolean): void {
    if (this.#dropped.size >= maxForgotten)
      for (const oldest of this.#dropped.keys()) {
        this.#dropped.delete(oldest);
        break;
      }
    this.#dropped.set(id, isTold ? maxDroppedBytes : 0);
  }

  /** So many bytes came on it; true where it is time to tell the peer to stop, once. */
  drop(id: number, bytes: number): boolean {
    const before = this.#dropped.get(id) ?? maxDroppedBytes;
    if (before >= maxDroppedBytes) return false;
    this.#dropped.set(id, before + bytes);
    return before + bytes >= maxDroppedBytes;
  }
}

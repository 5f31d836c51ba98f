// Node's zlib, brotli and zstd, driven within the call and into one bounded buffer at a time, both to decode and to encode.
// The public one-shot calls give all or nothing, and the streams answer later; a verdict can wait for neither.

/** The part of Node's coders that is used beside their documented one, as npm's own unpacker (minizlib) does. */
interface Native {
  _handle: {
    onerror: (message: string, errno: number, code: string) => void;
    writeSync(
      flush: number,
      from: Uint8Array,
      fromOffset: number,
      fromLength: number,
      to: Uint8Array,
      toOffset: number,
      toLength: number,
    ): void;
  } | null;
  /** After a call: bytes left in `to`, and bytes of `from` not taken. */
  _writeState: Uint32Array;
  close(): void;
}

/** What was coded is handed on in pieces of at most this size. */
const pieceBytes = 16_384;

/** One coder at work. `stream` is what a `zlib.create…` gives. */
export class NativeCoder {
  readonly #native: Native;
  readonly #piece = Buffer.allocUnsafe(pieceBytes);
  #error = '';

  constructor(stream: unknown) {
    this.#native = stream as Native;
    if (typeof this.#native._handle?.writeSync !== 'function') this.#error = 'this Node.js cannot do it';
    else
      this.#native._handle.onerror = (message) => {
        this.#error ||= message.toLowerCase();
      };
  }

  /** Can it work at all in this Node? */
  get works(): boolean {
    return this.#error === '';
  }

  /** Codes `bytes` and hands on what comes of it, until `take` says false. Gives the bytes behind the end of coded data, or what is
   * wrong with it. `flush` is the operation in the words of the coder. */
  write(bytes: Uint8Array, flush: number, take: (piece: Buffer) => boolean): number | string {
    const piece = this.#piece;
    let at = 0;
    for (;;) {
      const handle = this.#native._handle;
      if (this.#error !== '' || handle === null) return this.#error;
      handle.writeSync(flush, bytes, at, bytes.length - at, piece, 0, piece.length);
      if (this.#error !== '') return this.#error;
      const [room = 0, left = 0] = this.#native._writeState;
      at = bytes.length - left;
      if (room < piece.length && !take(piece.subarray(0, piece.length - room))) return 0;
      // Room that was not used: it has nothing more to say, and what it left is none of its own.
      if (room > 0) return left;
    }
  }

  close(): void {
    this.#native.close();
  }
}

// Node's zlib, brotli and zstd decoders, driven within the call and into one bounded buffer at a time.
// The public one-shot calls give all or nothing, and the streams answer later; a verdict can wait for neither.

import zlib from 'node:zlib';

/** What one coding's decoder does. */
export interface Inflater {
  /** Decodes `bytes` and hands on what they hold, until `take` says false. Gives the bytes behind the end of the coded data, or
   * what is wrong with it. `isEnd`: nothing more comes. */
  write(bytes: Uint8Array, isEnd: boolean, take: (piece: Buffer) => boolean): number | string;
  close(): void;
}

/** The part of Node's decoders that is used beside their documented one, as npm's own unpacker (minizlib) does. */
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

/** Decoded bytes are handed on in pieces of at most this size. */
const pieceBytes = 16_384;
/** Largest window of zstd (8 MiB, RFC 9659 3), as a power of two. */
const maxZstdWindowLog = 23;

/** A decoder for a known coding. Where this Node has no such decoders inside, each write says so: nothing passes undecoded. */
export function openInflater(coding: string): Inflater {
  const { Z_NO_FLUSH, Z_FINISH, BROTLI_OPERATION_PROCESS, BROTLI_OPERATION_FINISH, ZSTD_e_continue, ZSTD_e_end } =
    zlib.constants;
  switch (coding) {
    case 'br':
      return new NativeInflater(zlib.createBrotliDecompress(), BROTLI_OPERATION_PROCESS, BROTLI_OPERATION_FINISH);
    case 'zstd':
      return new NativeInflater(
        zlib.createZstdDecompress({ params: { [zlib.constants.ZSTD_d_windowLogMax]: maxZstdWindowLog } }),
        ZSTD_e_continue,
        ZSTD_e_end,
      );
    case 'deflate':
      // The zlib format alone (RFC 9110 8.4.1.2): a bare deflate stream can be made that also is one, and reads otherwise.
      return new NativeInflater(zlib.createInflate(), Z_NO_FLUSH, Z_FINISH);
    default:
      return new NativeInflater(zlib.createGunzip(), Z_NO_FLUSH, Z_FINISH);
  }
}

class NativeInflater implements Inflater {
  readonly #native: Native;
  readonly #goOn: number;
  readonly #finish: number;
  readonly #piece = Buffer.allocUnsafe(pieceBytes);
  #error = '';

  constructor(stream: unknown, goOn: number, finish: number) {
    this.#native = stream as Native;
    this.#goOn = goOn;
    this.#finish = finish;
    if (typeof this.#native._handle?.writeSync !== 'function') this.#error = 'this Node.js cannot decode it';
    else
      this.#native._handle.onerror = (message) => {
        this.#error ||= message.toLowerCase();
      };
  }

  write(bytes: Uint8Array, isEnd: boolean, take: (piece: Buffer) => boolean): number | string {
    const flush = isEnd ? this.#finish : this.#goOn;
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

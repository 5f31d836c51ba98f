// A decoder for each content coding that is undone.

import zlib from 'node:zlib';
import { NativeCoder } from './native-coder.ts';

/** Largest window of zstd (8 MiB, RFC 9659 3), as a power of two. */
const maxZstdWindowLog = 23;

/** One decoder, and its words for going on and for the end. */
export class Inflater {
  readonly #coder: NativeCoder;
  readonly #goOn: number;
  readonly #finish: number;

  constructor(stream: unknown, goOn: number, finish: number) {
    this.#coder = new NativeCoder(stream);
    this.#goOn = goOn;
    this.#finish = finish;
  }

  /** Decodes `bytes` and hands on what they hold, until `take` says false. Gives the bytes behind the end of the coded data, or
   * what is wrong with it. `isEnd`: nothing more comes. */
  write(bytes: Uint8Array, isEnd: boolean, take: (piece: Buffer) => boolean): number | string {
    return this.#coder.write(bytes, isEnd ? this.#finish : this.#goOn, take);
  }

  close(): void {
    this.#coder.close();
  }
}

/** A decoder for a known coding. Where this Node has no such decoders inside, each write says so: nothing passes undecoded. */
export function openInflater(coding: string): Inflater {
  const { Z_NO_FLUSH, Z_FINISH, BROTLI_OPERATION_PROCESS, BROTLI_OPERATION_FINISH, ZSTD_e_continue, ZSTD_e_end } =
    zlib.constants;
  switch (coding) {
    case 'br':
      return new Inflater(zlib.createBrotliDecompress(), BROTLI_OPERATION_PROCESS, BROTLI_OPERATION_FINISH);
    case 'zstd':
      return new Inflater(
        zlib.createZstdDecompress({ params: { [zlib.constants.ZSTD_d_windowLogMax]: maxZstdWindowLog } }),
        ZSTD_e_continue,
        ZSTD_e_end,
      );
    case 'deflate':
      // The zlib format alone (RFC 9110 8.4.1.2): a bare deflate stream can be made that also is one, and reads otherwise.
      return new Inflater(zlib.createInflate(), Z_NO_FLUSH, Z_FINISH);
    default:
      return new Inflater(zlib.createGunzip(), Z_NO_FLUSH, Z_FINISH);
  }
}

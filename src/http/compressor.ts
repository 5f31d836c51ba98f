// Compresses one answer piece by piece within the call, and lets out at each flush all that came: a stream stays a stream.

import zlib from 'node:zlib';
import { NativeCoder } from './native-coder.ts';

/** A coding that answers can have. */
export type AnswerCoding = 'br' | 'zstd' | 'gzip';

const nothing = Buffer.alloc(0);
/** Windows are bounded, because each answer under way has its own: 256 KiB for br, 512 KiB for zstd, 32 KiB for gzip. */
const brotliWindowLog = 18;
const zstdWindowLog = 19;

/** Takes compressed bytes, lent for the time of the call. */
export type CompressedSink = (piece: Buffer) => void;

/** One answer's compressor. Whoever opened it closes it. */
export class Compressor {
  readonly #coder: NativeCoder;
  readonly #words: readonly [goOn: number, flush: number, finish: number];
  #isFlushed = true;

  /** `level` is from 1 (fast) to 9 (small) for every coding. */
  constructor(coding: AnswerCoding, level: number) {
    const [stream, ...words] = opened(coding, level);
    this.#coder = new NativeCoder(stream);
    this.#words = words;
  }

  /** Can this Node compress within a call? */
  get works(): boolean {
    return this.#coder.works;
  }

  /** Compresses what came; much of it may stay within. */
  write(bytes: Buffer, sink: CompressedSink): void {
    this.#isFlushed = false;
    this.#run(bytes, 0, sink);
  }

  /** Lets out all that came. */
  flush(sink: CompressedSink): void {
    if (this.#isFlushed) return;
    this.#isFlushed = true;
    this.#run(nothing, 1, sink);
  }

  /** The answer is whole. */
  end(sink: CompressedSink): void {
    this.#run(nothing, 2, sink);
  }

  close(): void {
    this.#coder.close();
  }

  #run(bytes: Buffer, word: 0 | 1 | 2, sink: CompressedSink): void {
    this.#coder.write(bytes, this.#words[word], (piece) => {
      sink(piece);
      return true;
    });
  }
}

function opened(coding: AnswerCoding, level: number): [stream: unknown, goOn: number, flush: number, finish: number] {
  const words = zlib.constants;
  switch (coding) {
    case 'br':
      return [
        zlib.createBrotliCompress({
          params: { [words.BROTLI_PARAM_QUALITY]: level, [words.BROTLI_PARAM_LGWIN]: brotliWindowLog },
        }),
        words.BROTLI_OPERATION_PROCESS,
        words.BROTLI_OPERATION_FLUSH,
        words.BROTLI_OPERATION_FINISH,
      ];
    case 'zstd':
      return [
        zlib.createZstdCompress({
          params: { [words.ZSTD_c_compressionLevel]: level, [words.ZSTD_c_windowLog]: zstdWindowLog },
        }),
        words.ZSTD_e_continue,
        words.ZSTD_e_flush,
        words.ZSTD_e_end,
      ];
    default:
      return [zlib.createGzip({ level }), words.Z_NO_FLUSH, words.Z_SYNC_FLUSH, words.Z_FINISH];
  }
}

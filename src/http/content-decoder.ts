// Decodes gzip, deflate, br and zstd bodies piece by piece and at once, within bounds: the WAF gives its word before a byte goes on.
// Stricter than most: what stands behind the end of the coded data is a fault, because some readers go on there and others stop.

import type {
  ContentCodings,
  ContentDecoder,
  DecodedSink,
  DecodingBounds,
  DecodingFault,
} from '../traffic/content-coding.ts';
import { openInflater } from './inflater.ts';
import { ZstdFrame } from './zstd-frame.ts';

/** Names as registered (RFC 9110 18.6, RFC 7932, RFC 8878), and the one that RFC 9110 8.4.1.3 wants treated alike. */
const known = Object.freeze(['gzip', 'x-gzip', 'deflate', 'br', 'zstd']);

const nothing = Buffer.alloc(0);

/** The codings that this machine's zlib, brotli and zstd undo. */
export const contentCodings: ContentCodings = Object.freeze({
  knows: (coding: string) => known.includes(coding),
  open: (codings: readonly string[], bounds: DecodingBounds) => new StackedDecoder(codings, bounds),
});

/** How many bytes of the body came: what all layers together are held against, or two of them would square the ratio. */
interface Came {
  bytes: number;
}

/** Undoes codings one behind the other, the one that was applied last first. */
class StackedDecoder implements ContentDecoder {
  readonly #layers: Layer[];
  readonly #came: Came = { bytes: 0 };

  constructor(codings: readonly string[], bounds: DecodingBounds) {
    this.#layers = codings.map((coding) => new Layer(coding, bounds, this.#came)).reverse();
  }

  feed(bytes: Uint8Array, sink: DecodedSink): DecodingFault | null {
    this.#came.bytes += bytes.length;
    return this.#pass(0, bytes, sink, false);
  }

  end(sink: DecodedSink): DecodingFault | null {
    for (let index = 0; index < this.#layers.length; index++) {
      const fault = this.#pass(index, nothing, sink, true);
      if (fault !== null) return fault;
    }
    return null;
  }

  close(): void {
    for (const layer of this.#layers) layer.close();
  }

  #pass(index: number, bytes: Uint8Array, sink: DecodedSink, isEnd: boolean): DecodingFault | null {
    const layer = this.#layers[index]!;
    if (index === this.#layers.length - 1) return layer.decode(bytes, sink, isEnd);
    let inner: DecodingFault | null = null;
    const fault = layer.decode(
      bytes,
      (piece) => {
        inner = this.#pass(index + 1, piece, sink, false);
        return inner === null;
      },
      isEnd,
    );
    return inner ?? fault;
  }
}

/** One coding. What comes out of it is bounded, whether or not another layer makes it small again. */
class Layer {
  readonly #coding: string;
  readonly #bounds: DecodingBounds;
  readonly #inflater: ReturnType<typeof openInflater>;
  readonly #frame: ZstdFrame | null;
  readonly #came: Came;
  #decodedBytes = 0;
  /** The last four bytes that came: where they are gzip's length (RFC 1952 2.3.1), one member is all there is. */
  #last = 0;
  #isOver = false;

  constructor(coding: string, bounds: DecodingBounds, came: Came) {
    this.#coding = coding;
    this.#bounds = bounds;
    this.#came = came;
    this.#inflater = openInflater(coding);
    this.#frame = coding === 'zstd' ? new ZstdFrame() : null;
  }

  decode(bytes: Uint8Array, sink: DecodedSink, isEnd: boolean): DecodingFault | null {
    if (this.#isOver) return null;
    if (this.#frame !== null && !this.#frame.read(bytes))
      return this.#broken('it is not one whole frame (RFC 8878 3.1)');
    for (let index = Math.max(0, bytes.length - 4); index < bytes.length; index++)
      this.#last = (this.#last >>> 8) | (bytes[index]! << 24);
    const left = this.#inflater.write(bytes, isEnd, (piece) => this.#take(piece, sink));
    if (this.#isOver) return this.#bomb();
    if (typeof left === 'string') return this.#broken(left);
    if (left > 0) return this.#broken(`${left} bytes stand behind its end`);
    return isEnd ? this.#finish() : null;
  }

  close(): void {
    this.#isOver = true;
    this.#inflater.close();
  }

  #take(piece: Buffer, sink: DecodedSink): boolean {
    this.#decodedBytes += piece.length;
    const isBomb = this.#isTooLong();
    if (isBomb || !sink(piece)) {
      this.#isOver = true;
      return false;
    }
    return true;
  }

  #isTooLong(): boolean {
    const { freeBytes, maxRatio, maxBytes } = this.#bounds;
    return this.#decodedBytes > Math.min(maxBytes, Math.max(freeBytes, maxRatio * this.#came.bytes));
  }

  /** The fault where it was the bounds that ended the decoding, and not who had enough. */
  #bomb(): DecodingFault | null {
    if (!this.#isTooLong()) return null;
    const { maxBytes, maxRatio } = this.#bounds;
    const limit = this.#decodedBytes > maxBytes ? `${maxBytes} bytes` : `${maxRatio} times its size`;
    return { kind: 'bomb', says: `the ${this.#coding} body becomes more than ${limit}` };
  }

  #finish(): DecodingFault | null {
    const isGzip = this.#coding === 'gzip' || this.#coding === 'x-gzip';
    // Because some readers stop at the end of the first member: where there is one alone, its length is that of all.
    if (isGzip && this.#last >>> 0 !== this.#decodedBytes % 2 ** 32)
      return this.#broken('it is not one gzip member, or its length is wrong (RFC 1952 2.3)');
    if (this.#frame !== null && !this.#frame.isWhole) return this.#broken('it is cut short');
    return null;
  }

  #broken(what: string): DecodingFault {
    this.#isOver = true;
    return { kind: 'broken', says: `the body is declared as ${this.#coding} and cannot be decoded: ${what}` };
  }
}

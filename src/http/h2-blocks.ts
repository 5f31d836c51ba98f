// Header blocks of one HTTP/2 connection: put together from HEADERS and CONTINUATION, bounded, and decoded.

import { HeaderDecoder } from './h2-decoder.ts';
import * as h2 from './h2-frames.ts';
import type { Breakable, Http2Tools } from './h2-stream.ts';

/** The connection that they come on. */
export interface BlockOwner extends Breakable {
  /** A block is whole: it is true until the call returns. */
  onBlock(block: HeaderDecoder, id: number, wireBytes: number, isEnd: boolean): void;
}

/** A block in more CONTINUATION frames than this is sent for the sake of the frames (CVE-2024-27316 and its family). */
const maxContinuations = 8;
/** A block may hold so many times the bound before it is taken for a bomb rather than for too much. */
const bombFactor = 16;

/** Reads the blocks of one connection, one after the other. */
export class BlockReader {
  /** The stream of the block in hand. */
  id = 0;
  readonly #owner: BlockOwner;
  readonly #maxBytes: number;
  readonly #decoder: HeaderDecoder;
  /** What came of the block in hand, while CONTINUATION is to come. */
  #pieces: Buffer[] | null = null;
  #bytes = 0;
  #isEnd = false;

  constructor(owner: BlockOwner, maxHeaderBytes: number, tools: Http2Tools) {
    this.#owner = owner;
    this.#maxBytes = maxHeaderBytes;
    this.#decoder = new HeaderDecoder(maxHeaderBytes, tools.scratch);
  }

  /** Is the rest of a block to come? */
  get isOpen(): boolean {
    return this.#pieces !== null;
  }

  /** Nothing more comes. */
  clear(): void {
    this.#pieces = null;
  }

  /** A HEADERS frame came. */
  begin(bytes: Buffer, start: number, end: number, flags: number, id: number): void {
    let from = start;
    let to = end;
    if ((flags & h2.PADDED) !== 0) {
      if (to === from) return void this.#owner.frameSize('HEADERS');
      to -= bytes[from++]!;
    }
    if ((flags & h2.PRIORITY_FLAG) !== 0) {
      if (to - from >= 5 && (h2.wordAt(bytes, from) & h2.maxWindow) === id)
        return void this.#owner.protocol('a stream that depends on itself (RFC 7540 5.3.1)');
      from += 5;
    }
    if (from > to) return void this.#owner.protocol('more padding than frame (RFC 9113 6.2)');
    if (id === 0) return void this.#owner.protocol('HEADERS of no stream (RFC 9113 6.2)');
    this.id = id;
    this.#isEnd = (flags & h2.END_STREAM) !== 0;
    if ((flags & h2.END_HEADERS) !== 0) {
      this.#decode(bytes, from, to);
      return;
    }
    this.#pieces = [Buffer.from(bytes.subarray(from, to))];
    this.#bytes = to - from;
  }

  /** A CONTINUATION frame came. */
  goOn(bytes: Buffer, from: number, to: number, flags: number): void {
    const block = this.#pieces;
    if (block === null) return void this.#owner.protocol('CONTINUATION of nothing (RFC 9113 6.10)');
    this.#bytes += to - from;
    if (block.length > maxContinuations || this.#bytes > this.#maxBytes + h2.maxFrameBytes) {
      const says = `a header block of more than ${maxContinuations} CONTINUATION frames or ${this.#maxBytes} bytes`;
      this.#owner.fail('http/h2-continuation-flood', h2.ENHANCE_YOUR_CALM, says);
      return;
    }
    block.push(Buffer.from(bytes.subarray(from, to)));
    if ((flags & h2.END_HEADERS) === 0) return;
    this.#pieces = null;
    const whole = Buffer.concat(block);
    this.#decode(whole, 0, whole.length);
  }

  #decode(bytes: Buffer, from: number, to: number): void {
    const decoder = this.#decoder;
    if (!decoder.read(bytes, from, to)) {
      this.#owner.fail('http/h2-compression', h2.COMPRESSION_ERROR, 'a header block that is no HPACK (RFC 9113 4.3)');
      return;
    }
    if (decoder.listBytes > this.#maxBytes * bombFactor) {
      const says = `${to - from} bytes of a header block became ${decoder.listBytes}`;
      this.#owner.fail('http/h2-hpack-bomb', h2.ENHANCE_YOUR_CALM, says);
      return;
    }
    this.#owner.onBlock(decoder, this.id, to - from, this.#isEnd);
  }
}

// Reads bodies piece by piece as they come (RFC 9112 6 and 7.1): by length, by chunks, or to the end of the connection.
// Chunk lines are read strictly: CRLF only, bounded extensions, sizes of at most 13 hexadecimal digits (exact in a double).

import { latin1 } from '../base/bytes.ts';
import { Fault } from '../traffic/fault.ts';
import { fieldNameCount } from '../traffic/field-names.ts';
import { Headers } from '../traffic/headers.ts';
import type { BodyReader, BodySink, Framing } from '../traffic/wire.ts';
import { type ExtensionPart, mayEndExtension, stepExtension } from './chunk-extension.ts';
import { hex, incomplete, SeenFields, walkFields } from './fields.ts';
import { ambiguousName, isForbiddenTrailer } from './framing.ts';
import { characterClass, hexBit } from './tokens.ts';

/** A body of a known length. */
export class LengthReader implements BodyReader {
  readonly endsWithConnection = false;
  #left: number;
  done = false;

  constructor(contentLength: number) {
    this.#left = contentLength;
  }

  read(bytes: Buffer, from: number, to: number, sink: BodySink): number {
    const end = Math.min(to, from + this.#left);
    this.#left -= end - from;
    this.done = this.#left === 0;
    if (end > from) sink.data(bytes, from, end);
    if (this.done) sink.end(null);
    return end;
  }
}

/** A body that lasts as long as its connection; whoever reads it calls `sink.end` when that ends. */
export class UntilCloseReader implements BodyReader {
  readonly endsWithConnection = true;
  readonly done = false;

  read(bytes: Buffer, from: number, to: number, sink: BodySink): number {
    if (to > from) sink.data(bytes, from, to);
    return to;
  }
}

const maxSizeDigits = 13;
const maxExtensionBytes = 256;
/** Extensions of a whole body: without a total, a body of one-byte chunks could carry 256 times its own size. */
const maxExtensionsBytes = 16_384;
const maxTrailerBytes = 8192;
const maxTrailers = 32;
/** Chunks up to this size are moved together in the buffer they came in, larger ones are handed on where they stand. */
const maxMovedBytes = 2048;
const keepAll = new Uint8Array(fieldNameCount);

type ChunkState = 'size' | 'extension' | 'size-lf' | 'data' | 'data-cr' | 'data-lf' | 'trailers';

/** A chunked body (RFC 9112 7.1). Trailer fields are collected whole, within a bound. Small chunks are joined: a body of one-byte
 * chunks must not cost whoever receives it a call for every byte. The bytes that were read are overwritten by that. */
export class ChunkedReader implements BodyReader {
  readonly endsWithConnection = false;
  done = false;
  #state: ChunkState = 'size';
  #size = 0;
  #digits = 0;
  #extension: ExtensionPart = 'name-begin';
  #extensionBytes = 0;
  #extensionsBytes = 0;
  #left = 0;
  #trailerBytes: Buffer | null = null;

  read(bytes: Buffer, from: number, to: number, sink: BodySink): number | Fault {
    let at = from;
    let dataFrom = from;
    let dataTo = from;
    let fault: Fault | null = null;
    while (at < to && fault === null && this.#state !== 'trailers') {
      if (this.#state !== 'data') {
        fault = this.#step(bytes[at++]!);
        continue;
      }
      const end = Math.min(to, at + this.#left);
      this.#left -= end - at;
      if (this.#left === 0) this.#state = 'data-cr';
      if (dataTo > dataFrom && end - at <= maxMovedBytes) {
        bytes.copyWithin(dataTo, at, end);
        dataTo += end - at;
      } else {
        if (dataTo > dataFrom) sink.data(bytes, dataFrom, dataTo);
        dataFrom = at;
        dataTo = end;
      }
      at = end;
    }
    if (dataTo > dataFrom) sink.data(bytes, dataFrom, dataTo);
    if (fault !== null) return fault;
    return at < to ? this.#readTrailers(bytes, at, to, sink) : at;
  }

  /** One byte of a chunk line or of the CRLF behind a chunk. */
  #step(code: number): Fault | null {
    switch (this.#state) {
      case 'size':
        return this.#stepSize(code);
      case 'extension':
        return this.#readExtension(code);
      case 'size-lf':
        if (code !== 10) return badChunk('a chunk size that does not end in CRLF');
        this.#left = this.#size;
        this.#state = this.#size === 0 ? 'trailers' : 'data';
        this.#size = 0;
        this.#digits = 0;
        this.#extensionBytes = 0;
        return null;
      case 'data-cr':
        if (code !== 13) return badChunk('a chunk longer than its size');
        this.#state = 'data-lf';
        return null;
      default:
        if (code !== 10) return badChunk('a chunk that does not end in CRLF');
        this.#state = 'size';
        return null;
    }
  }

  #readExtension(code: number): Fault | null {
    if (code === 13 && mayEndExtension(this.#extension)) {
      this.#state = 'size-lf';
      return null;
    }
    this.#extension = stepExtension(this.#extension, code);
    if (this.#extension === 'bad') return badChunk(`byte 0x${hex(code)} in a chunk extension`);
    if (++this.#extensionBytes <= maxExtensionBytes && ++this.#extensionsBytes <= maxExtensionsBytes) return null;
    return new Fault(
      400,
      'http/chunk-extension',
      `chunk extensions longer than ${maxExtensionBytes} bytes, or ${maxExtensionsBytes} in one body`,
    );
  }

  #stepSize(code: number): Fault | null {
    if ((characterClass[code]! & hexBit) !== 0) {
      if (++this.#digits > maxSizeDigits) return badChunk(`a chunk size of more than ${maxSizeDigits} digits`);
      this.#size = this.#size * 16 + (code <= 57 ? code - 48 : (code | 32) - 87);
      return null;
    }
    if (this.#digits === 0) return badChunk('a chunk without a size');
    if (code === 13) this.#state = 'size-lf';
    else if (code === 59) {
      this.#state = 'extension';
      this.#extension = 'name-begin';
    } else return badChunk(`byte 0x${hex(code)} in a chunk size`);
    return null;
  }

  #readTrailers(bytes: Buffer, from: number, to: number, sink: BodySink): number | Fault {
    const before = this.#trailerBytes?.length ?? 0;
    if (before === 0 && to - from >= 2 && bytes[from] === 13 && bytes[from + 1] === 10)
      return this.#finish(from + 2, null, sink);
    const whole =
      this.#trailerBytes === null
        ? bytes.subarray(from, to)
        : Buffer.concat([this.#trailerBytes, bytes.subarray(from, to)]);
    const bound = Math.min(whole.length, maxTrailerBytes);
    const end = walkFields(whole, 0, bound, maxTrailers, keepAll, new SeenFields());
    if (typeof end !== 'number') return end;
    if (end === incomplete) {
      if (whole.length >= maxTrailerBytes)
        return new Fault(431, 'http/trailers-too-long', `trailer fields longer than ${maxTrailerBytes} bytes`);
      this.#trailerBytes = Buffer.from(whole);
      return to;
    }
    const trailers = new Headers(latin1(whole, 0, end - 2));
    for (const name of trailers.names)
      if (isForbiddenTrailer(name))
        return new Fault(400, 'http/forbidden-trailer', `${name} in the trailer section (RFC 9110 6.5.1)`);
    const ambiguous = ambiguousName(trailers);
    if (ambiguous !== null) return ambiguous;
    return this.#finish(from + end - before, trailers.count === 0 ? null : trailers, sink);
  }

  #finish(at: number, trailers: Headers | null, sink: BodySink): number {
    this.done = true;
    this.#trailerBytes = null;
    sink.end(trailers);
    return at;
  }
}

/** The reader that a framing calls for; null where there is no body. */
export function openBody(framing: Framing, contentLength: number): BodyReader | null {
  switch (framing) {
    case 'none':
      return null;
    case 'length':
      return new LengthReader(contentLength);
    case 'chunked':
      return new ChunkedReader();
    case 'until-close':
      return new UntilCloseReader();
  }
}

function badChunk(what: string): Fault {
  return new Fault(400, 'http/bad-chunk', `${what} (RFC 9112 7.1)`);
}

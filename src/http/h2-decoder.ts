// Reads header blocks (RFC 7541): what the peer's encoder wrote, bounded in table, strings and sum, and never thrown about.

import { latin1 } from '../base/bytes.ts';
import { Field, FieldName } from './h2-field.ts';
import { decodeHuffman } from './h2-huffman.ts';
import { staticTable } from './h2-static-table.ts';

/** Size of the dynamic table that we keep: the protocol's own default, which we never ask to change. */
export const maxTableBytes = 4096;
/** No entry is smaller than 32 bytes, so that no table has more entries than this: a power of two. */
const ringSize = 128;
/** More size updates than an encoder has reason to write at the beginning of one block (RFC 7541 4.2). */
const maxSizeUpdates = 2;

/** Scratch space for strings, shared by all connections: a block is read within one call. Grows to the longest block met. */
export class DecoderScratch {
  bytes: Buffer = Buffer.allocUnsafeSlow(4096);

  /** Room for a text of `length` bytes after decoding. */
  roomFor(length: number): Buffer {
    if (this.bytes.length < length) this.bytes = Buffer.allocUnsafeSlow(length);
    return this.bytes;
  }
}

/** One direction of a connection. What `read` found stands in `fields` until the next call. */
export class HeaderDecoder {
  readonly fields: Field[] = [];
  /** Sum of the sizes of the block's fields (RFC 9113 6.5.2), those beyond the bound included. */
  listBytes = 0;
  readonly #scratch: DecoderScratch;
  readonly #maxListBytes: number;
  readonly #ring: (Field | undefined)[] = [];
  #newest = 0;
  #count = 0;
  #tableBytes = 0;
  #maxBytes = maxTableBytes;
  #bytes!: Buffer;
  #at = 0;
  #to = 0;

  constructor(maxListBytes: number, scratch: DecoderScratch) {
    this.#maxListBytes = maxListBytes;
    this.#scratch = scratch;
  }

  /** Did the last block hold more than the bound? Its fields beyond the bound were read, because the table depends on them, and dropped. */
  get isTooLong(): boolean {
    return this.listBytes > this.#maxListBytes;
  }

  /** Reads a whole block; false where it is no HPACK (then the connection is lost, RFC 9113 4.3). */
  read(bytes: Buffer, from: number, to: number): boolean {
    this.fields.length = 0;
    this.listBytes = 0;
    this.#bytes = bytes;
    this.#at = from;
    this.#to = to;
    let updates = 0;
    let mayUpdate = true;
    while (this.#at < this.#to) {
      const first = bytes[this.#at]!;
      if (first >= 128) {
        const field = this.#indexed(this.#integer(7));
        if (field === null) return false;
        this.#found(field);
        mayUpdate = false;
      } else if (first >= 64 || first < 32) {
        const field = this.#literal(first >= 64 ? 6 : 4);
        if (field === null) return false;
        if (first >= 64) this.#insert(field);
        this.#found(field);
        mayUpdate = false;
      } else {
        const size = this.#integer(5);
        if (!mayUpdate || ++updates > maxSizeUpdates || size < 0 || size > maxTableBytes) return false;
        this.#maxBytes = size;
        this.#evict(0);
      }
    }
    return true;
  }

  #found(field: Field): void {
    this.listBytes += field.size;
    if (this.listBytes <= this.#maxListBytes) this.fields.push(field);
  }

  #indexed(index: number): Field | null {
    if (index <= 0) return null;
    if (index < staticTable.length) return staticTable[index]!;
    const back = index - staticTable.length;
    return back < this.#count ? this.#ring[(this.#newest - back) & (ringSize - 1)]! : null;
  }

  #literal(prefix: number): Field | null {
    const index = this.#integer(prefix);
    if (index < 0) return null;
    let name: FieldName;
    if (index > 0) {
      const field = this.#indexed(index);
      if (field === null) return null;
      name = field.name;
    } else {
      const text = this.#string();
      if (text === null) return null;
      name = new FieldName(text);
    }
    const value = this.#string();
    return value === null ? null : new Field(name, value);
  }

  /** An integer (RFC 7541 5.1); -1 where it is cut off or longer than anything that fits a block. */
  #integer(prefix: number): number {
    const most = (1 << prefix) - 1;
    let value = this.#bytes[this.#at++]! & most;
    if (value < most) return value;
    for (let shift = 0; shift <= 21; shift += 7) {
      if (this.#at >= this.#to) return -1;
      const byte = this.#bytes[this.#at++]!;
      value += (byte & 127) << shift;
      if (byte < 128) return value;
    }
    return -1;
  }

  #string(): string | null {
    if (this.#at >= this.#to) return null;
    const isHuffman = this.#bytes[this.#at]! >= 128;
    const length = this.#integer(7);
    const from = this.#at;
    if (length < 0 || length > this.#to - from) return null;
    this.#at = from + length;
    if (!isHuffman) return latin1(this.#bytes, from, this.#at);
    // The shortest code has 5 bits.
    const into = this.#scratch.roomFor(Math.floor((length * 8) / 5) + 1);
    const decoded = decodeHuffman(this.#bytes, from, this.#at, into);
    return decoded < 0 ? null : latin1(into, 0, decoded);
  }

  #insert(field: Field): void {
    const { size } = field;
    this.#evict(size);
    if (size > this.#maxBytes) return;
    this.#newest = (this.#newest + 1) & (ringSize - 1);
    this.#ring[this.#newest] = field;
    this.#count++;
    this.#tableBytes += size;
  }

  /** Drops the oldest entries until `room` fits, or until none is left (RFC 7541 4.4). */
  #evict(room: number): void {
    while (this.#count > 0 && this.#tableBytes + room > this.#maxBytes) {
      const oldest = (this.#newest - this.#count + 1) & (ringSize - 1);
      this.#tableBytes -= this.#ring[oldest]!.size;
      this.#ring[oldest] = undefined;
      this.#count--;
    }
  }
}

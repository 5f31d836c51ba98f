// Walks over the blocks of one zstd frame without decoding them (RFC 8878 3.1.1): is there exactly one, and is it whole?
// The decoder itself goes on with whatever frame follows, skippable ones among them, and readers differ in that.

const magic = 0xfd2fb528;

/** One frame, read as it comes. */
export class ZstdFrame {
  /** Bytes of a part of fixed length that did not come whole: magic, header, block header. */
  #part: number[] = [];
  #state: 'magic' | 'header' | 'block' | 'content' | 'checksum' | 'over' = 'magic';
  #headerBytes = 1;
  #hasChecksum = false;
  #isLast = false;
  #skip = 0;

  /** Has the whole frame been read? */
  get isWhole(): boolean {
    return this.#state === 'over';
  }

  /** Reads on; false where this is no frame, or something stands behind it. */
  read(bytes: Uint8Array): boolean {
    let at = 0;
    while (at < bytes.length) {
      if (this.#state === 'over') return false;
      if (this.#skip > 0) {
        const step = Math.min(this.#skip, bytes.length - at);
        this.#skip -= step;
        at += step;
        if (this.#skip === 0) this.#leaveContent();
        continue;
      }
      this.#part.push(bytes[at++]!);
      if (!this.#step()) return false;
    }
    return true;
  }

  #step(): boolean {
    const part = this.#part;
    if (this.#state === 'magic') {
      if (part.length < 4) return true;
      if (littleEndian(part) !== magic) return false;
      return this.#enter('header');
    }
    if (this.#state === 'header') {
      if (part.length === 1) this.#headerBytes = headerBytesOf(part[0]!);
      if (part.length < this.#headerBytes) return true;
      this.#hasChecksum = (part[0]! & 4) !== 0;
      return this.#enter('block');
    }
    if (part.length < 3) return true;
    return this.#enterBlock(littleEndian(part));
  }

  #enter(state: 'header' | 'block'): boolean {
    this.#part = [];
    this.#state = state;
    return true;
  }

  /** Block_Header: last block in bit 0, type in bits 1–2, size above (RFC 8878 3.1.1.2). */
  #enterBlock(header: number): boolean {
    this.#part = [];
    this.#isLast = (header & 1) === 1;
    const type = (header >> 1) & 3;
    if (type === 3) return false;
    this.#state = 'content';
    this.#skip = type === 1 ? 1 : header >>> 3;
    if (this.#skip === 0) this.#leaveContent();
    return true;
  }

  #leaveContent(): void {
    if (this.#state === 'checksum' || (this.#isLast && !this.#hasChecksum)) this.#state = 'over';
    else if (this.#isLast) {
      this.#state = 'checksum';
      this.#skip = 4;
    } else this.#state = 'block';
  }
}

/** Length of Frame_Header by its descriptor: window, dictionary and content size may each be there (RFC 8878 3.1.1.1). */
function headerBytesOf(descriptor: number): number {
  const isSingle = (descriptor & 32) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]!;
  const sizeFlag = descriptor >> 6;
  const sizeBytes = sizeFlag === 0 ? (isSingle ? 1 : 0) : 1 << sizeFlag;
  return 1 + (isSingle ? 0 : 1) + dictionaryBytes + sizeBytes;
}

function littleEndian(bytes: readonly number[]): number {
  let value = 0;
  for (let index = 0; index < bytes.length; index++) value += bytes[index]! * 2 ** (8 * index);
  return value;
}

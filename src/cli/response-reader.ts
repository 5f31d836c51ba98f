// Reads one HTTP/1.x response as `trace` needs it: the head kept, the body counted; bounded, and lenient enough to report
// on servers that are not quite right (the gate's own strict codec would refuse to say anything about them).

/** Most bytes of one head, and most fields kept of it. */
const maxHeadBytes = 64 * 1024;
const maxFields = 200;
const maxInterim = 20;
const maxLineBytes = 4096;

/** How the body ended, or why there was none. */
export type BodyEnd = 'none' | 'length' | 'chunked' | 'close' | 'upgraded';

/** Feed it bytes; look at `headDone`, `ended` and `fault`. After a fault it takes nothing more. */
export class ResponseReader {
  readonly #method: string;
  readonly #head = Buffer.alloc(maxHeadBytes);
  #headBytes = 0;
  #bodyLeft = -1;
  #chunks: ChunkCounter | null = null;
  status = 0;
  reason = '';
  version = '';
  fields: [name: string, value: string][] = [];
  /** Status codes of the 1xx heads that came before. */
  readonly interim: number[] = [];
  bodyBytes = 0;
  headDone = false;
  ended: BodyEnd | null = null;
  /** What is wrong, one clause, or ''. */
  fault = '';

  constructor(method: string) {
    this.#method = method;
  }

  /** The first value of a field (lower case), or ''. */
  field(name: string): string {
    return this.fields.find(([own]) => own === name)?.[1] ?? '';
  }

  push(bytes: Buffer): void {
    let rest = bytes;
    while (rest.length > 0 && !this.headDone && this.fault === '') rest = this.#pushHead(rest);
    if (rest.length > 0 && this.headDone && this.ended === null && this.fault === '') this.#pushBody(rest);
  }

  /** The server closed its side. */
  close(): void {
    if (this.fault !== '' || this.ended !== null) return;
    if (!this.headDone)
      this.fault = this.#headBytes === 0 ? 'it closed without an answer' : 'it closed inside the head';
    else if (this.#bodyLeft > 0 || this.#chunks !== null) this.fault = 'it closed before the end of the body';
    else this.ended = 'close';
  }

  /** The first bytes of what came, at most 64. */
  get beginning(): Buffer {
    return this.#head.subarray(0, Math.min(64, this.#headBytes));
  }

  #pushHead(bytes: Buffer): Buffer {
    const from = Math.max(0, this.#headBytes - 3);
    const before = this.#headBytes;
    this.#headBytes += bytes.copy(this.#head, before);
    const known = this.#head.subarray(0, this.#headBytes);
    const expected = 'HTTP/1.'.slice(0, known.length);
    if (known.toString('latin1', 0, expected.length) !== expected) {
      this.fault = 'what it answers is not HTTP/1';
      return bytes;
    }
    const end = known.indexOf('\r\n\r\n', from);
    if (end < 0) {
      if (this.#headBytes === maxHeadBytes) this.fault = `the head is longer than ${maxHeadBytes} bytes`;
      return bytes.subarray(this.#headBytes - before);
    }
    this.#readHead(known.toString('latin1', 0, end));
    if (!this.headDone && this.fault === '') this.#headBytes = 0;
    return bytes.subarray(end + 4 - before);
  }

  #readHead(text: string): void {
    const [line = '', ...rest] = text.split('\r\n');
    const [version = '', code = ''] = line.split(' ', 2);
    const status = code.length === 3 ? Number(code) : Number.NaN;
    if (!(status >= 100 && status <= 999)) {
      this.fault = 'the status line has no status code of three digits';
      return;
    }
    if (status < 200 && status !== 101) {
      this.interim.push(status);
      if (this.interim.length > maxInterim) this.fault = `more than ${maxInterim} interim answers`;
      return;
    }
    this.version = version;
    this.status = status;
    this.reason = line.slice(version.length + 5);
    for (const field of rest.slice(0, maxFields)) {
      const colon = field.indexOf(':');
      if (colon > 0) this.fields.push([field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()]);
    }
    this.headDone = true;
    this.#frameBody();
  }

  // RFC 9112 6.3
  #frameBody(): void {
    const { status } = this;
    const length = this.field('content-length');
    if (status === 101) this.ended = 'upgraded';
    else if (this.#method === 'HEAD' || status === 204 || status === 304) this.ended = 'none';
    else if (this.field('transfer-encoding').toLowerCase().endsWith('chunked')) this.#chunks = new ChunkCounter();
    else if (length !== '') {
      this.#bodyLeft = Number(length);
      if (!Number.isSafeInteger(this.#bodyLeft) || this.#bodyLeft < 0) this.fault = 'Content-Length is not a number';
      else if (this.#bodyLeft === 0) this.ended = 'length';
    }
  }

  #pushBody(bytes: Buffer): void {
    if (this.#chunks !== null) {
      this.#chunks.push(bytes);
      this.bodyBytes = this.#chunks.bytes;
      this.fault = this.#chunks.fault;
      if (this.#chunks.done) this.ended = 'chunked';
      return;
    }
    const taken = this.#bodyLeft < 0 ? bytes.length : Math.min(bytes.length, this.#bodyLeft);
    this.bodyBytes += taken;
    if (this.#bodyLeft < 0) return;
    this.#bodyLeft -= taken;
    if (this.#bodyLeft === 0) this.ended = 'length';
  }
}

/** Counts the bytes inside chunks (RFC 9112 7.1) and sees their end. */
class ChunkCounter {
  bytes = 0;
  done = false;
  fault = '';
  #line = '';
  /** Bytes left of the chunk with its line end; 0 while a size line is read, -1 in the trailers. */
  #left = 0;

  push(bytes: Buffer): void {
    for (let at = 0; at < bytes.length && !this.done && this.fault === ''; ) {
      if (this.#left <= 0) this.#takeLine(bytes[at++]!);
      else {
        const taken = Math.min(this.#left, bytes.length - at);
        this.bytes += Math.max(0, Math.min(taken, this.#left - 2));
        this.#left -= taken;
        at += taken;
      }
    }
  }

  #takeLine(byte: number): void {
    if (byte !== 0x0a) {
      this.#line += String.fromCharCode(byte);
      if (this.#line.length > maxLineBytes) this.fault = 'a line between chunks has no end';
      return;
    }
    const line = this.#line.trim();
    this.#line = '';
    if (this.#left < 0) {
      this.done = line === '';
      return;
    }
    const digits = line.split(';', 1)[0]!.trim();
    const size = digits === '' ? Number.NaN : Number(`0x${digits}`);
    if (!Number.isSafeInteger(size)) this.fault = 'a chunk has no size';
    else this.#left = size === 0 ? -1 : size + 2;
  }
}

// Writes an upstream's answer to a client: small pieces are gathered into one write, large ones go by themselves, and a body without
// a length is chunked. Every piece is lent by the upstream's read buffer, so what is not written at once is copied.

import { latin1 } from './base/bytes.ts';
import type { ClientSide } from './http/http.ts';
import { trailersText } from './proxy/proxy.ts';
import type { Headers } from './traffic/headers.ts';

/** Pieces up to this size are gathered into one write; larger ones are written by themselves. */
const maxGatheredBytes = 16_384;

/** The answers of one client connection, one after the other. */
export class AnswerWriter {
  /** Has the head of the answer in hand been handed over? Then no other answer can be given. */
  isBegun = false;
  /** Does the client take bytes? Set anew by each write, and by whoever hears that it drained. */
  flows = true;
  readonly #side: ClientSide;
  #out = '';
  #isChunked = false;

  constructor(side: ClientSide) {
    this.#side = side;
  }

  /** Ready for another answer; what was not written is forgotten. */
  clear(): void {
    this.isBegun = false;
    this.#out = '';
    this.#isChunked = false;
  }

  /** The head, blank line included. It is written with what follows, at `flush` at the latest. */
  begin(headText: string, isChunked: boolean): void {
    this.#out = headText;
    this.#isChunked = isChunked;
    this.isBegun = true;
  }

  /** A piece of the body; false asks to wait for the client. */
  add(bytes: Buffer, from: number, to: number): boolean {
    const length = to - from;
    if (length > maxGatheredBytes) return this.#addLarge(bytes, from, to);
    const text = latin1(bytes, from, to);
    this.#out += this.#isChunked ? `${length.toString(16)}\r\n${text}\r\n` : text;
    if (this.#out.length > maxGatheredBytes) this.flush();
    return this.flows;
  }

  /** The body is whole. */
  end(trailers: Headers | null): void {
    if (this.#isChunked) this.#out += `0\r\n${trailersText(trailers)}`;
    this.flush();
  }

  /** Writes what was gathered. */
  flush(): void {
    const text = this.#out;
    if (text === '') return;
    this.#out = '';
    this.flows = this.#side.write(text);
  }

  #addLarge(bytes: Buffer, from: number, to: number): boolean {
    if (this.#isChunked) this.#out += `${(to - from).toString(16)}\r\n`;
    this.#side.cork();
    this.flush();
    this.flows = this.#side.write(Buffer.from(bytes.subarray(from, to)));
    if (this.#isChunked) this.#out = '\r\n';
    this.flush();
    this.#side.uncork();
    return this.flows;
  }
}

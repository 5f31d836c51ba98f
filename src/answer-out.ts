// An answer on its way to the client: as it came, or compressed where its site and the client want that.

import type { Compression, Compressor } from './http/http.ts';
import type { Exchange } from './traffic/exchange.ts';
import type { Headers } from './traffic/headers.ts';
import type { ClientStream } from './traffic/sides.ts';
import type { AnswerHead } from './traffic/wire.ts';

/** The answers of one client's side, one after the other. */
export class AnswerOut {
  readonly #side: ClientStream;
  #compressor: Compressor | null = null;
  #exchange: Exchange | null = null;

  constructor(side: ClientStream) {
    this.#side = side;
  }

  /** The head; `own` holds the lines that the gate adds. */
  begin(exchange: Exchange, compression: Compression | null, head: AnswerHead, own: string): void {
    const planned = compression === null ? null : compression.plan(exchange, head);
    if (planned === null) {
      this.#side.beginAnswer(head, own);
      return;
    }
    this.#compressor = planned.compressor;
    this.#exchange = exchange;
    this.#side.beginAnswer(planned.head, own);
  }

  /** A piece of the body, which was counted in `responseBytes` as it came; the bytes are lent. False asks to wait for the client. */
  write(bytes: Buffer, from: number, to: number): boolean {
    if (this.#compressor === null) return this.#side.writeAnswer(bytes, from, to);
    this.#exchange!.responseBytes -= to - from;
    let flows = true;
    this.#compressor.write(bytes.subarray(from, to), (piece) => {
      flows = this.#send(piece);
    });
    return flows;
  }

  /** Sends what was gathered. What the upstream said by now is not kept for the sake of a better ratio: somebody may wait for it. */
  flush(): void {
    this.#compressor?.flush(this.#send);
    this.#side.flushAnswer();
  }

  /** The body is whole. */
  end(trailers: Headers | null): void {
    this.#compressor?.end(this.#send);
    this.#side.endAnswer(trailers);
  }

  /** The exchange is over, in order or not. */
  close(): void {
    if (this.#compressor === null) return;
    this.#compressor.close();
    this.#compressor = null;
    this.#exchange = null;
  }

  #send = (piece: Buffer): boolean => {
    this.#exchange!.responseBytes += piece.length;
    return this.#side.writeAnswer(piece, 0, piece.length);
  };
}

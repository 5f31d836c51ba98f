// What a peer may still send on one HTTP/2 connection: its windows, what is taken of them, and when it hears that it may send again.

import * as h2 from './h2-frames.ts';
import type { Http2Sender } from './h2-sending.ts';
import type { Stream } from './h2-stream.ts';

/** Windows in bytes. */
export interface WindowLimits {
  readonly streamWindowBytes: number;
  readonly connectionWindowBytes: number;
}

/** The windows of one connection that the peer sends into. */
export class ReceiveWindows {
  readonly #limits: WindowLimits;
  readonly #isClient: boolean;
  readonly #sender: Http2Sender;
  #window: number;
  #credit = 0;

  /** `isClient`: whether we are. */
  constructor(limits: WindowLimits, isClient: boolean, sender: Http2Sender) {
    this.#limits = limits;
    this.#isClient = isClient;
    this.#sender = sender;
    this.#window = limits.connectionWindowBytes;
  }

  /** So many bytes of a frame came; false where that is more than was allowed. */
  spend(stream: Stream | null, bytes: number): boolean {
    this.#window -= bytes;
    if (stream !== null) stream.receiveWindow -= bytes;
    return this.#window >= 0 && (stream === null || stream.receiveWindow >= 0);
  }

  /** So many bytes wait for somebody. As a client we keep only the stream's window for that: other streams have nothing to do with it. */
  owe(stream: Stream, bytes: number): void {
    stream.owed += bytes;
    if (this.#isClient) this.takenOfConnection(bytes);
  }

  takenOfConnection(bytes: number): void {
    this.#credit += bytes;
    if (this.#credit * 2 < this.#limits.connectionWindowBytes) return;
    this.#sender.put(h2.windowFrame(0, this.#credit));
    this.#window += this.#credit;
    this.#credit = 0;
  }

  #takenOfStream(stream: Stream, bytes: number): void {
    if (stream.isRemoteClosed) return;
    stream.credit += bytes;
    if (stream.credit * 2 < this.#limits.streamWindowBytes) return;
    this.#sender.put(h2.windowFrame(stream.id, stream.credit));
    stream.receiveWindow += stream.credit;
    stream.credit = 0;
  }

  /** So many bytes are dealt with: the peer may send as many again, and hears of it when it is worth a frame. */
  taken(stream: Stream | null, bytes: number): void {
    this.takenOfConnection(bytes);
    if (stream !== null) this.#takenOfStream(stream, bytes);
  }

  /** What was owed to a stream that is taken from again; `isOpen`: whether it still is one of the connection's. */
  repay(stream: Stream, isOpen: boolean): void {
    const { owed } = stream;
    stream.owed = 0;
    if (owed === 0) return;
    if (!this.#isClient) this.takenOfConnection(owed);
    if (isOpen) this.#takenOfStream(stream, owed);
  }
}
